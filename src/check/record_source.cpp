#include "check/record_source.hpp"

#include "eventlog/embedded/log_storage.hpp"

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

namespace kwq::check {

namespace {

using eventlog::errc;
using eventlog::log_error;
using eventlog::partition_range;
using eventlog::topic_partition;

class open_log final : public record_source {
public:
    open_log(eventlog::event_log& log, std::vector<topic_shape> topics)
        : log_(log), topics_(std::move(topics)) {}

    eventlog::result<std::vector<topic_shape>> topics() override { return topics_; }
    eventlog::result<partition_range> range(const topic_partition& where) override {
        return log_.range(where);
    }
    eventlog::result<std::vector<eventlog::log_record>> read(const topic_partition& where,
                                                             model::offset from,
                                                             std::size_t max_bytes) override {
        return log_.read(where, from, max_bytes);
    }

private:
    eventlog::event_log& log_;
    const std::vector<topic_shape> topics_;
};

class stored_log final : public record_source {
public:
    explicit stored_log(std::unique_ptr<eventlog::log_storage> storage)
        : storage_(std::move(storage)) {}

    eventlog::result<std::vector<topic_shape>> topics() override {
        const auto stored = storage_->topics();
        if (stored.has_error()) {
            return stored.error();
        }
        std::vector<topic_shape> found;
        for (const auto& t : *stored) {
            numbers_[t.name] = t.number;
            found.push_back({t.name, t.partitions});
        }
        return found;
    }

    eventlog::result<partition_range> range(const topic_partition& where) override {
        const auto known = ranges_.find(where);
        if (known != ranges_.end()) {
            return known->second;
        }
        auto found = storage_->look(key_of(where));
        if (found) {
            ranges_.emplace(where, *found);
        }
        return found;
    }

    eventlog::result<std::vector<eventlog::log_record>> read(const topic_partition& where,
                                                             model::offset from,
                                                             std::size_t max_bytes) override {
        const auto there = range(where);
        if (there.has_error()) {
            return there.error();
        }
        if (from >= there->end) {
            return std::vector<eventlog::log_record>{};
        }
        return storage_->read(key_of(where), from, there->end, max_bytes);
    }

private:
    eventlog::partition_key key_of(const topic_partition& where) const {
        const auto found = numbers_.find(where.topic);
        return {found == numbers_.end() ? 0 : found->second,
                static_cast<std::uint32_t>(where.partition)};
    }

    const std::unique_ptr<eventlog::log_storage> storage_;
    std::map<std::string, std::uint32_t> numbers_;
    std::map<topic_partition, partition_range> ranges_;
};

template <class Open>
eventlog::result<std::unique_ptr<record_source>> open_with(const std::string& directory,
                                                           const Open& open) {
    std::error_code ignored;
    const std::filesystem::path given(directory);
    const auto found =
        std::filesystem::exists(given / "log" / "CURRENT", ignored) ? given / "log" : given;
    if (!std::filesystem::exists(found / "CURRENT", ignored)) {
        return log_error{errc::cannot_open, "there is no event log in " + directory};
    }
    auto storage = open(found.string());
    if (storage.has_error()) {
        return storage.error();
    }
    return std::unique_ptr<record_source>(std::make_unique<stored_log>(std::move(*storage)));
}

}  // namespace

std::unique_ptr<record_source> make_log_source(eventlog::event_log& log,
                                               std::vector<topic_shape> topics) {
    return std::make_unique<open_log>(log, std::move(topics));
}

eventlog::result<std::unique_ptr<record_source>> open_log_directory(const std::string& directory) {
    return open_with(directory, [](const std::string& found) {
        return eventlog::open_log_storage_for_reading(found);
    });
}

eventlog::result<std::unique_ptr<record_source>> open_log_beside_server(
    const std::string& directory, const std::string& scratch) {
    return open_with(directory, [&](const std::string& found) {
        return eventlog::open_log_storage_beside_server(found, scratch);
    });
}

}  // namespace kwq::check
