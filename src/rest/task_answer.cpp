#include "rest/task_answer.hpp"

#include "rest/task_body.hpp"
#include "rest/views.hpp"

#include <algorithm>

namespace kwq::rest {

namespace {

bool waits(const tracker::task_view& t) {
    return t.state == model::task_state::pending || t.state == model::task_state::scheduled;
}

bool holds_back(const model::gate& g, const tracker::task_view& t) {
    const bool queue = g.queue == t.place.queue;
    switch (g.scope) {
        case model::gate_scope::all: return true;
        case model::gate_scope::queue: return queue;
        case model::gate_scope::priority: return queue && g.priority == t.priority();
        case model::gate_scope::job: return g.job == t.job;
    }
    return false;
}

waiting_reason pause_of(const model::gate& g) {
    waiting_reason r;
    r.until = g.until;
    switch (g.scope) {
        case model::gate_scope::all:
            r.code = "dispatch_state";
            r.text = "everything is paused";
            break;
        case model::gate_scope::queue:
            r.code = "paused_queue";
            r.text = "queue " + g.queue.value() + " is paused";
            break;
        case model::gate_scope::priority:
            r.code = "paused_priority";
            r.text = "priority " + std::to_string(g.priority.value()) + " of queue " +
                     g.queue.value() + " is paused";
            r.priority = g.priority;
            break;
        case model::gate_scope::job:
            r.code = "paused_job";
            r.text = "job " + g.job.value() + " is paused";
            break;
    }
    if (!g.reason.empty()) {
        r.text += ": " + g.reason;
    }
    return r;
}

waiting_reason of_time(const tracker::task_view& t) {
    const bool again = t.attempt > 0;
    return {.code = again ? "back_off" : "not_before",
            .text = again ? "it waits before its next attempt" : "it may not begin before its time",
            .until = t.scheduled_for,
            .ahead = {},
            .priority = {}};
}

waiting_reason of_line(const tracker::task_view& t) {
    waiting_reason r;
    r.ahead = t.ahead;
    if (t.ahead == 0) {
        r.code = "next";
        r.text = "it is the next one handed out";
        return r;
    }
    r.code = "behind";
    r.text = "about " + std::to_string(t.ahead) + " tasks of its queue come first";
    if (t.behind) {
        r.text += ", some of priority " + std::to_string(t.behind->value());
        r.priority = t.behind;
    }
    return r;
}

void write_why(codec::json_writer& w, const std::vector<waiting_reason>& why) {
    w.key("why").begin_array();
    for (const auto& r : why) {
        w.begin_object().field("code", r.code).field("text", r.text);
        write_at(w, "until_at", r.until);
        if (r.ahead) {
            w.field("ahead", *r.ahead);
        }
        if (r.priority) {
            w.field("priority", r.priority->value());
        }
        w.end_object();
    }
    w.end_array();
}

void send_task(context& c, const tracker::task_view& t, bool with_payload,
               const waiting_reasons& known, const reply& to) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object();
    write_task_fields(w, t);
    if (waits(t)) {
        write_why(w, why_waiting(t, known));
    }
    write_attempts(w, t);
    if (with_payload) {
        if (const auto stored = read_task_body(c, t.id, t.place)) {
            write_body_fields(w, stored->body);
        }
    }
    w.end_object();
    to.json(200, std::move(body));
}

struct answering {
    tracker::task_view task;
    bool with_payload;
    waiting_reasons known;
    reply to;
};

void ask_workers(context& c, answering a) {
    c.services.scheduler.workers(c.loop.then<std::vector<scheduler::worker_info>>(
        [&c, a = std::move(a)](const std::vector<scheduler::worker_info>& workers) mutable {
            a.known.served = std::any_of(workers.begin(), workers.end(), [&](const auto& worker) {
                return std::find(worker.queues.begin(), worker.queues.end(), a.task.place.queue) !=
                       worker.queues.end();
            });
            send_task(c, a.task, a.with_payload, a.known, a.to);
        }));
}

void ask_dispatch(context& c, answering a) {
    c.services.scheduler.dispatch(c.loop.then<scheduler::dispatch_info>(
        [&c, a = std::move(a)](const scheduler::dispatch_info& d) mutable {
            a.known.dispatch = d;
            ask_workers(c, std::move(a));
        }));
}

}  // namespace

std::vector<waiting_reason> why_waiting(const tracker::task_view& t, const waiting_reasons& known) {
    std::vector<waiting_reason> why;
    for (const model::gate& g : known.gates) {
        if (holds_back(g, t)) {
            why.push_back(pause_of(g));
        }
    }
    if (known.dispatch.state != model::dispatch_state::running) {
        const std::string reason = known.dispatch.reason;
        why.push_back({.code = "dispatch_state",
                       .text = "nothing is handed out: dispatch is " +
                               std::string(to_string(known.dispatch.state)) +
                               (reason.empty() ? "" : ": " + reason),
                       .until = known.dispatch.until,
                       .ahead = {},
                       .priority = {}});
    }
    if (t.state == model::task_state::scheduled) {
        why.push_back(of_time(t));
        return why;
    }
    if (!known.served) {
        why.push_back({.code = "no_worker",
                       .text = "no worker asks for tasks of queue " + t.place.queue.value(),
                       .until = {},
                       .ahead = {},
                       .priority = {}});
    }
    if (why.empty() || t.ahead > 0) {
        why.push_back(of_line(t));
    }
    return why;
}

void answer_task(context& c, tracker::task_view t, bool with_payload, const reply& to) {
    if (!waits(t)) {
        send_task(c, t, with_payload, {}, to);
        return;
    }
    answering a{std::move(t), with_payload, {}, to};
    c.services.scheduler.gates(c.loop.then<std::vector<model::gate>>(
        [&c, a = std::move(a)](const std::vector<model::gate>& gates) mutable {
            a.known.gates = gates;
            a.task.paused = std::any_of(gates.begin(), gates.end(), [&](const model::gate& g) {
                return holds_back(g, a.task);
            });
            ask_dispatch(c, std::move(a));
        }));
}

}  // namespace kwq::rest
