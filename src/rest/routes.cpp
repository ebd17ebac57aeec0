#include "rest/routes.hpp"

#include "rest/handlers.hpp"
#include "rest/limits.hpp"

#include <optional>

namespace kwq::rest {

namespace {

constexpr std::size_t small = limits::small_body_bytes;
constexpr std::size_t outcome = 1'572'864;  // a result, follow-ups, and room
constexpr std::size_t many = limits::array_bytes;

constexpr body_kind json = body_kind::json;
constexpr body_kind maybe = body_kind::json_or_none;
constexpr body_kind none = body_kind::none;

// clang-format off
constexpr route table[] = {
    {"POST", "/kwq/v1/tasks", "submit_tasks", submit_tasks, many, json},
    {"POST", "/kwq/v1/tasks/bulk", "submit_bulk", nullptr, 0, body_kind::ndjson, access::token, submit_bulk},
    {"GET", "/kwq/v1/tasks", "list_tasks", list_tasks, 0, none, access::token, export_tasks},
    {"GET", "/kwq/v1/tasks/{id}", "get_task", get_task},
    {"POST", "/kwq/v1/tasks/{id}/cancel", "cancel_task", cancel_task, small, maybe},
    {"POST", "/kwq/v1/tasks/{id}/retry", "retry_task", retry_task, small, maybe},
    {"POST", "/kwq/v1/tasks/{id}/reprioritise", "reprioritise_task", reprioritise_task, small, json},

    {"POST", "/kwq/v1/leases", "take_leases", take_leases, many, json},
    {"GET", "/kwq/v1/leases", "list_leases", list_leases},
    {"POST", "/kwq/v1/leases/heartbeat", "heartbeat_leases", heartbeat_leases, many, json},
    {"POST", "/kwq/v1/leases/{lease}/running", "report_running", report_running, small, maybe},
    {"POST", "/kwq/v1/leases/{lease}/complete", "report_complete", report_complete, outcome, maybe},
    {"POST", "/kwq/v1/leases/{lease}/error", "report_error", report_error, outcome, maybe},
    {"POST", "/kwq/v1/leases/{lease}/release", "report_release", report_release, small, maybe},
    {"POST", "/kwq/v1/leases/{lease}/heartbeat", "heartbeat_lease", heartbeat_lease, small, maybe},

    {"GET", "/kwq/v1/jobs", "list_jobs", list_jobs},
    {"GET", "/kwq/v1/jobs/{job}", "get_job", get_job},
    {"POST", "/kwq/v1/jobs/{job}/pause", "pause_job", pause_job, small, maybe},
    {"POST", "/kwq/v1/jobs/{job}/resume", "resume_job", resume_job, small, maybe},
    {"POST", "/kwq/v1/jobs/{job}/cancel", "cancel_job", cancel_job, small, maybe},
    {"POST", "/kwq/v1/jobs/{job}/retry", "retry_job", retry_job, small, maybe},
    {"GET", "/kwq/v1/jobs/{job}/state-map", "get_state_map", get_state_map},
    {"GET", "/kwq/v1/jobs/{job}/task-at", "get_task_at", get_task_at},
    {"GET", "/kwq/v1/tags", "list_tags", list_tags},
    {"GET", "/kwq/v1/tags/{tag}", "get_tag", get_tag},

    {"GET", "/kwq/v1/queues", "list_queues", list_queues},
    {"GET", "/kwq/v1/queues/{queue}", "get_queue", get_queue},
    {"PUT", "/kwq/v1/queues/{queue}", "define_queue", define_queue, small, maybe},
    {"POST", "/kwq/v1/queues/{queue}/pause", "pause_queue", pause_queue, small, maybe},
    {"POST", "/kwq/v1/queues/{queue}/resume", "resume_queue", resume_queue, small, maybe},
    {"POST", "/kwq/v1/queues/{queue}/empty", "empty_queue", empty_queue, small, maybe},

    {"POST", "/kwq/v1/bulk", "start_bulk_action", start_bulk_action, small, json},
    {"GET", "/kwq/v1/bulk", "list_bulk_actions", list_bulk_actions},
    {"GET", "/kwq/v1/bulk/{id}", "get_bulk_action", get_bulk_action},
    {"DELETE", "/kwq/v1/bulk/{id}", "cancel_bulk_action", cancel_bulk_action},

    {"GET", "/kwq/v1/dispatch", "get_dispatch", get_dispatch},
    {"PUT", "/kwq/v1/dispatch", "put_dispatch", put_dispatch, small, json},
    {"GET", "/kwq/v1/stats", "get_stats", get_stats},
    {"GET", "/kwq/v1/stats/series", "get_series", get_series},
    {"GET", "/kwq/v1/errors", "list_errors", list_errors},
    {"GET", "/kwq/v1/errors/{error}", "get_error", get_error},
    {"GET", "/kwq/v1/workers", "list_workers", list_workers},
    {"GET", "/kwq/v1/events", "stream_events", nullptr, 0, none, access::token, stream_events},
    {"GET", "/kwq/v1/limits", "get_limits", get_limits},
    {"GET", "/kwq/v1/cluster", "get_cluster", get_cluster},
    {"GET", "/kwq/v1/cluster/ready", "get_cluster_ready", get_cluster_ready},
    {"POST", "/kwq/v1/simulations", "start_simulation", start_simulation, small, json},
    {"GET", "/kwq/v1/simulations/{id}", "get_simulation", get_simulation},

    {"GET", "/livez", "livez", livez, 0, none, access::open},
    {"GET", "/readyz", "readyz", readyz, 0, none, access::open},
    {"GET", "/metrics", "get_metrics", get_metrics},
    {"GET", "/openapi.json", "get_openapi", get_openapi},
    {"GET", "/", "get_root", get_root},
    {"GET", "/ui", "get_ui_folder", get_page_folder},
    {"GET", "/ui/sign-in.css", "get_sign_in_style", get_sign_in_style, 0, none, access::open},
    {"GET", "/ui/{file...}", "get_ui", get_page},
    {"POST", "/ui/login", "sign_in", sign_in, small, body_kind::sign_in, access::sign_in},
    {"POST", "/ui/logout", "sign_out", sign_out, small, body_kind::sign_in},
    {"GET", "/swagger", "get_swagger_folder", get_page_folder},
    {"GET", "/swagger/{file...}", "get_swagger", get_page},
};
// clang-format on

/// The segment up to the next '/', taken off the front of `rest`.
std::string_view take_segment(std::string_view& rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return segment;
}

bool is_name(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

enum class fit : unsigned char { no, yes, malformed };

fit fits(std::string_view pattern, std::string_view path, std::vector<std::string>& names) {
    names.clear();
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    bool more = true;
    while (more) {
        const bool pattern_ends = pattern.find('/') == std::string_view::npos;
        const bool path_ends = path.find('/') == std::string_view::npos;
        const std::string_view want = take_segment(pattern);
        if (want.ends_with("...}")) {
            names.emplace_back(path);
            return fit::yes;
        }
        const std::string_view have = take_segment(path);
        if (!is_name(want)) {
            if (want != have) {
                return fit::no;
            }
        } else {
            auto decoded = net::percent_decode(have);
            if (!decoded) {
                return fit::malformed;
            }
            if (decoded->empty()) {
                return fit::no;
            }
            names.push_back(std::move(*decoded));
        }
        if (pattern_ends != path_ends) {
            // `/ui/{file...}` also stands for `/ui/` with nothing after it, not for `/ui`.
            return fit::no;
        }
        more = !pattern_ends;
    }
    return fit::yes;
}

}  // namespace

std::span<const route> routes() {
    return table;
}

route_match match_route(std::string_view method, std::string_view path) {
    route_match result;
    if (!path.starts_with('/')) {
        result.malformed = true;
        return result;
    }
    std::vector<std::string> names;
    for (const route& r : table) {
        const fit how = fits(r.pattern, path, names);
        if (how == fit::no) {
            continue;
        }
        if (how == fit::malformed) {
            result.malformed = true;
            continue;
        }
        if (r.method == method) {
            result.found = &r;
            result.path = std::move(names);
            return result;
        }
        result.allow += (result.allow.empty() ? "" : ", ") + std::string(r.method);
    }
    return result;
}

}  // namespace kwq::rest
