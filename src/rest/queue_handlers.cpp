// Queues: the tracker counts their tasks, the scheduler knows their pauses and who waits on them.

#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/steering.hpp"

#include <algorithm>

namespace kwq::rest {

using model::errc;

namespace {

struct queue_picture {
    std::vector<scheduler::queue_info> known;
    std::vector<tracker::queue_view> counted;
};

/// Asks both, scheduler first: a queue made in between is then known to the tracker too.
void ask_queues(context& c, tracker::positions after, const reply& to,
                std::function<void(queue_picture)> then) {
    c.services.scheduler.queues(c.loop.then<std::vector<scheduler::queue_info>>(
        [&c, after = std::move(after), to,
         then = std::move(then)](std::vector<scheduler::queue_info> known) mutable {
            using views = std::vector<tracker::queue_view>;
            c.services.tracker.queues(
                std::move(after),
                c.loop.then<model::result<views>>(
                    [known = std::move(known), to,
                     then = std::move(then)](model::result<views> counted) mutable {
                        if (!counted) {
                            to.fail(counted.error());
                            return;
                        }
                        then({.known = std::move(known), .counted = std::move(*counted)});
                    }));
        }));
}

void add(tracker::state_counts& sum, const tracker::state_counts& more) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += more[i];
    }
}

tracker::state_counts count_of(const queue_picture& all, const model::queue_name& queue,
                               std::optional<model::priority> only = {}) {
    tracker::state_counts sum{};
    for (const tracker::queue_view& v : all.counted) {
        if (v.queue == queue && (!only || v.priority == *only)) {
            add(sum, v.counts);
        }
    }
    return sum;
}

void write_priority(codec::json_writer& w, const queue_picture& all, const scheduler::queue_info& q,
                    model::priority p) {
    const auto& paused = q.paused_priorities;
    w.begin_object().field("priority", p.value());
    write_counts(w, count_of(all, q.queue, p));
    w.field("paused", q.paused || std::find(paused.begin(), paused.end(), p) != paused.end());
    for (const tracker::queue_view& v : all.counted) {
        if (v.queue == q.queue && v.priority == p) {
            write_at(w, "oldest_pending_at", v.oldest_pending_at);
        }
    }
    w.end_object();
}

void write_queue(codec::json_writer& w, const queue_picture& all, const scheduler::queue_info& q) {
    w.begin_object().field("queue", q.queue.value()).field("priorities", q.priorities);
    w.field("paused", q.paused);
    write_at(w, "paused_until_at", q.paused_until);
    w.field("leases", q.leases).field("waiting_workers", q.waiting_workers);
    write_counts(w, count_of(all, q.queue));
    w.key("by_priority").begin_array();
    for (std::int32_t p = q.priorities; p >= 1; --p) {
        write_priority(w, all, q, model::priority{p});
    }
    w.end_array().end_object();
}

model::error unknown_queue(const model::queue_name& queue) {
    return {errc::queue_unknown,
            "there is no queue \"" + queue.value() + "\"; PUT /kwq/v1/queues/" + queue.value() +
                " {\"priorities\": 9} makes it",
            {}};
}

}  // namespace

void list_queues(context& c, const call& q, reply to) {
    parameter_reader p(q);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    ask_queues(c, std::move(after), to, [to](const queue_picture& all) {
        std::string body;
        codec::json_writer w(body);
        w.begin_object().key("items").begin_array();
        for (const scheduler::queue_info& one : all.known) {
            write_queue(w, all, one);
        }
        w.end_array().end_object();
        to.json(200, std::move(body));
    });
}

void get_queue(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::queue_name queue = p.path_queue(0);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    ask_queues(c, std::move(after), to, [queue, to](const queue_picture& all) {
        for (const scheduler::queue_info& one : all.known) {
            if (one.queue == queue) {
                std::string body;
                codec::json_writer w(body);
                write_queue(w, all, one);
                to.json(200, std::move(body));
                return;
            }
        }
        to.fail(unknown_queue(queue));
    });
}

void define_queue(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::queue_name queue = p.path_queue(0);
    auto body = read_object(q, true);
    if (!p.ok() || !body) {
        to.fail(p.ok() ? body.error() : p.error());
        return;
    }
    field_reader f(body->root());
    const auto priorities = static_cast<std::int32_t>(
        f.integer("priorities", 1, limits::most_priorities).value_or(model::default_priorities));
    if (!f.ok()) {
        to.fail(f.error());
        return;
    }
    c.services.scheduler.define_queue(
        {.queue = queue, .priorities = priorities},
        c.loop.then<model::result<scheduler::command_receipt>>(
            [&c, queue, priorities, to](const model::result<scheduler::command_receipt>& receipt) {
                if (!receipt) {
                    to.fail(receipt.error());
                    return;
                }
                c.services.tracker.queue_added(queue, priorities);
                std::string text;
                codec::json_writer w(text);
                w.begin_object().field("queue", queue.value()).field("priorities", priorities);
                w.field("control_offset", receipt->control_offset.value()).end_object();
                to.json(200, std::move(text));
            }));
}

namespace {

struct queue_scope {
    model::queue_name queue;
    std::optional<model::priority> priority;
};

model::result<queue_scope> read_scope(const context& c, const call& q) {
    parameter_reader p(q);
    queue_scope scope{.queue = p.path_queue(0), .priority = p.priority()};
    if (!p.ok()) {
        return p.error();
    }
    const auto priorities = c.services.scheduler.priorities_of(scope.queue);
    if (!priorities) {
        return unknown_queue(scope.queue);
    }
    if (scope.priority && scope.priority->value() > *priorities) {
        return model::error{errc::bad_field,
                            "the queue has priorities 1 to " + std::to_string(*priorities),
                            "priority"};
    }
    return scope;
}

void gate_queue(context& c, const call& q, const reply& to, bool paused) {
    const auto scope = read_scope(c, q);
    const auto wish = read_pause(c, q);
    if (!scope || !wish) {
        to.fail(scope ? wish.error() : scope.error());
        return;
    }
    ask_queues(c, {}, to, [&c, scope = *scope, wish = *wish, paused, to](const queue_picture& all) {
        const auto counts = count_of(all, scope.queue, scope.priority);
        c.services.scheduler.set_gate(
            {.scope = scope.priority ? model::gate_scope::priority : model::gate_scope::queue,
             .queue = scope.queue,
             .priority = scope.priority.value_or(model::priority{}),
             .job = {},
             .paused = paused,
             .until = paused ? wish.until : std::nullopt,
             .reason = wish.reason},
            answer_steered(c, to, waiting(counts)));
    });
}

}  // namespace

void pause_queue(context& c, const call& q, reply to) {
    gate_queue(c, q, to, true);
}

void resume_queue(context& c, const call& q, reply to) {
    gate_queue(c, q, to, false);
}

void empty_queue(context& c, const call& q, reply to) {
    const auto scope = read_scope(c, q);
    if (!scope) {
        to.fail(scope.error());
        return;
    }
    ask_queues(c, {}, to, [&c, scope = *scope, to](const queue_picture& all) {
        const auto counts = count_of(all, scope.queue, scope.priority);
        c.services.scheduler.give_command({.action = model::control_action::empty_queue,
                                           .job = {},
                                           .queue = scope.queue,
                                           .priority = scope.priority,
                                           .ends = ends_of_queue(c, scope.queue)},
                                          answer_steered(c, to, waiting(counts)));
    });
}

}  // namespace kwq::rest
