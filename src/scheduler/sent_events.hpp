// sent_events: what a shard has appended and not read back yet. An event comes back as the bytes
// that were sent, nearly always the next of them: then it need not be parsed again.
#pragma once

#include "model/event.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kwq::scheduler {

class sent_events {
public:
    /// `value` is the record that `e` was written as.
    void add(std::string value, model::event e) {
        sent_.push_back({std::move(value), std::move(e)});
    }
    /// The oldest, if these are its bytes; somebody else's records come between.
    std::optional<model::event> take(std::string_view value) {
        if (sent_.empty() || sent_.front().value != value) {
            return std::nullopt;
        }
        std::optional<model::event> e(std::move(sent_.front().event));
        sent_.pop_front();
        return e;
    }
    /// They may never come: an append has failed.
    void clear() { sent_.clear(); }

private:
    struct sent {
        std::string value;
        model::event event;
    };
    std::deque<sent> sent_;
};

}  // namespace kwq::scheduler
