// What /metrics says of the Kafka log.
#include "eventlog/kafka/the_log.hpp"
#include "observe/metrics.hpp"

namespace kwq::eventlog::kafka {

void kafka_log::add_metrics(observe::metrics_page& page) const {
    const auto anew = [&](const char* what, const std::atomic<std::uint64_t>& n) {
        page.counter("kwq_kafka_clients_made_anew_total",
                     "Clients replaced because they stalled or failed, since start",
                     static_cast<double>(n.load()), {{"client", what}});
    };
    page.histogram("kwq_log_append_seconds",
                   "From an append to its answer: acknowledged by the cluster and read back",
                   counters_.append.snapshot());
    page.histogram("kwq_log_read_back_seconds",
                   "From the cluster's acknowledgement until an append is read back",
                   counters_.read_back.snapshot());
    anew("consumer", counters_.new_tails);
    anew("producer", counters_.new_producers);
    page.counter("kwq_log_appends_unread_total",
                 "Appends acknowledged and not read back in time: their outcome was unknown",
                 static_cast<double>(counters_.never_read_back.load()));
    page.gauge("kwq_log_lag_records", "Records in the cluster that were not read here yet",
               static_cast<double>(counters_.lag.load()));
}

void add_group_metrics(std::uint64_t rebalances, observe::metrics_page& page) {
    page.counter("kwq_kafka_rebalances_total",
                 "Times the group gave this instance shards or took some away, since start",
                 static_cast<double>(rebalances));
}

}  // namespace kwq::eventlog::kafka
