// append_target: a log that is open, say on Kafka. It gives the offsets, which must come out the
// same: events name records by them.
#include "transfer/log_target.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace kwq::transfer {

namespace {

using eventlog::errc;
using eventlog::log_error;
using model::offset;

constexpr std::size_t batch_bytes = 1U << 20U;
constexpr std::int64_t fillers_a_batch = 10'000;
constexpr std::chrono::seconds append_patience{
    120};  // more than a log takes to say that it is unknown

std::string name_of(const eventlog::topic_partition& where) {
    return where.topic + " (partition " + std::to_string(where.partition) + ")";
}

class append_target final : public log_target {
public:
    explicit append_target(eventlog::event_log& log) : log_(log) {}

    eventlog::result<void> add_topic(const topic_plan& topic) override {
        if (auto made = log_.ensure_topic(topic.name, topic.partitions); !made) {
            return made;
        }
        for (std::int32_t p = 0; p < topic.partitions; ++p) {
            const eventlog::topic_partition where{topic.name, p};
            const auto range = log_.range(where);
            if (range.has_error()) {
                return range.error();
            }
            if (range->end > offset{0}) {
                return log_error{errc::topic_mismatch,
                                 "the topic " + name_of(where) +
                                     " holds records; a log goes onto topics that hold none"};
            }
        }
        return {};
    }

    eventlog::result<void> begin(const eventlog::topic_partition& where, offset first) override {
        if (auto sent = send(); !sent) {
            return sent;
        }
        where_ = where;
        next_ = offset{0};
        return first > offset{0} ? start_at(first) : eventlog::result<void>{};
    }

    eventlog::result<void> add(eventlog::log_record record) override {
        bytes_ += eventlog::size_of(record);
        batch_.push_back({.key = std::move(record.key),
                          .value = std::move(record.value),
                          .headers = std::move(record.headers),
                          .timestamp = record.timestamp});
        return bytes_ < batch_bytes ? eventlog::result<void>{} : send();
    }

    eventlog::result<void> finish() override {
        if (auto sent = send(); !sent) {
            return sent;
        }
        return log_.flush();
    }

private:
    /// A log counts from 0. So where the beginning was trimmed, empty records stand in for what was
    /// there, and then this log is trimmed in the same place.
    eventlog::result<void> start_at(offset first) {
        while (next_ < first) {
            const auto count = std::min(fillers_a_batch, first.value() - next_.value());
            batch_.resize(static_cast<std::size_t>(count));
            if (auto sent = send(); !sent) {
                return sent;
            }
        }
        return log_.trim(where_, first);
    }

    /// Waits for it: what follows must not overtake it.
    eventlog::result<void> send() {
        if (batch_.empty()) {
            return {};
        }
        const auto count = static_cast<std::int64_t>(batch_.size());
        // Shared: an answer may come after nobody waits for it any more.
        const auto answered = std::make_shared<std::promise<eventlog::result<offset>>>();
        auto answer = answered->get_future();
        log_.append(
            where_, std::exchange(batch_, {}), eventlog::durability::synced,
            [answered](eventlog::result<offset> at) { answered->set_value(std::move(at)); });
        if (answer.wait_for(append_patience) != std::future_status::ready) {
            return log_error{errc::unknown, "the log has not answered an append to " +
                                                name_of(where_) + " for " +
                                                std::to_string(append_patience.count()) + " s"};
        }
        const auto at = answer.get();
        bytes_ = 0;
        if (at.has_error()) {
            return at.error();
        }
        if (*at != next_) {
            return log_error{errc::topic_mismatch, "somebody else writes to " + name_of(where_) +
                                                       ": offset " + std::to_string(next_.value()) +
                                                       " was taken"};
        }
        next_ = offset{next_.value() + count};
        return {};
    }

    eventlog::event_log& log_;
    eventlog::topic_partition where_;
    offset next_{0};
    std::vector<eventlog::new_record> batch_;
    std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<log_target> make_append_target(eventlog::event_log& log) {
    return std::make_unique<append_target>(log);
}

}  // namespace kwq::transfer
