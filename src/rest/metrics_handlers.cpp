// The metrics page: read when it is asked for, from counters that scheduler, tracker and server
// keep anyway. No label comes from users but the names of queues.

#include "observe/metrics.hpp"
#include "rest/bulk_actions.hpp"
#include "rest/event_hub.hpp"
#include "rest/handlers.hpp"
#include "rest/problems.hpp"

#include <algorithm>
#include <set>

namespace kwq::rest {

namespace {

using observe::metrics_page;

/// More queues than this are counted together: each is a series for every state and priority.
constexpr std::size_t most_queues = 200;

struct metrics_parts {
    scheduler::scheduler_stats scheduler;
    std::vector<scheduler::queue_info> queues;
    scheduler::dispatch_info dispatch;
    std::vector<scheduler::worker_info> workers;
    bool open_metrics = false;  // asked for
};

double real(std::uint64_t n) {
    return static_cast<double>(n);
}

void add_scheduler(metrics_page& m, const scheduler::scheduler_stats& s) {
    const auto finished = [&m](std::string_view outcome, std::uint64_t n) {
        m.counter("kwq_tasks_finished_total", "Attempts and tasks that ended, since start", real(n),
                  {{"outcome", std::string(outcome)}});
    };
    m.counter("kwq_tasks_started_total", "Leases given, since start", real(s.allocated));
    finished("complete", s.completed);
    finished("error", s.errors);
    finished("released", s.released);
    finished("expired", s.expired);
    finished("timeout", s.timed_out);
    finished("cancelled", s.cancelled);
    finished("dead", s.dead);
    m.counter("kwq_task_retries_total", "Attempts that will be repeated, since start",
              real(s.retries));
    m.counter("kwq_tasks_rejected_total", "Records dropped, since start", real(s.duplicates),
              {{"reason", "duplicate"}});
    m.counter("kwq_tasks_rejected_total", "", real(s.rejected), {{"reason", "invalid"}});
    m.gauge("kwq_leases_active", "Leases out", real(s.leases));
    m.counter("kwq_leases_expired_total", "Leases without a heartbeat in time, since start",
              real(s.expired));
    m.counter("kwq_lease_renewals_total", "Heartbeats, since start", real(s.heartbeats));
    m.counter("kwq_polls_total", "Requests for work, since start", real(s.polls));
    m.counter("kwq_polls_empty_total", "Requests for work that got none, since start",
              real(s.polls_empty));
    m.gauge("kwq_polls_waiting", "Requests for work that wait", real(s.waiting_polls));
    m.gauge("kwq_tasks_scheduled", "Tasks that wait for a time", real(s.scheduled));
    m.gauge("kwq_ready_buffer_tasks", "Tasks read ahead", real(s.ready_buffer_tasks));
    m.gauge("kwq_ready_buffer_bytes", "Memory of the read-ahead", real(s.ready_buffer_bytes));
    m.gauge("kwq_events_unapplied", "Decisions not read back yet", real(s.unapplied));
    m.counter("kwq_events_void_total", "Events that did not count, since start",
              real(s.void_events));
    m.gauge("kwq_shards_owned", "Shards that this instance decides about", real(s.owned));
    m.counter("kwq_shard_claims_total", "Claims of shards written, since start", real(s.claims));
    m.counter("kwq_events_undecodable_total", "Events that could not be read, since start",
              real(s.undecodable_events));
}

void add_workers(metrics_page& m, const std::vector<scheduler::worker_info>& workers, instant now) {
    double busy = 0;
    double oldest = 0;
    for (const scheduler::worker_info& w : workers) {
        if (w.leases > 0) {
            ++busy;
            oldest = std::max(oldest, static_cast<double>((now - w.last_seen).count()) / 1'000.0);
        }
    }
    m.gauge("kwq_workers", "Workers heard of lately", static_cast<double>(workers.size()));
    m.gauge("kwq_workers_busy", "Workers that hold a lease", busy);
    m.gauge("kwq_worker_heartbeat_age_seconds_max",
            "How long the quietest worker with a lease has not been heard of", oldest);
}

void add_queues(metrics_page& m, const metrics_parts& p, instant now) {
    m.gauge("kwq_dispatch_running", "1 while work is handed out",
            p.dispatch.state == model::dispatch_state::running ? 1 : 0);
    add_workers(m, p.workers, now);
    m.gauge("kwq_metrics_queues_folded", "Queues beyond the 200 that have series of their own",
            static_cast<double>(std::max(p.queues.size(), most_queues) - most_queues));
    std::size_t shown = 0;
    for (const scheduler::queue_info& q : p.queues) {
        if (shown++ == most_queues) {
            break;
        }
        const metrics_page::label_set labels = {{"queue", q.queue.value()}};
        m.gauge("kwq_queue_paused", "1 while the whole queue is paused", q.paused ? 1 : 0, labels);
        m.gauge("kwq_queue_leases", "Leases out of the queue", q.leases, labels);
        m.gauge("kwq_queue_waiting_workers", "Workers that wait for the queue", q.waiting_workers,
                labels);
    }
}

using state_key = std::pair<std::string, std::string>;  // queue, priority

void add_depths(metrics_page& m, const std::vector<tracker::queue_view>& views, instant now) {
    std::set<std::string> names;
    std::map<state_key, tracker::state_counts> counted;
    std::map<state_key, double> oldest;
    for (const tracker::queue_view& v : views) {
        names.insert(v.queue.value());
        const bool fits = names.size() <= most_queues;
        const state_key key = {fits ? v.queue.value() : "__other__",
                               std::to_string(v.priority.value())};
        for (std::size_t i = 0; i < v.counts.size(); ++i) {
            counted[key][i] += v.counts[i];
        }
        if (v.oldest_pending_at) {
            const double age = static_cast<double>((now - *v.oldest_pending_at).count()) / 1'000.0;
            oldest[key] = std::max(oldest[key], age);
        }
    }
    for (const auto& [key, counts] : counted) {
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const auto state = static_cast<model::task_state>(i);
            m.gauge("kwq_tasks", "Tasks in each state now", static_cast<double>(counts[i]),
                    {{"queue", key.first},
                     {"priority", key.second},
                     {"state", std::string(to_string(state))}});
        }
    }
    for (const auto& [key, age] : oldest) {
        m.gauge("kwq_queue_oldest_task_age_seconds", "Age of the oldest task that waits", age,
                {{"queue", key.first}, {"priority", key.second}});
    }
}

void add_tracker(metrics_page& m, const tracker::tracker_stats& t) {
    m.counter("kwq_tasks_submitted_total", "Tasks ever submitted",
              static_cast<double>(t.overall.submitted));
    m.counter("kwq_tracker_events_total", "Events folded, since start", real(t.events));
    m.counter("kwq_tracker_task_records_total", "Task records folded, since start",
              real(t.task_records));
    m.gauge("kwq_tracker_lag_records", "Records not folded yet", static_cast<double>(t.lag));
    if (!t.wait.bounds.empty()) {
        m.histogram("kwq_task_wait_seconds", "Ready to allocated, ever", t.wait);
        m.histogram("kwq_task_run_seconds", "Allocated to complete, ever", t.run);
    }
    m.gauge("kwq_task_wait_seconds_p95", "Ready to allocated, 95 % are below",
            t.overall.wait.p95_s);
    m.gauge("kwq_task_run_seconds_p95", "Allocated to complete, 95 % are below",
            t.overall.run.p95_s);
}

/// What the log holds, and what it waits for before it lets events go.
void add_log(metrics_page& m, const tracker::log_view& log) {
    using tracker::trim_stage;
    std::map<trim_stage, double> waiting;
    for (const auto stage : {trim_stage::tasks, trim_stage::ids, trim_stage::copies}) {
        waiting[stage] = 0;
    }
    const auto labels = [](const tracker::log_view::part& p) {
        return observe::metrics_page::label_set{{"topic", p.where.topic},
                                                {"partition", std::to_string(p.where.partition)}};
    };
    for (const auto& p : log.partitions) {
        m.gauge("kwq_log_oldest_offset", "First record that the log still has",
                static_cast<double>(p.first.value()), labels(p));
    }
    for (const auto& p : log.partitions) {
        m.gauge("kwq_log_records", "Records that the log has",
                static_cast<double>(p.end.value() - p.first.value()), labels(p));
        if (p.waits_for) {
            ++waiting[*p.waits_for];
        }
    }
    for (const auto& [stage, shards] : waiting) {
        m.gauge("kwq_log_trim_waiting", "Shards whose events cannot go yet, by what they wait for",
                shards, {{"for", std::string(to_string(stage))}});
    }
}

void add_server(metrics_page& m, const context& c) {
    c.http.each([&m](std::string_view route, const http_counts::route_counts& counts) {
        for (std::size_t i = 0; i < counts.classes.size(); ++i) {
            if (counts.classes[i] != 0) {
                m.counter("kwq_http_requests_total", "Answers, by route and class of status",
                          real(counts.classes[i]),
                          {{"route", std::string(route)}, {"code", std::to_string(i) + "xx"}});
            }
        }
    });
    c.http.each([&m](std::string_view route, const http_counts::route_counts& counts) {
        if (auto seconds = counts.seconds.snapshot(); seconds.count != 0) {
            m.histogram("kwq_http_request_seconds",
                        "From a whole request to its answer, waits by its own wish too",
                        std::move(seconds), {{"route", std::string(route)}});
        }
    });
    m.gauge("kwq_bulk_actions_active", "Bulk changes under way",
            static_cast<double>(c.bulk->active()));
    m.gauge("kwq_event_clients", "Clients that listen to events",
            static_cast<double>(c.events->clients()));
    m.counter("kwq_events_sent_total", "Events written to them", real(c.events->events()));
    if (c.services.server) {
        const net::server_counters s = c.services.server();
        m.gauge("kwq_http_connections", "Connections open", real(s.connections_open));
        m.counter("kwq_http_connections_total", "Connections accepted", real(s.connections_total));
        m.counter("kwq_http_connections_refused_total", "Connections over the limit",
                  real(s.connections_refused));
        m.counter("kwq_http_received_bytes_total", "Bytes read", real(s.bytes_in));
        m.counter("kwq_http_sent_bytes_total", "Bytes written", real(s.bytes_out));
    }
}

void answer_metrics(const context& c, const reply& to, const metrics_parts& p,
                    const model::result<tracker::tracker_stats>& stats,
                    const model::result<std::vector<tracker::queue_view>>& depths) {
    metrics_page m;
    m.gauge("kwq_build_info", "What runs", 1,
            {{"version", c.config.version}, {"log", c.config.log_kind}});
    m.gauge("kwq_ready", "1 while it can answer yes: /readyz",
            c.services.scheduler.is_ready() && c.services.tracker.is_ready() ? 1 : 0);
    add_scheduler(m, p.scheduler);
    add_queues(m, p, c.now());
    if (depths) {
        add_depths(m, *depths, c.now());
    }
    if (stats) {
        add_tracker(m, *stats);
        if (!stats->log.partitions.empty()) {
            add_log(m, stats->log);
        }
    }
    add_server(m, c);
    if (c.services.more_metrics) {
        c.services.more_metrics(m);
    }
    observe::add_process_metrics(m);
    net::response r;
    r.content_type = std::string(p.open_metrics ? observe::open_metrics_content_type
                                                : observe::metrics_content_type);
    r.body = p.open_metrics ? m.open_metrics() : m.text();
    add_api_headers(r);
    to.send(std::move(r));
}

void ask_tracker(context& c, const reply& to, metrics_parts p) {
    using stats = model::result<tracker::tracker_stats>;
    using depths = model::result<std::vector<tracker::queue_view>>;
    c.services.tracker.stats({}, c.loop.then<stats>([&c, to, p = std::move(p)](stats s) mutable {
        c.services.tracker.queues(
            {}, c.loop.then<depths>([&c, to, p = std::move(p), s = std::move(s)](const depths& d) {
                answer_metrics(c, to, p, s, d);
            }));
    }));
}

void ask_who_works(context& c, const reply& to, metrics_parts p) {
    c.services.scheduler.workers(c.loop.then<std::vector<scheduler::worker_info>>(
        [&c, to, p = std::move(p)](const std::vector<scheduler::worker_info>& workers) mutable {
            p.workers = workers;
            ask_tracker(c, to, std::move(p));
        }));
}

}  // namespace

void get_metrics(context& c, const call& asked, reply to) {
    const bool open = asked.request.header("accept").value_or("").find(
                          "application/openmetrics-text") != std::string_view::npos;
    c.services.scheduler.stats(c.loop.then<scheduler::scheduler_stats>(
        [&c, to, open](const scheduler::scheduler_stats& s) {
            using queues = std::vector<scheduler::queue_info>;
            c.services.scheduler.queues(c.loop.then<queues>([&c, to, open, s](const queues& q) {
                c.services.scheduler.dispatch(c.loop.then<scheduler::dispatch_info>(
                    [&c, to, open, s, q](const scheduler::dispatch_info& d) {
                        ask_who_works(c, to,
                                      {.scheduler = s,
                                       .queues = q,
                                       .dispatch = d,
                                       .workers = {},
                                       .open_metrics = open});
                    }));
            }));
        }));
}

}  // namespace kwq::rest
