// See wire.hpp.
#include "worker/wire.hpp"

#include "codec/json.hpp"

#include <array>
#include <span>
#include <stdexcept>

namespace kwq::worker {

namespace {

using codec::json_document;
using codec::json_value;
using codec::json_writer;

constexpr std::array<std::string_view, 4> unfinished{"scheduled", "pending", "allocated",
                                                     "running"};

std::string text_of(const json_value& object, std::string_view name, std::string_view otherwise) {
    const auto* v = object.find(name);
    return std::string(v != nullptr && v->is_string() ? v->string() : otherwise);
}

std::int64_t number_of(const json_value& object, std::string_view name, std::int64_t otherwise) {
    const auto* v = object.find(name);
    return v != nullptr && v->type() == json_value::kind::integer ? v->integer() : otherwise;
}

std::optional<milliseconds> seconds_of(const json_value& object, std::string_view name) {
    const auto* v = object.find(name);
    return v == nullptr ? std::nullopt : codec::read_seconds(*v);
}

std::span<const json_value> items_of(const json_value& object, std::string_view name) {
    const auto* v = object.find(name);
    return v != nullptr && v->is_array() ? v->items() : std::span<const json_value>();
}

/// A document whose root is an object; else why not.
read_result<json_document> parse_object(std::string body) {
    auto document = json_document::parse(std::move(body));
    if (document.has_error()) {
        return wire_failure{"the answer is not JSON: " + document.error().detail};
    }
    if (!document->root().is_object()) {
        return wire_failure{"the answer is not an object"};
    }
    return *std::move(document);
}

void write_texts(json_writer& w, std::string_view name, const std::vector<std::string>& texts) {
    w.key(name).begin_array();
    for (const auto& text : texts) {
        w.value(text);
    }
    w.end_array();
}

void write_report_fields(json_writer& w, const report& r) {
    switch (r.what) {
        case report::kind::complete: w.key("result").raw(r.result_json); break;
        case report::kind::error: w.field("message", r.message).field("retry", r.retry); break;
        case report::kind::release: codec::write_seconds(w, "delay_s", r.delay); break;
    }
}

void read_task(const json_value& task, held_lease& into) {
    into.id = text_of(task, "id", "");
    into.queue = text_of(task, "queue", "default");
    into.job = text_of(task, "job", "default");
    into.priority = number_of(task, "priority", 0);
    if (const auto* payload = task.find("payload")) {
        into.payload = payload->raw();
    }
    if (const auto* tags = task.find("tags"); tags != nullptr && tags->is_array()) {
        into.tags_json = tags->raw();
    }
    if (const auto* meta = task.find("meta"); meta != nullptr && meta->is_object()) {
        for (const auto& [name, value] : meta->members()) {
            if (value.is_string()) {
                into.meta.emplace_back(name, value.string());
            }
        }
    }
    into.lease = seconds_of(task, "lease_s").value_or(into.lease);
    into.backoff = seconds_of(task, "backoff_s").value_or(into.backoff);
    into.timeout = seconds_of(task, "timeout_s");
}

std::optional<held_lease> read_lease(const json_value& v) {
    held_lease lease;
    lease.token = text_of(v, "lease", "");
    lease.attempt = static_cast<std::uint32_t>(number_of(v, "attempt", 1));
    if (const auto* task = v.find("task")) {
        read_task(*task, lease);
    }
    if (lease.token.empty() || lease.id.empty()) {
        return std::nullopt;
    }
    return lease;
}

verdict read_verdict(std::string_view status) {
    if (status == "ok" || status == "already") {
        return verdict::settled;
    }
    // accepted: it is in the log, and the verdict is had by repeating it
    return status == "unknown" || status == "accepted" ? verdict::again : verdict::refused;
}

directive read_directive(std::string_view word) {
    if (word == "drain") {
        return directive::drain;
    }
    return word == "stop" ? directive::stop : directive::run;
}

beat read_beat(const json_value& v) {
    if (text_of(v, "status", "ok") == "lease_lost") {
        return beat::lost;
    }
    return text_of(v, "directive", "continue") == "cancel" ? beat::cancel : beat::alive;
}

}  // namespace

void throw_exception_from_error(const wire_failure& e, const boost::source_location& /*where*/) {
    throw std::runtime_error(e.reason);
}

std::string write_take(const take_request& request) {
    std::string out;
    json_writer w(out);
    w.begin_object().field("worker", request.worker);
    write_texts(w, "queues", request.queues);
    w.field("max", request.max);
    codec::write_seconds(w, "wait_s", request.wait);
    if (!request.affinity.empty()) {
        write_texts(w, "affinity", request.affinity);
    }
    if (!request.settle.empty()) {
        w.key("settle").begin_array();
        for (const auto& [token, what] : request.settle) {
            w.begin_object().field("lease", token).field("outcome", report_verb(what));
            write_report_fields(w, what);
            w.end_object();
        }
        w.end_array();
    }
    w.end_object();
    return out;
}

read_result<take_answer> read_take(std::string body) {
    auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return document.error();
    }
    const auto& root = document->root();
    take_answer answer;
    for (const auto& each : items_of(root, "leases")) {
        auto lease = read_lease(each);
        if (!lease) {
            return wire_failure{"a lease in the answer has no lease or no task id"};
        }
        answer.leases.push_back(*std::move(lease));
    }
    for (const auto& each : items_of(root, "settled")) {
        answer.settled.emplace_back(text_of(each, "lease", ""),
                                    read_verdict(text_of(each, "status", "unknown")));
    }
    answer.directive = read_directive(text_of(root, "directive", "run"));
    return answer;
}

