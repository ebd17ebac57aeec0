// storage_target: a new embedded log. Rows are written as the log itself would have, so that
// offsets and times are those of the log they came from.
#include "base/assert.hpp"
#include "eventlog/embedded/log_storage.hpp"
#include "transfer/log_target.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace kwq::transfer {

namespace {

using eventlog::errc;
using eventlog::log_error;
using model::offset;

constexpr std::size_t write_bytes = 4U << 20U;

class storage_target final : public log_target {
public:
    explicit storage_target(std::unique_ptr<eventlog::log_storage> storage)
        : storage_(std::move(storage)) {}

    eventlog::result<void> add_topic(const topic_plan& topic) override {
        topics_.push_back(topic.name);
        return done(storage_->add_topic({.name = topic.name,
                                         .number = static_cast<std::uint32_t>(topics_.size()),
                                         .partitions = topic.partitions}));
    }

    eventlog::result<void> begin(const eventlog::topic_partition& where, offset first) override {
        if (auto ended = end_partition(); !ended) {
            return ended;
        }
        std::size_t number = 0;
        while (number < topics_.size() && topics_[number] != where.topic) {
            ++number;
        }
        KWQ_ASSERT(number < topics_.size());
        where_ = {static_cast<std::uint32_t>(number + 1),
                  static_cast<std::uint32_t>(where.partition)};
        next_ = first;
        begun_ = true;
        return first > offset{0} ? done(storage_->trim(where_, first)) : eventlog::result<void>{};
    }

    eventlog::result<void> add(eventlog::log_record record) override {
        KWQ_ASSERT(begun_);
        KWQ_ASSERT(record.offset == next_);
        const auto timestamp = record.timestamp;
        auto row = eventlog::encode_unsealed({.key = std::move(record.key),
                                              .value = std::move(record.value),
                                              .headers = std::move(record.headers)},
                                             timestamp);
        eventlog::seal(eventlog::row_key(where_, next_), row);
        storage_->put(where_, next_, row);
        next_ = offset{next_.value() + 1};
        unwritten_ += row.size();
        return unwritten_ < write_bytes ? eventlog::result<void>{} : write();
    }

    eventlog::result<void> finish() override {
        if (auto ended = end_partition(); !ended) {
            return ended;
        }
        return done(storage_->sync());
    }

private:
    static eventlog::result<void> done(const eventlog::failure& failed) {
        return failed ? eventlog::result<void>(log_error{errc::unknown, *failed})
                      : eventlog::result<void>{};
    }

    eventlog::result<void> write() {
        unwritten_ = 0;
        return done(storage_->write());
    }

    /// Says of all its records that they are durable: true once finish() has synced.
    eventlog::result<void> end_partition() {
        if (!begun_) {
            return {};
        }
        storage_->put_watermark(where_, next_);
        return write();
    }

    const std::unique_ptr<eventlog::log_storage> storage_;
    std::vector<std::string> topics_;  // in the order of their numbers, from 1
    eventlog::partition_key where_;
    offset next_{0};
    bool begun_ = false;
    std::size_t unwritten_ = 0;
};

}  // namespace

eventlog::result<std::unique_ptr<log_target>> make_storage_target(const std::string& directory) {
    std::error_code failed;
    const bool empty =
        !std::filesystem::exists(directory, failed) || std::filesystem::is_empty(directory, failed);
    if (failed || !empty) {
        return log_error{errc::cannot_open,
                         directory + (failed ? " cannot be read: " + failed.message()
                                             : " is not empty; a log goes into a new directory")};
    }
    auto storage = eventlog::open_log_storage({.directory = directory});
    if (storage.has_error()) {
        return storage.error();
    }
    return std::unique_ptr<log_target>(std::make_unique<storage_target>(std::move(*storage)));
}

}  // namespace kwq::transfer
