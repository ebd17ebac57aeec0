#include "rest/intake.hpp"

#include "codec/task_codec.hpp"
#include "rest/problems.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace kwq::rest {

using model::errc;

namespace {

/// Answers that come in from the log's threads, one for each group.
struct append_round {
    std::vector<placed_task> placed;
    std::atomic<std::size_t> groups_out{0};
    std::function<void(std::vector<placed_task>)> done;
};

struct task_group {
    std::vector<std::size_t> members;  // indices into the round
    std::vector<eventlog::new_record> records;
};

struct group_key {
    model::queue_name queue;
    model::priority priority;
    model::shard_id shard;
    auto operator<=>(const group_key&) const = default;
};

model::task_id new_id(context& c, const id_origin& from) {
    constexpr std::uint64_t tasks_a_run = 250;
    const auto shards = static_cast<std::uint64_t>(c.config.partitions);
    if (!from.run || shards == 1) {
        return c.ids.next();
    }
    const auto shard = static_cast<std::int32_t>((*from.run + from.index / tasks_a_run) % shards);
    return c.ids.next([&](const model::task_id& id) {
        return c.services.scheduler.shard_of(id).value() == shard;
    });
}

void note_outcome(append_round& round, const group_key& key,
                  const std::vector<std::size_t>& members,
                  const eventlog::result<model::offset>& outcome) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        placed_task& one = round.placed[members[i]];
        if (!outcome) {
            one.refused = from_log(outcome.error());
            continue;
        }
        const auto at = outcome->value() + static_cast<std::int64_t>(i);
        one.position = {
            .shard = key.shard,
            .status = false,
            .place = {.queue = key.queue, .priority = key.priority, .offset = model::offset{at}}};
    }
}

}  // namespace

model::result<void> fit_queue(context& c, model::task& t, bool* clamped) {
    const auto priorities = c.services.scheduler.priorities_of(t.queue);
    if (!priorities) {
        return model::error{errc::queue_unknown,
                            "there is no queue \"" + t.queue.value() + "\"; PUT /kwq/v1/queues/" +
                                t.queue.value() + " {\"priorities\": 9} makes it",
                            "/queue"};
    }
    const std::int32_t fits = std::clamp(t.priority.value(), 1, *priorities);
    *clamped = fits != t.priority.value();
    t.priority = model::priority{fits};
    return {};
}

model::result<prepared_task> prepare_task(context& c, model::task t, const id_origin& from) {
    prepared_task ready;
    if (const auto fits = fit_queue(c, t, &ready.clamped); !fits) {
        return fits.error();
    }
    if (t.id.value().empty()) {
        t.id = from.key.empty() ? new_id(c, from) : derived_id(from.key, from.index);
    }
    ready.json = codec::write_task(t);
    ready.id = std::move(t.id);
    ready.queue = std::move(t.queue);
    ready.priority = t.priority;
    return ready;
}

void append_tasks(context& c, std::vector<prepared_task> tasks,
                  std::function<void(std::vector<placed_task>)> done) {
    // Shared by the callbacks of the groups, which run on threads of the log; the last one answers.
    const auto round = std::make_shared<append_round>();
    round->done = std::move(done);
    std::map<group_key, task_group> groups;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        prepared_task& t = tasks[i];
        task_group& group = groups[{t.queue, t.priority, c.services.scheduler.shard_of(t.id)}];
        group.members.push_back(i);
        group.records.push_back({.key = t.id.value(), .value = std::move(t.json), .headers = {}});
        round->placed.push_back({.id = std::move(t.id),
                                 .priority = t.priority,
                                 .clamped = t.clamped,
                                 .position = {},
                                 .refused = {}});
    }
    round->groups_out = groups.size();
    if (groups.empty()) {
        round->done(std::move(round->placed));
        return;
    }
    for (auto& [key, group] : groups) {
        c.services.log.append({c.services.topics.tasks(key.queue, key.priority), key.shard.value()},
                              std::move(group.records), eventlog::durability::synced,
                              [round, key = key, members = std::move(group.members)](
                                  const eventlog::result<model::offset>& outcome) {
                                  note_outcome(*round, key, members, outcome);
                                  if (--round->groups_out == 0) {
                                      round->done(std::move(round->placed));
                                  }
                              });
    }
}

}  // namespace kwq::rest
