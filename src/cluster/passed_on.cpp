#include "cluster/passed_on.hpp"

#include "codec/json.hpp"
#include "codec/task_codec.hpp"
#include "model/lease.hpp"

#include <array>
#include <charconv>

namespace kwq::cluster {

using codec::json_document;
using codec::json_value;
using codec::json_writer;
using model::errc;
using scheduler::settle_status;

namespace {

model::error bad_answer(const std::string& what) {
    return {errc::not_owner, "the other instance answered " + what, ""};
}

struct report_writer {
    json_writer& w;

    void operator()(const scheduler::report_running&) const { w.field("outcome", "running"); }
    void operator()(const scheduler::report_complete& r) const {
        w.field("outcome", "complete");
        if (!r.result_json.empty()) {
            w.key("result").raw(r.result_json);
        }
        if (!r.then.empty()) {
            w.key("then").begin_array();
            for (const auto& child : r.then) {
                codec::write_task(w, child);
            }
            w.end_array();
        }
    }
    void operator()(const scheduler::report_error& r) const {
        w.field("outcome", "error").field("message", r.message).field("retry", r.retry);
    }
    void operator()(const scheduler::report_release& r) const {
        w.field("outcome", "release");
        codec::write_seconds(w, "delay_s", r.delay);
    }
};

settle_status read_status(std::string_view word) {
    for (const auto s : {settle_status::ok, settle_status::already, settle_status::lease_lost,
                         settle_status::conflict, settle_status::accepted}) {
        if (word == to_string(s)) {
            return s;
        }
    }
    return settle_status::unknown;
}

std::string_view text_of(const json_value& object, std::string_view name) {
    const auto* v = object.find(name);
    return v != nullptr && v->is_string() ? v->string() : std::string_view{};
}

std::int64_t integer_of(const json_value& object, std::string_view name) {
    const auto* v = object.find(name);
    return v != nullptr && v->type() == json_value::kind::integer ? v->integer() : 0;
}

/// Where the task is stands in the lease; the rest is as it was submitted.
model::result<scheduler::granted_lease> read_lease(const json_value& item) {
    scheduler::granted_lease lease;
    lease.lease = model::lease_token{std::string(text_of(item, "lease"))};
    lease.deadline = instant{integer_of(item, "deadline_at")};
    lease.attempt = static_cast<std::uint32_t>(integer_of(item, "attempt"));
    const auto parts = model::decode_lease(lease.lease);
    const auto* task = item.find("task");
    if (!parts || task == nullptr) {
        return bad_answer("with a lease that is none");
    }
    auto body = codec::read_task(task->raw());
    const auto document = json_document::parse_view(task->raw(), codec::opaque_task_fields);
    if (!body || !document) {
        return bad_answer("with a task that is none");
    }
    model::stored_task stored{parts->place, instant{integer_of(document->root(), "submitted_at")},
                              std::move(*body)};
    // Shared with the answer that carries it to a worker, on another thread.
    lease.task = std::make_shared<const model::stored_task>(std::move(stored));
    return lease;
}

}  // namespace

std::string write_poll(const scheduler::poll_request& p) {
    std::string body;
    json_writer w(body);
    w.begin_object().field("worker", p.worker.value()).key("queues").begin_array();
    for (const auto& queue : p.queues) {
        w.value(queue.value());
    }
    w.end_array().field("max", p.max).field("wait_s", 0);
    if (!p.affinity.empty()) {
        w.key("affinity").begin_array();
        for (const auto& key : p.affinity) {
            w.value(key);
        }
        w.end_array();
    }
    if (!p.settle.empty()) {
        w.key("settle").begin_array();
        for (const auto& r : p.settle) {
            w.begin_object().field("lease", r.lease.value());
            std::visit(report_writer{w}, r.what);
            w.end_object();
        }
        w.end_array();
    }
    w.end_object();
    return body;
}

model::result<scheduler::poll_answer> read_poll_answer(std::string_view body) {
    constexpr std::array<std::string_view, 1> big{"leases"};
    constexpr std::array<std::string_view, 1> task{"task"};
    const auto document = json_document::parse_view(body, big);
    const auto* leases = document ? document->root().find("leases") : nullptr;
    const auto items = leases == nullptr
                           ? model::result<json_document>(bad_answer("without leases"))
                           : json_document::parse_view(leases->raw(), task);
    if (!items) {
        return bad_answer("something else than leases");
    }
    scheduler::poll_answer answer;
    for (const auto& item : items->root().items()) {
        auto lease = read_lease(item);
        if (!lease) {
            return lease.error();
        }
        answer.leases.push_back(std::move(*lease));
    }
    if (const auto* settled = document->root().find("settled")) {
        for (const auto& item : settled->items()) {
            answer.settled.push_back({model::lease_token{std::string(text_of(item, "lease"))},
                                      read_status(text_of(item, "status"))});
        }
    }
    return answer;
}

std::string write_heartbeats(const std::vector<scheduler::heartbeat>& beats) {
    std::string body;
    json_writer w(body);
    w.begin_object().key("leases").begin_array();
    for (const auto& beat : beats) {
        w.begin_object().field("lease", beat.lease.value());
        if (!beat.progress_json.empty()) {
            w.key("progress").raw(beat.progress_json);
        }
        w.end_object();
    }
    w.end_array().end_object();
    return body;
}

model::result<std::vector<scheduler::heartbeat_answer>> read_heartbeats(std::string_view body,
                                                                        std::size_t count) {
    const auto document = json_document::parse_view(body);
    const auto* leases = document ? document->root().find("leases") : nullptr;
    if (leases == nullptr || leases->items().size() != count) {
        return bad_answer("something else than leases");
    }
    std::vector<scheduler::heartbeat_answer> out;
    for (const auto& item : leases->items()) {
        scheduler::heartbeat_answer one{model::lease_token{std::string(text_of(item, "lease"))},
                                        text_of(item, "status") == "ok",
                                        instant{integer_of(item, "deadline_at")},
                                        scheduler::lease_directive::proceed};
        one.known = text_of(item, "status") != "unknown";
        if ((one.known && !one.live) || text_of(item, "directive") == "cancel") {
            one.directive = scheduler::lease_directive::cancel;
        }
        out.push_back(std::move(one));
    }
    return out;
}

model::result<scheduler::ready_levels> read_ready(std::string_view body) {
    const auto document = json_document::parse_view(body);
    const auto* queues = document ? document->root().find("queues") : nullptr;
    if (queues == nullptr || !queues->is_object()) {
        return bad_answer("something else than queues");
    }
    scheduler::ready_levels ready;
    for (const auto& [queue, levels] : queues->members()) {
        for (const auto& [priority, tasks] : levels.members()) {
            std::int32_t p = 0;
            std::from_chars(priority.data(), priority.data() + priority.size(), p);
            if (model::valid_queue(queue) && p > 0 && integer_of(levels, priority) > 0) {
                ready[model::queue_name{std::string(queue)}][model::priority{p}] =
                    static_cast<std::size_t>(tasks.integer());
            }
        }
    }
    return ready;
}

model::result<scheduler::reprioritised> read_move(std::string_view body) {
    const auto document = json_document::parse_view(body);
    if (!document) {
        return bad_answer("no JSON");
    }
    return scheduler::reprioritised{integer_of(document->root(), "affected") > 0};
}

model::error read_problem(int status, std::string_view body) {
    const auto document = json_document::parse_view(body);
    const auto detail = document ? text_of(document->root(), "detail") : std::string_view{};
    const auto code = document ? text_of(document->root(), "code") : std::string_view{};
    for (const auto known : {errc::task_unknown, errc::bad_field, errc::already_terminal,
                             errc::not_retriable, errc::not_waiting, errc::outcome_unknown,
                             errc::overloaded, errc::stopping, errc::out_of_touch}) {
        if (code == to_string(known)) {
            return {known, std::string(detail), ""};
        }
    }
    return bad_answer("with " + std::to_string(status));
}

}  // namespace kwq::cluster
