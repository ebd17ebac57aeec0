#include "rest/task_body.hpp"

#include "codec/task_codec.hpp"

#include <charconv>
#include <string_view>

namespace kwq::rest {

namespace {

/// The partition in `<topic>-<partition>-<offset>`, which ids of records without an id are.
std::optional<std::int32_t> derived_partition(const context& c, std::string_view id) {
    const std::string& prefix = c.services.topics.prefix;
    const std::size_t last = id.rfind('-');
    if (!id.starts_with(prefix) || last == std::string_view::npos || last == 0) {
        return std::nullopt;
    }
    const std::size_t before = id.rfind('-', last - 1);
    if (before == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view text = id.substr(before + 1, last - before - 1);
    std::int32_t partition = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), partition);
    if (problem != std::errc{} || end != text.data() + text.size() || partition < 0 ||
        partition >= c.config.partitions) {
        return std::nullopt;
    }
    return partition;
}

std::optional<model::stored_task> read_in(const context& c, model::shard_id shard,
                                          const model::task_id& id, const model::record& place) {
    const std::string topic = c.services.topics.tasks(place.queue, place.priority);
    const auto records = c.services.log.read({topic, shard.value()}, place.offset, 1);
    if (!records || records->empty() || records->front().offset != place.offset) {
        return std::nullopt;
    }
    const eventlog::log_record& r = records->front();
    auto stored = codec::read_stored_task({.topic = topic,
                                           .partition = shard.value(),
                                           .place = place,
                                           .timestamp = r.timestamp,
                                           .key = r.key,
                                           .value = r.value});
    if (!stored || stored->body.id != id) {
        return std::nullopt;
    }
    return std::move(*stored);
}

}  // namespace

model::shard_id shard_of_task(const context& c, const model::task_id& id) {
    if (const auto partition = derived_partition(c, id.value())) {
        return model::shard_id{*partition};
    }
    return c.services.scheduler.shard_of(id);
}

std::optional<model::stored_task> read_task_body(const context& c, const model::task_id& id,
                                                 const model::record& place) {
    const model::shard_id likely = shard_of_task(c, id);
    if (auto found = read_in(c, likely, id, place)) {
        return found;
    }
    // A foreign producer may have chosen another partition than the id's.
    for (std::int32_t shard = 0; shard < c.config.partitions; ++shard) {
        if (shard != likely.value()) {
            if (auto found = read_in(c, model::shard_id{shard}, id, place)) {
                return found;
            }
        }
    }
    return std::nullopt;
}

}  // namespace kwq::rest
