#include "tracker/list_merge.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kwq::tracker {

namespace {

constexpr std::size_t keys_in_memory = 2'048;  // of all lists together, roughly
constexpr std::size_t least_at_once = 4;

}  // namespace

list_merge::list_merge(task_lists& lists_of_tasks, std::vector<std::string> lists,
                       std::string after, bool newest_first)
    : tasks_(lists_of_tasks),
      newest_first_(newest_first),
      at_once_(std::max(least_at_once, keys_in_memory / std::max<std::size_t>(lists.size(), 1))) {
    for (auto& list : lists) {
        sources_.push_back({std::move(list), {}, after});
    }
    for (std::size_t n = 0; n < sources_.size(); ++n) {
        show(n);
    }
}

std::optional<std::string> list_merge::next() {
    if (heads_.empty()) {
        return std::nullopt;
    }
    auto head = heads_.extract(newest_first_ ? std::prev(heads_.end()) : heads_.begin());
    show(head.mapped());
    return std::move(head.key());
}

void list_merge::show(std::size_t n) {
    auto& ahead = sources_[n].ahead;
    if (ahead.empty()) {
        fill(n);
    }
    if (!ahead.empty()) {
        heads_.emplace(std::move(ahead.front()), n);
        ahead.pop_front();
    }
}

void list_merge::fill(std::size_t n) {
    source& s = sources_[n];
    const auto visit = [&](std::string_view order, std::string_view) {
        s.ahead.emplace_back(order);
        return s.ahead.size() < at_once_;
    };
    if (newest_first_) {
        tasks_.walk_back(s.list, s.last, visit);
    } else {
        // A NUL more than the last one: the first after it.
        tasks_.walk(s.list, s.last.empty() ? s.last : s.last + '\0', visit);
    }
    if (!s.ahead.empty()) {
        s.last = s.ahead.back();
    }
}

}  // namespace kwq::tracker
