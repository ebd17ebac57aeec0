// The tracker as a whole, over a log in memory: reading, waiting, committing, starting again.
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "folding.hpp"
#include "histories.hpp"
#include "memory_log.hpp"
#include "recount.hpp"
#include "states.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

using namespace kwq;
using namespace kwq::tracker;
using model::errc;
using model::task_state;

namespace {

constexpr std::chrono::seconds patience{20};

/// A clock that the test moves.
class hand_clock final : public clock {
public:
    instant wall() const override { return instant{now_}; }
    mono_time monotonic() const override { return mono_time{milliseconds{now_}}; }
    void pass(milliseconds by) { now_ += by.count(); }

private:
    std::atomic<std::int64_t> now_{1'000'000};
};

struct world {
    memory_log log;
    eventlog::topic_names topics;
    hand_clock time;
    std::unique_ptr<observe::logger> logger = observe::make_null_logger();
    std::mutex mutex;
    std::vector<std::string> fatal;
    std::string directory;
    store::opener open_state;
    std::unique_ptr<::kwq::tracker::tracker> t;
    event_maker events;

    explicit world(std::string dir = {}) : directory(std::move(dir)) {
        log.ensure_topic(topics.status(), 1).value();
        for (const std::string queue : {"default", "other"}) {
            for (int p = 1; p <= 9; ++p) {
                log.ensure_topic(topic(queue, p), 1).value();
            }
        }
    }
    ~world() {
        if (t) {
            t->stop();
        }
    }

    std::string topic(const std::string& queue, int priority) const {
        return topics.tasks(model::queue_name{queue}, model::priority{priority});
    }
    void start() {
        tracker_config config;
        config.directory = directory;
        const auto note = [this](const std::string& why) {
            const std::lock_guard lock(mutex);
            fatal.push_back(why);
        };
        tracker_dependencies with{log, topics, time, *logger, note};
        with.open_state = open_state;
        t = make_tracker(config, with);
        t->queue_added(model::queue_name{"default"}, 9);
        t->queue_added(model::queue_name{"other"}, 9);
        t->start();
    }
    void stop() {
        t->stop();
        t.reset();
    }
    std::size_t fatals() {
        const std::lock_guard lock(mutex);
        return fatal.size();
    }

    void put(const model::stored_task& s) {
        log.put({topic(s.place.queue.value(), s.place.priority.value()), 0}, s.body.id.value(),
                codec::write_task(s.body), s.submitted_at);
    }
    void put(const model::logged_event& e) {
        log.put({topics.status(), 0}, codec::event_key(e.event), codec::write_event(e.event),
                e.event.at);
    }
    model::position end_of_status() {
        model::position p;
        p.status = true;
        p.place.offset = model::offset{log.range({topics.status(), 0}).value().end.value() - 1};
        return p;
    }
    static model::position position_of(const model::record& place) {
        model::position p;
        p.place = place;
        return p;
    }
};

/// The answer to a question, as a future: callbacks come on the tracker's thread.
template <class T>
struct answer {
    std::promise<model::result<T>> promise;
    std::future<model::result<T>> future = promise.get_future();
    callback<T> done() {
        return [this](model::result<T> r) { promise.set_value(std::move(r)); };
    }
    model::result<T> get() {
        REQUIRE(future.wait_for(patience) == std::future_status::ready);
        return future.get();
    }
    bool ready() { return future.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }
};

model::result<task_view> task(world& w, const std::string& id, positions after) {
    answer<task_view> a;
    w.t->task(model::task_id{id}, std::move(after), a.done());
    return a.get();
}

tracker_stats stats(world& w, positions after = {}) {
    answer<tracker_stats> a;
    w.t->stats(std::move(after), a.done());
    return a.get().value();
}

/// One turn of the tracker after what the test did: two questions, one behind the other.
void let_it_turn(world& w) {
    stats(w);
    stats(w);
}

/// What was committed, as another fold over the same directory sees it.
std::vector<std::string> lines_in(const std::string& directory) {
    store::rocksdb_options options;
    options.directory = directory;
    folding f(store::open_rocksdb(options));
    f.sweep_all();
    return lines_of(f);
}

}  // namespace

