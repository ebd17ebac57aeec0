#include "rest/steering.hpp"

#include "rest/limits.hpp"

#include <algorithm>

namespace kwq::rest {

model::result<pause_wish> read_pause(const context& c, const call& q) {
    auto body = read_object(q, true);
    if (!body) {
        return body.error();
    }
    parameter_reader p(q);
    field_reader f(body->root());
    auto length = f.seconds("for_s", limits::longest_pause);
    if (!length) {
        length = p.optional_seconds("for_s", limits::longest_pause);
    }
    pause_wish wish;
    wish.reason = f.text("reason", 1'000);
    if (wish.reason.empty()) {
        wish.reason = p.text("reason", 1'000);
    }
    if (!f.ok() || !p.ok()) {
        return f.ok() ? p.error() : f.error();
    }
    if (length) {
        wish.until = c.now() + *length;
    }
    return wish;
}

scheduler::callback<model::result<scheduler::command_receipt>> answer_steered(
    context& c, const reply& to, std::uint64_t affected) {
    return c.loop.then<model::result<scheduler::command_receipt>>(
        [&c, to, affected](const model::result<scheduler::command_receipt>& receipt) {
            if (!receipt) {
                to.fail(receipt.error());
                return;
            }
            std::string body;
            codec::json_writer w(body);
            write_steered(w, {.affected = affected,
                              .control_offset = receipt->control_offset,
                              .position = c.status_ends()});
            to.json(200, std::move(body));
        });
}

namespace {

void add_ends(context& c, const model::queue_name& queue, std::int32_t priority,
              std::vector<std::vector<model::topic_end>>& ends) {
    const std::string topic = c.services.topics.tasks(queue, model::priority{priority});
    for (std::size_t shard = 0; shard < ends.size(); ++shard) {
        const auto range = c.services.log.range({topic, static_cast<std::int32_t>(shard)});
        if (range && range->end.value() > 0) {
            ends[shard].push_back(
                {.queue = queue, .priority = model::priority{priority}, .end = range->end});
        }
    }
}

}  // namespace

std::vector<std::vector<model::topic_end>> ends_of_queue(context& c,
                                                         const model::queue_name& queue) {
    std::vector<std::vector<model::topic_end>> ends(static_cast<std::size_t>(c.config.partitions));
    const std::int32_t priorities = c.services.scheduler.priorities_of(queue).value_or(0);
    for (std::int32_t p = 1; p <= priorities; ++p) {
        add_ends(c, queue, p, ends);
    }
    return ends;
}

void ends_of_all(context& c, std::function<void(std::vector<std::vector<model::topic_end>>)> done) {
    c.services.scheduler.queues(c.loop.then<std::vector<scheduler::queue_info>>(
        [&c, done = std::move(done)](const std::vector<scheduler::queue_info>& queues) {
            std::vector<std::vector<model::topic_end>> ends(
                static_cast<std::size_t>(c.config.partitions));
            for (const scheduler::queue_info& q : queues) {
                for (std::int32_t p = 1; p <= q.priorities; ++p) {
                    add_ends(c, q.queue, p, ends);
                }
            }
            done(std::move(ends));
        }));
}

namespace {

std::uint64_t sum_of(const tracker::state_counts& counts,
                     std::initializer_list<model::task_state> states) {
    std::int64_t sum = 0;
    for (const model::task_state s : states) {
        sum += counts.at(static_cast<std::size_t>(s));
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

}  // namespace

std::uint64_t waiting(const tracker::state_counts& counts) {
    return sum_of(counts, {model::task_state::scheduled, model::task_state::pending});
}

std::uint64_t unfinished(const tracker::state_counts& counts) {
    return waiting(counts) +
           sum_of(counts, {model::task_state::allocated, model::task_state::running});
}

}  // namespace kwq::rest
