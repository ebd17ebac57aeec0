// Pages of tasks, jobs and tags, and their cursors.
#include "folding.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace kwq;
using namespace kwq::tracker;
using model::task_state;

namespace {

/// 60 tasks: jobs a and b in turn, every third tagged, every fifth on queue `other`, the first ten
/// of queue `default` allocated.
void fill(folding& f) {
    event_maker e;
    f.add(e.claim());
    std::int64_t in_default = 0;
    std::int64_t in_other = 0;
    for (int i = 0; i < 60; ++i) {
        task_spec t;
        t.id = "t" + std::to_string(i);
        t.queue = i % 5 == 0 ? "other" : "default";
        t.offset = i % 5 == 0 ? in_other++ : in_default++;
        t.job = i % 2 == 0 ? "a" : "b";
        t.submitted_at = 1'000 + i / 2;  // two at each instant
        if (i % 3 == 0) {
            t.tags = {"third"};
        }
        f.add(record_of(t));
        if (t.queue == "default" && t.offset < 10) {
            f.add(e.owner(allocation(t, "l" + t.id)));
        }
    }
}

std::vector<std::string> all_pages(folding& f, task_filter filter) {
    std::vector<std::string> ids;
    do {
        const auto page = f.ask->tasks(filter).value();
        for (const auto& v : page.items) {
            ids.push_back(v.id.value());
        }
        filter.cursor = page.next_cursor;
    } while (!filter.cursor.empty());
    return ids;
}

}  // namespace

TEST_CASE("pages hold each task once, newest or oldest first, whatever the page's size") {
    folding f;
    fill(f);
    for (const std::uint32_t limit : {1U, 7U, 60U, 100U}) {
        task_filter filter;
        filter.limit = limit;
        auto newest = all_pages(f, filter);
        filter.newest_first = false;
        const auto oldest = all_pages(f, filter);
        REQUIRE(newest.size() == 60);
        std::reverse(newest.begin(), newest.end());
        CHECK(newest == oldest);
        CHECK((oldest.front() == "t0" || oldest.front() == "t1"));
    }
}

TEST_CASE("filters combine, whichever list is walked") {
    folding f;
    fill(f);
    task_filter filter;
    filter.limit = 5;
    filter.job = model::job_name{"a"};
    CHECK(all_pages(f, filter).size() == 30);
    filter.tag = model::tag_name{"third"};
    CHECK(all_pages(f, filter).size() == 10);
    filter.queue = model::queue_name{"other"};
    CHECK(all_pages(f, filter) == std::vector<std::string>{"t30", "t0"});
    filter.state = task_state::allocated;
    CHECK(all_pages(f, filter).empty());

    task_filter allocated;
    allocated.state = task_state::allocated;
    CHECK(all_pages(f, allocated).size() == 10);
    allocated.queue = model::queue_name{"default"};
    CHECK(all_pages(f, allocated).size() == 10);
    task_filter unseen;
    unseen.tag = model::tag_name{"never"};
    CHECK(all_pages(f, unseen).empty());
}

TEST_CASE("several states, the worker of the last attempt and an error group are filters too") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 12; ++i) {
        task_spec t;
        t.id = "t" + std::to_string(i);
        t.offset = i;
        t.submitted_at = 1'000 + i;
        f.add(record_of(t));
        if (i >= 3) {
            auto taken = allocation(t, "l" + t.id);
            taken.worker = model::worker_name{i % 3 == 0 ? "anna" : "bert"};
            f.add(e.owner(taken));
        }
        if (i >= 6) {
            const auto why = i < 9 ? "disk 7" + t.id + " full" : "no route to 10.0.0." + t.id;
            f.add(e.lease(failure(t, "l" + t.id, why, false)));
        }
    }
    task_filter filter;
    filter.limit = 2;
    filter.state.add(task_state::pending);
    filter.state.add(task_state::error);
    CHECK(all_pages(f, filter).size() == 9);
    filter.worker = model::worker_name{"anna"};
    CHECK(all_pages(f, filter) == std::vector<std::string>{"t9", "t6"});
    filter.state = {};
    CHECK(all_pages(f, filter) == std::vector<std::string>{"t9", "t6", "t3"});

    const auto failed = f.task("t7");
    CHECK(failed.worker.value() == "bert");
    task_filter of_group;
    of_group.error = failed.error_group;
    CHECK(all_pages(f, of_group) == std::vector<std::string>{"t8", "t7", "t6"});
    of_group.worker = model::worker_name{"anna"};
    CHECK(all_pages(f, of_group) == std::vector<std::string>{"t6"});
    of_group.state = task_state::running;
    CHECK(all_pages(f, of_group).empty());
}

TEST_CASE("a cursor of other filters, or one that was changed, is refused") {
    folding f;
    fill(f);
    task_filter filter;
    filter.limit = 5;
    filter.job = model::job_name{"a"};
    const auto cursor = f.ask->tasks(filter).value().next_cursor;
    REQUIRE_FALSE(cursor.empty());
    auto changed = cursor;
    changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
    auto other = filter;
    other.job = model::job_name{"b"};
    auto turned = filter;
    turned.newest_first = false;
    for (auto [f2, c] :
         {std::pair(other, cursor), std::pair(turned, cursor), std::pair(filter, changed),
          std::pair(filter, std::string("?")), std::pair(filter, std::string("AAAA"))}) {
        f2.cursor = c;
        const auto answer = f.ask->tasks(f2);
        REQUIRE(answer.has_error());
        CHECK(answer.error().code == model::errc::bad_cursor);
    }
}

