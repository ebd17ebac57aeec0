// What a scheduler says when it cannot take its shard.
#include "eventlog/embedded/embedded_log.hpp"
#include "scheduler/scheduler.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::scheduler;

TEST_CASE("on a disk that is too full to begin with it says so at once") {
    const test::temporary_directory directory;
    {
        const eventlog::topic_names topics;
        const auto log = eventlog::open_embedded_log(
            {.directory = directory.path(), .time = system_clock(), .reserve_bytes = UINT64_MAX});
        for (const auto& topic : {topics.status(), topics.control(), topics.rejected()}) {
            REQUIRE(log->ensure_topic(topic, 1).has_value());
        }
        const auto logger = observe::make_null_logger();
        const auto random = make_system_random();
        const auto begun = system_clock().monotonic();
        const auto s = make_scheduler({}, {.log = *log,
                                           .topics = topics,
                                           .time = system_clock(),
                                           .random = *random,
                                           .logger = *logger,
                                           .fatal = [](const std::string&) {},
                                           .queue_added = {}});
        CHECK_THROWS_WITH(
            s->start(), Catch::Contains("cannot be claimed") && Catch::Contains("reserved space"));
        CHECK(system_clock().monotonic() - begun < milliseconds{10'000});
        s->stop();
    }
}
