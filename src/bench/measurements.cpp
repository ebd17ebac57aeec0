#include "bench/measurements.hpp"

#include "bench/load_pool.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace kwq::bench {

namespace {

using clock = load_pool::clock;
constexpr std::string_view submit_target = "/kwq/v1/tasks";
constexpr std::string_view take_target = "/kwq/v1/leases";

/// For a pause: no request is out that can be answered.
void nothing_comes(const load_answer& a) {
    throw load_failure("an answer that was not expected: status " + std::to_string(a.status));
}

double seconds_since(clock::time_point began) {
    return std::chrono::duration<double>(clock::now() - began).count();
}

/// The producers' side: what is to be submitted, when, and what became of it.
class producers {
public:
    producers(const load_plan& plan, load_pool& pool, std::size_t first, std::size_t count)
        : plan_(plan), pool_(pool), first_(first), due_of_(count), began_(clock::now()) {
        for (std::size_t i = 0; i < count; ++i) {
            idle_.push_back(first + i);
        }
    }

    bool owns(std::size_t connection) const {
        return connection >= first_ && connection < first_ + due_of_.size();
    }
    bool done() const { return next_ >= plan_.tasks && idle_.size() == due_of_.size(); }
    std::size_t accepted() const { return accepted_; }

    void send_due() {
        while (!idle_.empty() && next_ < plan_.tasks) {
            const auto due = due_at(next_);
            if (due > clock::now()) {
                return;
            }
            const auto connection = idle_.front();
            idle_.pop_front();
            const auto count = std::min(plan_.batch, plan_.tasks - next_);
            due_of_[connection - first_] = {due, count};
            pool_.post(connection, submit_target, write_tasks(plan_.shape, next_, count));
            next_ += count;
        }
    }

    clock::time_point next_due() const {
        const bool waits = !idle_.empty() && next_ < plan_.tasks;
        return waits ? due_at(next_) : clock::now() + std::chrono::milliseconds(100);
    }

    void on_answer(const load_answer& a, measurement& into) {
        const auto& sent = due_of_[a.connection - first_];
        times_.add(plan_.rate > 0 ? clock::now() - sent.due : a.took);
        idle_.push_back(a.connection);
        if (a.status == 201 || a.status == 200) {
            accepted_ += sent.tasks;
        } else if (a.status == 429 || a.status == 503 || a.status == 507) {
            ++into.refused;
        } else {
            ++into.failed;
        }
    }

    percentiles times() { return times_.look(); }

private:
    struct sent_batch {
        clock::time_point due;
        std::size_t tasks = 0;
    };

    clock::time_point due_at(std::size_t task) const {
        if (plan_.rate <= 0) {
            return began_;
        }
        return began_ + std::chrono::duration_cast<clock::duration>(
                            std::chrono::duration<double>(static_cast<double>(task) / plan_.rate));
    }

    const load_plan& plan_;
    load_pool& pool_;
    const std::size_t first_;
    std::vector<sent_batch> due_of_;
    const clock::time_point began_;
    std::deque<std::size_t> idle_;
    std::size_t next_ = 0;
    std::size_t accepted_ = 0;
    durations times_;
};

/// The workers' side: each connection is a worker that settles what it holds and takes more.
class workers {
public:
    workers(const load_plan& plan, load_pool& pool, std::size_t first, std::size_t count)
        : plan_(plan), pool_(pool), first_(first), held_(count), last_(count) {}

    void start() {
        for (std::size_t i = 0; i < held_.size(); ++i) {
            ask(i);
        }
    }
    std::size_t completed() const { return completed_; }

    void on_answer(const load_answer& a, measurement& into) {
        const auto worker = a.connection - first_;
        if (a.status != 200) {
            (a.status == 503 ? into.refused : into.failed) += 1;
        } else {
            auto got = read_take(a.body);
            completed_ += got.settled;
            into.failed += got.refused;
            taken_ += got.leases.size();
            held_[worker] = std::move(got.leases);
            times_.add(a.took);
        }
        if (!held_[worker].empty() || completed_ < plan_.tasks) {
            ask(worker);
        }
    }

    percentiles times() { return times_.look(); }

private:
    void ask(std::size_t worker) {
        // Enough is out for somebody: this one settles, and asks without waiting.
        const bool enough = taken_ >= plan_.tasks;
        if (enough && held_[worker].empty() && last_[worker]) {
            return;
        }
        last_[worker] = enough;
        const take_shape shape{.worker = "bench-" + std::to_string(worker),
                               .queue = plan_.shape.queue,
                               .max = plan_.batch,
                               .wait_s = enough ? 0 : 2};
        pool_.post(first_ + worker, take_target, write_take(shape, held_[worker]));
        held_[worker].clear();
    }

