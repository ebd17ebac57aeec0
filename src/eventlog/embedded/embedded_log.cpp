// The embedded log's calls: topics and reads here, writing in commit_pipeline, RocksDB in
// log_storage.
#include "eventlog/embedded/embedded_log.hpp"

#include "base/assert.hpp"
#include "eventlog/embedded/commit_pipeline.hpp"
#include "eventlog/embedded/log_storage.hpp"
#include "eventlog/embedded/partition_log.hpp"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

namespace kwq::eventlog {

namespace {

// Memory for the newest records: for each partition, and for all together.
constexpr std::size_t max_recent_bytes = 2U << 20U;
constexpr std::size_t min_recent_bytes = 64U << 10U;
constexpr std::size_t all_recent_bytes = 16U << 20U;

log_error unknown_topic(const topic_partition& where) {
    return {errc::topic_unknown, "there is no partition " + std::to_string(where.partition) +
                                     " of topic " + where.topic};
}

log_error too_large(std::size_t bytes) {
    return {errc::too_large, "a record of " + std::to_string(bytes) + " bytes is above the limit"};
}

class embedded_log final : public event_log {
public:
    explicit embedded_log(const embedded_config& config)
        : time_(config.time),
          may_use_reserve_(config.may_use_reserve.begin(), config.may_use_reserve.end()),
          storage_(
              open_log_storage({config.directory, config.env,
                                [this](const std::string& why) { note_background_error(why); }})
                  .value()) {
        for (const auto& stored : storage_->topics().value()) {
            recover(stored);
        }
        pipeline_ =
            std::make_unique<commit_pipeline>(pipeline_config{.directory = config.directory,
                                                              .reserve_bytes = config.reserve_bytes,
                                                              .on_stop = config.on_stop},
                                              time_, *storage_);
        share_memory();
        const std::lock_guard lock(background_mutex_);
        if (!background_error_.empty()) {
            throw log_failure({errc::cannot_open, background_error_});
        }
        background_open_ = true;
    }

    ~embedded_log() override {
        {
            const std::lock_guard lock(background_mutex_);
            background_open_ = false;
        }
        pipeline_.reset();
    }

    result<void> ensure_topic(const std::string& name, std::int32_t partitions) override;
    void append(const topic_partition& where, std::vector<new_record> batch, durability how,
                append_callback done) override;
    result<std::vector<log_record>> read(const topic_partition& where, offset from,
                                         std::size_t max_bytes) override;
    result<partition_range> range(const topic_partition& where) override;
    result<void> trim(const topic_partition& where, offset before) override;
    void watch(const topic_partition& where, const std::string& name,
               watch_callback on_move) override;
    result<void> flush() override;

private:
    using topic = std::vector<std::unique_ptr<partition_log>>;

    void recover(const stored_topic& stored);
    void share_memory();
    partition_log* find(const topic_partition& where) const;
    void note_background_error(const std::string& why);

