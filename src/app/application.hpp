// application: the server as one object. Its members are declared in the order they start in and go
// in reverse; nothing else wires two parts together.
#pragma once

#include "app/config.hpp"
#include "base/random.hpp"
#include "cluster/cluster_scheduler.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/kafka/group.hpp"
#include "eventlog/topics.hpp"
#include "net/http.hpp"
#include "observe/logger.hpp"
#include "rest/api.hpp"
#include "scheduler/local_scheduler.hpp"
#include "tracker/tracker.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kwq::app {

/// What `kwq serve` returns. Interface: docs/configuration.md.
enum class serve_exit : int {
    stopped = 0,  // it was asked to
    config = 1,   // the configuration cannot be used
    could_not_start = 2,
    lost = 3,  // the log failed or another owner took over, or it did not stop in time
};

/// The log on Kafka as a server with this configuration has it; `on_stop` is left to the caller.
eventlog::kafka_config kafka_settings(const config& c);

class application {
public:
    /// Opens and starts everything; answers requests when it returns. Throws cannot_start.
    explicit application(const resolved_config& config);
    ~application();
    application(const application&) = delete;
    application& operator=(const application&) = delete;

    std::uint16_t port() const { return server_->port(); }
    observe::logger& logger() { return *logger_; }
    /// Hands out nothing more, answers what is in flight, flushes. Bounded by drain-timeout.
    void stop();

private:
    void start();
    void open_log();
    void make_tracker();
    void ensure_topics();
    void join_others();
    std::string url() const;
    void start_cluster();
    void publish_depths(const std::vector<scheduler::lane_depth>& depths);
    std::vector<std::optional<model::offset>> ask_ends(const std::vector<model::shard_id>& shards);
    std::function<void(observe::metrics_page&)> log_metrics();
    eventlog::kafka_config watched_kafka();
    [[noreturn]] void die(const std::string& why);

    // set once
    const config config_;
    const eventlog::topic_names topics_;
    std::unique_ptr<observe::logger> logger_;
    std::unique_ptr<random_source> shard_random_;
    std::unique_ptr<random_source> api_random_;
    std::unique_ptr<eventlog::event_log> log_;
    std::unique_ptr<scheduler::local_scheduler> scheduler_;
    std::unique_ptr<cluster::cluster_scheduler> cluster_;  // on Kafka
    std::unique_ptr<tracker::tracker> tracker_;
    std::unique_ptr<rest::api> api_;
    std::unique_ptr<net::server> server_;
    std::unique_ptr<eventlog::kafka_group> group_;  // on Kafka
    // any thread: what /metrics reads once the server is there
    std::atomic<const net::server*> counters_of_{nullptr};
    std::atomic<std::uint64_t> rebalances_{0};
    bool scheduler_runs_ = false;
    bool tracker_runs_ = false;
};

}  // namespace kwq::app
