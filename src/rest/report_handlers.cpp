// What workers report of one lease, and heartbeats of many.

#include "model/lease.hpp"
#include "rest/handlers.hpp"
#include "rest/lease_reports.hpp"
#include "rest/limits.hpp"

namespace kwq::rest {

using model::errc;

namespace {

void answer_report(context& c, const reply& to, const model::lease_token& lease,
                   const model::result<scheduler::settle_status>& status) {
    if (!status) {
        to.fail(status.error());
        return;
    }
    switch (*status) {
        case scheduler::settle_status::ok:
        case scheduler::settle_status::already:
        case scheduler::settle_status::accepted: break;
        case scheduler::settle_status::lease_lost:
            to.fail({errc::lease_lost, "another attempt or nobody has the task now", {}});
            return;
        case scheduler::settle_status::conflict:
            to.fail({errc::outcome_conflict, "this lease ended with another outcome", {}});
            return;
        case scheduler::settle_status::unknown:
            to.fail({errc::outcome_unknown, "repeat the report to learn what became of it", {}});
            return;
    }
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("status", to_string(*status));
    if (const auto parts = model::decode_lease(lease)) {
        w.field("position", c.status_end(parts->shard));
    }
    w.end_object();
    to.json(*status == scheduler::settle_status::accepted ? 202 : 200, std::move(body));
}

void send_report(context& c, const model::lease_token& lease, read_report what, const reply& to) {
    auto done = to.then<model::result<scheduler::settle_status>>(
        [&c, to, lease,
         too_large = what.result_too_large](const model::result<scheduler::settle_status>& status) {
            const bool settled = status && (*status == scheduler::settle_status::ok ||
                                            *status == scheduler::settle_status::already);
            if (too_large && settled) {
                to.fail({errc::payload_too_large,
                         "a result is at most 64 KiB; the task has ended as result_too_large",
                         "/result"});
                return;
            }
            answer_report(c, to, lease, status);
        });
    c.services.scheduler.report({.lease = lease, .what = std::move(what.what)}, std::move(done));
}

/// Reads the lease of the path and the fields of the body, and passes the report on.
template <class Read>
void report(context& c, const call& q, const reply& to, Read read) {
    parameter_reader p(q);
    const model::lease_token lease = p.path_lease(0);
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto body = read_object(q, true);
    if (!body) {
        to.fail(body.error());
        return;
    }
    field_reader f(body->root());
    read_report what = read(f);
    if (!f.ok()) {
        to.fail(f.error());
        return;
    }
    send_report(c, lease, std::move(what), to);
}

}  // namespace

void report_running(context& c, const call& q, reply to) {
    report(c, q, to,
           [](field_reader&) { return read_report{.what = scheduler::report_running{}}; });
}

void report_complete(context& c, const call& q, reply to) {
    report(c, q, to, [&c](field_reader& f) { return read_complete(c, f); });
}

void report_error(context& c, const call& q, reply to) {
    report(c, q, to, [](field_reader& f) { return read_report{.what = read_error(f)}; });
}

void report_release(context& c, const call& q, reply to) {
    report(c, q, to, [](field_reader& f) { return read_report{.what = read_release(f)}; });
}

namespace {

std::string_view word(scheduler::lease_directive d) {
    return d == scheduler::lease_directive::cancel ? "cancel" : "continue";
}

std::string read_progress(field_reader& f) {
    const codec::json_value* progress = f.find("progress");
    if (progress == nullptr) {
        return {};
    }
    if (progress->raw().size() > limits::progress_bytes) {
        f.refuse(errc::payload_too_large, "progress is at most 4 KiB", "progress");
        return {};
    }
    return std::string(progress->raw());
}

}  // namespace

void heartbeat_lease(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::lease_token lease = p.path_lease(0);
    auto body = read_object(q, true);
    if (!p.ok() || !body) {
        to.fail(p.ok() ? body.error() : p.error());
        return;
    }
    field_reader f(body->root());
    std::string progress = read_progress(f);
    if (!f.ok()) {
        to.fail(f.error());
        return;
    }
    using beats = std::vector<scheduler::heartbeat_answer>;
    c.services.scheduler.heartbeats(
        {{.lease = lease, .progress_json = std::move(progress), .passed_on = q.passed_on()}},
        to.then<model::result<beats>>([to](const model::result<beats>& answers) {
            if (!answers) {
                to.fail(answers.error());
                return;
            }
            if (!answers->empty() && !answers->front().known) {
                to.fail(
                    {errc::not_owner, "nobody can tell right now whether the lease is live", {}});
                return;
            }
            if (answers->empty() || !answers->front().live) {
                to.fail({errc::lease_lost, "another attempt or nobody has the task now", {}});
                return;
            }
            std::string text;
            codec::json_writer w(text);
            w.begin_object().field("deadline_at", answers->front().deadline.value());
            w.field("directive", word(answers->front().directive)).end_object();
            to.json(200, std::move(text));
        }));
}

namespace {

model::result<std::vector<scheduler::heartbeat>> read_heartbeats(const call& q) {
    auto body = read_object(q, false);
    if (!body) {
        return body.error();
    }
    field_reader f(body->root());
    std::vector<scheduler::heartbeat> beats;
    for (const codec::json_value* item : f.list("leases", limits::leases_at_once)) {
        const std::string at = "leases/" + std::to_string(beats.size());
        if (item->is_string()) {
            if (!model::valid_id(item->string())) {
                f.refuse(errc::bad_id, "this is not a lease", at);
            }
            beats.push_back({.lease = model::lease_token{std::string(item->string())},
                             .progress_json = {},
                             .passed_on = q.passed_on()});
            continue;
        }
        field_reader one(*item, "/" + at);
        beats.push_back({.lease = one.lease("lease"),
                         .progress_json = read_progress(one),
                         .passed_on = q.passed_on()});
        f.take_error(one);
    }
    if (f.ok() && beats.empty()) {
        f.refuse(errc::bad_field, "an array of 1 to 1,000 leases", "leases");
    }
    if (!f.ok()) {
        return f.error();
    }
    return beats;
}

}  // namespace

void heartbeat_leases(context& c, const call& q, reply to) {
    auto beats = read_heartbeats(q);
    if (!beats) {
        to.fail(beats.error());
        return;
    }
    using answers = std::vector<scheduler::heartbeat_answer>;
    c.services.scheduler.heartbeats(
        std::move(*beats), to.then<model::result<answers>>([to](const model::result<answers>& a) {
            if (!a) {
                to.fail(a.error());
                return;
            }
            std::string body;
            codec::json_writer w(body);
            w.begin_object().key("leases").begin_array();
            for (const scheduler::heartbeat_answer& one : *a) {
                w.begin_object().field("lease", one.lease.value());
                w.field("status", !one.known ? "unknown" : one.live ? "ok" : "lease_lost");
                if (one.known && one.live) {
                    w.field("deadline_at", one.deadline.value());
                    w.field("directive", word(one.directive));
                }
                w.end_object();
            }
            w.end_array().end_object();
            to.json(200, std::move(body));
        }));
}

}  // namespace kwq::rest