    const clock& time_;
    const std::set<std::string> may_use_reserve_;
    // RocksDB's own threads may report before the pipeline is there and while it goes.
    std::mutex background_mutex_;
    bool background_open_ = false;
    std::string background_error_;
    std::unique_ptr<log_storage> storage_;
    mutable std::shared_mutex topics_mutex_;
    std::map<std::string, topic>
        topics_;  // under topics_mutex_; partitions live as long as the log
    std::uint32_t last_topic_ = 0;
    std::mutex trim_mutex_;
    std::unique_ptr<commit_pipeline> pipeline_;
};

void embedded_log::recover(const stored_topic& stored) {
    topic partitions;
    const bool uses_reserve = may_use_reserve_.count(stored.name) > 0;
    for (std::int32_t p = 0; p < stored.partitions; ++p) {
        const partition_key where{stored.number, static_cast<std::uint32_t>(p)};
        partitions.push_back(
            std::make_unique<partition_log>(where, storage_->recover(where).value(), uses_reserve));
    }
    topics_.emplace(stored.name, std::move(partitions));
    last_topic_ = std::max(last_topic_, stored.number);
}

void embedded_log::share_memory() {
    std::size_t partitions = 1;
    for (const auto& [name, t] : topics_) {
        partitions += t.size();
    }
    pipeline_->set_recent_limit(
        std::clamp(all_recent_bytes / partitions, min_recent_bytes, max_recent_bytes));
}

partition_log* embedded_log::find(const topic_partition& where) const {
    const std::shared_lock lock(topics_mutex_);
    const auto t = topics_.find(where.topic);
    if (t == topics_.end() || where.partition < 0 ||
        static_cast<std::size_t>(where.partition) >= t->second.size()) {
        return nullptr;
    }
    return t->second[static_cast<std::size_t>(where.partition)].get();
}

void embedded_log::note_background_error(const std::string& why) {
    const std::lock_guard lock(background_mutex_);
    if (background_open_) {
        pipeline_->fail_later("the event log cannot write in the background: " + why);
    } else {
        background_error_ = why;
    }
}

result<void> embedded_log::ensure_topic(const std::string& name, std::int32_t partitions) {
    KWQ_ASSERT(partitions > 0);
    const std::unique_lock lock(topics_mutex_);
    if (const auto known = topics_.find(name); known != topics_.end()) {
        if (known->second.size() == static_cast<std::size_t>(partitions)) {
            return {};
        }
        return log_error{errc::topic_mismatch,
                         "topic " + name + " has " + std::to_string(known->second.size()) +
                             " partitions, not " + std::to_string(partitions)};
    }
    if (pipeline_->stopped()) {
        return log_error{errc::stopped, "the event log has stopped"};
    }
    const stored_topic created{name, last_topic_ + 1, partitions};
    if (auto failed = storage_->add_topic(created)) {
        pipeline_->fail("the event log cannot write: " + *failed);
        return log_error{errc::unknown, *failed};
    }
    recover(created);
    share_memory();
    return {};
}

void embedded_log::append(const topic_partition& where, std::vector<new_record> batch,
                          durability how, append_callback done) {
    KWQ_ASSERT(!batch.empty());
    auto* const to = find(where);
    if (to == nullptr) {
        pipeline_->refuse(std::move(done), unknown_topic(where));
        return;
    }
    std::size_t bytes = 0;
    for (const auto& r : batch) {
        if (size_of(r) > max_record_bytes) {
            pipeline_->refuse(std::move(done), too_large(size_of(r)));
            return;
        }
        bytes += size_of(r) + sizeof(log_record);
    }
    if (const auto refused = pipeline_->admit(bytes)) {
        pipeline_->refuse(std::move(done), *refused);
        return;
    }
    pending_append a{.to = to, .bytes = bytes, .how = how, .done = std::move(done)};
    const auto now = time_.wall();
    for (auto& r : batch) {
        const auto timestamp = r.timestamp.value_or(now);
        a.rows.push_back(encode_unsealed(r, timestamp));
        a.records.push_back({.offset = {},
                             .timestamp = timestamp,
                             .key = std::move(r.key),
                             .value = std::move(r.value),
                             .headers = std::move(r.headers)});
    }
    pipeline_->append(std::move(a));
}

result<std::vector<log_record>> embedded_log::read(const topic_partition& where, offset from,
                                                   std::size_t max_bytes) {
    auto* const at = find(where);
    if (at == nullptr) {
        return unknown_topic(where);
    }
    const auto range = at->range();
    const log_error trimmed{errc::trimmed, "offset " + std::to_string(from.value()) +
                                               " has been trimmed from " + where.topic};
    if (from < range.first) {
        return trimmed;
    }
    if (from >= range.end) {
        return std::vector<log_record>{};
    }
    if (const auto blocks = at->recent(from, max_bytes); !blocks.empty()) {
        return copy_from(blocks, from, max_bytes);
    }
    auto found = storage_->read(at->where, from, range.end, max_bytes);
    if (found.has_error() && from < at->range().first) {
        return trimmed;  // while we read
    }
    return found;
}

result<partition_range> embedded_log::range(const topic_partition& where) {
    auto* const at = find(where);
    if (at == nullptr) {
        return unknown_topic(where);
    }
    return at->range();
}

result<void> embedded_log::trim(const topic_partition& where, offset before) {
    auto* const at = find(where);
    if (at == nullptr) {
        return unknown_topic(where);
    }
    const std::lock_guard lock(trim_mutex_);
    const auto range = at->range();
    before = std::min(before, range.durable);
    if (before <= range.first) {
        return {};
    }
    if (pipeline_->stopped()) {
        return log_error{errc::stopped, "the event log has stopped"};
    }
    at->now_first(before);
    if (auto failed = storage_->trim(at->where, before)) {
        pipeline_->fail("the event log cannot trim: " + *failed);
        return log_error{errc::unknown, *failed};
    }
    return {};
}

void embedded_log::watch(const topic_partition& where, const std::string& name,
                         watch_callback on_move) {
    auto* const at = find(where);
    KWQ_ASSERT(at != nullptr);
    const bool greets = static_cast<bool>(on_move);
    at->watching.set(name, std::move(on_move));
    if (greets) {
        pipeline_->greet(*at, name);
    }
}

result<void> embedded_log::flush() {
    // Shared: the syncer may still be inside set_value when the wait is over.
    const auto answer = std::make_shared<std::promise<result<offset>>>();
    auto answered = answer->get_future();
    pipeline_->append({.done = [answer](result<offset> r) { answer->set_value(std::move(r)); }});
    const auto r = answered.get();
    if (r.has_error()) {
        return r.error();
    }
    return {};
}

}  // namespace

std::unique_ptr<event_log> open_embedded_log(const embedded_config& config) {
    return std::make_unique<embedded_log>(config);
}

}  // namespace kwq::eventlog
