// Several shards behind one scheduler: strict priority across them, reports that find their shard.
#include "base/hash.hpp"
#include "codec/task_codec.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "model/lease.hpp"
#include "scheduler/scheduler.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <set>

using namespace kwq;
namespace sched = kwq::scheduler;

namespace {

constexpr std::int32_t partitions = 8;
const eventlog::topic_names topics;
const model::queue_name queue{"default"};

template <class T>
T wait_for(const std::function<void(sched::callback<T>)>& call) {
    // Shared: the answer may come after the wait is over.
    const auto promise = std::make_shared<std::promise<T>>();
    auto answer = promise->get_future();
    call([promise](T value) { promise->set_value(std::move(value)); });
    REQUIRE(answer.wait_for(std::chrono::seconds{30}) == std::future_status::ready);
    return answer.get();
}

/// A scheduler of eight shards on a log of its own.
class shards {
public:
    shards() {
        log_ = eventlog::open_embedded_log(
            {.directory = directory_.path() + "/log", .time = system_clock()});
        REQUIRE(log_->ensure_topic(topics.control(), 1).has_value());
        for (const auto& topic : {topics.status(), topics.rejected()}) {
            REQUIRE(log_->ensure_topic(topic, partitions).has_value());
        }
        start();
    }
    ~shards() { stop(); }

    void start() {
        set_ = sched::make_scheduler({.directory = directory_.path() + "/state",
                                      .partitions = partitions,
                                      .queues = {{queue, 9}}},
                                     {.log = *log_,
                                      .topics = topics,
                                      .time = system_clock(),
                                      .random = *random_,
                                      .logger = *logger_,
                                      .fatal = [](const std::string&) {},
                                      .queue_added = {}});
        set_->start();
        set_->serve();
    }
    void stop() {
        if (set_) {
            set_->stop_dispatch();
            set_->stop();
            set_.reset();
        }
    }

    sched::scheduler& scheduler() { return *set_; }

    /// Where KWQ puts it, and where Java's producer would.
    void submit(const std::string& id, std::int32_t priority,
                std::optional<std::int32_t> partition = std::nullopt) {
        model::task t;
        t.id = model::task_id{id};
        t.queue = queue;
        t.priority = model::priority{priority};
        t.payload = "{}";
        t.limits.lease = milliseconds{600'000};
        const auto where = partition.value_or(set_->shard_of(t.id).value());
        const auto at = wait_for<eventlog::result<model::offset>>([&](auto done) {
            log_->append({topics.tasks(queue, t.priority), where}, {{id, codec::write_task(t), {}}},
                         eventlog::durability::synced, done);
        });
        REQUIRE(at.has_value());
    }

    sched::poll_answer poll(sched::poll_request p) {
        p.worker = model::worker_name{"w"};
        p.queues = {queue};
        return wait_for<sched::result<sched::poll_answer>>([&](auto done) { set_->poll(p, done); })
            .value();
    }
    std::vector<sched::granted_lease> take(std::uint32_t max, std::int64_t wait_ms = 0) {
        return poll({.max = max, .wait = milliseconds{wait_ms}}).leases;
    }
    sched::result<sched::settle_status> complete(const model::lease_token& lease) {
        return wait_for<sched::result<sched::settle_status>>([&](auto done) {
            set_->report({lease, sched::report_complete{}}, done);
        });
    }

private:
    const test::temporary_directory directory_;
    std::unique_ptr<observe::logger> logger_ = observe::make_null_logger();
    std::unique_ptr<random_source> random_ = make_system_random();
    std::unique_ptr<eventlog::event_log> log_;
    std::unique_ptr<sched::scheduler> set_;
};

std::int32_t shard_of(const sched::granted_lease& l) {
    return model::decode_lease(l.lease)->shard.value();
}

}  // namespace

TEST_CASE("the most urgent task is handed out first, whichever shard it is in") {
    shards s;
    for (std::int32_t n = 0; n < 45; ++n) {
        s.submit("t" + std::to_string(n), 1 + n % 9);
    }
    std::int32_t before = 9;
    for (int n = 0; n < 45; ++n) {
        const auto leases = s.take(1);
        REQUIRE(leases.size() == 1);
        const auto priority = leases.front().task->place.priority.value();
        CHECK(priority <= before);
        before = priority;
    }
    CHECK(s.take(1).empty());
}

TEST_CASE("shards with equally urgent tasks take turns") {
    shards s;
    for (std::int32_t n = 0; n < 10; ++n) {
        for (std::int32_t p = 0; p < partitions; ++p) {
            s.submit("t" + std::to_string(p) + "-" + std::to_string(n), 5, p);
        }
    }
    std::map<std::int32_t, int> of_shard;
    for (int n = 0; n < 3 * partitions; ++n) {
        ++of_shard[shard_of(s.take(1).at(0))];
    }
    REQUIRE(of_shard.size() == partitions);
    for (const auto& [shard, taken] : of_shard) {
        CHECK(taken >= 1);
        CHECK(taken <= 6);
    }
}

TEST_CASE("one poll takes from as many shards as it needs") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        s.submit("t" + std::to_string(p), 5, p);
    }
    const auto leases = s.take(100);
    std::set<std::int32_t> from;
    for (const auto& l : leases) {
        from.insert(shard_of(l));
    }
    CHECK(leases.size() == partitions);
    CHECK(from.size() == partitions);
}

