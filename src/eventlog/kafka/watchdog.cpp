// watchdog: see the header.
#include "eventlog/kafka/watchdog.hpp"

#include "eventlog/kafka/partition_view.hpp"

#include <algorithm>

namespace kwq::eventlog::kafka {

namespace {

// Marks of transactions at the end of a partition look like records that never come: a new tail is
// no help then, and is not made again and again.
constexpr int most_patience = 1'000;

}  // namespace

watchdog_advice watchdog::look(const std::vector<partition_look>& seen) {
    watchdog_advice advice;
    for (const auto& one : seen) {
        judge(known_[one.of], one, advice);
    }
    return advice;
}

void watchdog::judge(known& k, const partition_look& seen, watchdog_advice& advice) {
    if (seen.read_to != k.read_to) {
        k.behind = 0;
        k.shorter = 0;
        k.denied = 0;
        k.patience = until_follow_anew;
    }
    k.read_to = seen.read_to;
    judge_end(k, seen, advice);
    if (seen.cluster_end) {
        k.behind = *seen.cluster_end > seen.read_to ? k.behind + 1 : 0;
        k.shorter = *seen.cluster_end < seen.read_to ? k.shorter + 1 : 0;
    }
    if (k.behind >= k.patience) {
        advice.follow_anew = true;
        k.behind = 0;
        k.patience = std::min(2 * k.patience, most_patience);
    }
    if (k.shorter >= until_lost) {
        advice.lost = "the log lost records: " + seen.of->where.topic + " partition " +
                      std::to_string(seen.of->where.partition) + " ends at " +
                      std::to_string(seen.cluster_end->value()) + ", and was read up to " +
                      std::to_string(seen.read_to.value());
    }
    k.unanswered = seen.waits && seen.answered == k.answered ? k.unanswered + 1 : 0;
    k.answered = seen.answered;
    if (k.unanswered == until_unread) {
        advice.unread.push_back(seen.of);
    } else if (k.unanswered >= until_renew_producer) {
        advice.renew_producer = true;
        k.unanswered = 0;
    }
}

/// A leader that is new, or no leader any more, may deny an end that is there: it is asked again
/// until it has gone on denying it. Whether what is there is what was read, the sentinel compares.
void watchdog::judge_end(known& k, const partition_look& seen, watchdog_advice& advice) {
    if (!seen.end_denied) {
        k.denied = ++k.undenied >= until_follow_anew ? 0 : k.denied;
        return;
    }
    k.undenied = 0;
    advice.follow_anew = true;
    if (++k.denied >= until_gone) {
        advice.lost = "the log cannot be read on: " + seen.of->where.topic + " partition " +
                      std::to_string(seen.of->where.partition) + " has nothing at offset " +
                      std::to_string(seen.read_to.value()) + ", to which it was read";
    }
}

}  // namespace kwq::eventlog::kafka
