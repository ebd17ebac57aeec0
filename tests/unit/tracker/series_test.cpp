// Windows of time: aligned, by the times that events carry, in three resolutions.
#include "folding.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace kwq;
using namespace kwq::tracker;

namespace {

constexpr std::int64_t start_s = 1'000;  // where an event_maker begins

std::vector<window_view> windows(folding& f, std::size_t resolution, std::int64_t from_s,
                                 std::int64_t to_s, std::optional<std::string> queue = {}) {
    series_question q;
    q.resolution = resolution;
    q.from_s = from_s;
    q.to_s = to_s;
    if (queue) {
        q.queue = model::queue_name{*queue};
    }
    return f.ask->windows(q);
}

std::int64_t sum(const std::vector<window_view>& all, window_count what) {
    return std::accumulate(all.begin(), all.end(), std::int64_t{0},
                           [&](std::int64_t n, const window_view& w) {
                               return n + w.counts.at(static_cast<std::size_t>(what));
                           });
}

}  // namespace

TEST_CASE("K16 ten events in one window are counted there, and empty windows are zeros") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 10; ++i) {
        const task_spec t{
            .id = "t" + std::to_string(i), .offset = i, .submitted_at = 1'000'100 + i};
        f.add(record_of(t));
    }
    e.pass(3'500);
    for (int i = 0; i < 10; ++i) {
        const task_spec t{
            .id = "t" + std::to_string(i), .offset = i, .submitted_at = 1'000'100 + i};
        f.add(e.owner(allocation(t, "l" + t.id)));
        f.add(e.lease(completion(t, "l" + t.id)));
    }
    for (const bool committed : {false, true}) {
        if (committed) {
            f.commit_and_reopen();
        }
        const auto seconds = windows(f, 0, start_s, start_s + 6);
        REQUIRE(seconds.size() == 6);
        for (std::size_t i = 0; i < seconds.size(); ++i) {
            CHECK(seconds[i].end.value() == (start_s + 1 + static_cast<std::int64_t>(i)) * 1'000);
        }
        CHECK(seconds[0].counts[0] == 10);  // submitted
        CHECK(sum({seconds[1], seconds[2]}, window_count::submitted) == 0);
        CHECK(seconds[3].counts[1] == 10);  // allocated
        CHECK(seconds[3].counts[3] == 10);  // complete
        CHECK(seconds[3].wait.count == 10);
        CHECK(seconds[3].wait.p50_s == Approx(3.4).epsilon(0.06));
        CHECK(sum({seconds[4], seconds[5]}, window_count::complete) == 0);
        CHECK(sum(windows(f, 1, start_s, start_s + 10), window_count::complete) == 10);
        CHECK(windows(f, 2, 900, 1'200).front().counts[0] == 10);
        CHECK(sum(windows(f, 0, start_s, start_s + 6, "default"), window_count::submitted) == 10);
        CHECK(sum(windows(f, 0, start_s, start_s + 6, "other"), window_count::submitted) == 0);
    }
}

TEST_CASE("failures, retries and cancels are counted when they happened, a job's cancel at once") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::vector<task_spec> all;
    for (int i = 0; i < 6; ++i) {
        all.push_back({.id = "t" + std::to_string(i), .offset = i, .max_attempts = 2});
        f.add(record_of(all.back()));
    }
    f.add(e.owner(allocation(all[0], "a")));
    f.add(e.lease(failure(all[0], "a", "no luck")));
    f.add(e.owner(allocation(all[1], "b")));
    f.add(e.lease(failure(all[1], "b", "no luck", false)));
    e.pass(2'000);
    model::control c;
    c.control_offset = model::offset{1};
    c.action = model::control_action::cancel_job;
    c.job = model::job_name{"j"};
    c.ends = {{model::queue_name{"default"}, model::priority{5}, model::offset{6}}};
    f.add(e.owner(c));
    f.sweep_all();
    const auto seconds = windows(f, 0, start_s, start_s + 5);
    CHECK(seconds[0].counts[static_cast<std::size_t>(window_count::retries)] == 1);
    CHECK(seconds[0].counts[static_cast<std::size_t>(window_count::error)] == 1);
    CHECK(seconds[2].counts[static_cast<std::size_t>(window_count::cancelled)] == 5);
    CHECK(sum(seconds, window_count::cancelled) == 5);
}

TEST_CASE("a late event counts in its own window while that is kept, and nowhere after") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const std::int64_t now_s = 2'000'000;
    std::int64_t offset = 0;
    for (const std::int64_t late_s : {0LL, 100LL, 2'000LL, 100'000LL}) {
        f.add(record_of({.id = "t" + std::to_string(offset),
                         .offset = offset,
                         .submitted_at = (now_s - late_s) * 1'000}));
        ++offset;
    }
    f.data->commit(instant{now_s * 1'000});
    CHECK(sum(windows(f, 0, now_s - 200'000, now_s + 1), window_count::submitted) == 2);
    CHECK(sum(windows(f, 1, now_s - 200'000, now_s + 10), window_count::submitted) == 3);
    CHECK(sum(windows(f, 2, 1'799'700, 2'000'400), window_count::submitted) == 4);
    // A month later the old windows have gone from the state as well.
    f.data->commit(instant{(now_s + 40 * 86'400) * 1'000});
    std::size_t left = 0;
    f.state->scan("T", {}, [&](std::string_view, std::string_view) {
        ++left;
        return true;
    });
    CHECK(left == 0);
}

TEST_CASE("windows are the same whatever was read first, and a duplicate is not submitted") {
    for (const bool events_first : {false, true}) {
        folding f;
        event_maker e;
        const task_spec one{.id = "x", .offset = 0, .submitted_at = 1'000'000};
        const task_spec again{.id = "x", .offset = 1, .submitted_at = 1'000'500};
        std::vector<model::logged_event> events{e.claim(), e.owner(allocation(one, "l"))};
        e.pass(1'000);
        events.push_back(
            e.owner(model::duplicate{place_of(again), model::task_id{"x"}, place_of(one)}));
        events.push_back(e.lease(completion(one, "l")));
        if (!events_first) {
            f.add(record_of(one));
            f.add(record_of(again));
        }
        for (const auto& event : events) {
            f.add(event);
        }
        if (events_first) {
            f.add(record_of(one));
            f.add(record_of(again));
        }
        const auto seconds = windows(f, 0, start_s, start_s + 3);
        CHECK(sum(seconds, window_count::submitted) == 1);
        CHECK(sum(seconds, window_count::allocated) == 1);
        CHECK(seconds[1].counts[static_cast<std::size_t>(window_count::complete)] == 1);
    }
}
