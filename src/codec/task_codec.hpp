// task <-> JSON: the form on the topics and in the API, which are the same. Steps to change it:
// docs/event-log.md, "Changing a format".
#pragma once

#include "codec/json.hpp"
#include "model/error.hpp"
#include "model/task.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kwq::codec {

inline constexpr std::size_t max_payload_bytes = 1U << 20U;
inline constexpr std::size_t max_task_bytes = 1'572'864;  // 1.5 MiB: one task as JSON
inline constexpr std::size_t max_tags = 32;
inline constexpr std::size_t max_affinity = 16;
inline constexpr std::size_t max_meta_entries = 32;
inline constexpr std::size_t max_meta_bytes = 8'192;  // names and values together

/// Reads a submitted task: one JSON object that needs only `payload`. Unknown fields are ignored, a
/// null is as good as a field left out (but for `payload`), a tag given twice counts once. Reserved
/// fields (tenant, gang, array, after) and a `v` other than 1 are errc::not_supported; a bad field
/// is named by a JSON pointer ("/lease_s"), a bad name is errc::bad_id. The priority is not clamped
/// here: the queue knows its N. The id may stay empty.
model::result<model::task> read_task(const json_value& object);
model::result<model::task> read_task(std::string_view json);

/// Reads an array of tasks, as `then` holds them; pointers begin with the index ("/3/lease_s").
model::result<std::vector<model::task>> read_tasks(std::string_view json, std::size_t most);

/// The top-level members to name as opaque when a document with tasks is parsed by the caller.
inline constexpr std::string_view opaque_task_fields[] = {"payload"};

/// Writes every field that differs from its default, `v` and `payload` always, in fixed order with
/// the payload last. read_task(write_task(t)) == t.
void write_task(json_writer& w, const model::task& t);
std::string write_task(const model::task& t);

/// A record of a task topic -> the task as the scheduler sees it: the topic is queue and priority,
/// the id is the `id` field, else the key if that is a valid id, else
/// `<topic>-<partition>-<offset>`.
struct task_record_source {
    std::string_view topic;
    std::int32_t partition = 0;
    model::record place;
    instant timestamp;
    std::string_view key;
    std::string_view value;
};
model::result<model::stored_task> read_stored_task(const task_record_source& source);

}  // namespace kwq::codec
