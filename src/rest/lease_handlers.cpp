// Taking work. A lease that does not reach the worker goes back at once, unspent: the client that
// goes while it waits abandons its poll, the answer that is not written gives its leases back.

#include "rest/handlers.hpp"
#include "rest/lease_reports.hpp"
#include "rest/limits.hpp"
#include "rest/views.hpp"

#include <algorithm>
#include <atomic>

namespace kwq::rest {

using model::errc;

namespace {

std::vector<model::queue_name> read_queues(field_reader& f) {
    std::vector<model::queue_name> queues;
    for (const codec::json_value* item : f.list("queues", limits::queues_of_a_poll)) {
        if (!item->is_string() || !model::valid_queue(item->string())) {
            f.refuse(errc::bad_id, "a queue is 1 to 63 of a-z 0-9 -, not beginning with -",
                     "queues");
            return {};
        }
        queues.emplace_back(std::string(item->string()));
    }
    if (queues.empty()) {
        queues.emplace_back("default");
    }
    return queues;
}

model::result<scheduler::poll_request> read_poll(context& c, const call& q) {
    auto body = read_object(q, false);
    if (!body) {
        return body.error();
    }
    field_reader f(body->root());
    scheduler::poll_request p;
    p.worker = model::worker_name{f.label("worker", true)};
    p.queues = read_queues(f);
    p.passed_on = q.passed_on();
    const std::int64_t least = p.passed_on ? 0 : 1;  // an instance may only settle
    p.max = static_cast<std::uint32_t>(f.integer("max", least, limits::leases_at_once).value_or(1));
    p.wait = f.seconds("wait_s", limits::longest_wait).value_or(milliseconds{0});
    p.affinity = f.labels("affinity", 16);
    std::size_t i = 0;
    for (const codec::json_value* item : f.list("settle", limits::leases_at_once)) {
        field_reader one(*item, "/settle/" + std::to_string(i++));
        p.settle.push_back(read_settle(c, one));
        f.take_error(one);
    }
    if (!f.ok()) {
        return f.error();
    }
    return p;
}

/// What the client's going and the answer's coming must agree on.
struct waiting_poll {
    std::atomic<scheduler::poll_ticket> ticket{0};
    std::atomic<bool> gone{false};
};

void answer_poll(context& c, const reply& to, waiting_poll& poll,
                 const model::result<scheduler::poll_answer>& answer) {
    if (!answer) {
        to.fail(answer.error());
        return;
    }
    std::vector<model::lease_token> leases;
    for (const scheduler::granted_lease& l : answer->leases) {
        leases.push_back(l.lease);
    }
    if (!leases.empty()) {
        if (poll.gone) {
            c.services.scheduler.give_back(std::move(leases));
            return;
        }
        to.raw().on_written([&c, leases = std::move(leases)](bool ok) {
            if (!ok) {
                c.services.scheduler.give_back(leases);
            }
        });
    }
    to.json(200, render_poll(*answer));
}

}  // namespace

void take_leases(context& c, const call& q, reply to) {
    auto request = read_poll(c, q);
    if (!request) {
        to.fail(request.error());
        return;
    }
    if (c.stopping) {
        to.fail({errc::stopping, "no work is handed out any more", {}});
        return;
    }
    // Shared by the scheduler's callback and the server's, on two threads.
    const auto poll = std::make_shared<waiting_poll>();
    to.raw().on_gone([&c, poll] {
        poll->gone = true;
        if (const auto ticket = poll->ticket.load(); ticket != 0) {
            c.services.scheduler.abandon(ticket);
        }
    });
    poll->ticket = c.services.scheduler.poll(
        std::move(*request),
        to.then<model::result<scheduler::poll_answer>>(
            [&c, to, poll](const model::result<scheduler::poll_answer>& answer) {
                answer_poll(c, to, *poll, answer);
            }));
    if (poll->gone) {
        c.services.scheduler.abandon(poll->ticket);
    }
}

void list_leases(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const auto worker = p.label("worker");
    if (p.ok() && !worker) {
        to.fail({errc::bad_field, "worker: whose leases to list", "worker"});
        return;
    }
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.scheduler.leases_of(
        model::worker_name{*worker},
        c.loop.then<std::vector<scheduler::lease_info>>(
            [to](const std::vector<scheduler::lease_info>& leases) {
                std::string body;
                codec::json_writer w(body);
                w.begin_object().key("items").begin_array();
                for (const scheduler::lease_info& l : leases) {
                    w.begin_object().field("lease", l.lease.value()).field("id", l.id.value());
                    w.field("queue", l.place.queue.value());
                    w.field("priority", l.priority().value()).field("job", l.job.value());
                    w.field("worker", l.worker.value()).field("attempt", l.attempt);
                    w.field("running", l.running);
                    w.field("allocated_at", l.allocated_at.value());
                    w.field("deadline_at", l.deadline.value()).end_object();
                }
                w.end_array().end_object();
                to.json(200, std::move(body));
            }));
}

}  // namespace kwq::rest
