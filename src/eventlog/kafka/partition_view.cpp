// One partition as it is known here.
#include "eventlog/kafka/partition_view.hpp"

#include <algorithm>
#include <utility>

namespace kwq::eventlog::kafka {

partition_view::partition_view(topic_partition at, const partition_range& range, timed& read_back)
    : where(std::move(at)), read_back_(read_back), range_(range) {}

partition_range partition_view::range() const {
    const std::lock_guard lock(mutex_);
    return range_;
}

std::optional<std::vector<log_record>> partition_view::recent(offset from,
                                                              std::size_t max_bytes) const {
    std::vector<recent_records::block> blocks;
    {
        const std::lock_guard lock(mutex_);
        blocks = recent_.from(from, max_bytes);
    }
    if (blocks.empty()) {
        return std::nullopt;
    }
    return copy_from(blocks, from, max_bytes);
}

void partition_view::now_first(offset first) {
    const std::lock_guard lock(mutex_);
    range_.first = std::max(range_.first, first);
}

void partition_view::publish(std::vector<log_record> records, std::size_t recent_limit) {
    const std::lock_guard lock(mutex_);
    range_.end = offset{records.back().offset.value() + 1};
    range_.durable = range_.end;  // a record is read only when all in-sync replicas have it
    recent_.add(std::move(records), recent_limit);
}

void partition_view::answer_read() {
    const auto end = range().end;
    while (!unread_.empty() && unread_.front().last < end) {
        const auto read = std::move(unread_.front());
        unread_.pop_front();
        read_back_.observe(read.since);
        read.done(read.first);
    }
}

void partition_view::answer_when_read(offset first, offset last, event_log::append_callback done) {
    if (last < range().end) {
        done(first);
    } else {
        // tidy: words, because whole milliseconds are too coarse for what takes less than one
        unread_.push_back({first, last, std::move(done), mono_clock::now()});
    }
}

std::vector<event_log::append_callback> partition_view::take_unanswered() {
    std::vector<event_log::append_callback> all;
    all.reserve(unread_.size());
    for (auto& a : unread_) {
        all.push_back(std::move(a.done));
    }
    unread_.clear();
    return all;
}

void partition_view::call_watchers() {
    watching.call_all([this] { return range(); });
}

void partition_view::call_watcher(const std::string& name) {
    watching.call(name, [this] { return range(); });
}

}  // namespace kwq::eventlog::kafka
