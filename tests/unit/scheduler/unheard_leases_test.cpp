// Leases whose answer could not be sent, given back to a scheduler as it runs.
#include "codec/task_codec.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "scheduler/scheduler.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>

using namespace kwq;
namespace sched = kwq::scheduler;

namespace {

const eventlog::topic_names topics;
const model::queue_name queue{"default"};

std::unique_ptr<eventlog::event_log> open_log(const std::string& directory) {
    auto log = eventlog::open_embedded_log({.directory = directory, .time = system_clock()});
    for (const auto& topic : {topics.status(), topics.control(), topics.rejected(),
                              topics.tasks(queue, model::priority{1})}) {
        REQUIRE(log->ensure_topic(topic, 1).has_value());
    }
    return log;
}

/// With a lease that outlasts the test by far.
void submit_one(eventlog::event_log& log) {
    model::task t;
    t.id = model::task_id{"t1"};
    t.queue = queue;
    t.priority = model::priority{1};
    t.payload = "{}";
    t.limits.lease = milliseconds{600'000};
    log.append({topics.tasks(queue, t.priority), 0}, {{t.id.value(), codec::write_task(t), {}}},
               eventlog::durability::synced, [](const eventlog::result<eventlog::offset>&) {});
}

std::vector<sched::granted_lease> take(sched::scheduler& s) {
    // Shared: the answer may come after the wait is over.
    const auto answer = std::make_shared<std::promise<sched::result<sched::poll_answer>>>();
    auto answered = answer->get_future();
    s.poll({.worker = model::worker_name{"w"}, .queues = {queue}, .wait = milliseconds{10'000}},
           [answer](sched::result<sched::poll_answer> a) { answer->set_value(std::move(a)); });
    REQUIRE(answered.wait_for(std::chrono::seconds{30}) == std::future_status::ready);
    return answered.get().value().leases;
}

}  // namespace

TEST_CASE("a lease that is given back is handed out again at once") {
    const test::temporary_directory directory;
    {
        const auto log = open_log(directory.path());
        const auto logger = observe::make_null_logger();
        const auto random = make_system_random();
        const auto s = sched::make_scheduler({.queues = {{queue, 1}}},
                                             {.log = *log,
                                              .topics = topics,
                                              .time = system_clock(),
                                              .random = *random,
                                              .logger = *logger,
                                              .fatal = [](const std::string&) {},
                                              .queue_added = [](const auto&, std::int32_t) {}});
        s->start();
        s->serve();
        submit_one(*log);
        const auto first = take(*s);
        REQUIRE(first.size() == 1);
        s->give_back({first.front().lease});
        const auto second = take(*s);
        REQUIRE(second.size() == 1);
        CHECK(second.front().lease != first.front().lease);
        CHECK(second.front().attempt == 2);
        s->stop();
    }
}
