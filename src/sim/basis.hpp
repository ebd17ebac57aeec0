// basis: what a process had read when it appended. Its allocations are judged by that: nobody can
// prefer a task that he has not heard of.
#pragma once

#include "eventlog/simulated/simulated_log.hpp"
#include "model/ids.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace kwq::sim {

struct basis {
    model::offset status{0};         // read up to here (exclusive) in this turn
    model::offset status_before{0};  // … and up to here in the turns before
    model::offset control{0};
    std::vector<model::offset> ends;          // of topics, by number, as it was told
    std::vector<model::offset> ends_in_turn;  // of topics, when the turn began
    std::vector<model::offset> ends_before;   // and in the turn before
    bool in_order = true;                     // none of its appends failed since its claim
    std::uint64_t disk_failures = 0;          // when its oldest append without an answer was made
};

/// The bases of the allocations of a run; records carry their number in a header that nobody else
/// looks at.
class bases {
public:
    explicit bases(const eventlog::simulated_log& log) : log_(log) {}

    /// Appends that failed until now: what stands behind a failed one in the log was decided by
    /// somebody who could not know that.
    std::uint64_t disk_failures() const {
        return log_.faults_struck().full + log_.faults_struck().unknown;
    }

    static constexpr const char* header = "sim-basis";

    std::size_t number_of(const std::string& topic) {
        return numbers_.try_emplace(topic, numbers_.size()).first->second;
    }
    std::size_t note(const basis& b) {
        noted_.push_back(b);
        return noted_.size() - 1;
    }
    const basis& at(std::size_t n) const { return noted_.at(n); }

private:
    const eventlog::simulated_log& log_;
    std::map<std::string, std::size_t> numbers_;
    std::vector<basis> noted_;
};

}  // namespace kwq::sim
