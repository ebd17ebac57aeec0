// The part of the runner that touches the lanes: topics of queues, reading tasks, follow-ups, and
// records set aside.
#include "base/hash.hpp"
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "scheduler/shard_runner.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kwq::scheduler {

namespace {

constexpr std::size_t lane_read_bytes = 1U << 20U;
constexpr milliseconds follow_retry{1'000};
constexpr std::size_t most_returned_ranges = 1'000;  // that are counted

}  // namespace

eventlog::topic_partition shard_runner::lane_partition(const lane_key& lane) const {
    return {deps_.topics.tasks(lane.queue, lane.topic), id_.value()};
}

std::vector<lane_depth> shard_runner::depths() const {
    // By where the records are: one that is served at another priority waits there, too.
    std::map<std::pair<model::queue_name, model::priority>, lane_depth> by_topic;
    for (const auto& key : shard_->is_owner() ? shard_->state().lanes() : std::vector<lane_key>()) {
        const auto range = deps_.log.range(lane_partition(key));
        if (!range) {
            continue;
        }
        auto& depth = by_topic[{key.queue, key.topic}];
        depth = {id_, key.queue, key.topic, range->end, depth.waiting};
        const auto count = [&depth](const offset_range& r) {
            depth.waiting +=
                std::max<std::int64_t>(0, std::min(r.last, depth.end).value() - r.first.value());
        };
        if (!key.is_moved()) {
            for (const auto& r : shard_->state().find_lane(key)->ahead.ranges()) {
                count(r);
            }
        }
        for (const auto& r : shard_->state().returned(key, offset{0}, most_returned_ranges)) {
            count(r);
        }
    }
    std::vector<lane_depth> all;
    all.reserve(by_topic.size());
    for (const auto& [topic, depth] : by_topic) {
        all.push_back(depth);
    }
    return all;
}

void shard_runner::add_queue(const model::queue_defined& q) {
    auto& known = queues_[q.queue];
    if (known >= q.priorities) {
        return;
    }
    for (std::int32_t p = known + 1; p <= q.priorities; ++p) {
        const lane_key lane{q.queue, model::priority{p}};
        const auto made =
            deps_.log.ensure_topic(deps_.topics.tasks(lane.queue, lane.topic), config_.partitions);
        if (!made) {
            die("cannot make the topics of queue " + q.queue.value() + ": " + made.error().detail);
            return;
        }
        const auto range = deps_.log.range(lane_partition(lane));
        shard_->on_lane_end(lane, range ? range->end : offset{0});
        watch_lane(lane);
    }
    known = q.priorities;
    if (deps_.queue_added) {
        deps_.queue_added(q.queue, q.priorities);
    }
}

void shard_runner::watch_lane(const lane_key& lane) {
    deps_.log.watch(lane_partition(lane), "scheduler",
                    [this, lane](const eventlog::partition_range& r) {
                        loop_.post([this, lane, end = r.end] {
                            auto& newest = lane_ends_[lane];
                            newest = std::max(newest, end);
                        });
                    });
}

void shard_runner::watch_status() {
    deps_.log.watch(status_, "scheduler", [this](const eventlog::partition_range& r) {
        loop_.post([this, r] {
            status_end_ = std::max(status_end_, r.end);
            durable_end_ = std::max(durable_end_, r.durable);
        });
    });
    deps_.log.watch(control_, "scheduler",
                    [this](const eventlog::partition_range&) { loop_.post([] {}); });
}

void shard_runner::perform_one(const read_lane& r) {
    const auto where = lane_partition(r.lane);
    const auto batch = deps_.log.read(where, r.from, lane_read_bytes);
    if (!batch && batch.error().code != eventlog::errc::trimmed) {
        die("cannot read " + where.topic + ": " + batch.error().detail);
        return;
    }
    std::vector<met_record> met;
    offset next = r.to;
    if (!batch) {
        const auto range = deps_.log.range(where);
        next = range ? std::clamp(range->first, r.from, r.to) : r.to;
        shard_->on_trimmed(r, next);
    } else {
        for (const auto& found : *batch) {
            if (found.offset >= r.to) {
                break;
            }
            next = offset{found.offset.value() + 1};
            const record place{r.lane.queue, r.lane.topic, found.offset};
            if (!shard_->wants(place)) {
                continue;
            }
            auto task = codec::read_stored_task(
                {where.topic, where.partition, place, found.timestamp, found.key, found.value});
            if (task) {
                // Shared with the answer that carries it to a worker, on another thread.
                met.push_back(
                    {place, std::make_shared<const model::stored_task>(std::move(*task))});
            } else {
                const auto& e = task.error();
                met.push_back({place, e.field.empty() ? e.detail : e.field + ": " + e.detail});
            }
        }
    }
    read_something_ = true;
    shard_->on_records(r, std::move(met), next, now());
}

std::vector<eventlog::log_need> shard_runner::log_needs() const {
    std::vector<eventlog::log_need> needs{{status_, std::max(committed_, offset{0})}};
    for (const auto& key : shard_->state().lanes()) {
        const auto head = shard_->state().find_lane(key)->ahead.next_range(offset{0});
        if (head && !key.is_moved()) {
            needs.push_back({lane_partition(key), head->first});
        }
    }
    return needs;
}

task_ptr shard_runner::read_task(const record& place) {
    const auto where = lane_partition(lane_of(place));
    const auto batch = deps_.log.read(where, place.offset, 1);
    if (!batch || batch->empty() || batch->front().offset != place.offset) {
        return nullptr;
    }
    const auto& found = batch->front();
    auto task = codec::read_stored_task(
        {where.topic, where.partition, place, found.timestamp, found.key, found.value});
    return task ? std::make_shared<const model::stored_task>(std::move(*task)) : nullptr;
}

void shard_runner::perform_one(const set_aside& s) {
    const auto where = lane_partition(lane_of(s.place));
    const auto batch = deps_.log.read(where, s.place.offset, 1);
    if (!batch || batch->empty()) {
        return;
    }
    const auto& bad = batch->front();
    eventlog::new_record copy{bad.key, bad.value, bad.headers};
    copy.headers.emplace_back("kwq-reason", s.reason);
    copy.headers.emplace_back("kwq-origin-topic", where.topic);
    copy.headers.emplace_back("kwq-origin-partition", std::to_string(where.partition));
    copy.headers.emplace_back("kwq-origin-offset", std::to_string(s.place.offset.value()));
    deps_.logger.log(observe::level::warn, "scheduler", "a record is set aside",
                     {{"topic", where.topic},
                      {"offset", std::to_string(s.place.offset.value())},
                      {"why", s.reason}});
    deps_.log.append(
        rejected_, {std::move(copy)}, eventlog::durability::ordered,
        [&logger = deps_.logger, place = to_string(s.place)](const eventlog::result<offset>& r) {
            if (!r) {  // it stays where it was: in its task topic
                logger.log(observe::level::warn, "scheduler",
                           "a record could not be copied to kwq-rejected",
                           {{"record", place}, {"why", r.error().detail}});
            }
        });
}

void shard_runner::perform_one(const append_follow_ups& f) {
    const auto batch = deps_.log.read(status_, f.of, 1);
    auto e = batch && !batch->empty() ? codec::read_event(batch->front().value)
                                      : codec::decoded<model::event>(codec::decode_error{});
    const auto* done = e ? std::get_if<model::complete>(&e->body) : nullptr;
    if (done == nullptr) {
        die("the completion at " + std::to_string(f.of.value()) + " of " + status_.topic +
            " cannot be read");
        return;
    }
    append_tasks(f.of, done->then);
}

void shard_runner::append_tasks(offset of, std::vector<model::task> tasks) {
    struct outcome {
        std::size_t left = 0;
        bool failed = false;
    };
    std::map<topic_partition, std::vector<eventlog::new_record>> by_topic;
    for (auto& t : tasks) {
        const auto queue = queues_.find(t.queue);
        const auto n = queue == queues_.end() ? 0 : queue->second;
        topic_partition where = rejected_;
        eventlog::new_record r{t.id.value(), {}, {}};
        if (n > 0) {
            t.priority = model::priority{std::clamp(t.priority.value(), 1, n)};
            where = {deps_.topics.tasks(t.queue, t.priority),
                     murmur2_partition(t.id.value(), config_.partitions)};
        } else {
            r.headers.emplace_back("kwq-reason", "follow-up of an unknown queue");
        }
        r.value = codec::write_task(t);
        by_topic[where].push_back(std::move(r));
    }
    // Counted down on the shard's thread by every topic's callback.
    const auto state = std::make_shared<outcome>();
    state->left = by_topic.size();
    for (auto& [where, records] : by_topic) {
        deps_.log.append(where, std::move(records), eventlog::durability::synced,
                         [this, of, state](const eventlog::result<offset>& r) {
                             loop_.post([this, of, state, ok = r.has_value()] {
                                 state->failed = state->failed || !ok;
                                 if (--state->left > 0) {
                                     return;
                                 }
                                 if (state->failed) {
                                     follow_again_.emplace_back(
                                         deps_.time.monotonic() + follow_retry, of);
                                 } else {
                                     shard_->on_followed(of, now());
                                 }
                             });
                         });
    }
}

void shard_runner::append_report(const lease_report& r, callback<result<settle_status>> done) {
    const auto judged = shard_->judge_report(r);
    const auto* body = std::get_if<model::event_body>(&judged);
    if (body == nullptr) {
        // Only an owner has surely read to the end: a lease that is not known may be a new one.
        const auto status = std::get<settle_status>(judged);
        if (status == settle_status::already) {
            done(status);
        } else {
            done(model::error{model::errc::not_owner, "the lease's owner cannot be asked", ""});
        }
        return;
    }
    const model::event e{now().at, std::nullopt, *body};
    deps_.log.append(
        status_, {{codec::event_key(e), codec::write_event(e), {}}}, eventlog::durability::synced,
        [done](const eventlog::result<offset>& at) {
            if (at) {
                done(settle_status::accepted);
            } else {
                done(model::error{model::errc::outcome_unknown, at.error().detail, ""});
            }
        });
}

void shard_runner::retry_follow_ups() {
    const auto time = deps_.time.monotonic();
    while (!follow_again_.empty() && follow_again_.front().first <= time) {
        shard_->on_not_followed(follow_again_.front().second);
        follow_again_.erase(follow_again_.begin());
    }
}

}  // namespace kwq::scheduler
