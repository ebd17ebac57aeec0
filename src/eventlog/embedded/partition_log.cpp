// One partition's ends and newest records, under its mutex.
#include "eventlog/embedded/partition_log.hpp"

#include <algorithm>

namespace kwq::eventlog {

partition_log::partition_log(partition_key at, const partition_range& range, bool reserve)
    : where(at), uses_reserve(reserve), next(range.end), watermark(offset{-1}), range_(range) {}

partition_range partition_log::range() const {
    const std::lock_guard lock(mutex_);
    return range_;
}

void partition_log::publish(std::vector<log_record> records, std::size_t recent_limit) {
    const std::lock_guard lock(mutex_);
    range_.end = offset{records.back().offset.value() + 1};
    recent_.add(std::move(records), recent_limit);
}

void partition_log::now_durable(offset below) {
    const std::lock_guard lock(mutex_);
    range_.durable = std::max(range_.durable, below);
}

void partition_log::now_first(offset first) {
    const std::lock_guard lock(mutex_);
    range_.first = std::max(range_.first, first);
}

std::vector<recent_records::block> partition_log::recent(offset from, std::size_t max_bytes) const {
    const std::lock_guard lock(mutex_);
    return recent_.from(from, max_bytes);
}

void partition_log::call_watchers() {
    watching.call_all([this] { return range(); });
}

void partition_log::call_watcher(const std::string& name) {
    watching.call(name, [this] { return range(); });
}

}  // namespace kwq::eventlog
