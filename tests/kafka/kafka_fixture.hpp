// The Kafka log for the contract suite: on the broker at KWQ_KAFKA_BROKERS. The suite always uses
// the same names of topics; here every test gets its own behind them.
#pragma once

#include "eventlog/kafka/kafka_log.hpp"
#include "log_fixtures.hpp"

#include <memory>
#include <string>

namespace kwq::eventlog::contract {

/// What a test broker of one node is asked for.
kafka_config test_config();
/// A name that no other test has used.
std::string fresh_name(const std::string& stem);

/// Another log under other names of topics.
class renamed_log final : public event_log {
public:
    renamed_log(std::unique_ptr<event_log> log, std::string prefix);

    result<void> ensure_topic(const std::string& topic, std::int32_t partitions) override;
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
    topic_partition renamed(const topic_partition& where) const;

    const std::unique_ptr<event_log> log_;
    const std::string prefix_;
};

class kafka_fixture {
public:
    kafka_fixture() { reopen(); }

    event_log& log() { return *log_; }
    void pump_until(const std::function<bool()>& done) { wait_until(done); }
    void reopen();

private:
    const std::string prefix_ = fresh_name("contract-");
    std::unique_ptr<event_log> log_;
};

}  // namespace kwq::eventlog::contract
