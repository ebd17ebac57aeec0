// The directory of a server that has stopped as a source: read, refused while in use, never
// changed.
#include "check/summary.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "eventlog/simulated/simulated_log.hpp"
#include "hand_log.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <future>
#include <map>
#include <string>

using namespace kwq;
using namespace kwq::check;
using namespace kwq::check::test;

namespace {

/// Every file below `path` with its bytes.
std::map<std::string, std::string> contents(const std::string& path) {
    std::map<std::string, std::string> found;
    for (const auto& f : std::filesystem::recursive_directory_iterator(path)) {
        found[f.path().string()] =
            f.is_regular_file() ? kwq::test::read_text(f.path().string()) : "";
    }
    return found;
}

hand_log small_log() {
    hand_log log;
    const auto a = log.task_named("a", R"(,"job":"one")");
    log.task_named("b");
    log.claim();
    log.complete(a, log.allocate(a));
    return log;
}

/// All of `from` into `to`, record by record.
void copy(hand_log& from, eventlog::event_log& to, const std::function<void()>& step) {
    for (const auto& topic : from.topics().value()) {
        REQUIRE(to.ensure_topic(topic.name, 1).has_value());
        for (const auto& r : from.records(topic.name)) {
            std::promise<bool> done;
            auto answered = done.get_future();
            to.append({topic.name, 0}, {{r.key, r.value, {}}}, eventlog::durability::synced,
                      [&done](const eventlog::result<model::offset>& at) {
                          done.set_value(at.has_value());
                      });
            step();
            REQUIRE(answered.get());
        }
    }
}

}  // namespace

TEST_CASE("a stopped server's directory is read and not changed; one in use is refused") {
    const kwq::test::temporary_directory where;
    auto written = small_log();
    {
        const auto log = eventlog::open_embedded_log(
            {.directory = where.path() + "/log", .time = system_clock()});
        copy(written, *log, [] {});
        const auto refused = open_log_directory(where.path());
        REQUIRE(refused.has_error());
        CHECK_THAT(refused.error().detail, Catch::Contains("in use by a server"));
    }
    const auto before = contents(where.path());
    for (const auto& path : {where.path(), where.path() + "/log"}) {
        const auto source = open_log_directory(path);
        REQUIRE(source.has_value());
        const auto report = check_log(**source, {}).value();
        // Its times are those of the copy, so the first event disagrees with its record: and no
        // more.
        CHECK(report.found.total() == 1);
        CHECK(report.found.breaks(rule::changed_bytes) == 1);
        CHECK(report.tasks == 2);
        CHECK(report.jobs.at("one")[static_cast<std::size_t>(model::task_state::complete)] == 1);
    }
    CHECK(contents(where.path()) == before);
}

TEST_CASE("a directory without a log is refused, and nothing is made in it") {
    const kwq::test::temporary_directory where;
    const auto refused = open_log_directory(where.path());
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().detail, Catch::Contains("no event log in " + where.path()));
    CHECK(contents(where.path()).empty());
}

TEST_CASE("any open log is a source: the simulated one too") {
    seeded_random random(3);
    eventlog::simulated_log log(system_clock(), random);
    auto written = small_log();
    copy(written, log, [&] { log.run_until_quiet(); });
    const auto source = make_log_source(log, written.topics().value());
    const auto report = check_log(*source, {}).value();
    CHECK(report.records == 5);
    CHECK(report.events == 3);
    CHECK(report.states[static_cast<std::size_t>(model::task_state::complete)] == 1);
}

TEST_CASE("a report as text and as JSON names rule, place and sentence") {
    auto log = small_log();
    const auto clean = kwq::check::test::check(log);
    CHECK_THAT(write_text(clean),
               Catch::Contains("no rule is broken") && Catch::Contains("2: 1 pending, 1 complete"));
    CHECK_THAT(write_json(clean), Catch::Contains(R"("clean":true)"));
    const auto lost =
        model::record{model::queue_name{"default"}, model::priority{5}, model::offset{2}};
    log.owner(model::cursor{lost.queue, lost.priority, lost.offset, {}});
    const auto broken = kwq::check::test::check(log);
    CHECK_THAT(write_text(broken), Catch::Contains("S1 (no task is lost) at kwq-status, partition "
                                                   "0, offset 3, cursor") &&
                                       Catch::Contains("kwq-default-5 at offset 1"));
    CHECK_THAT(write_json(broken), Catch::Contains(R"("rule":"S1")") &&
                                       Catch::Contains(R"("offset":3)") &&
                                       Catch::Contains(R"("clean":false)"));
}
