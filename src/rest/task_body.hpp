// task_body: a task's record as it stands in the log: what the tracker does not keep.
#pragma once

#include "rest/context.hpp"

#include <optional>

namespace kwq::rest {

/// Which shard a task is in: by its id, or by what an id derived from its place says.
model::shard_id shard_of_task(const context& c, const model::task_id& id);

/// Nothing when the record was trimmed or is another task's.
std::optional<model::stored_task> read_task_body(const context& c, const model::task_id& id,
                                                 const model::record& place);

}  // namespace kwq::rest
