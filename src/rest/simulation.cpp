#include "rest/simulation.hpp"

#include "rest/context.hpp"

#include <algorithm>

namespace kwq::rest {

using model::errc;

namespace {

const model::queue_name queue{"sim"};
constexpr std::int32_t queue_priorities = 5;
constexpr std::string_view job_prefix = "sim-";
constexpr std::size_t batch = 1'000;
constexpr std::size_t remembered = 100;
constexpr milliseconds poll_wait{1'000};
constexpr milliseconds patience{60'000};  // without any completion, besides the tasks' own time
constexpr milliseconds foreign_delay{60'000};

}  // namespace

/// Shared by the callbacks of its workers, all on the context's loop.
struct simulations::run {
    simulation_view view;
    std::uint32_t working = 0;
    mono_time last_progress;
    std::map<std::uint64_t, answer> waiting;
    std::uint64_t next_waiting = 0;

    bool over() const { return view.ended_at.has_value(); }
};

simulations::~simulations() = default;

void simulations::start(const simulation_wish& wish, milliseconds wait, answer done) {
    context_.loop.post([this, wish, wait, done = std::move(done)]() mutable {
        if (current_ || stopped_) {
            done(model::error{errc::too_many_requests, "another simulation runs", {}});
            return;
        }
        // Shared: see run.
        const auto r = std::make_shared<run>();
        r->view.id = std::string(job_prefix) + context_.ids.hex();
        r->view.wish = wish;
        r->view.started_at = context_.now();
        r->last_progress = context_.services.time.monotonic();
        all_.emplace(r->view.id, r);
        order_.push_back(r->view.id);
        if (order_.size() > remembered) {
            all_.erase(order_.front());
            order_.erase(order_.begin());
        }
        current_ = r;
        wait_for(r, wait, std::move(done));
        prepare(r);
    });
}

void simulations::look(const std::string& id, milliseconds wait, answer done) {
    context_.loop.post([this, id, wait, done = std::move(done)]() mutable {
        const auto found = all_.find(id);
        if (found == all_.end()) {
            done(model::error{errc::job_unknown, "there is no such simulation", {}});
            return;
        }
        wait_for(found->second, wait, std::move(done));
    });
}

void simulations::stop() {
    context_.loop.post([this] {
        stopped_ = true;
        if (current_) {
            end(current_, "stopped", "the server stops");
        }
    });
}

void simulations::wait_for(const run_ptr& r, milliseconds wait, answer done) {
    if (r->over() || wait <= milliseconds{0}) {
        done(r->view);
        return;
    }
    const std::uint64_t key = r->next_waiting++;
    r->waiting.emplace(key, std::move(done));
    context_.loop.after(wait, [r, key] {
        const auto found = r->waiting.find(key);
        if (found != r->waiting.end()) {
            const answer tell = std::move(found->second);
            r->waiting.erase(found);
            tell(r->view);
        }
    });
}

/// By value: `current_` may be what it was called with.
void simulations::end(run_ptr r, const std::string& state, const std::string& reason) {
    if (r->over()) {
        return;
    }
    r->view.state = state;
    r->view.reason = reason;
    r->view.ended_at = context_.now();
    if (current_ == r) {
        current_.reset();
    }
    const auto waiting = std::exchange(r->waiting, {});
    for (const auto& [key, tell] : waiting) {
        tell(r->view);
    }
}

void simulations::prepare(const run_ptr& r) {
    if (context_.services.scheduler.priorities_of(queue)) {
        submit_some(r);
        return;
    }
    context_.services.scheduler.define_queue(
        {.queue = queue, .priorities = queue_priorities},
        context_.loop.then<model::result<scheduler::command_receipt>>(
            [this, r](const model::result<scheduler::command_receipt>& made) {
                if (!made) {
                    end(r, "failed", made.error().detail);
                    return;
                }
                context_.services.tracker.queue_added(queue, queue_priorities);
                submit_some(r);
            }));
}

namespace {

model::task make_task(const simulation_view& v, std::uint64_t i) {
    model::task t;
    t.id = model::task_id{v.id + "-" + std::to_string(i)};
    t.queue = queue;
    t.job = model::job_name{v.id};
    t.tags = {model::tag_name{"simulation"}};
    t.priority = model::priority{
        static_cast<std::int32_t>(i % static_cast<std::uint64_t>(v.wish.priorities)) + 1};
    t.payload = "{\"number\":" + std::to_string(i) + "}";
    t.limits.lease = std::max(t.limits.lease, v.wish.duration + patience);
    t.source = "simulation";
    return t;
}

}  // namespace

void simulations::submit_some(const run_ptr& r) {
    if (r->over()) {
        return;
    }
    std::vector<prepared_task> tasks;
    const std::uint64_t last =
        std::min<std::uint64_t>(r->view.wish.tasks, r->view.submitted + batch);
    for (std::uint64_t i = r->view.submitted; i < last; ++i) {
        auto task = prepare_task(context_, make_task(r->view, i), {});
        if (!task) {
            end(r, "failed", task.error().detail);
            return;
        }
        tasks.push_back(std::move(*task));
    }
    append_tasks(context_, std::move(tasks),
                 context_.loop.then<std::vector<placed_task>>(
                     [this, r](const std::vector<placed_task>& placed) { on_placed(r, placed); }));
}

void simulations::on_placed(const run_ptr& r, const std::vector<placed_task>& placed) {
    for (const placed_task& one : placed) {
        if (one.refused) {
            end(r, "failed", one.refused->detail);
            return;
        }
    }
    r->view.submitted += placed.size();
    if (r->view.submitted < r->view.wish.tasks) {
        submit_some(r);
    } else {
        begin_work(r);
    }
}

void simulations::begin_work(const run_ptr& r) {
    if (r->over()) {
        return;
    }
    r->view.state = "running";
    for (std::uint32_t worker = 0; worker < r->view.wish.workers; ++worker) {
        poll(r, worker);
    }
}

void simulations::poll(const run_ptr& r, std::uint32_t worker) {
    scheduler::poll_request p;
    p.worker = model::worker_name{r->view.id + "-w" + std::to_string(worker + 1)};
    p.queues = {queue};
    p.max = 1;
    p.wait = poll_wait;
    context_.services.scheduler.poll(
        std::move(p), context_.loop.then<model::result<scheduler::poll_answer>>(
                          [this, r, worker](const model::result<scheduler::poll_answer>& a) {
                              if (!a) {
                                  // Overloaded or between owners: the worker asks again later.
                                  context_.loop.after(poll_wait, [this, r, worker] {
                                      if (!r->over()) {
                                          poll(r, worker);
                                      }
                                  });
                                  return;
                              }
                              work(r, worker, *a);
                          }));
}

void simulations::work(const run_ptr& r, std::uint32_t worker, const scheduler::poll_answer& a) {
    if (!a.leases.empty()) {
        for (const scheduler::granted_lease& l : a.leases) {
            take(r, worker, l);
        }
        return;
    }
    if (r->over()) {
        return;
    }
    if (a.directive == scheduler::directive::stop) {
        context_.loop.after(poll_wait, [this, r, worker] {
            if (!r->over()) {
                poll(r, worker);
            }
        });
    } else {
        poll(r, worker);
    }
    if (worker == 0) {
        check_end(r);
    }
}

void simulations::take(const run_ptr& r, std::uint32_t worker, const scheduler::granted_lease& l) {
    const std::string& job = l.task->body.job.value();
    if (job != r->view.id || r->over()) {
        // Left over from a simulation that a crash ended; or somebody's own use of this queue.
        const bool left_over = job.starts_with(job_prefix) && job != r->view.id;
        scheduler::lease_report back{.lease = l.lease,
                                     .what = scheduler::report_release{.delay = foreign_delay}};
        if (left_over) {
            back.what =
                scheduler::report_error{.message = "its simulation is over", .retry = false};
        }
        context_.services.scheduler.report(
            std::move(back), context_.loop.then<model::result<scheduler::settle_status>>(
                                 [this, r, worker](const model::result<scheduler::settle_status>&) {
                                     if (!r->over()) {
                                         poll(r, worker);
                                     }
                                 }));
        return;
    }
    context_.services.scheduler.report({.lease = l.lease, .what = scheduler::report_running{}},
                                       [](const model::result<scheduler::settle_status>&) {});
    context_.loop.after(r->view.wish.duration,
                        [this, r, worker, lease = l.lease] { complete(r, worker, lease); });
}

/// Not with the next poll, whose answer may wait for more work.
void simulations::complete(const run_ptr& r, std::uint32_t worker, model::lease_token lease) {
    context_.services.scheduler.report(
        {.lease = std::move(lease), .what = scheduler::report_complete{}},
        context_.loop.then<model::result<scheduler::settle_status>>(
            [this, r, worker](const model::result<scheduler::settle_status>& s) {
                if (s && (*s == scheduler::settle_status::ok ||
                          *s == scheduler::settle_status::already)) {
                    ++r->view.completed;
                    r->last_progress = context_.services.time.monotonic();
                }
                if (r->view.completed >= r->view.wish.tasks) {
                    end(r, "complete", {});
                }
                if (!r->over()) {
                    poll(r, worker);
                }
            }));
}

/// A task that somebody cancelled never completes: the counters say when nothing is left to do.
void simulations::check_end(const run_ptr& r) {
    context_.services.tracker.job(
        {model::job_name{r->view.id}}, {},
        context_.loop.then<model::result<tracker::group_view>>(
            [this, r](const model::result<tracker::group_view>& g) {
                if (r->over()) {
                    return;
                }
                const auto count = [&g](model::task_state s) {
                    return g->counts.at(static_cast<std::size_t>(s));
                };
                if (g && g->submitted >= static_cast<std::int64_t>(r->view.wish.tasks) &&
                    count(model::task_state::scheduled) + count(model::task_state::pending) +
                            count(model::task_state::allocated) +
                            count(model::task_state::running) ==
                        0) {
                    r->view.completed =
                        static_cast<std::uint64_t>(count(model::task_state::complete));
                    end(r, "complete", {});
                    return;
                }
                const milliseconds quiet = context_.services.time.monotonic() - r->last_progress;
                if (quiet > patience + r->view.wish.duration * 3) {
                    end(r, "failed", "no task has completed for too long");
                }
            }));
}

}  // namespace kwq::rest
