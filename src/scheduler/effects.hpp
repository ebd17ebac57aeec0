// effects: what the core wants done, as values. The runner performs them in order; a new kind does
// not compile until somebody performs it.
#pragma once

#include "model/error.hpp"
#include "model/event.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/shard_state.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kwq::scheduler {

/// Names a caller that waits for one event's verdict. 0: nobody.
using request_id = std::uint64_t;

/// Append this event to the shard's status partition. All of one step go in one append, in order.
struct emit {
    model::event event;
    bool synced = false;  // an answer waits for it to be durable
    friend bool operator==(const emit&, const emit&) = default;
};

/// Answer this poll once the log is durable beyond `after`: what it settled must not be lost.
struct answer_poll {
    poll_ticket ticket = 0;
    poll_answer answer;
    offset after{-1};
};

/// Answer this request: at once when `after` is -1, else when the log is durable beyond it.
struct reply {
    request_id request = 0;
    settle_status status = settle_status::ok;
    model::verdict verdict;
    offset after{-1};
};

/// Read records of the lane from here, and bring them by on_records(). Stop at `to`.
struct read_lane {
    lane_key lane;
    offset from;
    offset to;
    bool returned = false;  // a range that came back, not the head
};

/// Put the record at `place` into kwq-rejected with this reason.
struct set_aside {
    record place;
    std::string reason;
};

/// Append the follow-ups of the completion at this status offset, then call on_followed().
struct append_follow_ups {
    offset of;
};

/// The control record at this offset has taken effect here.
struct control_done {
    offset control_offset;
};

using effect =
    std::variant<emit, answer_poll, reply, read_lane, set_aside, append_follow_ups, control_done>;

}  // namespace kwq::scheduler
