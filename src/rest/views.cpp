#include "rest/views.hpp"

namespace kwq::rest {

using codec::json_writer;

void write_at(json_writer& w, std::string_view name, const std::optional<instant>& at) {
    if (at) {
        w.field(name, at->value());
    }
}

namespace {

void write_text(json_writer& w, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        w.field(name, text);
    }
}

void write_raw(json_writer& w, std::string_view name, std::string_view json) {
    if (!json.empty()) {
        w.key(name).raw(json);
    }
}

template <class Names>
void write_names(json_writer& w, std::string_view name, const Names& names) {
    if (names.empty()) {
        return;
    }
    w.key(name).begin_array();
    for (const auto& one : names) {
        if constexpr (requires { one.value(); }) {
            w.value(one.value());
        } else {
            w.value(one);
        }
    }
    w.end_array();
}

void write_limits(json_writer& w, const model::task_limits& l) {
    codec::write_seconds(w, "lease_s", l.lease);
    w.field("max_attempts", l.max_attempts);
    codec::write_seconds(w, "backoff_s", l.backoff);
    if (l.timeout) {
        codec::write_seconds(w, "timeout_s", *l.timeout);
    }
}

std::string_view outcome_word(const tracker::attempt_view& a) {
    return a.timed_out ? std::string_view("timeout") : to_string(a.ended);
}

void write_distribution(json_writer& w, std::string_view name, const tracker::distribution& d) {
    w.key(name).begin_object();
    w.field("count", d.count).field("mean_s", d.mean_s).field("p50_s", d.p50_s);
    w.field("p95_s", d.p95_s).field("p99_s", d.p99_s).field("max_s", d.max_s).end_object();
}

}  // namespace

void write_placed(json_writer& w, const placed_task& one) {
    w.begin_object().field("id", one.id.value()).field("position", to_string(one.position));
    w.field("priority", one.priority.value());
    if (one.clamped) {
        w.field("clamped", true);
    }
    w.end_object();
}

void write_task_fields(json_writer& w, const tracker::task_view& t) {
    w.field("id", t.id.value()).field("state", to_string(t.state));
    w.field("queue", t.place.queue.value()).field("priority", t.priority().value());
    w.field("job", t.job.value());
    write_names(w, "tags", t.tags);
    w.field("submitted_at", t.submitted_at.value());
    write_at(w, "scheduled_for_at", t.scheduled_for);
    write_at(w, "allocated_at", t.allocated_at);
    write_at(w, "running_at", t.running_at);
    write_at(w, "ended_at", t.ended_at);
    w.field("attempt", t.attempt).field("spent", t.spent);
    write_limits(w, t.limits);
    write_text(w, "worker", t.worker.value());
    write_text(w, "cancel_reason", t.cancel_reason);
    // Of a task that failed or is to be repeated; a retry by hand or a good end leaves it to the
    // attempts.
    if (t.state == model::task_state::error ||
        (t.spent > 0 && t.state != model::task_state::complete)) {
        write_text(w, "error", t.last_error);
    }
    if (t.error_group.value() != 0) {
        w.field("error_group", to_string(t.error_group));
    }
    write_raw(w, "progress", t.progress_json);
    write_raw(w, "result", t.result_json);
    if (t.paused) {
        w.field("paused", true);
    }
    w.field("record", to_string(t.place));
}

void write_attempts(json_writer& w, const tracker::task_view& t) {
    w.key("attempts").begin_array();
    for (const tracker::attempt_view& a : t.attempts) {
        w.begin_object().field("attempt", a.attempt).field("worker", a.worker.value());
        w.field("allocated_at", a.allocated_at.value());
        write_at(w, "running_at", a.running_at);
        write_at(w, "ended_at", a.ended_at);
        if (a.ended != model::outcome::none) {
            w.field("outcome", outcome_word(a));
        }
        write_text(w, "error", a.error);
        w.end_object();
    }
    w.end_array();
}

void write_body_fields(json_writer& w, const model::task& t) {
    write_names(w, "affinity", t.affinity);
    write_at(w, "not_before", t.not_before);
    write_at(w, "expires_at", t.expires_at);
    if (!t.meta.empty()) {
        w.key("meta").begin_object();
        for (const auto& [name, value] : t.meta) {
            w.field(name, value);
        }
        w.end_object();
    }
    write_text(w, "source", t.source);
    w.key("payload").raw(t.payload);
}

