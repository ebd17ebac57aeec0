// held_answers: answers to clients who were turned away, kept back for a while, so that one that
// does not heed Retry-After costs next to nothing. Each is kept for another span: those who were
// turned away together do not come back together. Pure, one thread.
#pragma once

#include "base/clock.hpp"

#include <functional>
#include <map>
#include <random>

namespace kwq::net {

class held_answers {
public:
    static constexpr milliseconds shortest{250};
    static constexpr milliseconds longest{750};

    void hold(std::function<void()> go, mono_time now);
    /// Calls those whose time has come; they may hold others.
    void release(mono_time now);
    bool empty() const { return held_.empty(); }

private:
    std::multimap<mono_time, std::function<void()>> held_;
    std::minstd_rand spread_;
};

}  // namespace kwq::net