TEST_CASE("a worker that waits gets the task that comes to any shard") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        auto waits = std::async(std::launch::async, [&s] { return s.take(1, 20'000); });
        s.submit("late" + std::to_string(p), 5, p);
        const auto leases = waits.get();
        REQUIRE(leases.size() == 1);
        CHECK(shard_of(leases.front()) == p);
    }
}

TEST_CASE("what a poll settles goes to the shard of each lease") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        s.submit("t" + std::to_string(p), 5, p);
    }
    sched::poll_request p{.max = 10, .wait = milliseconds{20'000}};
    for (const auto& l : s.take(100)) {
        p.settle.push_back({l.lease, sched::report_complete{}});
    }
    p.settle.push_back({model::lease_token{"none-of-ours"}, sched::report_complete{}});
    const auto answer = s.poll(p);
    REQUIRE(answer.settled.size() == partitions + 1);
    for (std::size_t i = 0; i < partitions; ++i) {
        CHECK(answer.settled[i].lease == p.settle[i].lease);
        CHECK(answer.settled[i].status == sched::settle_status::ok);
    }
    CHECK(answer.settled.back().status == sched::settle_status::lease_lost);
    CHECK(answer.leases.empty());
    CHECK(s.complete(p.settle.front().lease).value() == sched::settle_status::already);
}

TEST_CASE("each shard goes on where it was after a restart") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        s.submit("a" + std::to_string(p), 5, p);
        s.submit("b" + std::to_string(p), 5, p);
    }
    const auto first = s.take(partitions);
    REQUIRE(first.size() == partitions);
    s.stop();
    s.start();
    for (const auto& l : first) {
        CHECK(s.complete(l.lease).value() == sched::settle_status::ok);
    }
    CHECK(s.take(100).size() == partitions);
}

TEST_CASE("an order to all is in force when it is answered, in every shard") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        s.submit("t" + std::to_string(p), 5, p);
    }
    using receipt = sched::result<sched::command_receipt>;
    const auto set = [&](bool paused) {
        const auto done = wait_for<receipt>([&](auto call) {
            model::gate g;
            g.scope = model::gate_scope::all;
            g.paused = paused;
            s.scheduler().set_gate(g, call);
        });
        REQUIRE(done.has_value());
    };
    set(true);
    CHECK(s.take(100).empty());
    set(false);
    CHECK(s.take(100).size() == partitions);
}

TEST_CASE("a client that goes while it waits takes nothing with it") {
    shards s;
    std::promise<void> gone;
    const auto ticket = s.scheduler().poll(
        {.worker = model::worker_name{"w"}, .queues = {queue}, .wait = milliseconds{20'000}},
        [&gone](const sched::result<sched::poll_answer>& a) {
            CHECK(!a);
            gone.set_value();
        });
    s.scheduler().abandon(ticket);
    gone.get_future().get();
    s.submit("t", 5);
    CHECK(s.take(1, 20'000).size() == 1);
}

TEST_CASE("workers and queues are told once, not once for each shard") {
    shards s;
    for (std::int32_t p = 0; p < partitions; ++p) {
        s.submit("t" + std::to_string(p), 5, p);
    }
    REQUIRE(s.take(100).size() == partitions);
    const auto workers =
        wait_for<std::vector<sched::worker_info>>([&](auto done) { s.scheduler().workers(done); });
    REQUIRE(workers.size() == 1);
    CHECK(workers.front().leases == partitions);
    const auto queues =
        wait_for<std::vector<sched::queue_info>>([&](auto done) { s.scheduler().queues(done); });
    REQUIRE(queues.size() == 1);
    CHECK(queues.front().leases == partitions);
    const auto shards =
        wait_for<std::vector<sched::shard_info>>([&](auto done) { s.scheduler().shards(done); });
    REQUIRE(shards.size() == partitions);
    CHECK(shards.back().owned);
    CHECK(shards.back().owner == "kwq");
}
