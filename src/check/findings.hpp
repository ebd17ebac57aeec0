// findings: how often each rule was looked at, and where it was broken. Keeps the first few
// violations in the order they were found, and counts the rest.
#pragma once

#include "check/rules.hpp"
#include "model/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::check {

/// Where in the inputs: a record of a topic, or a line of the history.
struct location {
    std::string topic;  // empty: a line of the history, or the end of the log
    std::int32_t partition = 0;
    std::int64_t at = -1;  // offset, or line from 1; -1: no one record
};

struct violation {
    rule broken = rule::lost_task;
    location where;
    std::string event;     // its type, or the operation's name
    std::string sentence;  // what is wrong, for people
};

class findings {
public:
    static constexpr std::size_t most_kept = 20;

    void checked(rule r, std::uint64_t times = 1) { checks_[index(r)] += times; }
    void broken(violation v);

    bool clean() const { return total_ == 0; }
    std::uint64_t total() const { return total_; }
    std::uint64_t checks(rule r) const { return checks_[index(r)]; }
    std::uint64_t breaks(rule r) const { return breaks_[index(r)]; }
    const std::vector<violation>& first_ones() const { return kept_; }

private:
    static std::size_t index(rule r) { return static_cast<std::size_t>(r); }

    std::array<std::uint64_t, rule_count> checks_{};
    std::array<std::uint64_t, rule_count> breaks_{};
    std::uint64_t total_ = 0;
    std::vector<violation> kept_;
};

/// `kwq-status 0@17`, `line 4 of the history`.
std::string to_string(const location& where);

}  // namespace kwq::check
