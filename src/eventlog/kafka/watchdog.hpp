// watchdog: judges what is seen of the partitions from time to time. librdkafka gets over nearly
// everything by itself; what it does not get over, and does not report either, is noticed here.
// Time is counted in looks, not by a clock: a process that was frozen has not looked.
#pragma once

#include "eventlog/event_log.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kwq::eventlog::kafka {

class partition_view;

/// One partition at one look. What was read was looked up before the cluster was asked.
struct partition_look {
    partition_view* of = nullptr;
    offset read_to{0};
    std::optional<offset> cluster_end;  // nothing when it did not answer
    std::uint64_t answered = 0;         // appends, ever
    bool waits = false;                 // some append is not answered yet
    bool end_denied = false;            // a broker had nothing where it was to be read on
};

/// What is to be done; nothing of it undoes what was promised.
struct watchdog_advice {
    bool follow_anew = false;             // the tail does not get what is there
    std::vector<partition_view*> unread;  // acknowledged appends that are not read back for long
    bool renew_producer = false;          // what was sent has no outcome for long
    std::string lost;                     // a sentence when the cluster has less than was read
};

class watchdog {
public:
    // Looks in a row.
    static constexpr int until_follow_anew = 5;
    static constexpr int until_unread = 10;
    static constexpr int until_renew_producer = 25;
    static constexpr int until_lost = 5;
    static constexpr int until_gone = 10;  // times that its end was denied

    watchdog_advice look(const std::vector<partition_look>& seen);

private:
    struct known {
        offset read_to{0};
        int behind = 0;                    // looks that found more in the cluster, and no progress
        int patience = until_follow_anew;  // doubles while a new tail is no help
        std::uint64_t answered = 0;
        int unanswered = 0;  // looks that found appends waiting, and none answered
        int shorter = 0;     // looks that found less in the cluster
        int denied = 0;      // looks that found its end denied, and no progress
        int undenied = 0;    // looks since the last of them
    };

    static void judge(known& k, const partition_look& seen, watchdog_advice& advice);
    static void judge_end(known& k, const partition_look& seen, watchdog_advice& advice);

    std::map<const partition_view*, known> known_;
};

}  // namespace kwq::eventlog::kafka
