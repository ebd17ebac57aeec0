// Shards that come and go: what another claims, and whose they are to be.
#include "codec/event_codec.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "scheduler/local_scheduler.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <thread>

using namespace kwq;
namespace sched = kwq::scheduler;

namespace {

const eventlog::topic_names topics;
const model::shard_id only{0};

bool soon(const std::function<bool()>& holds) {
    const auto end = system_clock().monotonic() + milliseconds{10'000};
    while (!holds() && system_clock().monotonic() < end) {
        std::this_thread::yield();
    }
    return holds();
}

void claim_by_another(eventlog::event_log& log) {
    const model::event claim{instant{1}, std::nullopt, model::claim{"other", "1", "http://other"}};
    log.append({topics.status(), 0}, {{"", codec::write_event(claim), {}}},
               eventlog::durability::synced, [](const eventlog::result<eventlog::offset>&) {});
}

}  // namespace

TEST_CASE("who lost a shard and is not to own it any more is ready without it") {
    const test::temporary_directory directory;
    const auto log =
        eventlog::open_embedded_log({.directory = directory.path(), .time = system_clock()});
    for (const auto& topic : {topics.status(), topics.control(), topics.rejected()}) {
        REQUIRE(log->ensure_topic(topic, 1).has_value());
    }
    const auto logger = observe::make_null_logger();
    const auto random = make_system_random();
    const auto s =
        sched::make_local_scheduler({.owns_all = false}, {.log = *log,
                                                          .topics = topics,
                                                          .time = system_clock(),
                                                          .random = *random,
                                                          .logger = *logger,
                                                          .fatal = [](const std::string&) {},
                                                          .queue_added = {}});
    s->start();
    s->own({only});
    REQUIRE(soon([&] { return s->shard(only)->owned; }));
    // As after a freeze: first the claim of who took over is read, then the group is heard.
    claim_by_another(*log);
    REQUIRE(soon([&] { return !s->shard(only)->owned; }));
    CHECK_FALSE(s->is_ready());  // it waits to claim again
    s->disown({only});
    CHECK(soon([&] { return s->is_ready(); }));
    CHECK_FALSE(s->shard(only)->owned);
    s->stop();
}
