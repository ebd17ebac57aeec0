#include "store/tally.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kwq::store {

namespace {

std::int64_t joined(joining how, std::int64_t a, std::int64_t b) {
    switch (how) {
        case joining::greatest: return std::max(a, b);
        case joining::least: return std::min(a, b);
        case joining::sum:
        case joining::lately: break;
    }
    return a + b;
}

/// Both, slot by slot.
class joined_reader {
public:
    joined_reader(std::string_view left, std::string_view right) : left_(left), right_(right) {}

    bool at_end() const { return left_.at_end() && right_.at_end(); }
    tallied take() {
        const bool from_left =
            right_.at_end() || (!left_.at_end() && left_.index() <= right_.index());
        const bool from_right =
            left_.at_end() || (!right_.at_end() && right_.index() <= left_.index());
        tallied t = from_left ? left_.now() : right_.now();
        if (from_left && from_right) {
            t.number = joined(t.how, t.number, right_.now().number);
        }
        if (from_left) {
            left_.next();
        }
        if (from_right) {
            right_.next();
        }
        return t;
    }

private:
    tally_reader left_, right_;
};

}  // namespace

void join_tallies(std::string_view left, std::string_view right, std::string& out) {
    tally_writer write(out);
    std::array<tallied, kept_lately> lately;  // the newest, round and round
    std::size_t seen = 0;
    for (joined_reader both(left, right); !both.at_end();) {
        const auto t = both.take();
        if (t.how == joining::lately) {
            lately[seen++ % lately.size()] = t;
        } else {
            write.put(t);
        }
    }
    if (seen == 0) {
        return;
    }
    const auto last = lately[(seen - 1) % lately.size()].slot;
    for (auto n = seen - std::min(seen, lately.size()); n < seen; ++n) {
        if (const auto& t = lately[n % lately.size()]; t.slot + kept_lately > last) {
            write.put(t);
        }
    }
}

}  // namespace kwq::store
