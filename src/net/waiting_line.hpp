// waiting_line: requests that let others go first. While a thread has nothing better to do they are
// served in the order they came. When more come than can be served the line stands: it has not been
// empty for a while, which is shorter while answers come. Then whoever has waited for more than a
// moment is turned away, so that those who are served were not kept waiting, and the time goes into
// requests that can still be answered in time (the idea is CoDel's, Nichols and Jacobson 2012). It
// goes on to stand until nobody has waited for more than a moment for longer than those who are
// turned away are held: under overload it is empty until they are back.
//
// Only so many are being answered at once, so that what lies behind this thread is no long line
// either. How many follows from how long their answers take (as TCP Vegas has it, Brakmo and
// Peterson 1995): where more at once only makes each take longer, fewer are let in; where they
// share one wait for the disk, more are. A line that stands lets in fewer: what goes through to the
// end needs the processor too. Pure, one thread.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace kwq::net {

class waiting_line {
public:
    /// Called once, with whether it is served or turned away.
    using turn = std::function<void(bool served)>;

    void join(turn t, mono_time now);
    /// Turns away who waited too long, a bounded number, and serves the next one.
    void advance(mono_time now);
    /// One that was served at `since` has its answer.
    void leave(mono_time since, mono_time now);
    bool empty() const { return line_.empty(); }
    /// advance() can do something.
    bool moves(mono_time now);

    /// How many may be being answered at once now.
    std::size_t room() const { return room_; }

    static constexpr std::size_t least_room = 8;
    static constexpr std::size_t least_room_when_standing = 3;
    static constexpr std::size_t first_room = 32;
    static constexpr std::size_t most_room = 512;

private:
    struct waiting {
        turn go;
        mono_time since;
    };
    milliseconds longest() const;
    void look(mono_time now);
    void adjust(mono_time now);

    std::deque<waiting> line_;
    std::size_t served_ = 0;
    std::size_t room_ = first_room;
    // since the last adjustment
    mono_time adjusted_{};
    std::size_t answered_ = 0;
    milliseconds answer_time_{0};  // of all of them together
    bool was_full_ = false;
    double calm_ms_ = 0;  // an answer takes when there are few; 0: not known yet
    mono_time not_empty_since_{};
    mono_time left_{};       // the newest answer
    milliseconds moved_{0};  // since it was empty: time in which answers came
    mono_time last_wait_{};  // for more than a moment
    bool stands_ = false;
};

}  // namespace kwq::net
