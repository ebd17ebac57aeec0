#include "scheduler/shard_keys.hpp"

#include "store/kv.hpp"

namespace kwq::scheduler::keys {

namespace {

/// Of moved tasks: their topic in the upper half, which is 0 otherwise. Priorities are small.
void append_lane(std::string& key, const lane_key& k) {
    store::append_text(key, k.queue.value());
    const auto level = static_cast<std::uint32_t>(k.level.value());
    const auto topic = k.is_moved() ? static_cast<std::uint32_t>(k.topic.value()) : 0U;
    store::append_u32(key, level | topic << 16U);
}

void append_record(std::string& key, const record& r) {
    append_lane(key, lane_of(r));
    store::append_u64(key, static_cast<std::uint64_t>(r.offset.value()));
}

std::string with_offset(char table, offset at) {
    std::string key(1, table);
    store::append_u64(key, static_cast<std::uint64_t>(at.value()));
    return key;
}

std::string with_record(char table, const record& place) {
    std::string key;
    key.reserve(place.queue.value().size() + 16);
    key.push_back(table);
    append_record(key, place);
    return key;
}

std::string with_text(char table, std::string_view text) {
    std::string key(1, table);
    store::append_text(key, text);
    return key;
}

}  // namespace

std::string lane(const lane_key& k) {
    std::string key(1, 'a');
    append_lane(key, k);
    return key;
}

std::string control(offset at) {
    return with_offset('c', at);
}

std::string due(instant at, const record& place) {
    std::string key(1, 'd');
    store::append_u64(key, static_cast<std::uint64_t>(at.value()));
    append_record(key, place);
    return key;
}

std::string unfollowed(offset at) {
    return with_offset('f', at);
}

std::string id(const model::task_id& id) {
    return "i" + id.value();
}

std::string lease(const record& place) {
    return with_record('l', place);
}

std::string parked_prefix(const model::job_name& job) {
    return with_text('p', job.value());
}

std::string parked(const model::job_name& job, const lane_key& k) {
    std::string key = parked_prefix(job);
    append_lane(key, k);
    return key;
}

std::string returned(const lane_key& k) {
    std::string key(1, 'r');
    append_lane(key, k);
    return key;
}

std::string row(const record& place) {
    return with_record('t', place);
}

std::string dead_prefix(const model::job_name& job) {
    return with_text('x', job.value());
}

std::string dead(const model::job_name& job, offset since, const record& place) {
    std::string key = dead_prefix(job);
    store::append_u64(key, static_cast<std::uint64_t>(since.value()));
    append_record(key, place);
    return key;
}

lane_key take_lane(std::string_view& key) {
    model::queue_name queue{std::string(store::take_text(key))};
    const auto both = store::take_u32(key);
    const model::priority level{static_cast<std::int32_t>(both & 0xffffU)};
    const model::priority topic{static_cast<std::int32_t>(both >> 16U)};
    return {std::move(queue), level, topic == model::priority{0} ? level : topic};
}

record take_record(std::string_view& key) {
    auto lane = take_lane(key);
    const auto o = static_cast<std::int64_t>(store::take_u64(key));
    return {std::move(lane.queue), lane.topic, offset{o}};
}

}  // namespace kwq::scheduler::keys
