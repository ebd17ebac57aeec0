// One life from start to end. The order of starting and stopping is src/app/application's.
#include "life.hpp"

#include "callers.hpp"
#include "codec/json.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "observe/logger.hpp"
#include "store/kv.hpp"
#include "tracker/tracker.hpp"

#include <atomic>
#include <fstream>
#include <memory>
#include <optional>

#include <unistd.h>

namespace kwq::crash {

namespace {

constexpr milliseconds patience{60'000};
constexpr milliseconds slowest_sync{2};

class one_life {
public:
    explicit one_life(const life_options& o)
        : options_(o),
          random_(o.seed),
          disk_(o.directory + "/attic", o.seed, slowest_sync),
          books_(o.books, o.number) {
        disk_.fail_call(o.failure);
    }

    life_end run() {
        try {
            start();
        } catch (const std::exception& e) {
            tell(e.what());
            return life_end::could_not;
        }
        callers_.emplace(callers::services{*log_, topics_, *scheduler_, system_clock()}, books_,
                         random_.next());
        const bool few = options_.brief;
        callers_->start(options_.drain ? 0 : few ? 3 : 30, few ? 3 : 12);
        serving_ = true;
        const bool well = options_.cut ? until_cut() : options_.drain ? drain() : short_life();
        if (broken_) {
            callers_->hear_the_last();
            books_.write_held(callers_->held());
            return life_end::had_to;
        }
        if (options_.cut && well) {
            cut();
        }
        return well ? life_end::well : life_end::impatient;
    }

    /// How many calls the disk had, and which one failed.
    void note_calls() const {
        std::ofstream out(options_.books + "/calls", std::ios::trunc);
        out << disk_.calls() << '\n' << disk_.failed_call() << '\n';
    }

private:
    void start();
    void ensure_topics();
    void fatal(const std::string& why);
    void tell(const std::string& what);
    bool until_cut();
    void cut();
    bool drain();
    bool idle();
    bool short_life();
    bool end_well();
    void note_counts(const char* job);
    store::opener state_in(const std::string& name);
    template <class Ask>
    bool ask(Ask&& call);

    const life_options options_;
    const eventlog::topic_names topics_;
    seeded_random random_;
    brittle_disk disk_;
    caller_books books_;
    std::unique_ptr<observe::logger> logger_ = observe::make_null_logger();
    std::unique_ptr<random_source> lease_random_ = make_system_random();
    std::unique_ptr<eventlog::event_log> log_;
    std::unique_ptr<scheduler::scheduler> scheduler_;
    std::unique_ptr<tracker::tracker> tracker_;
    std::optional<callers> callers_;
    std::atomic<bool> serving_ = false;
    std::atomic<bool> broken_ = false;
};

void one_life::tell(const std::string& what) {
    std::ofstream out(options_.books + "/ends", std::ios::app);
    out << options_.number << ": " << what << '\n';
}

/// As src/app does it: nothing goes on after a write that failed. What was answered before is
/// heard.
void one_life::fatal(const std::string& why) {
    if (broken_.exchange(true)) {
        return;
    }
    tell(why);
    if (!serving_) {
        note_calls();
        ::_exit(static_cast<int>(life_end::had_to));
    }
    callers_->disk_has_failed();
}

store::opener one_life::state_in(const std::string& name) {
    return [this, name] {
        store::rocksdb_options o;
        o.directory = options_.directory + "/" + name;
        o.env = disk_.env();
        return store::open_rocksdb(o);
    };
}

void one_life::start() {
    const auto fatal_call = [this](const std::string& why) { fatal(why); };
    log_ = eventlog::open_embedded_log({.directory = options_.directory + "/log",
                                        .time = system_clock(),
                                        .on_stop = fatal_call,
                                        .reserve_bytes = 0,
                                        .env = disk_.env()});
    ensure_topics();
    scheduler::scheduler_config config;
    config.queues = {{model::queue_name{"default"}, model::default_priorities}};
    scheduler::scheduler_dependencies deps{
        .log = *log_,
        .topics = topics_,
        .time = system_clock(),
        .random = *lease_random_,
        .logger = *logger_,
        .fatal = fatal_call,
        .queue_added = [this](const model::queue_name& queue, std::int32_t priorities) {
            tracker_->queue_added(queue, priorities);
        }};
    deps.simulator.open_state = state_in("scheduler");
    scheduler_ = scheduler::make_scheduler(config, deps);
    tracker_ = tracker::make_tracker({}, {.log = *log_,
                                          .topics = topics_,
                                          .time = system_clock(),
                                          .logger = *logger_,
                                          .fatal = fatal_call,
                                          .open_state = state_in("tracker")});
    scheduler_->start();
    tracker_->start();
    scheduler_->serve();
}

void one_life::ensure_topics() {
    const auto ensure = [&](const std::string& topic) { log_->ensure_topic(topic, 1).value(); };
    for (const auto& topic : {topics_.status(), topics_.control(), topics_.rejected()}) {
        ensure(topic);
    }
    for (std::int32_t p = 1; p <= model::default_priorities; ++p) {
        ensure(topics_.tasks(model::queue_name{"default"}, model::priority{p}));
    }
}

// ---- a cut --------------------------------------------------------------------------------------

bool one_life::until_cut() {
    const auto all_open = [this] {
        return callers_->submits_in_flight() > 0 && callers_->live_leases() > 0 &&
               callers_->waiting_retries() > 0;
    };
    if (!callers_->run_until(all_open, patience)) {
        return false;
    }
    const auto later =
        system_clock().monotonic() + milliseconds{static_cast<std::int64_t>(random_.below(40))};
    return callers_->run_until([&] { return system_clock().monotonic() >= later && all_open(); },
                               patience);
}

void one_life::cut() {
    const auto submits = callers_->submits_in_flight();
    const auto leases = callers_->live_leases();
    const auto retries = callers_->waiting_retries();
    disk_.cut_power();
    callers_->hear_the_last();
    books_.write_held(callers_->held());
    books_.power_cut();
    const auto losses = disk_.lose_unsynced();
    std::ofstream out(options_.books + "/cuts", std::ios::app);
    out << submits << ' ' << leases << ' ' << retries << ' ' << callers_->acknowledged() << ' '
        << losses.files_cut << ' ' << losses.torn << ' ' << losses.entries_undone << '\n';
}

// ---- an end -------------------------------------------------------------------------------------

/// `call(done)` with a callback for the callers' thread; waits for it.
template <class Ask>
bool one_life::ask(Ask&& call) {
    // Shared with the callback, which may come after we have given up.
    const auto answered = std::make_shared<bool>(false);
    call([answered] { *answered = true; });
    return callers_->run_until([answered] { return *answered; }, patience);
}

bool one_life::idle() {
    bool nothing = false;
    return ask([&](const std::function<void()>& done) {
               tracker_->stats({}, [this, &nothing, done](const auto& answer) {
                   callers_->post([&nothing, done, answer] {
                       if (answer) {
                           const auto& c = answer->overall.counts;
                           const auto of = [&](model::task_state s) {
                               return c[static_cast<std::size_t>(s)];
                           };
                           nothing = answer->lag == 0 && of(model::task_state::pending) == 0 &&
                                     of(model::task_state::allocated) == 0 &&
                                     of(model::task_state::running) == 0;
                       }
                       done();
                   });
               });
           }) &&
           nothing;
}

/// Until only tasks are left that wait for a long time; twice, so that short waits are over.
bool one_life::drain() {
    callers_->submit_no_more();
    callers_->only_complete();
    const auto end = system_clock().monotonic() + patience;
    for (int quiet = 0; quiet < 4;) {
        quiet = idle() ? quiet + 1 : 0;
        const auto later = system_clock().monotonic() + milliseconds{100};
        callers_->run_until([&] { return system_clock().monotonic() >= later; }, patience);
        if (system_clock().monotonic() > end || broken_) {
            return false;
        }
    }
    note_counts("red");
    note_counts("blue");
    return end_well();
}

void one_life::note_counts(const char* job) {
    const auto proc = books_.invoke("job", [&](std::string& out) {
        codec::json_writer(out).begin_object().field("job", job).field("final", true).end_object();
    });
    ask([&](const std::function<void()>& done) {
        tracker_->job({model::job_name{job}}, {}, [this, proc, done](const auto& answer) {
            callers_->post([this, proc, done, answer] {
                done();
                if (!answer) {
                    return books_.end(proc, "job", answered::fail);
                }
                books_.end(proc, "job", answered::ok, [&](std::string& out) {
                    codec::json_writer w(out);
                    w.begin_object().key("counts").begin_object();
                    for (int i = 0; i < model::task_state_count; ++i) {
                        w.field(model::to_string(static_cast<model::task_state>(i)),
                                answer->counts[static_cast<std::size_t>(i)]);
                    }
                    w.end_object().end_object();
                });
            });
        });
    });
}

bool one_life::short_life() {
    const bool enough =
        callers_->run_until([this] { return callers_->acknowledged() >= 12; }, patience);
    return enough && end_well();
}

bool one_life::end_well() {
    callers_->submit_no_more();
    callers_->take_no_more();
    if (!callers_->run_until([this] { return callers_->calls_in_flight() == 0; }, patience)) {
        return false;
    }
    books_.write_held(callers_->held());
    scheduler_->stop_dispatch();
    tracker_->stop();
    scheduler_->stop();
    const bool flushed = log_->flush().has_value();
    scheduler_.reset();
    tracker_.reset();
    log_.reset();
    return flushed;
}

}  // namespace

void live(const life_options& options) {
    one_life life(options);
    const auto how = life.run();
    life.note_calls();
    ::_exit(static_cast<int>(how));
}

}  // namespace kwq::crash
