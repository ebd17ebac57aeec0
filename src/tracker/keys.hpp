// keys: where each thing lies in the tracker's key-value state. The first byte names the table.
//
//   A  totals                          O  topic, partition -> applied offset and a checksum
//   P  shard -> facts of the partition C  shard, offset -> a command in force
//   N  kind, name -> number            n  kind, number -> name
//   G  kind, numbers -> counters       Q  queue, job -> nothing: which jobs were on a queue
//   R  shard, record -> row            I  id, shard -> record
//   L  list, what, time, block of offsets -> tasks: task_lists.cpp; of a job: with their tags
//   M  job, block -> states of its tasks      J  job, block -> where they are
//   E  error groups: error_groups.cpp         K  list, number -> value: top_lists.cpp
//   T  resolution, queue, time -> what happened   U  queue -> nothing: series.cpp
//   D  how far retention has looked, and when the last task that it let go had ended
//   W  shard, status offset -> a place where the log may begin: watermarks.cpp
//   H  topic partition -> the scheduler's cursor in it
//   S  list -> how far a sweep of it is
//
// Rows and lists grow at their ends; only the id index is written in random order.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "model/task.hpp"
#include "tracker/error_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kwq::tracker {

/// A task's place among all shards.
struct row_place {
    model::shard_id shard;
    model::record record;
    friend bool operator==(const row_place&, const row_place&) = default;
    friend auto operator<=>(const row_place&, const row_place&) = default;
};

enum class name_kind : char { job = 'j', tag = 't', worker = 'w', lane = 'l' };
/// A job's, tag's, worker's or topic partition's number within this state; names are long and
/// counted often.
using name_number = std::uint32_t;
inline constexpr name_number no_name = 0xffffffff;

/// Most keys are of lists and of counters of a job's tags, and nobody asks for one of those that
/// may not be there. Another answer is another layout of the state: filters of files that are there
/// already would hide keys.
bool is_looked_up(std::string_view key);

namespace keys {

std::string totals();
std::string applied(std::string_view topic, std::int32_t partition);
std::string partition(model::shard_id shard);
std::string partitions();  // prefix
std::string command(model::shard_id shard, model::offset at);
std::string commands(model::shard_id shard);  // prefix
std::string following(model::shard_id shard, model::offset at);
std::string followings();  // prefix

std::string name(name_kind kind, std::string_view name);
/// Prefix of all names that begin so.
std::string names(name_kind kind, std::string_view beginning);
std::string_view name_in(std::string_view key);
std::string number(name_kind kind, name_number n);
std::string next_number(name_kind kind);

std::string overall();
std::string job(name_number job);
std::string tag(name_number tag);
std::string queue(const model::queue_name& queue, model::priority p);
std::string queues();                                // prefix
std::string queues(const model::queue_name& queue);  // prefix: its priorities
struct queue_priority {
    model::queue_name queue;
    model::priority priority;
};
queue_priority queue_in(std::string_view key);
std::string job_tag(name_number job, name_number tag);
std::string job_tags(name_number job);  // prefix
name_number tag_in_job_tag(std::string_view key);

std::string job_on_queue(const model::queue_name& queue, name_number job);
std::string jobs_on_queue(const model::queue_name& queue);  // prefix
name_number job_in_job_on_queue(std::string_view key);

std::string row(const row_place& place);
/// The name of the place's topic partition: of all of a submit order but the time and the offset.
std::string lane(const row_place& place);
row_place place_in_lane(std::string_view lane);  // of its first record
std::string all_rows();                          // prefix
std::string rows_of_queue(model::shard_id shard, const model::queue_name& queue);  // prefix
std::string rows_of_topic(model::shard_id shard, const model::queue_name& queue,
                          model::priority p);  // prefix
row_place place_in_row(std::string_view key);
std::string cursor(model::shard_id shard, const model::queue_name& queue, model::priority p);

std::string all_ids();  // prefix
std::string id(const model::task_id& id, model::shard_id shard);

/// Lists: of a state in a job, of a state in a queue, of a tag, of the worker of the last attempt,
/// of an error group. Each task is on one list of the first two kinds.
std::string all_lists();                    // prefix
std::string lists_of_job(name_number job);  // prefix
std::string list_of_job(name_number job, model::task_state s);
std::string list_of_tag(name_number tag);
std::string list_of_worker(name_number worker);
std::string list_of_error(error_fingerprint error);
std::string list_of_state(model::task_state s, const model::queue_name& queue);
/// What lists are in order of, whoever reads them.
std::string submit_order(instant submitted_at, const row_place& place);
row_place place_in_submit_order(std::string_view rest);
instant submitted_at_in_submit_order(std::string_view rest);

std::string sweep(std::string_view list);
std::string sweeps();  // prefix

}  // namespace keys

}  // namespace kwq::tracker
