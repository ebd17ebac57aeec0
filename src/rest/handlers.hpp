// handlers: one function for each operation of openapi/kwq.yaml, under its operationId. Each reads,
// asks and renders; what is decided is decided elsewhere.
#pragma once

#include "rest/context.hpp"

namespace kwq::rest {

// tasks: task_handlers.cpp, bulk_handlers.cpp, export_handlers.cpp
void submit_tasks(context& c, const call& q, reply to);
net::body_stream submit_bulk(context& c, const call& q, net::stream_responder_ptr to);
void get_task(context& c, const call& q, reply to);
void list_tasks(context& c, const call& q, reply to);
net::body_stream export_tasks(context& c, const call& q, net::stream_responder_ptr to);
/// The list is wanted in full, as lines: export_tasks() instead of list_tasks().
bool wants_export(const net::request& head);
void cancel_task(context& c, const call& q, reply to);
void retry_task(context& c, const call& q, reply to);
void reprioritise_task(context& c, const call& q, reply to);

// leases: lease_handlers.cpp, report_handlers.cpp
void take_leases(context& c, const call& q, reply to);
void list_leases(context& c, const call& q, reply to);
void report_running(context& c, const call& q, reply to);
void report_complete(context& c, const call& q, reply to);
void report_error(context& c, const call& q, reply to);
void report_release(context& c, const call& q, reply to);
void heartbeat_lease(context& c, const call& q, reply to);
void heartbeat_leases(context& c, const call& q, reply to);

// jobs and tags: job_handlers.cpp, state_map_handlers.cpp, tag_handlers.cpp
void list_jobs(context& c, const call& q, reply to);
void get_job(context& c, const call& q, reply to);
void get_state_map(context& c, const call& q, reply to);
void get_task_at(context& c, const call& q, reply to);
void pause_job(context& c, const call& q, reply to);
void resume_job(context& c, const call& q, reply to);
void cancel_job(context& c, const call& q, reply to);
void retry_job(context& c, const call& q, reply to);
void list_tags(context& c, const call& q, reply to);
void get_tag(context& c, const call& q, reply to);

// queues: queue_handlers.cpp
void list_queues(context& c, const call& q, reply to);
void get_queue(context& c, const call& q, reply to);
void define_queue(context& c, const call& q, reply to);
void pause_queue(context& c, const call& q, reply to);
void resume_queue(context& c, const call& q, reply to);
void empty_queue(context& c, const call& q, reply to);

// the whole: dispatch_handlers.cpp, stats_handlers.cpp, series_handlers.cpp, errors_handlers.cpp,
// worker_handlers.cpp
void get_dispatch(context& c, const call& q, reply to);
void put_dispatch(context& c, const call& q, reply to);
void get_stats(context& c, const call& q, reply to);
void get_series(context& c, const call& q, reply to);
void list_errors(context& c, const call& q, reply to);
void get_error(context& c, const call& q, reply to);
void get_cluster(context& c, const call& q, reply to);
void get_cluster_ready(context& c, const call& q, reply to);
void list_workers(context& c, const call& q, reply to);

// changes of many tasks: bulk_action_handlers.cpp
void start_bulk_action(context& c, const call& q, reply to);
void list_bulk_actions(context& c, const call& q, reply to);
void get_bulk_action(context& c, const call& q, reply to);
void cancel_bulk_action(context& c, const call& q, reply to);

// event_handlers.cpp
net::body_stream stream_events(context& c, const call& q, net::stream_responder_ptr to);

// simulation_handlers.cpp
void start_simulation(context& c, const call& q, reply to);
void get_simulation(context& c, const call& q, reply to);

// the server itself: meta_handlers.cpp, metrics_handlers.cpp
void get_limits(context& c, const call& q, reply to);
void livez(context& c, const call& q, reply to);
void readyz(context& c, const call& q, reply to);
void get_metrics(context& c, const call& q, reply to);

// pages: page_handlers.cpp
void get_openapi(context& c, const call& q, reply to);
void get_root(context& c, const call& q, reply to);
void get_sign_in_style(context& c, const call& q, reply to);
void get_page(context& c, const call& q, reply to);
void get_page_folder(context& c, const call& q, reply to);
void sign_in(context& c, const call& q, reply to);
void sign_out(context& c, const call& q, reply to);

}  // namespace kwq::rest
