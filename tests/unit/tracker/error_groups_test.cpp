// Error groups: what failed for the same reason, overall and in each job.
#include "folding.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace kwq;
using namespace kwq::tracker;

namespace {

/// `n` tasks of a job that fail with the same words but for a number.
void fail_some(folding& f, event_maker& e, const std::string& job, std::int64_t first, int n,
               const std::string& why, bool retry = false) {
    for (int i = 0; i < n; ++i) {
        const auto number = std::to_string(first + i);
        const task_spec t{.id = job + number, .offset = first + i, .job = job};
        f.add(record_of(t));
        f.add(e.owner(allocation(t, "l" + number)));
        f.add(e.lease(failure(t, "l" + number, why + " " + number, retry)));
    }
}

error_page list(folding& f, const error_query& q = {}) {
    return f.ask->errors(q).value();
}

}  // namespace

TEST_CASE("failures are grouped by what their messages have in common") {
    folding f;
    event_maker e;
    f.add(e.claim());
    fail_some(f, e, "a", 0, 12, "disk full on node");
    e.pass(1'000);
    fail_some(f, e, "b", 100, 3, "disk full on node");
    e.pass(60'000);
    fail_some(f, e, "b", 200, 4, "no route to host", true);
    for (const bool reopened : {false, true}) {
        if (reopened) {
            f.commit_and_reopen();
        }
        const auto all = list(f).items;
        REQUIRE(all.size() == 2);
        CHECK(all[0].detail.message == "disk full on node #");
        CHECK(all[0].sums.count == 15);
        CHECK(all[0].sums.tasks == 15);
        CHECK(all[0].sums.first_at == instant{1'000'000});
        CHECK(all[0].sums.last_at == instant{1'001'000});
        using counted = std::vector<std::pair<std::string, std::int64_t>>;
        CHECK(all[0].jobs == counted{{"a", 12}, {"b", 3}});
        REQUIRE(all[0].detail.samples.size() == max_error_samples);
        CHECK(all[0].detail.samples.back().id.value() == "b102");
        CHECK(all[0].detail.samples.back().message == "disk full on node 102");
        CHECK(all[0].detail.samples.back().worker.value() == "w-l102");
        CHECK(all[1].sums.count == 4);
        CHECK(all[1].sums.tasks == 0);  // they will be tried again
        const auto trend = all[0].detail.trend(instant{1'061'000});
        REQUIRE(trend.size() == minutes_of_trend);
        CHECK(trend.at(58) == 15);
        CHECK(trend.at(59) == 0);

        error_query of_job;
        of_job.job = model::job_name{"b"};
        of_job.newest_first = true;
        const auto in_b = list(f, of_job).items;
        REQUIRE(in_b.size() == 2);
        CHECK(in_b[0].detail.message == "no route to host #");
        CHECK(in_b[1].sums.count == 3);
        CHECK(in_b[1].error == all[0].error);
        CHECK(f.ask->error(all[0].error).value().sums.count == 15);
    }
    CHECK(f.ask->error(error_fingerprint{77}).error().code == model::errc::error_unknown);
}

TEST_CASE("tasks of a group are those in state error now, however they leave it") {
    folding f;
    event_maker e;
    f.add(e.claim());
    fail_some(f, e, "a", 0, 5, "bad input");
    const auto group = list(f).items.front().error;
    task_filter of_group;
    of_group.error = group;
    CHECK(f.ask->tasks(of_group)->items.size() == 5);
    f.add(e.owner(model::ready{at_place(2), model::task_id{"a2"}, model::ready_reason::retry}));
    CHECK(f.ask->error(group)->sums.tasks == 4);
    CHECK(f.ask->tasks(of_group)->items.size() == 4);
    model::control c;
    c.control_offset = model::offset{1};
    c.action = model::control_action::retry_job;
    c.job = model::job_name{"a"};
    f.add(e.owner(c));
    CHECK(f.ask->tasks(of_group)->items.empty());
    f.sweep_all();
    CHECK(f.ask->error(group)->sums.tasks == 0);
    CHECK(f.ask->error(group)->sums.count == 5);
}

TEST_CASE("pages of groups hold each once, whatever their size") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const std::vector<std::string> words{"one", "two", "three", "four", "five", "six", "seven"};
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        fail_some(f, e, "j", offset, static_cast<int>(1 + i % 3), words[i]);
        offset += 10;
    }
    for (const bool newest_first : {false, true}) {
        error_query q;
        q.newest_first = newest_first;
        q.limit = 2;
        std::vector<std::string> seen;
        do {
            const auto page = list(f, q);
            for (const auto& g : page.items) {
                seen.push_back(g.detail.message);
            }
            q.cursor = page.next_cursor;
        } while (!q.cursor.empty());
        CHECK(seen.size() == words.size());
        CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == words.size());
    }
}

TEST_CASE("beyond the last group that has a name, failures are counted together") {
    const auto state = store::make_memory_kv();
    error_groups groups(*state);
    const auto fail = [&](std::uint32_t n) {
        std::string word;  // a message of letters alone for each number
        for (auto rest = n + 1; rest > 0; rest /= 26) {
            word.push_back(static_cast<char>('a' + rest % 26));
        }
        return groups.add(name_number{0}, {model::task_id{"t"}, instant{1'000}, {}, word});
    };
    std::set<error_fingerprint> named;
    for (std::uint32_t n = 0; n < max_error_groups; ++n) {
        named.insert(fail(n));
    }
    CHECK(named.size() == max_error_groups);
    CHECK(fail(max_error_groups + 1) == other_errors);
    CHECK(fail(max_error_groups + 2) == other_errors);
    CHECK(named.contains(fail(17)));
    groups.write_changed();
    groups.reload();
    CHECK(fail(max_error_groups + 3) == other_errors);
    CHECK(groups.sums(error_groups::everything, other_errors)->count == 3);
}