std::string render_task_page(const tracker::task_page& page) {
    std::string body;
    json_writer w(body);
    w.begin_object().key("items").begin_array();
    for (const tracker::task_view& t : page.items) {
        w.begin_object();
        write_task_fields(w, t);
        w.end_object();
    }
    w.end_array();
    write_text(w, "next_cursor", page.next_cursor);
    w.end_object();
    return body;
}

void write_leased_task(json_writer& w, const model::stored_task& t) {
    const model::task& b = t.body;
    w.begin_object().field("id", b.id.value()).field("queue", t.place.queue.value());
    w.field("job", b.job.value());
    write_names(w, "tags", b.tags);
    w.field("priority", b.priority.value()).field("submitted_at", t.submitted_at.value());
    write_limits(w, b.limits);
    write_body_fields(w, b);
    w.end_object();
}

std::string render_poll(const scheduler::poll_answer& a) {
    std::string body;
    json_writer w(body);
    w.begin_object().key("leases").begin_array();
    for (const scheduler::granted_lease& l : a.leases) {
        w.begin_object().field("lease", l.lease.value());
        w.field("deadline_at", l.deadline.value()).field("attempt", l.attempt);
        w.key("task");
        write_leased_task(w, *l.task);
        w.end_object();
    }
    w.end_array().key("settled").begin_array();
    for (const scheduler::settled& s : a.settled) {
        w.begin_object().field("lease", s.lease.value());
        w.field("status", to_string(s.status)).end_object();
    }
    w.end_array().field("directive", to_string(a.directive)).end_object();
    return body;
}

void write_counts(json_writer& w, const tracker::state_counts& counts) {
    w.key("counts").begin_object();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        w.field(to_string(static_cast<model::task_state>(i)), counts[i]);
    }
    w.end_object();
}

void write_quantiles(json_writer& w, std::string_view name, const tracker::distribution& d) {
    w.key(name).begin_object().field("p50_s", d.p50_s).field("p95_s", d.p95_s);
    w.field("p99_s", d.p99_s).end_object();
}

namespace {

/// How fast it goes, and when it would be done at that pace.
void write_pace(json_writer& w, const tracker::group_view& g, instant now) {
    const auto n = [&](model::task_state s) { return g.counts.at(static_cast<std::size_t>(s)); };
    using model::task_state;
    const auto open = n(task_state::scheduled) + n(task_state::pending) + n(task_state::allocated) +
                      n(task_state::running);
    const double rate = g.finished.per_second(now, g.first_at);
    w.field("rate_per_s", rate);
    if (open > 0 && rate > 0) {
        w.field("eta_s", static_cast<double>(open) / rate);
        w.field("eta_assumes",
                "tasks go on finishing as fast as over the last minute, and no more are submitted");
    }
    write_at(w, "oldest_pending_at", g.oldest_pending_at);
}

}  // namespace

void write_group_fields(json_writer& w, std::string_view kind, const tracker::group_view& g,
                        instant now) {
    if (!kind.empty()) {
        w.field(kind, g.name);
    }
    write_counts(w, g.counts);
    w.field("submitted", g.submitted).field("retries", g.retries);
    w.field("duplicates", g.duplicates).field("rejected", g.rejected);
    write_at(w, "first_at", g.first_at);
    write_at(w, "last_at", g.last_at);
    write_distribution(w, "wait", g.wait);
    write_distribution(w, "run", g.run);
    write_pace(w, g, now);
    if (g.settling != 0) {
        w.field("settling", g.settling);
    }
    if (!g.tags.empty()) {
        w.key("tags").begin_array();
        for (const auto& [tag, counts] : g.tags) {
            w.begin_object().field("tag", tag);
            write_counts(w, counts);
            w.end_object();
        }
        w.end_array();
    }
}

std::string render_group_page(std::string_view kind, const tracker::group_page& page, instant now) {
    std::string body;
    json_writer w(body);
    w.begin_object().key("items").begin_array();
    for (const tracker::group_view& g : page.items) {
        w.begin_object();
        write_group_fields(w, kind, g, now);
        w.end_object();
    }
    w.end_array();
    write_text(w, "next_cursor", page.next_cursor);
    w.end_object();
    return body;
}

void write_dispatch(json_writer& w, const scheduler::dispatch_info& d) {
    w.begin_object().field("state", to_string(d.state));
    write_at(w, "until_at", d.until);
    write_text(w, "reason", d.reason);
    w.field("leases", d.leases).end_object();
}

void write_steered(json_writer& w, const steered& s) {
    w.begin_object().field("affected", s.affected);
    w.field("control_offset", s.control_offset.value());
    write_text(w, "position", s.position);
    w.end_object();
}

}  // namespace kwq::rest
