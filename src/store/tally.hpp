// tally: a few numbers out of very many, by slot, that join with those of another tally: slots that
// are in one of them alone stay as they are. For counters with distributions, which mostly hold a
// dozen numbers of several hundred that they might hold.
//
// Joining is associative and its result always the same bytes, so that it does not matter who joins
// what first.
#pragma once

#include "store/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kwq::store {

/// What two numbers of one slot become.
enum class joining : std::uint8_t {
    sum = 0,  // none where it is zero
    greatest = 1,
    least = 2,
    lately = 3,  // the sum; of these slots only the last kept_lately stay, counted from the last
};
inline constexpr std::uint64_t kept_lately = 13;

struct tallied {
    std::uint64_t slot = 0;
    joining how = joining::sum;
    std::int64_t number = 0;
};

/// Slots ascend, those of `lately` last.
class tally_writer {
public:
    explicit tally_writer(std::string& out) : bytes_(out) {}  // appends

    void put(const tallied& t) {
        if (t.how == joining::sum && t.number == 0) {
            return;
        }
        const auto index = t.slot << 2U | static_cast<std::uint64_t>(t.how);
        bytes_.number(index - last_);
        bytes_.signed_number(t.number);
        last_ = index;
    }

private:
    byte_writer bytes_;
    std::uint64_t last_ = 0;
};

class tally_reader {
public:
    explicit tally_reader(std::string_view bytes) : bytes_(bytes) { next(); }

    bool at_end() const { return at_end_; }
    const tallied& now() const { return now_; }
    void next() {
        at_end_ = bytes_.at_end();
        if (!at_end_) {
            index_ += bytes_.number();
            now_ = {index_ >> 2U, static_cast<joining>(index_ & 3U), bytes_.signed_number()};
        }
    }
    std::uint64_t index() const { return index_; }

private:
    byte_reader bytes_;
    std::uint64_t index_ = 0;
    tallied now_;
    bool at_end_ = false;
};

/// Appends what the two together are.
void join_tallies(std::string_view left, std::string_view right, std::string& out);

}  // namespace kwq::store
