#include "rest/handlers.hpp"
#include "rest/views.hpp"

#include <map>

namespace kwq::rest {

namespace {

constexpr std::size_t most_current = 10;

using leases_by_worker = std::map<model::worker_name, std::vector<scheduler::lease_info>>;

void write_current(codec::json_writer& w, const leases_by_worker& leases,
                   const model::worker_name& worker) {
    w.key("current").begin_array();
    if (const auto found = leases.find(worker); found != leases.end()) {
        for (const auto& l : found->second) {
            w.begin_object().field("id", l.id.value()).field("job", l.job.value());
            w.field("allocated_at", l.allocated_at.value()).field("attempt", l.attempt);
            w.field("running", l.running).end_object();
        }
    }
    w.end_array();
}

void write_worker(codec::json_writer& w, const scheduler::worker_info& one,
                  const leases_by_worker& leases, instant now) {
    w.begin_object().field("worker", one.worker.value());
    w.key("queues").begin_array();
    for (const model::queue_name& queue : one.queues) {
        w.value(queue.value());
    }
    w.end_array().field("leases", one.leases).field("taken", one.taken);
    w.field("completed", one.completed).field("failed", one.failed).field("errors", one.failed);
    w.field("rate_per_s", one.finished.per_second(now, one.first_seen));
    w.field("first_seen_at", one.first_seen.value());
    w.field("last_seen_at", one.last_seen.value()).field("waiting", one.waiting);
    write_current(w, leases, one.worker);
    w.end_object();
}

/// The first ones of each, in the order of their places.
leases_by_worker by_worker(const std::vector<scheduler::lease_info>& leases) {
    leases_by_worker out;
    for (const auto& l : leases) {
        if (auto& of_worker = out[l.worker]; of_worker.size() < most_current) {
            of_worker.push_back(l);
        }
    }
    return out;
}

}  // namespace

std::string render_workers(const std::vector<scheduler::worker_info>& workers,
                           const std::vector<scheduler::lease_info>& leases, instant now) {
    const auto current = by_worker(leases);
    std::string body;
    codec::json_writer w(body);
    w.begin_object().key("items").begin_array();
    for (const scheduler::worker_info& one : workers) {
        write_worker(w, one, current, now);
    }
    w.end_array().end_object();
    return body;
}

void list_workers(context& c, const call&, reply to) {
    c.services.scheduler.workers(c.loop.then<std::vector<scheduler::worker_info>>(
        [&c, to](const std::vector<scheduler::worker_info>& workers) {
            auto with_leases = [&c, workers, to](const std::vector<scheduler::lease_info>& leases) {
                to.json(200, render_workers(workers, leases, c.now()));
            };
            c.services.scheduler.leases_of(
                {}, c.loop.then<std::vector<scheduler::lease_info>>(std::move(with_leases)));
        }));
}

}  // namespace kwq::rest
