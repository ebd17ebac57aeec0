#include "memory_log.hpp"

namespace kwq::tracker {

using eventlog::errc;
using eventlog::log_error;
using eventlog::log_record;
using eventlog::topic_partition;

eventlog::partition_range memory_log::range_of(const partition& p) {
    const auto end = static_cast<std::int64_t>(p.records.size());
    return {model::offset{0}, model::offset{end}, model::offset{p.durable}};
}

memory_log::partition* memory_log::find(const topic_partition& where) {
    const auto found = partitions_.find(where);
    return found == partitions_.end() ? nullptr : &found->second;
}

void memory_log::hold_durable(bool hold) {
    const std::lock_guard lock(mutex_);
    held_ = hold;
}

void memory_log::make_durable() {
    const std::lock_guard lock(mutex_);
    for (auto& [where, p] : partitions_) {
        p.durable = static_cast<std::int64_t>(p.records.size());
        if (p.watcher) {
            p.watcher(range_of(p));
        }
    }
}

void memory_log::replace(const topic_partition& where, std::int64_t offset, std::string value) {
    const std::lock_guard lock(mutex_);
    partitions_.at(where).records.at(static_cast<std::size_t>(offset)).value = std::move(value);
}

void memory_log::cut(const topic_partition& where, std::int64_t from) {
    const std::lock_guard lock(mutex_);
    auto& p = partitions_.at(where);
    p.records.resize(static_cast<std::size_t>(from));
    p.durable = std::min(p.durable, from);
}

void memory_log::put(const topic_partition& where, std::string key, std::string value, instant at) {
    const std::lock_guard lock(mutex_);
    auto& p = partitions_.at(where);
    const model::offset next{static_cast<std::int64_t>(p.records.size())};
    p.records.push_back(log_record{next, at, std::move(key), std::move(value), {}});
    if (!held_) {
        p.durable = static_cast<std::int64_t>(p.records.size());
    }
    if (p.watcher) {
        p.watcher(range_of(p));
    }
}

eventlog::result<void> memory_log::ensure_topic(const std::string& topic, std::int32_t partitions) {
    const std::lock_guard lock(mutex_);
    for (std::int32_t i = 0; i < partitions; ++i) {
        partitions_[{topic, i}];
    }
    return {};
}

void memory_log::append(const topic_partition& where, std::vector<eventlog::new_record> batch,
                        eventlog::durability, append_callback done) {
    const auto first = range(where).value().end;
    for (auto& r : batch) {
        put(where, std::move(r.key), std::move(r.value), instant{0});
    }
    done(first);
}

eventlog::result<std::vector<log_record>> memory_log::read(const topic_partition& where,
                                                           model::offset from,
                                                           std::size_t max_bytes) {
    const std::lock_guard lock(mutex_);
    std::vector<log_record> out;
    std::size_t bytes = 0;
    const auto& records = partitions_.at(where).records;
    for (auto i = static_cast<std::size_t>(from.value()); i < records.size(); ++i) {
        bytes += records[i].value.size();
        if (!out.empty() && bytes > max_bytes) {
            break;
        }
        out.push_back(records[i]);
    }
    return out;
}

eventlog::result<eventlog::partition_range> memory_log::range(const topic_partition& where) {
    const std::lock_guard lock(mutex_);
    const auto* p = find(where);
    if (p == nullptr) {
        return log_error{errc::topic_unknown, where.topic};
    }
    return range_of(*p);
}

eventlog::result<void> memory_log::trim(const topic_partition&, model::offset) {
    return {};
}

void memory_log::watch(const topic_partition& where, const std::string&, watch_callback on_move) {
    const std::lock_guard lock(mutex_);
    auto& p = partitions_.at(where);
    p.watcher = std::move(on_move);
    if (p.watcher) {
        p.watcher(range_of(p));
    }
}

eventlog::result<void> memory_log::flush() {
    make_durable();
    return {};
}

}  // namespace kwq::tracker
