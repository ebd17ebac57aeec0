#include "tracker/keys.hpp"

#include "store/kv.hpp"

#include <algorithm>

namespace kwq::tracker {

bool is_looked_up(std::string_view key) {
    return !key.starts_with("L") && !key.starts_with("Gx");
}

}  // namespace kwq::tracker

namespace kwq::tracker::keys {

namespace {

using store::append_text;
using store::append_u32;
using store::append_u64;

std::string table(std::string_view prefix) {
    return std::string(prefix);
}

void append_shard(std::string& key, model::shard_id s) {
    append_u32(key, static_cast<std::uint32_t>(s.value()));
}

void append_lane(std::string& key, const row_place& p) {
    append_shard(key, p.shard);
    append_text(key, p.record.queue.value());
    append_u32(key, static_cast<std::uint32_t>(p.record.priority.value()));
}

void append_place(std::string& key, const row_place& p) {
    append_lane(key, p);
    append_u64(key, static_cast<std::uint64_t>(p.record.offset.value()));
}

std::string topic(std::string_view prefix, model::shard_id shard, const model::queue_name& queue,
                  model::priority p) {
    std::string key = table(prefix);
    append_shard(key, shard);
    append_text(key, queue.value());
    append_u32(key, static_cast<std::uint32_t>(p.value()));
    return key;
}

row_place take_place(std::string_view rest) {
    row_place p;
    p.shard = model::shard_id{static_cast<std::int32_t>(store::take_u32(rest))};
    p.record.queue = model::queue_name{std::string(store::take_text(rest))};
    p.record.priority = model::priority{static_cast<std::int32_t>(store::take_u32(rest))};
    p.record.offset = model::offset{static_cast<std::int64_t>(store::take_u64(rest))};
    return p;
}

std::string numbered(std::string_view prefix, name_number n) {
    std::string key = table(prefix);
    append_u32(key, n);
    return key;
}

std::string kind_table(char first, name_kind kind) {
    return {first, static_cast<char>(kind)};
}

}  // namespace

std::string totals() {
    return table("A");
}

std::string applied(std::string_view topic, std::int32_t partition) {
    std::string key = table("O");
    append_text(key, topic);
    append_u32(key, static_cast<std::uint32_t>(partition));
    return key;
}

std::string partitions() {
    return table("P");
}

std::string partition(model::shard_id shard) {
    std::string key = partitions();
    append_shard(key, shard);
    return key;
}

std::string commands(model::shard_id shard) {
    std::string key = table("C");
    append_shard(key, shard);
    return key;
}

std::string command(model::shard_id shard, model::offset at) {
    std::string key = commands(shard);
    append_u64(key, static_cast<std::uint64_t>(at.value()));
    return key;
}

std::string followings() {
    return table("F");
}

std::string following(model::shard_id shard, model::offset at) {
    std::string key = followings();
    append_shard(key, shard);
    append_u64(key, static_cast<std::uint64_t>(at.value()));
    return key;
}

std::string name(name_kind kind, std::string_view name) {
    std::string key = kind_table('N', kind);
    if (kind == name_kind::lane) {
        return key.append(name);  // no text, and all of them end as lanes do
    }
    append_text(key, name);
    return key;
}

std::string names(name_kind kind, std::string_view beginning) {
    return kind_table('N', kind).append(beginning);
}

std::string_view name_in(std::string_view key) {
    key.remove_prefix(2);
    return store::take_text(key);
}

std::string number(name_kind kind, name_number n) {
    return numbered(kind_table('n', kind), n);
}

std::string next_number(name_kind kind) {
    return kind_table('n', kind);
}

std::string overall() {
    return table("Go");
}

std::string job(name_number job) {
    return numbered("Gj", job);
}

std::string tag(name_number tag) {
    return numbered("Gt", tag);
}

std::string queues() {
    return table("Gq");
}

std::string queues(const model::queue_name& queue) {
    std::string key = queues();
    append_text(key, queue.value());
    return key;
}

std::string queue(const model::queue_name& queue, model::priority p) {
    std::string key = queues(queue);
    append_u32(key, static_cast<std::uint32_t>(p.value()));
    return key;
}

queue_priority queue_in(std::string_view key) {
    key.remove_prefix(2);
    queue_priority q;
    q.queue = model::queue_name{std::string(store::take_text(key))};
    q.priority = model::priority{static_cast<std::int32_t>(store::take_u32(key))};
    return q;
}

std::string job_tags(name_number job) {
    return numbered("Gx", job);
}

std::string job_tag(name_number job, name_number tag) {
    std::string key = job_tags(job);
    append_u32(key, tag);
    return key;
}

name_number tag_in_job_tag(std::string_view key) {
    key.remove_prefix(6);
    return store::take_u32(key);
}

std::string jobs_on_queue(const model::queue_name& queue) {
    std::string key = table("Q");
    append_text(key, queue.value());
    return key;
}

std::string job_on_queue(const model::queue_name& queue, name_number job) {
    std::string key = jobs_on_queue(queue);
    append_u32(key, job);
    return key;
}

name_number job_in_job_on_queue(std::string_view key) {
    key.remove_prefix(1);
    store::take_text(key);
    return store::take_u32(key);
}

std::string all_rows() {
    return table("R");
}

std::string row(const row_place& place) {
    std::string key = table("R");
    append_place(key, place);
    return key;
}

std::string lane(const row_place& place) {
    std::string key;
    append_lane(key, place);
    return key;
}

row_place place_in_lane(std::string_view lane) {
    std::string first(lane);
    append_u64(first, 0);
    return take_place(first);
}

std::string rows_of_queue(model::shard_id shard, const model::queue_name& queue) {
    std::string key = table("R");
    append_shard(key, shard);
    append_text(key, queue.value());
    return key;
}

std::string rows_of_topic(model::shard_id shard, const model::queue_name& queue,
                          model::priority p) {
    return topic("R", shard, queue, p);
}

std::string cursor(model::shard_id shard, const model::queue_name& queue, model::priority p) {
    return topic("H", shard, queue, p);
}

row_place place_in_row(std::string_view key) {
    key.remove_prefix(1);
    return take_place(key);
}

std::string all_ids() {
    return table("I");
}

std::string id(const model::task_id& id, model::shard_id shard) {
    std::string key = table("I");
    append_text(key, id.value());
    append_shard(key, shard);
    return key;
}

std::string all_lists() {
    return table("L");
}

std::string lists_of_job(name_number job) {
    return numbered("Lj", job);
}

std::string list_of_job(name_number job, model::task_state s) {
    std::string key = lists_of_job(job);
    store::append_u8(key, static_cast<std::uint8_t>(s));
    return key;
}

std::string list_of_tag(name_number tag) {
    return numbered("Lt", tag);
}

std::string list_of_worker(name_number worker) {
    return numbered("Lw", worker);
}

std::string list_of_error(error_fingerprint error) {
    std::string key = table("Le");
    append_u64(key, error.value());
    return key;
}

std::string list_of_state(model::task_state s, const model::queue_name& queue) {
    std::string key = table("Ls");
    store::append_u8(key, static_cast<std::uint8_t>(s));
    append_text(key, queue.value());
    return key;
}

std::string submit_order(instant submitted_at, const row_place& place) {
    std::string key;
    append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(submitted_at.value(), 0)));
    append_place(key, place);
    return key;
}

row_place place_in_submit_order(std::string_view rest) {
    store::take_u64(rest);
    return take_place(rest);
}

instant submitted_at_in_submit_order(std::string_view rest) {
    return instant{static_cast<std::int64_t>(store::take_u64(rest))};
}

std::string sweeps() {
    return table("S");
}

std::string sweep(std::string_view list) {
    return sweeps().append(list);
}

}  // namespace kwq::tracker::keys
