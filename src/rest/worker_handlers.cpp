#include "rest/handlers.hpp"
#include "rest/views.hpp"

namespace kwq::rest {

namespace {

void write_worker(codec::json_writer& w, const scheduler::worker_info& one) {
    w.begin_object().field("worker", one.worker.value());
    w.key("queues").begin_array();
    for (const model::queue_name& queue : one.queues) {
        w.value(queue.value());
    }
    w.end_array().field("leases", one.leases).field("taken", one.taken);
    w.field("completed", one.completed).field("failed", one.failed);
    w.field("first_seen_at", one.first_seen.value());
    w.field("last_seen_at", one.last_seen.value()).field("waiting", one.waiting).end_object();
}

}  // namespace

void list_workers(context& c, const call&, reply to) {
    c.services.scheduler.workers(c.loop.then<std::vector<scheduler::worker_info>>(
        [to](const std::vector<scheduler::worker_info>& workers) {
            std::string body;
            codec::json_writer w(body);
            w.begin_object().key("items").begin_array();
            for (const scheduler::worker_info& one : workers) {
                write_worker(w, one);
            }
            w.end_array().end_object();
            to.json(200, std::move(body));
        }));
}

}  // namespace kwq::rest
