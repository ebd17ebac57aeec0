#include "callers.hpp"

#include "codec/json.hpp"
#include "codec/task_codec.hpp"

#include <utility>

namespace kwq::crash {

namespace {

using scheduler::settle_status;

// Longer than any test: such a task waits through every crash.
constexpr milliseconds long_backoff{600'000};
constexpr milliseconds short_backoff{100};

std::string_view outcome_word(const scheduler::report_kind& what) {
    constexpr std::string_view words[] = {"running", "complete", "error", "release"};
    return words[what.index()];
}

answered answer_of(const eventlog::log_error& e) {
    const bool refused =
        e.code == eventlog::errc::overloaded || e.code == eventlog::errc::storage_full;
    return refused ? answered::fail : answered::info;
}

answered answer_of(const model::error& e) {
    const bool refused = e.code == model::errc::lease_lost ||
                         e.code == model::errc::outcome_conflict ||
                         e.code == model::errc::overloaded;
    return refused ? answered::fail : answered::info;
}

answered answer_of(settle_status s) {
    switch (s) {
        case settle_status::ok:
        case settle_status::already: return answered::ok;
        case settle_status::accepted:
        case settle_status::unknown: return answered::info;
        default: return answered::fail;
    }
}

}  // namespace

callers::callers(const services& s, caller_books& books, std::uint64_t seed)
    : services_(s), books_(books), random_(seed) {}

void callers::start(int submitters, int workers) {
    for (int i = 0; i < workers; ++i) {
        workers_.push_back(std::make_unique<worker>());
        workers_.back()->name = "w" + std::to_string(i);
    }
    for (const auto& h : books_.read_held()) {
        held_.emplace(h.lease, h);
        workers_[random_.below(workers_.size())]->leases.push_back(h);
    }
    for (auto& w : workers_) {
        next(*w);
    }
    for (int i = 0; i < submitters; ++i) {
        submit();
    }
}

std::vector<held_lease> callers::held() const {
    std::vector<held_lease> all;
    for (const auto& [lease, h] : held_) {
        all.push_back(h);
    }
    return all;
}

std::size_t callers::waiting_retries() const {
    const auto now = services_.time.monotonic();
    std::size_t waiting = 0;
    for (const auto& [id, due] : retries_) {
        waiting += due > now ? 1 : 0;
    }
    return waiting;
}

// ---- answers ------------------------------------------------------------------------------------

void callers::post(std::function<void()> what) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(what));
    arrived_.notify_one();
}

void callers::disk_has_failed() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    arrived_.notify_one();
}

bool callers::run_until(const std::function<bool()>& done, milliseconds patience) {
    const auto end = services_.time.monotonic() + patience;
    while (!done()) {
        std::unique_lock lock(mutex_);
        arrived_.wait_until(lock, std::min(end, services_.time.monotonic() + milliseconds{5}),
                            [this] { return !answers_.empty() || failed_; });
        if (failed_ || services_.time.monotonic() > end) {
            return false;
        }
        auto now = std::exchange(answers_, {});
        lock.unlock();
        for (const auto& answer : now) {
            answer();
        }
    }
    return true;
}

void callers::hear_the_last() {
    submitting_ = false;
    taking_ = false;
    std::unique_lock lock(mutex_);
    auto now = std::exchange(answers_, {});
    lock.unlock();
    for (const auto& answer : now) {
        answer();
    }
}

// ---- submitting ---------------------------------------------------------------------------------

model::task callers::new_task() {
    model::task t;
    t.id = books_.next_id();
    t.job = model::job_name{random_.below(2) == 0 ? "red" : "blue"};
    t.priority = model::priority{static_cast<std::int32_t>(4 + random_.below(3))};
    t.payload =
        R"({"of":")" + t.id.value() + R"(","pad":")" + std::string(random_.below(300), 'x') + "\"}";
    t.limits.lease = milliseconds{random_.below(4) == 0 ? 1'000 : 3'000};
    const milliseconds backoffs[] = {milliseconds{0}, short_backoff, long_backoff};
    t.limits.backoff = backoffs[random_.below(3)];
    return t;
}

void callers::submit() {
    if (!submitting_) {
        return;
    }
    std::vector<model::task> tasks{new_task()};
    const auto place = tasks.front().priority;
    for (auto more = random_.below(4); more > 2; --more) {
        tasks.push_back(new_task());
        tasks.back().priority = place;
    }
    const auto proc = books_.invoke("submit", [&](std::string& out) {
        codec::json_writer w(out);
        w.begin_object().key("tasks").begin_array();
        for (const auto& t : tasks) {
            w.begin_object().field("id", t.id.value()).key("payload").raw(t.payload).end_object();
        }
        w.end_array().end_object();
    });
    std::vector<eventlog::new_record> records;
    for (const auto& t : tasks) {
        records.push_back({t.id.value(), codec::write_task(t), {}});
    }
    ++submits_;
    ++calls_;
    services_.log.append({services_.topics.tasks(tasks.front().queue, place), 0},
                         std::move(records), eventlog::durability::synced,
                         [this, proc, tasks](const eventlog::result<model::offset>& answer) {
                             post([this, proc, tasks, answer] { submitted(proc, tasks, answer); });
                         });
}

