#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/readers.hpp"
#include "rest/simulation.hpp"

namespace kwq::rest {

namespace {

constexpr std::int64_t most_tasks = 100'000;
constexpr std::int64_t most_workers = 1'000;
constexpr milliseconds longest_task{3'600'000};

void write_simulation(codec::json_writer& w, const simulation_view& v) {
    w.begin_object().field("id", v.id).field("job", v.id).field("state", v.state);
    if (!v.reason.empty()) {
        w.field("reason", v.reason);
    }
    w.field("tasks", v.wish.tasks).field("workers", v.wish.workers);
    codec::write_seconds(w, "seconds", v.wish.duration);
    w.field("submitted", v.submitted).field("completed", v.completed);
    w.field("started_at", v.started_at.value());
    if (v.ended_at) {
        w.field("ended_at", v.ended_at->value());
        codec::write_seconds(w, "took_s", *v.ended_at - v.started_at);
    }
    w.end_object();
}

simulations::answer answer_with(const reply& to, int unfinished) {
    return [to, unfinished](const model::result<simulation_view>& v) {
        if (!v) {
            to.fail(v.error());
            return;
        }
        std::string body;
        codec::json_writer w(body);
        write_simulation(w, *v);
        to.json(v->ended_at ? 200 : unfinished, std::move(body));
    };
}

}  // namespace

void start_simulation(context& c, const call& q, reply to) {
    auto body = read_object(q, false);
    if (!body) {
        to.fail(body.error());
        return;
    }
    parameter_reader p(q);
    const milliseconds wait = p.seconds("wait_s", limits::longest_wait);
    field_reader f(body->root());
    simulation_wish wish;
    wish.tasks = static_cast<std::uint32_t>(f.integer("tasks", 1, most_tasks).value_or(wish.tasks));
    wish.workers =
        static_cast<std::uint32_t>(f.integer("workers", 1, most_workers).value_or(wish.workers));
    wish.duration = f.seconds("seconds", longest_task).value_or(wish.duration);
    wish.priorities =
        static_cast<std::int32_t>(f.integer("priorities", 1, 5).value_or(wish.priorities));
    if (!f.ok() || !p.ok()) {
        to.fail(f.ok() ? p.error() : f.error());
        return;
    }
    c.simulations->start(wish, wait, answer_with(to, 202));
}

void get_simulation(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const milliseconds wait = p.seconds("wait_s", limits::longest_wait);
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.simulations->look(q.named(0), wait, answer_with(to, 200));
}

}  // namespace kwq::rest