std::string_view report_verb(const report& r) {
    switch (r.what) {
        case report::kind::complete: return "complete";
        case report::kind::error: return "error";
        case report::kind::release: return "release";
    }
    return "";
}

std::string write_report(const report& r) {
    std::string out;
    json_writer w(out);
    w.begin_object();
    write_report_fields(w, r);
    w.end_object();
    return out;
}

std::string write_heartbeats(const std::vector<std::string>& tokens) {
    std::string out;
    json_writer w(out);
    w.begin_object().key("leases").begin_array();
    for (const auto& token : tokens) {
        w.begin_object().field("lease", token).end_object();
    }
    w.end_array().end_object();
    return out;
}

read_result<std::vector<std::pair<std::string, beat>>> read_heartbeats(std::string body) {
    auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return document.error();
    }
    std::vector<std::pair<std::string, beat>> beats;
    for (const auto& each : items_of(document->root(), "leases")) {
        beats.emplace_back(text_of(each, "lease", ""), read_beat(each));
    }
    return beats;
}

read_result<bool> read_queue_is_drained(std::string body) {
    auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return document.error();
    }
    const auto* counts = document->root().find("counts");
    if (counts == nullptr || !counts->is_object()) {
        return wire_failure{"the queue's answer has no counts by state"};
    }
    std::int64_t left = 0;
    for (const auto state : unfinished) {
        left += number_of(*counts, state, 0);
    }
    return left == 0;
}

read_result<bool> read_dispatch_is_stopped(std::string body) {
    auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return document.error();
    }
    return text_of(document->root(), "state", "") == "stopped";
}

read_result<std::vector<std::string>> read_lease_tokens(std::string body) {
    auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return document.error();
    }
    std::vector<std::string> tokens;
    for (const auto& each : items_of(document->root(), "items")) {
        tokens.push_back(text_of(each, "lease", ""));
    }
    return tokens;
}

std::string read_problem(std::string body) {
    const auto document = parse_object(std::move(body));
    if (document.has_error()) {
        return "without a reason";
    }
    return text_of(document->root(), "code", "") + ": " + text_of(document->root(), "detail", "");
}

}  // namespace kwq::worker
