#include "rest/api.hpp"

#include "rest/auth.hpp"
#include "rest/bulk_actions.hpp"
#include "rest/context.hpp"
#include "rest/event_hub.hpp"
#include "rest/handlers.hpp"
#include "rest/pages.hpp"
#include "rest/problems.hpp"
#include "rest/routes.hpp"
#include "rest/simulation.hpp"

#include <exception>

namespace kwq::rest {

using model::errc;

namespace {

bool reads(body_kind kind, std::string_view type) {
    const auto is = [type](std::string_view wanted) {
        return type.starts_with(wanted) &&
               (type.size() == wanted.size() || type[wanted.size()] == ';' ||
                type[wanted.size()] == ' ');
    };
    switch (kind) {
        case body_kind::none: return true;
        case body_kind::json:
        case body_kind::json_or_none: return is("application/json");
        case body_kind::ndjson: return is("application/x-ndjson") || is("application/ndjson");
        case body_kind::sign_in:
            return is("application/json") || is("application/x-www-form-urlencoded");
    }
    return false;
}

bool has_body(const net::request& head) {
    const auto length = head.header("content-length");
    return length && *length != "0";
}

std::string_view wanted_type(body_kind kind) {
    return kind == body_kind::ndjson ? "application/x-ndjson" : "application/json";
}

/// Under too much load new tasks wait, and are refused in the end: what is under way comes first,
/// and so does whoever steers or looks. (A question may wait for minutes by its own wish, so it
/// must not hold up a place in that line.)
bool yields(const route& r) {
    return r.name == "submit_tasks";
}

/// A list in full is a stream, a page of it is not.
bool streams(const route& r, const net::request& head) {
    return r.stream != nullptr && (r.run == nullptr || wants_export(head));
}

/// What admit() and the call after it must agree on.
struct judged {
    const route* found = nullptr;
    std::vector<std::string> path;
    std::optional<net::response> refuse;
};

class api_routes final : public api {
public:
    api_routes(const api_config& config, const api_services& services)
        : context_(config, services) {
        context_.loop.start();
        context_.bulk->resume();
    }
    ~api_routes() override { stop(); }

    admission admit(const net::request& head) override;
    void handle(net::request r, net::responder_ptr to) override;
    net::body_stream open_stream(net::request head, net::stream_responder_ptr to) override;
    net::response problem(int status, std::string_view code, std::string detail) override;
    void begin_stop() override;
    void stop() override;

private:
    judged judge(const net::request& head);
    net::response refusal(const route& r, const net::request& head, const model::error& e);
    std::optional<model::error> refuse_body(const route& r, const net::request& head) const;

    context context_;
};

net::response api_routes::refusal(const route& r, const net::request& head, const model::error& e) {
    const bool page =
        r.name == "get_root" || r.name.starts_with("get_ui") || r.name.starts_with("get_swagger");
    const bool credentials = e.code == errc::unauthorized || e.code == errc::forbidden;
    if (page && credentials && wants_html(head)) {
        return sign_in_page({.status = status_of(e.code),
                             .base_path = context_.config.base_path,
                             .then = head.target});
    }
    return problem_response(e, context_.next_request_id());
}

std::optional<model::error> api_routes::refuse_body(const route& r,
                                                    const net::request& head) const {
    const bool stops = context_.stopping && (r.name == "submit_tasks" || r.name == "submit_bulk" ||
                                             r.name == "start_simulation");
    if (stops) {
        return model::error{errc::stopping, "nothing is taken any more", {}};
    }
    const auto type = head.header("content-type");
    if (r.body != body_kind::none && has_body(head) && (!type || !reads(r.body, *type))) {
        return model::error{errc::media_type,
                            "this call reads Content-Type: " + std::string(wanted_type(r.body)),
                            {}};
    }
    return std::nullopt;
}

judged api_routes::judge(const net::request& head) {
    judged j;
    route_match match = match_route(head.method, head.path);
    if (match.found == nullptr) {
        // Without the token nobody learns which addresses exist.
        const route unknown{.method = "GET", .pattern = "", .name = "unknown", .run = nullptr};
        if (const auto e = refuse_access(context_.config.token, unknown, head)) {
            j.refuse = problem_response(*e, context_.next_request_id());
        } else if (!match.allow.empty()) {
            j.refuse = problem_response({errc::method_not_allowed, "it takes " + match.allow, {}},
                                        context_.next_request_id());
            j.refuse->headers.emplace_back("Allow", match.allow);
        } else {
            j.refuse = problem_response(
                match.malformed
                    ? model::error{errc::bad_request, "a % in the path wants two hex digits", {}}
                    : model::error{errc::route_unknown, "see /openapi.json for what there is", {}},
                context_.next_request_id());
        }
        context_.http.count("unknown", j.refuse->status);
        return j;
    }
    auto e = refuse_access(context_.config.token, *match.found, head);
    if (!e && context_.config.ui_read_only) {
        e = refuse_change(*match.found, head);
    }
    e = e ? e : refuse_body(*match.found, head);
    if (e) {
        j.refuse = refusal(*match.found, head, *e);
        context_.http.count(match.found->name, j.refuse->status);
        return j;
    }
    j.found = match.found;
    j.path = std::move(match.path);
    return j;
}

net::request_handler::admission api_routes::admit(const net::request& head) {
    judged j = judge(head);
    if (j.refuse) {
        return {.max_body = 0, .streamed = false, .refuse = std::move(j.refuse), .yields = false};
    }
    return {.max_body = j.found->max_body,
            .streamed = streams(*j.found, head),
            .refuse = std::nullopt,
            .yields = yields(*j.found)};
}

void api_routes::handle(net::request r, net::responder_ptr to) {
    judged j = judge(r);
    if (j.refuse) {
        to->send(std::move(*j.refuse));
        return;
    }
    const call q{.request = std::move(r),
                 .path = std::move(j.path),
                 .request_id = context_.next_request_id(),
                 .route = j.found->name};
    const reply answer(context_, std::move(to), q);
    try {
        j.found->run(context_, q, answer);
    } catch (const std::exception& e) {
        answer.fail({errc::internal, e.what(), {}});
    }
}

net::body_stream api_routes::open_stream(net::request head, net::stream_responder_ptr to) {
    judged j = judge(head);
    if (j.refuse) {
        to->refuse(std::move(*j.refuse));
        return {.on_piece = [](const std::string&) {}, .on_end = [] {}, .on_gone = [] {}};
    }
    const call q{.request = std::move(head),
                 .path = std::move(j.path),
                 .request_id = context_.next_request_id(),
                 .route = j.found->name};
    return j.found->stream(context_, q, std::move(to));
}

net::response api_routes::problem(int status, std::string_view code, std::string detail) {
    context_.http.count("unknown", status);
    return problem_response(status, code, detail, context_.next_request_id());
}

void api_routes::begin_stop() {
    context_.stopping = true;
    context_.events->end_all();
    context_.bulk->release();
}

void api_routes::stop() {
    context_.stopping = true;
    context_.simulations->stop();
    context_.events->stop();
    context_.loop.stop();
}

}  // namespace

std::unique_ptr<api> make_api(const api_config& config, const api_services& services) {
    return std::make_unique<api_routes>(config, services);
}

}  // namespace kwq::rest
