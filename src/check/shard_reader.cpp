#include "check/shard_reader.hpp"

#include "base/hash.hpp"
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kwq::check {

namespace {

using eventlog::errc;
using eventlog::log_error;
using eventlog::topic_partition;

constexpr std::size_t read_bytes = 4U << 20U;

std::size_t place_of_state(model::task_state s) {
    return static_cast<std::size_t>(s);
}

std::size_t state_of(const task_line& t) {
    switch (t.where) {
        case whereabouts::ahead:
        case whereabouts::pending: return place_of_state(model::task_state::pending);
        case whereabouts::scheduled: return place_of_state(model::task_state::scheduled);
        case whereabouts::leased:
            return place_of_state(t.running ? model::task_state::running
                                            : model::task_state::allocated);
        case whereabouts::dead: return place_of_state(model::task_state::error);
        case whereabouts::complete: return place_of_state(model::task_state::complete);
        default: return place_of_state(model::task_state::cancelled);
    }
}

}  // namespace

std::optional<lane_name> parse_lane(const std::string& prefix, const std::string& topic) {
    const std::string begin = prefix + "-";
    const auto dash = topic.rfind('-');
    if (!topic.starts_with(begin) || dash <= begin.size()) {
        return std::nullopt;
    }
    std::int32_t priority = 0;
    const char* const end = topic.data() + topic.size();
    const auto parsed = std::from_chars(topic.data() + dash + 1, end, priority);
    const auto queue = topic.substr(begin.size(), dash - begin.size());
    if (parsed.ec != std::errc() || parsed.ptr != end || priority < 1 ||
        !model::valid_queue(queue)) {
        return std::nullopt;
    }
    return lane_name{model::queue_name{queue}, model::priority{priority}};
}

shard_reader::shard_reader(record_source& source, const check_options& options,
                           check_report& report)
    : source_(source), options_(options), report_(report) {}

bool shard_reader::has(const std::string& topic) const {
    return std::any_of(topics_.begin(), topics_.end(),
                       [&](const topic_shape& t) { return t.name == topic; });
}

eventlog::result<void> shard_reader::list_topics() {
    auto topics = source_.topics();
    if (topics.has_error()) {
        return topics.error();
    }
    topics_ = std::move(*topics);
    report_.topics = topics_.size();
    for (const auto& t : topics_) {
        if (t.name == options_.prefix + "-status") {
            shards_ = t.partitions;
        }
    }
    if (shards_ == 0) {
        return log_error{errc::topic_unknown,
                         "there is no topic " + options_.prefix + "-status in this log"};
    }
    return {};
}

eventlog::result<void> shard_reader::for_each(const topic_partition& where, const visit& one) {
    const auto range = source_.range(where);
    if (range.has_error()) {
        return range.error();
    }
    auto next = range->first;
    const auto spoilt = [&](const std::string& why) {
        report_.found.broken(
            {rule::one_log, {where.topic, where.partition, next.value()}, "record", why});
    };
    while (next < range->end) {
        const auto batch = source_.read(where, next, read_bytes);
        if (batch.has_error()) {
            spoilt(batch.error().detail);
            return {};
        }
        if (batch->empty()) {
            spoilt("the records from here on are missing");
            return {};
        }
        for (const auto& r : *batch) {
            report_.found.checked(rule::one_log);
            if (r.offset != next) {
                spoilt("the record is missing");
                return {};
            }
            ++report_.records;
            one(r);
            next = model::offset{next.value() + 1};
        }
    }
    return {};
}

eventlog::result<void> shard_reader::read_controls() {
    const topic_partition where{options_.prefix + "-control", 0};
    if (!has(where.topic)) {
        return {};
    }
    return for_each(where, [&](const eventlog::log_record& r) {
        ++report_.controls;
        auto c = codec::read_control(r.value);
        if (c.has_error()) {
            ++report_.unreadable_events;
        } else if (auto* command = std::get_if<model::command>(&c->body)) {
            commands_.emplace_back(r.offset, std::move(*command));
        }
    });
}

eventlog::result<void> shard_reader::read_rejected() {
    const std::string topic = options_.prefix + "-rejected";
    for (const auto& t : topics_) {
        for (std::int32_t p = 0; t.name == topic && p < t.partitions; ++p) {
            const auto done = for_each({topic, p}, [&](const eventlog::log_record& r) {
                rejected_ids_.insert(hash_of(model::task_id{r.key}));
            });
            if (done.has_error()) {
                return done.error();
            }
        }
    }
    return {};
}

eventlog::result<std::unique_ptr<checked_shard>> shard_reader::read_shard(std::int32_t number) {
    auto shard = std::make_unique<checked_shard>();
    shard->number = number;
    for (const auto& t : topics_) {
        const auto name = parse_lane(options_.prefix, t.name);
        if (!name || number >= t.partitions) {
            continue;
        }
        if (const auto done = read_lane(*shard, *name, t.name); done.has_error()) {
            return done.error();
        }
    }
    const auto events = source_.range({options_.prefix + "-status", number});
    if (events.has_error()) {
        return events.error();
    }
    if (options_.history != nullptr && events->first > model::offset{0}) {
        return log_error{errc::trimmed, "the first " + std::to_string(events->first.value()) +
                                            " events have been trimmed: a history can be compared "
                                            "only with a log that is whole (log-trim = off)"};
    }
    report_.trimmed_events += static_cast<std::uint64_t>(events->first.value());
    shard->fold = std::make_unique<refold>(
        refold::options{options_.prefix + "-status", number, options_.history != nullptr,
                        events->first.value()},
        shard->table, commands_, report_.found);
    if (const auto done = read_events(*shard); done.has_error()) {
        return done.error();
    }
    shard->fold->finish();
    check_follow_ups(*shard);
    count(*shard);
    return shard;
}

eventlog::result<void> shard_reader::read_lane(checked_shard& shard, const lane_name& name,
                                               const std::string& topic) {
    const topic_partition where{topic, shard.number};
    const auto range = source_.range(where);
    if (range.has_error()) {
        return range.error();
    }
    lane l{.queue = name.queue, .priority = name.priority, .topic = topic};
    l.first = range->first.value();
    l.end = range->end.value();
    auto& added = shard.table.add_lane(std::move(l));
    return for_each(where, [&](const eventlog::log_record& r) { read_task(shard, added, r); });
}

void shard_reader::read_task(checked_shard& shard, lane& l, const eventlog::log_record& r) {
    auto& row = shard.table.at(l, r.offset.value());
    row.there = true;
    const auto task = codec::read_stored_task({.topic = l.topic,
                                               .partition = shard.number,
                                               .place = {l.queue, l.priority, r.offset},
                                               .timestamp = r.timestamp,
                                               .key = r.key,
                                               .value = r.value});
    if (task.has_error()) {
        return;
    }
    const auto& body = task->body;
    row.readable = true;
    row.id = hash_of(body.id);
    row.submitted_at = task->submitted_at.value();
    row.job = shard.table.intern_job(body.job);
    row.limits = shard.table.intern_limits(body.limits);
    row.tags = checksum_of(body.tags);
    row.payload = crc32c(body.payload);
    if (body.not_before || body.expires_at) {
        row.timed = true;
        shard.table.times_of(row) = {body.not_before, body.expires_at};
    }
}

eventlog::result<void> shard_reader::read_events(checked_shard& shard) {
    const topic_partition where{options_.prefix + "-status", shard.number};
    return for_each(where, [&](const eventlog::log_record& r) { read_event(shard, r); });
}

void shard_reader::read_event(checked_shard& shard, const eventlog::log_record& r) {
    auto e = codec::read_event(r.value);
    report_.found.checked(rule::unreadable_event);
    if (e) {
        shard.fold->apply({r.offset, std::move(*e)});
        return;
    }
    ++report_.unreadable_events;
    if (e.error().what == codec::decode_failure::unknown_version) {
        report_.found.broken({rule::unreadable_event,
                              {options_.prefix + "-status", shard.number, r.offset.value()},
                              "?",
                              "it is of a version that this program does not know"});
    }
}

/// Follow-ups that were said to be submitted are there.
void shard_reader::check_follow_ups(const checked_shard& shard) {
    auto missing = shard.fold->expected_follow_ups();
    report_.found.checked(rule::lost_task, missing.size());
    for (const auto& row : shard.table.rows()) {
        if (missing.empty()) {
            return;
        }
        missing.erase(row.id);
    }
    for (const auto& [id, of] : missing) {
        if (rejected_ids_.count(id) == 0) {
            report_.found.broken(
                {rule::lost_task,
                 {options_.prefix + "-status", shard.number, of},
                 "complete",
                 "a follow-up of it was never submitted, though all are said to be"});
        }
    }
}

void shard_reader::count(const checked_shard& shard) {
    const auto& fold = *shard.fold;
    report_.events += fold.events();
    report_.accepted += fold.verdicts(why_void::none);
    report_.unfollowed += fold.unfollowed();
    for (int i = 1; i < why_void_count; ++i) {
        const auto why = static_cast<why_void>(i);
        const std::string word(to_string(why));
        const auto known = std::find_if(report_.voids.begin(), report_.voids.end(),
                                        [&](const auto& v) { return v.first == word; });
        if (known != report_.voids.end()) {
            known->second += fold.verdicts(why);
        } else if (fold.verdicts(why) > 0) {
            report_.voids.emplace_back(word, fold.verdicts(why));
        }
    }
    std::vector<state_counts> by_job(shard.table.jobs().size());
    for (const auto& row : shard.table.rows()) {
        if (!row.there) {
            continue;
        }
        if (row.where == whereabouts::dropped) {
            ++report_.duplicates;
        } else if (!row.readable) {
            ++report_.set_aside;
        } else {
            ++report_.tasks;
            ++report_.states[state_of(row)];
            ++by_job[row.job][state_of(row)];
        }
    }
    for (std::size_t job = 0; job < by_job.size(); ++job) {
        auto& counts = report_.jobs[shard.table.jobs()[job].value()];
        for (std::size_t s = 0; s < counts.size(); ++s) {
            counts[s] += by_job[job][s];
        }
    }
}

}  // namespace kwq::check
