// sentinel: looks from time to time at how far the cluster's partitions reach and how far they were
// read, and has the watchdog judge it. After a connection broke, it reads the last known record of
// each partition again: another one in its place means that the cluster has lost records and grown
// again since. It waits for the cluster, so it has a thread of its own.
#pragma once

#include "eventlog/kafka/history.hpp"
#include "eventlog/kafka/log_counters.hpp"
#include "eventlog/kafka/partition_view.hpp"
#include "eventlog/kafka/topics.hpp"
#include "eventlog/kafka/watchdog.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace kwq::eventlog::kafka {

class sentinel {
public:
    struct subject {
        kafka::topics& topics;
        kafka::history& history;
        log_counters& counters;
        milliseconds interval;
        std::function<std::vector<partition_view*>()> views;
        /// How often the tail's connections had trouble.
        std::function<std::uint64_t()> troubles;
        /// On the sentinel's thread.
        std::function<void(watchdog_advice)> advise;
    };

    explicit sentinel(subject of);
    ~sentinel();

private:
    void run();
    void look();
    std::vector<partition_view*> next_part();
    std::string changed(partition_view& view);

    const subject of_;
    watchdog watchdog_;
    std::size_t next_ = 0;
    std::map<const partition_view*, std::uint64_t> checked_;  // troubles at the last comparison
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ending_ = false;  // under mutex_
    std::thread thread_;
};

}  // namespace kwq::eventlog::kafka