TEST_CASE("a submit's position waits until the tracker has folded it") {
    world w;
    w.start();
    const task_spec t{.id = "a", .tags = {"x"}};
    answer<task_view> a;
    w.t->task(model::task_id{"a"}, {world::position_of(place_of(t))}, a.done());
    let_it_turn(w);
    CHECK_FALSE(a.ready());
    w.put(record_of(t));
    const auto v = a.get().value();
    CHECK(v.state == task_state::pending);
    CHECK(v.job == model::job_name{"j"});
    CHECK(w.t->is_ready());
}

TEST_CASE("a position that does not come is answered tracker_behind after ten seconds") {
    world w;
    w.start();
    answer<task_view> a;
    w.t->task(model::task_id{"a"}, {world::position_of(at_place(99))}, a.done());
    let_it_turn(w);
    w.time.pass(milliseconds{9'999});
    let_it_turn(w);
    CHECK_FALSE(a.ready());
    w.time.pass(milliseconds{1});
    let_it_turn(w);
    CHECK(a.get().error().code == errc::tracker_behind);
}

TEST_CASE("waiting for a task's end answers at its end, or with what there is when time is over") {
    world w;
    w.start();
    const task_spec t{.id = "a"};
    w.put(record_of(t));
    w.put(w.events.claim());
    w.put(w.events.owner(allocation(t, "l1")));
    REQUIRE(task(w, "a", {w.end_of_status()}).value().state == task_state::allocated);
    answer<task_view> ended;
    answer<task_view> in_vain;
    answer<group_view> idle;
    w.t->task_until_terminal(model::task_id{"a"}, {}, milliseconds{60'000}, ended.done());
    w.t->task_until_terminal(model::task_id{"a"}, {}, milliseconds{5'000}, in_vain.done());
    w.t->job_until_idle({model::job_name{"j"}}, {}, milliseconds{60'000}, idle.done());
    let_it_turn(w);
    w.time.pass(milliseconds{5'000});
    let_it_turn(w);
    CHECK(in_vain.get().value().state == task_state::allocated);
    CHECK_FALSE(ended.ready());
    CHECK_FALSE(idle.ready());
    w.put(w.events.lease(completion(t, "l1")));
    CHECK(ended.get().value().state == task_state::complete);
    CHECK(count(idle.get().value().counts, task_state::complete) == 1);
}

TEST_CASE("a task and a job that nobody knows are answered at once") {
    world w;
    w.start();
    answer<task_view> a;
    answer<group_view> j;
    w.t->task_until_terminal(model::task_id{"a"}, {}, milliseconds{60'000}, a.done());
    w.t->job_until_idle({model::job_name{"j"}}, {}, milliseconds{60'000}, j.done());
    CHECK(a.get().error().code == errc::task_unknown);
    CHECK(j.get().error().code == errc::job_unknown);
}

TEST_CASE("what the log has when the question comes is not unknown, though it is not folded yet") {
    world w;
    w.start();
    for (int i = 0; i < 500; ++i) {
        const task_spec t{.id = "t" + std::to_string(i), .offset = i};
        w.put(record_of(t));
        CHECK(task(w, t.id, {}).value().id == model::task_id{t.id});
    }
}

TEST_CASE("who waits when the tracker stops is told so") {
    world w;
    w.start();
    answer<task_view> a;
    w.t->task(model::task_id{"a"}, {world::position_of(at_place(99))}, a.done());
    w.stop();
    CHECK(a.get().error().code == errc::stopping);
}

TEST_CASE("events that cannot be read are counted and skipped; one of another version is fatal") {
    world w;
    w.start();
    w.put(w.events.claim());
    w.log.put({w.topics.status(), 0}, "", "{\"v\":1,\"type\":\"claim\"", instant{1});
    w.log.put({w.topics.status(), 0}, "", "{\"v\":1,\"type\":\"nonsense\",\"at\":1}", instant{1});
    w.log.put({w.topic("default", 5), 0}, "", "not JSON", instant{1});
    const auto s = stats(w, {w.end_of_status(), world::position_of(at_place(0))});
    CHECK(s.events == 3);
    CHECK(s.undecodable_events == 2);
    CHECK(s.task_records == 1);
    CHECK(s.overall.submitted == 0);
    CHECK(w.fatals() == 0);

    answer<tracker_stats> a;
    w.log.put({w.topics.status(), 0}, "", "{\"v\":2,\"type\":\"claim\",\"at\":1}", instant{1});
    w.t->stats({w.end_of_status()}, a.done());
    CHECK(a.get().has_error());
    CHECK(w.fatals() == 1);
}

TEST_CASE(
    "random pasts through topics and codecs give the recount's answers, also after restarts") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        test::temporary_directory dir;
        world w(dir.path());
        const auto h = make_history(seed, 300);
        recount r;
        std::size_t fed = 0;
        w.start();
        const auto maybe_restart = [&] {
            if (++fed % 97 == 0) {
                w.stop();
                w.start();
            }
        };
        interleave(
            h, seed, [&](const auto& t) { r.add(t), w.put(t), maybe_restart(); },
            [&](const auto& e) { r.add(e), w.put(e), maybe_restart(); });
        positions all{w.end_of_status()};
        for (const auto& [name, records] : h.topics) {
            all.push_back(world::position_of(records.back().place));
        }
        stats(w, all);
        w.stop();
        CAPTURE(seed);
        CHECK(lines_in(dir.path()) == r.lines());
    }
}

TEST_CASE("nothing is committed that the log has not made durable") {
    test::temporary_directory dir;
    world w(dir.path());
    w.start();
    w.log.hold_durable(true);
    w.put(record_of({.id = "a"}));
    REQUIRE(task(w, "a", {world::position_of(at_place(0))}).has_value());
    w.time.pass(milliseconds{10'000});
    let_it_turn(w);
    w.stop();
    // The power cut takes the record, and another takes its place.
    w.log.cut({w.topic("default", 5), 0}, 0);
    w.put(record_of({.id = "b"}));
    w.log.make_durable();
    w.start();
    REQUIRE(task(w, "b", {world::position_of(at_place(0))}).has_value());
    CHECK(task(w, "a", {}).error().code == errc::task_unknown);
    CHECK(stats(w).overall.submitted == 1);
}

TEST_CASE("a commit that fails after it began ends the fold, though nothing else happens") {
    world w;
    w.open_state = [] { return std::make_unique<failing_state>(); };
    w.start();
    w.put(record_of({.id = "a"}));
    for (int i = 0; i < 50 && w.fatals() == 0; ++i) {
        w.time.pass(milliseconds{100});
        answer<tracker_stats> a;
        w.t->stats({}, a.done());
        (void)a.get();
    }
    const std::lock_guard lock(w.mutex);
    REQUIRE(w.fatal.size() == 1);
    CHECK(w.fatal.front() == "tracker: the disk is full");
}

TEST_CASE("the state rests once nothing has been committed for a while, and once only") {
    world w;
    resting_state::counts seen;
    w.open_state = [&] { return std::make_unique<resting_state>(seen); };
    w.start();
    for (const int round : {1, 2}) {
        const auto id = std::to_string(round);
        w.put(record_of({.id = id, .offset = round - 1}));
        REQUIRE(task(w, id, {world::position_of(at_place(round - 1))}).has_value());
        w.time.pass(milliseconds{300});
        while (seen.commits < round) {
            let_it_turn(w);
        }
        let_it_turn(w);
        CHECK(seen.rests == round - 1);
        w.time.pass(milliseconds{2'900});
        let_it_turn(w);
        CHECK(seen.rests == round - 1);
        for (int i = 0; i < 3; ++i) {
            w.time.pass(milliseconds{200});
            let_it_turn(w);
            CHECK(seen.rests == round);
        }
    }
    w.stop();
}

TEST_CASE("what a question erases is committed too, and does not hold up the fold") {
    world w;
    w.open_state = [] { return std::make_unique<heavy_state>(); };
    w.start();
    const task_spec t{.id = "a"};
    w.put(record_of(t));
    w.put(w.events.claim());
    w.put(w.events.owner(allocation(t, "l1")));
    REQUIRE(task(w, "a", {w.end_of_status()}).value().state == task_state::allocated);
    answer<task_page> waiting;  // its row of the list is there still, with nothing in it
    w.t->tasks({.state = state_set{task_state::pending}}, {}, waiting.done());
    REQUIRE(waiting.get().value().items.empty());
    w.put(record_of({.id = "b", .offset = 1}));
    CHECK(task(w, "b", {world::position_of(at_place(1))}).has_value());
}

TEST_CASE("folding goes on when what was held becomes durable") {
    world w;
    w.start();
    w.log.hold_durable(true);
    w.put(record_of({.id = "a"}));
    REQUIRE(task(w, "a", {world::position_of(at_place(0))}).has_value());
    w.time.pass(milliseconds{1'000});
    let_it_turn(w);
    w.put(record_of({.id = "b", .offset = 1}));
    answer<task_view> b;
    w.t->task(model::task_id{"b"}, {world::position_of(at_place(1))}, b.done());
    let_it_turn(w);
    CHECK_FALSE(b.ready());
    w.log.make_durable();
    CHECK(b.get().has_value());
}

TEST_CASE("a state that is ahead of the log, or of another log, is built again") {
    const bool shorter = GENERATE(true, false);
    test::temporary_directory dir;
    world w(dir.path());
    w.start();
    for (int i = 0; i < 5; ++i) {
        w.put(record_of({.id = "t" + std::to_string(i), .offset = i}));
    }
    REQUIRE(task(w, "t4", {world::position_of(at_place(4))}).has_value());
    w.stop();
    if (shorter) {
        w.log.cut({w.topic("default", 5), 0}, 3);
    } else {
        w.log.replace({w.topic("default", 5), 0}, 4,
                      codec::write_task(record_of({.id = "new"}).body));
    }
    w.start();
    const auto last = world::position_of(at_place(shorter ? 2 : 4));
    CHECK(stats(w, {last}).overall.submitted == (shorter ? 3 : 5));
    CHECK(task(w, "t4", {}).error().code == errc::task_unknown);
    CHECK(task(w, "new", {}).has_value() == !shorter);
}

TEST_CASE("a tracker that begins late, with nothing, comes to the same answers") {
    const auto h = make_history(3, 300);
    std::vector<std::vector<std::string>> answers;
    for (const bool late : {false, true}) {
        test::temporary_directory dir;
        world w(dir.path());
        if (!late) {
            w.start();
        }
        interleave(
            h, 5, [&](const auto& t) { w.put(t); }, [&](const auto& e) { w.put(e); });
        if (late) {
            w.start();
        }
        positions all{w.end_of_status()};
        for (const auto& [name, records] : h.topics) {
            all.push_back(world::position_of(records.back().place));
        }
        CHECK(stats(w, all).lag == 0);
        w.stop();
        answers.push_back(lines_in(dir.path()));
    }
    CHECK(answers[0] == answers[1]);
}

TEST_CASE("a queue that is added later is folded from its first record") {
    world w;
    w.start();
    const auto topic = w.topic("late", 1);
    w.log.ensure_topic(topic, 1).value();
    w.log.put({topic, 0}, "z", codec::write_task(record_of({.id = "z"}).body), instant{5});
    w.t->queue_added(model::queue_name{"late"}, 1);
    const auto v = task(w, "z", {world::position_of(at_place(0, 1, "late"))}).value();
    CHECK(v.submitted_at == instant{5});
    CHECK(to_string(v.place) == "late/1@0");
}
