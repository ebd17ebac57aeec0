// The fixture's names and passing on.
#include "kafka_fixture.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>

namespace kwq::eventlog::contract {

kafka_config test_config() {
    const char* const brokers = std::getenv("KWQ_KAFKA_BROKERS");
    REQUIRE(brokers != nullptr);  // tests/kafka/with_broker.py sets it
    return {.brokers = brokers,
            .properties = {},
            .replication = 1,
            .min_insync = 1,
            .kept_for = {},
            .on_stop = [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); },
            .on_note = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); }};
}

std::string fresh_name(const std::string& stem) {
    static const auto random = make_system_random();
    return stem + std::to_string(random->next() % 1'000'000'000'000U) + "-";
}

renamed_log::renamed_log(std::unique_ptr<event_log> log, std::string prefix)
    : log_(std::move(log)), prefix_(std::move(prefix)) {}

topic_partition renamed_log::renamed(const topic_partition& where) const {
    return {prefix_ + where.topic, where.partition};
}

result<void> renamed_log::ensure_topic(const std::string& topic, std::int32_t partitions) {
    auto done = log_->ensure_topic(prefix_ + topic, partitions);
    if (!done) {
        std::fprintf(stderr, "%s\n", done.error().detail.c_str());
    }
    return done;
}

void renamed_log::append(const topic_partition& where, std::vector<new_record> batch,
                         durability how, append_callback done) {
    log_->append(renamed(where), std::move(batch), how, std::move(done));
}

result<std::vector<log_record>> renamed_log::read(const topic_partition& where, offset from,
                                                  std::size_t max_bytes) {
    return log_->read(renamed(where), from, max_bytes);
}

result<partition_range> renamed_log::range(const topic_partition& where) {
    return log_->range(renamed(where));
}

result<void> renamed_log::trim(const topic_partition& where, offset before) {
    return log_->trim(renamed(where), before);
}

void renamed_log::watch(const topic_partition& where, const std::string& name,
                        watch_callback on_move) {
    log_->watch(renamed(where), name, std::move(on_move));
}

result<void> renamed_log::flush() {
    return log_->flush();
}

void kafka_fixture::reopen() {
    log_.reset();
    log_ = std::make_unique<renamed_log>(open_kafka_log(test_config()), prefix_);
}

}  // namespace kwq::eventlog::contract