void callers::submitted(std::uint64_t proc, const std::vector<model::task>& tasks,
                        const eventlog::result<model::offset>& answer) {
    --submits_;
    --calls_;
    if (!answer) {
        books_.end(proc, "submit", answer_of(answer.error()));
        return submit();
    }
    acknowledged_ += tasks.size();
    books_.end(proc, "submit", answered::ok, [&](std::string& out) {
        codec::json_writer w(out);
        w.begin_object().key("tasks").begin_array();
        auto at = answer->value();
        for (const auto& t : tasks) {
            const model::position where{
                model::shard_id{0}, false, {t.queue, t.priority, model::offset{at++}}};
            w.begin_object().field("id", t.id.value());
            w.field("position", to_string(where)).end_object();
        }
        w.end_array().end_object();
    });
    submit();
}

// ---- working ------------------------------------------------------------------------------------

scheduler::report_kind callers::choose(const held_lease& held) {
    const auto draw = only_complete_ ? 9 : random_.below(10);
    if (draw == 0) {
        return scheduler::report_running{};
    }
    if (draw <= 2 && held.attempt < 3) {
        return scheduler::report_error{"no", true};
    }
    if (draw == 3 && held.attempt < 10) {
        return scheduler::report_release{milliseconds{random_.below(2) * 10}};
    }
    scheduler::report_complete done{std::to_string(held.attempt), {}};
    if (draw == 4) {
        auto child = new_task();
        child.id = model::task_id{held.id.value() + ".c"};
        done.then.push_back(std::move(child));
    }
    return done;
}

void callers::next(worker& w) {
    if (!taking_) {
        return;
    }
    if (!w.leases.empty() && random_.below(3) > 0) {
        const auto held = w.leases.back();
        w.leases.pop_back();
        return report(w, {held, choose(held)});
    }
    take(w);
}

void callers::take(worker& w) {
    std::vector<settle> settles = std::exchange(w.again, {});
    if (!w.leases.empty() && random_.below(2) == 0) {
        settles.push_back({w.leases.back(), choose(w.leases.back())});
        if (settles.back().what.index() == 0) {
            settles.pop_back();  // `running` settles nothing
        } else {
            w.leases.pop_back();
        }
    }
    const auto proc = books_.invoke("take", [&](std::string& out) {
        codec::json_writer line(out);
        line.begin_object().field("worker", w.name).key("settle").begin_array();
        for (const auto& s : settles) {
            line.begin_object().field("lease", s.held.lease.value());
            line.field("outcome", outcome_word(s.what)).end_object();
        }
        line.end_array().end_object();
    });
    scheduler::poll_request request{.worker = model::worker_name{w.name},
                                    .queues = {model::queue_name{"default"}},
                                    .max = w.leases.size() > 4 ? 0U : 3U,
                                    .wait = milliseconds{20}};
    for (const auto& s : settles) {
        request.settle.push_back({s.held.lease, s.what});
    }
    ++calls_;
    services_.scheduler.poll(
        std::move(request),
        [this, &w, proc, settles](const scheduler::result<scheduler::poll_answer>& answer) {
            post([this, &w, proc, settles, answer] { taken(w, proc, settles, answer); });
        });
}

void callers::taken(worker& w, std::uint64_t proc, const std::vector<settle>& settles,
                    const scheduler::result<scheduler::poll_answer>& answer) {
    --calls_;
    if (!answer) {
        books_.end(proc, "take", answered::info);
        w.again = settles;
        return next(w);
    }
    books_.end(proc, "take", answered::ok, [&](std::string& out) {
        codec::json_writer line(out);
        line.begin_object().key("leases").begin_array();
        for (const auto& l : answer->leases) {
            line.begin_object().field("lease", l.lease.value()).field("attempt", l.attempt);
            line.key("task").begin_object().field("id", l.task->body.id.value());
            line.key("payload").raw(l.task->body.payload).end_object().end_object();
        }
        line.end_array().key("settled").begin_array();
        for (const auto& s : answer->settled) {
            line.begin_object().field("lease", s.lease.value());
            line.field("status", to_string(s.status)).end_object();
        }
        line.end_array().end_object();
    });
    for (std::size_t i = 0; i < settles.size() && i < answer->settled.size(); ++i) {
        settled(w, settles[i], answer_of(answer->settled[i].status));
    }
    for (const auto& l : answer->leases) {
        const held_lease held{l.lease, l.task->body.id, l.attempt, l.task->body.limits.backoff};
        held_.emplace(l.lease, held);
        retries_.erase(held.id);
        w.leases.push_back(held);
    }
    next(w);
}

void callers::report(worker& w, settle s) {
    const auto proc = books_.invoke("report", [&](std::string& out) {
        codec::json_writer line(out);
        line.begin_object().field("lease", s.held.lease.value());
        line.field("outcome", outcome_word(s.what)).end_object();
    });
    ++calls_;
    services_.scheduler.report(
        {s.held.lease, s.what},
        [this, &w, proc, s](const scheduler::result<settle_status>& answer) {
            post([this, &w, proc, s, answer] { reported(w, proc, s, answer); });
        });
}

void callers::reported(worker& w, std::uint64_t proc, const settle& s,
                       const scheduler::result<settle_status>& answer) {
    --calls_;
    const auto how = answer ? answer_of(*answer) : answer_of(answer.error());
    books_.end(proc, "report", how);
    if (s.what.index() == 0) {
        if (how != answered::fail) {
            w.leases.push_back(s.held);  // its work goes on
        } else {
            held_.erase(s.held.lease);
        }
    } else {
        settled(w, s, how);
    }
    next(w);
}

void callers::settled(worker& w, const settle& s, answered how) {
    if (how == answered::info) {
        w.again.push_back(s);
        return;
    }
    held_.erase(s.held.lease);
    if (how == answered::ok && std::holds_alternative<scheduler::report_error>(s.what)) {
        retries_[s.held.id] = services_.time.monotonic() + s.held.backoff / 2;
    }
}

}  // namespace kwq::crash