TEST_CASE("a page looks at a bounded number of rows and says where to go on") {
    folding f;
    for (int i = 0; i < 2'500; ++i) {
        f.add(record_of({.id = "t" + std::to_string(i),
                         .offset = i,
                         .job = i == 0 ? "rare" : "b",
                         .tags = {i < 2'400 ? "big" : "small"},
                         .submitted_at = 1'000 + i}));
    }
    // Neither list is short: the rare job is looked for among all tasks of the queue and the tag.
    task_filter filter;
    filter.queue = model::queue_name{"default"};
    filter.tag = model::tag_name{"big"};
    filter.state = task_state::complete;
    CHECK(f.ask->tasks(filter).value().items.empty());
    filter.state = task_state::pending;
    filter.job = model::job_name{"b"};
    filter.limit = 1'000;
    CHECK(all_pages(f, filter).size() == 2'399);
    filter.job.reset();
    filter.tag = model::tag_name{"big"};
    filter.queue = model::queue_name{"elsewhere"};
    CHECK(all_pages(f, filter).empty());
}

TEST_CASE("jobs and tags are listed by name, page by page, under a prefix") {
    folding f;
    for (int i = 0; i < 25; ++i) {
        const auto n = std::to_string(10 + i);
        f.add(record_of({.id = "t" + n, .offset = i, .job = "job-" + n, .tags = {"k:" + n, "z"}}));
    }
    name_page_query q;
    q.limit = 10;
    std::vector<std::string> names;
    do {
        const auto page = f.ask->page(name_kind::job, q).value();
        for (const auto& g : page.items) {
            names.push_back(g.name);
            CHECK(g.submitted == 1);
        }
        q.cursor = page.next_cursor;
    } while (!q.cursor.empty());
    CHECK(names.size() == 25);
    CHECK(std::is_sorted(names.begin(), names.end()));

    name_page_query tags;
    tags.prefix = "k:";
    CHECK(f.ask->page(name_kind::tag, tags).value().items.size() == 25);
    tags.prefix = "k:3";
    tags.limit = 2;
    const auto page = f.ask->page(name_kind::tag, tags).value();
    CHECK(page.items.size() == 2);
    tags.cursor = page.next_cursor;
    tags.prefix = "k:2";
    CHECK(f.ask->page(name_kind::tag, tags).error().code == model::errc::bad_cursor);
}

TEST_CASE("what was never seen is unknown, by its own code") {
    folding f;
    CHECK(f.ask->task(model::task_id{"x"}).error().code == model::errc::task_unknown);
    CHECK(f.ask->job({model::job_name{"x"}}).error().code == model::errc::job_unknown);
    CHECK(f.ask->tag(model::tag_name{"x"}).error().code == model::errc::tag_unknown);
}

TEST_CASE("jobs and tasks hold each other's counts as a small grid of K17 expects") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::int64_t next = 0;
    const auto task = [&](const std::string& job, const std::string& tag) {
        task_spec t{.id = "t" + std::to_string(next), .offset = next, .job = job, .tags = {tag}};
        ++next;
        f.add(record_of(t));
        return t;
    };
    task("job1", "tag-1");
    task("job1", "tag-2");
    const auto b1 = task("job2", "tag-1");
    const auto b2 = task("job2", "tag-2");
    const auto c = task("job3", "tag-1");
    const auto d = task("job4", "tag-1");
    f.add(e.owner(allocation(b1, "b1")));
    f.add(e.owner(allocation(b2, "b2")));
    f.add(e.lease(model::running{place_of(b2), model::task_id{b2.id}, model::lease_token{"b2"}}));
    for (const auto& [t, lease] : {std::pair(c, "c"), std::pair(d, "d")}) {
        f.add(e.owner(allocation(t, lease)));
        f.add(e.lease(completion(t, lease)));
    }
    CHECK(count(f.job("job1").counts, task_state::pending) == 2);
    CHECK(count(f.job("job2").counts, task_state::allocated) == 1);
    CHECK(count(f.job("job2").counts, task_state::running) == 1);
    CHECK(count(f.job("job3").counts, task_state::complete) == 1);
    CHECK(count(f.job("job4").counts, task_state::complete) == 1);
    CHECK(f.tag("tag-1").submitted == 4);
    CHECK(f.tag("tag-2").submitted == 2);
}

TEST_CASE("the oldest pending task of a tag is found among others, before and after it is taken") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::vector<task_spec> tasks;
    for (int i = 0; i < 400; ++i) {
        tasks.push_back({.id = "t" + std::to_string(i),
                         .offset = i / 2,
                         .tags = {i % 2 == 0 ? "even" : "odd"},
                         .submitted_at = 1'000 + i * 10,
                         .queue = i % 2 == 0 ? "default" : "other"});
        if (i == 150 || i == 250) {
            tasks.back().tags.emplace_back("rare");
        }
        f.add(record_of(tasks.back()));
    }
    CHECK(f.tag("even").oldest_pending_at == instant{1'000});
    CHECK(f.tag("odd").oldest_pending_at == instant{1'010});
    CHECK(f.tag("rare").oldest_pending_at == instant{2'500});
    for (const auto& t : tasks) {
        if (t.submitted_at < 3'000) {
            f.add(e.owner(allocation(t, "l" + t.id)));
        }
    }
    CHECK(f.tag("even").oldest_pending_at == instant{3'000});
    CHECK(f.tag("odd").oldest_pending_at == instant{3'010});
    CHECK(f.tag("rare").oldest_pending_at == instant{3'500});
    f.commit_and_reopen();
    CHECK(f.tag("even").oldest_pending_at == instant{3'000});
    for (const auto& t : tasks) {
        if (t.submitted_at >= 3'000) {
            f.add(e.owner(allocation(t, "l" + t.id)));
        }
    }
    CHECK_FALSE(f.tag("odd").oldest_pending_at.has_value());
}
