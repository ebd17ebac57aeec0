// watermarks: from which places on the events of a shard are all that is needed. A log that is
// trimmed begins with a horizon event that says what was before it (model::horizon). Each one is a
// place where the log may begin some day, and is noted here with where the task topics ended then:
// the events before it name records below those ends and no others. It passes three stages:
//
//   tasks    until no record below the ends is there any more: their tasks ended and were let go
//   ids      until every id that those tasks had is forgotten
//   copies   until the records that came meanwhile are gone too: some may have been dropped as
//            duplicates of those tasks, and without their events would be taken for tasks
//
// Then nothing that is there, or may come, depends on an event before it. So the log is kept for
// about twice as long as tasks, or their ids, are.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "store/kv.hpp"
#include "tracker/views.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace kwq::tracker {

/// Offsets in the task topics of one shard, by queue and priority.
using lane_offsets = std::map<std::pair<model::queue_name, model::priority>, model::offset>;

struct watermark {
    trim_stage stage = trim_stage::tasks;
    lane_offsets ends;          // the records below must be gone for the next stage
    instant latest_end{0};      // ids: of the tasks; none of them ended later
    model::offset followed{0};  // copies: the follow-ups of completions before it must be there
};

/// How it is with a shard now.
struct trim_facts {
    const lane_offsets& firsts;  // the oldest records that the log has
    const lane_offsets& ends;    // where it ends
    model::offset status_end{0};
    instant latest_end{0};                      // no task that was let go ended later
    instant horizon{0};                         // ids settled before it are forgotten
    std::optional<model::offset> unfollowed{};  // oldest completion that waits for its follow-ups
};

/// Moves on by as many stages as the facts allow; true when it moved.
bool move_on(watermark& w, const trim_facts& now);

/// The watermarks of all shards, in the tracker's state. At most `most_watermarks` of a shard: when
/// there are more, every other one goes.
class watermarks {
public:
    static constexpr std::size_t most_watermarks = 64;

    explicit watermarks(store::kv& state) : state_(state) { reload(); }
    void reload();

    /// A place where the log may begin, and where the task topics end.
    void note(model::shard_id shard, model::offset at, const lane_offsets& ends);
    /// True when something changed.
    bool advance(model::shard_id shard, const trim_facts& now);
    /// The newest place before which no event is needed.
    std::optional<model::offset> free_below(model::shard_id shard) const;
    /// What the oldest watermark that is not free waits for; nothing when there is none.
    std::optional<trim_stage> waits_for(model::shard_id shard) const;
    /// The log begins here now.
    void trimmed(model::shard_id shard, model::offset first);

private:
    using of_shard = std::map<model::offset, watermark>;

    void put(model::shard_id shard, model::offset at, const watermark& w);
    void erase(model::shard_id shard, model::offset at);
    void thin(model::shard_id shard);

    store::kv& state_;
    std::map<model::shard_id, of_shard> all_;
};

}  // namespace kwq::tracker
