// The part of the Kafka log that knows its topics: opening them, and what is kept of each.
#include "base/assert.hpp"
#include "eventlog/kafka/the_log.hpp"

#include <algorithm>

namespace kwq::eventlog::kafka {

namespace {

// Memory for the newest records: for each partition, and for all together.
constexpr std::size_t max_recent_bytes = 2U << 20U;
constexpr std::size_t min_recent_bytes = 64U << 10U;
constexpr std::size_t all_recent_bytes = 12U << 20U;

log_error unknown_topic(const topic_partition& where) {
    return {errc::topic_unknown, "there is no partition " + std::to_string(where.partition) +
                                     " of topic " + where.topic};
}

log_error wrong_number(const std::string& topic, std::size_t there, std::int32_t wanted) {
    return {errc::topic_mismatch, "topic " + topic + " has " + std::to_string(there) +
                                      " partitions, not " + std::to_string(wanted)};
}

}  // namespace

topic_views* kafka_log::find_open(const std::string& name) {
    const std::shared_lock lock(views_mutex_);
    const auto known = views_.find(name);
    return known == views_.end() ? nullptr : known->second.get();
}

/// Null when there is no such topic.
result<topic_views*> kafka_log::find_topic(const std::string& name) {
    if (auto* const known = find_open(name)) {
        return known;
    }
    const auto facts = topics_.find(name);
    if (!facts) {
        return facts.error();
    }
    return *facts ? open_topic(name, **facts) : static_cast<topic_views*>(nullptr);
}

result<topic_views*> kafka_log::open_topic(const std::string& name, const topic_facts& facts) {
    const std::lock_guard one_at_a_time(open_mutex_);
    if (auto* const known = find_open(name)) {
        return known;
    }
    const auto ends = topics_.all_ends(name, facts.partitions);
    if (!ends) {
        return ends.error();
    }
    auto views = std::make_unique<topic_views>();
    for (std::int32_t p = 0; p < facts.partitions; ++p) {
        views->push_back(std::make_unique<partition_view>(
            topic_partition{name, p}, (*ends)[static_cast<std::size_t>(p)], counters_.read_back));
    }
    auto* const opened = views.get();
    const std::lock_guard tail_lock(tail_mutex_);
    {
        const std::unique_lock lock(views_mutex_);
        views_.emplace(name, std::move(views));
        share_memory();
    }
    tail_->follow(name, *opened);
    return opened;
}

void kafka_log::share_memory() {
    std::size_t partitions = 1;
    for (const auto& [name, views] : views_) {
        partitions += views->size();
    }
    tail_shared_.recent_limit =
        std::clamp(all_recent_bytes / partitions, min_recent_bytes, max_recent_bytes);
}

result<partition_view*> kafka_log::find(const topic_partition& where) {
    const auto views = find_topic(where.topic);
    if (!views) {
        return views.error();
    }
    if (*views == nullptr || where.partition < 0 ||
        static_cast<std::size_t>(where.partition) >= (*views)->size()) {
        return unknown_topic(where);
    }
    return (**views)[static_cast<std::size_t>(where.partition)].get();
}

result<void> kafka_log::ensure_topic(const std::string& name, std::int32_t partitions) {
    KWQ_ASSERT(partitions > 0);
    if (auto* const known = find_checked(name)) {
        return known->size() == static_cast<std::size_t>(partitions)
                   ? result<void>()
                   : wrong_number(name, known->size(), partitions);
    }
    const auto found = topics_.find(name);
    if (!found) {
        return found.error();
    }
    // Another broker than the one that made it may not have heard of it yet: not asked again.
    const auto facts = *found ? result<topic_facts>(**found) : topics_.create(name, partitions);
    if (!facts) {
        return facts.error();
    }
    if (facts->partitions != partitions) {
        return wrong_number(name, static_cast<std::size_t>(facts->partitions), partitions);
    }
    if (const auto safe = topics_.check(name, *facts); !safe) {
        return safe.error();
    }
    if (const auto opened = open_topic(name, *facts); !opened) {
        return opened.error();
    }
    const std::unique_lock lock(views_mutex_);
    checked_.insert(name);
    return {};
}

/// Null until ensure_topic() has looked at it once.
topic_views* kafka_log::find_checked(const std::string& name) {
    const std::shared_lock lock(views_mutex_);
    return checked_.count(name) > 0 ? views_.find(name)->second.get() : nullptr;
}

std::vector<partition_view*> kafka_log::all_views() {
    const std::shared_lock lock(views_mutex_);
    std::vector<partition_view*> all;
    for (const auto& [name, views] : views_) {
        for (const auto& view : *views) {
            all.push_back(view.get());
        }
    }
    return all;
}

}  // namespace kwq::eventlog::kafka
