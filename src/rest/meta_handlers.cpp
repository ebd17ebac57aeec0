// What the server says of itself: limits, liveness, readiness.

#include "codec/json.hpp"
#include "codec/task_codec.hpp"
#include "rest/handlers.hpp"
#include "rest/limits.hpp"

namespace kwq::rest {

void get_limits(context& c, const call&, reply to) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("payload_bytes", limits::payload_bytes);
    w.field("result_bytes", limits::result_bytes);
    w.field("progress_bytes", limits::progress_bytes);
    w.field("error_message_bytes", limits::message_bytes);
    w.field("task_bytes", limits::submit_bytes);
    w.field("array_bytes", limits::array_bytes).field("array_tasks", limits::array_tasks);
    w.field("bulk_line_bytes", limits::submit_bytes);
    w.field("then_tasks", limits::then_tasks).field("then_bytes", limits::then_bytes);
    w.field("leases_at_once", limits::leases_at_once);
    w.field("tags", codec::max_tags).field("affinity", codec::max_affinity);
    w.field("meta_entries", codec::max_meta_entries).field("meta_bytes", codec::max_meta_bytes);
    w.field("page_items", limits::page_items);
    w.field("json_depth", codec::max_depth).field("number_chars", codec::max_number_chars);
    codec::write_seconds(w, "longest_wait_s", limits::longest_wait);
    codec::write_seconds(w, "longest_pause_s", limits::longest_pause);
    const net::server_config server;
    w.field("header_bytes", server.max_header_bytes);
    w.field("header_fields", server.max_header_fields);
    w.field("target_bytes", server.max_target_bytes);
    codec::write_seconds(w, "header_timeout_s", server.header_timeout);
    codec::write_seconds(w, "body_timeout_s", server.body_timeout);
    codec::write_seconds(w, "idle_timeout_s", server.idle_timeout);
    w.field("partitions", c.config.partitions).end_object();
    to.json(200, std::move(body));
}

void livez(context&, const call&, reply to) {
    to.json(200, R"({"status":"ok"})");
}

void readyz(context& c, const call&, reply to) {
    const bool scheduler = c.services.scheduler.is_ready();
    const bool tracker = c.services.tracker.is_ready();
    const bool stopping = c.stopping;
    const bool ready = scheduler && tracker && !stopping;
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("status", ready ? "ok" : "not_ready");
    w.field("scheduler", scheduler).field("tracker", tracker).field("stopping", stopping);
    w.end_object();
    to.json(ready ? 200 : 503, std::move(body));
}

}  // namespace kwq::rest
