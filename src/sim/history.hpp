// What happened, as a hash (two runs of a seed must agree on it) and, when asked for, as lines: the
// newest are what a failure prints.
#pragma once

#include "base/clock.hpp"
#include "base/hash.hpp"

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kwq::sim {

/// A promise was broken. The run ends here.
class violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class history {
public:
    history(const clock& time, bool recording) : time_(time), recording_(recording) {}

    /// One thing that happened: it is counted, hashed, and kept as a line while recording.
    template <class... Details>
    void add(std::string_view what, const Details&... details) {
        ++events_;
        hash_ = hash64(what, hash_);
        (mix(details), ...);
        if (recording_) {
            std::string line(what);
            ((line += ' ', append(line, details)), ...);
            keep(std::move(line));
        }
    }
    /// A line that explains the ones before; no event of its own.
    void explain(std::string line) {
        if (recording_) {
            keep("    " + std::move(line));
        }
    }

    std::uint64_t events() const { return events_; }
    std::uint64_t hash() const { return hash_; }
    bool is_recording() const { return recording_; }
    void print_all() { print_all_ = true; }
    const std::deque<std::string>& newest() const { return lines_; }

private:
    void mix(std::string_view text) { hash_ = hash64(text, hash_); }
    void mix(std::int64_t number) {
        hash_ ^= static_cast<std::uint64_t>(number) + 0x9e3779b97f4a7c15ULL + (hash_ << 6U) +
                 (hash_ >> 2U);
    }
    static void append(std::string& line, std::string_view text) { line += text; }
    static void append(std::string& line, std::int64_t number) { line += std::to_string(number); }
    void keep(std::string line);

    const clock& time_;
    const bool recording_;
    bool print_all_ = false;
    std::uint64_t events_ = 0;
    std::uint64_t hash_ = 0;
    std::deque<std::string> lines_;
};

}  // namespace kwq::sim