    const load_plan& plan_;
    load_pool& pool_;
    const std::size_t first_;
    std::vector<std::vector<std::string>> held_;
    std::vector<bool> last_;
    std::size_t taken_ = 0;
    std::size_t completed_ = 0;
    durations times_;
};

/// Asks for the job until its counters say so many are complete; seconds from `began`.
double wait_tracked(const load_plan& plan, clock::time_point began) {
    load_pool pool(plan.server, 1);
    const auto until = began + plan.give_up;
    std::size_t complete = 0;
    while (complete < plan.tasks) {
        pool.get(0, "/kwq/v1/jobs/" + plan.shape.job);
        while (!pool.is_idle(0)) {
            pool.wait(until, [&](const load_answer& a) {
                complete = a.status == 200 ? number_after(a.body, "\"counts\"", "complete") : 0;
            });
            if (clock::now() > until) {
                throw load_failure("the tracker did not count all tasks in time");
            }
        }
        if (complete < plan.tasks) {
            pool.wait(clock::now() + std::chrono::milliseconds(2), nothing_comes);
        }
    }
    return seconds_since(began);
}

/// Completes what is held, and takes nothing.
void settle(load_pool& pool, std::vector<std::string>& held, measurement& into) {
    pool.post(1, take_target, write_take({.worker = "bench-0", .max = 0, .wait_s = 0}, held));
    held.clear();
    while (pool.busy() > 0) {
        pool.wait(clock::now() + std::chrono::seconds(1),
                  [&](const load_answer& a) { into.failed += read_take(a.body).refused; });
    }
}

void check_time(clock::time_point until) {
    if (clock::now() > until) {
        throw load_failure("it took longer than was allowed");
    }
}

}  // namespace

measurement measure_submit(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, plan.producers);
    producers p(plan, pool, 0, plan.producers);
    const auto began = clock::now();
    while (!p.done()) {
        p.send_due();
        pool.wait(p.next_due(), [&](const load_answer& a) {
            p.on_answer(a, m);
            p.send_due();
        });
        check_time(began + plan.give_up);
    }
    m.seconds = seconds_since(began);
    m.tasks = p.accepted();
    m.submit = p.times();
    return m;
}

measurement measure_work(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, plan.workers);
    workers w(plan, pool, 0, plan.workers);
    const auto began = clock::now();
    w.start();
    while (w.completed() < plan.tasks) {
        pool.wait(clock::now() + std::chrono::milliseconds(100),
                  [&](const load_answer& a) { w.on_answer(a, m); });
        check_time(began + plan.give_up);
    }
    m.seconds = seconds_since(began);
    m.tasks = w.completed();
    m.take = w.times();
    return m;
}

measurement measure_cycle(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, plan.producers + plan.workers);
    producers p(plan, pool, 0, plan.producers);
    workers w(plan, pool, plan.producers, plan.workers);
    const auto began = clock::now();
    w.start();
    while (!p.done() || w.completed() < plan.tasks) {
        p.send_due();
        pool.wait(p.next_due(), [&](const load_answer& a) {
            if (p.owns(a.connection)) {
                p.on_answer(a, m);
                p.send_due();
            } else {
                w.on_answer(a, m);
            }
        });
        check_time(began + plan.give_up);
    }
    m.seconds = seconds_since(began);
    m.tasks = w.completed();
    m.submit = p.times();
    m.take = w.times();
    m.tracked_s = wait_tracked(plan, began);
    return m;
}

measurement measure_latency(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, 2);
    durations submits;
    durations leases;
    std::vector<std::string> held;
    const auto began = clock::now();
    const take_shape shape{.worker = "bench-0", .queue = plan.shape.queue, .max = 1, .wait_s = 20};
    for (std::size_t i = 0; i < plan.tasks; ++i) {
        if (!held.empty()) {
            settle(pool, held, m);
        }
        pool.post(1, take_target, write_take(shape, {}));
        // The worker must be waiting first.
        pool.wait(clock::now() + std::chrono::milliseconds(3), nothing_comes);
        const auto submitted = clock::now();
        pool.post(0, submit_target, write_tasks(plan.shape, i, 1));
        while (pool.busy() > 0) {
            pool.wait(submitted + plan.give_up, [&](const load_answer& a) {
                if (a.connection == 0) {
                    submits.add(a.took);
                    m.failed += a.status == 201 ? 0 : 1;
                    return;
                }
                leases.add(clock::now() - submitted);
                held = read_take(a.body).leases;
            });
            check_time(submitted + plan.give_up);
        }
        m.tasks += held.size();
    }
    m.seconds = seconds_since(began);
    m.submit = submits.look();
    m.take = leases.look();
    return m;
}

measurement measure_ping(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, plan.producers);
    durations times;
    std::size_t sent = 0;
    const auto began = clock::now();
    const auto ask = [&](std::size_t connection) {
        if (sent < plan.tasks) {
            ++sent;
            pool.get(connection, "/livez");
        }
    };
    for (std::size_t i = 0; i < plan.producers; ++i) {
        ask(i);
    }
    while (pool.busy() > 0) {
        pool.wait(clock::now() + std::chrono::milliseconds(100), [&](const load_answer& a) {
            times.add(a.took);
            m.failed += a.status == 200 ? 0 : 1;
            ask(a.connection);
        });
        check_time(began + plan.give_up);
    }
    m.seconds = seconds_since(began);
    m.tasks = times.count();
    m.submit = times.look();
    return m;
}

}  // namespace kwq::bench
