// sentinel: see the header.
#include "eventlog/kafka/sentinel.hpp"

#include <algorithm>

namespace kwq::eventlog::kafka {

namespace {

// In one question to the cluster; where there are more, each look takes its part of them.
constexpr std::size_t partitions_a_look = 1'000;

bool same(const log_record& a, const log_record& b) {
    return a.offset == b.offset && a.timestamp == b.timestamp && a.key == b.key &&
           a.value == b.value;
}

}  // namespace

sentinel::sentinel(subject of) : of_(std::move(of)), thread_([this] { run(); }) {}

sentinel::~sentinel() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void sentinel::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, of_.interval, [this] { return ending_; })) {
        lock.unlock();
        look();
        lock.lock();
    }
}

std::vector<partition_view*> sentinel::next_part() {
    auto all = of_.views();
    if (all.size() <= partitions_a_look) {
        return all;
    }
    std::vector<partition_view*> part;
    for (std::size_t i = 0; i < partitions_a_look; ++i) {
        part.push_back(all[next_++ % all.size()]);
    }
    return part;
}

void sentinel::look() {
    const auto views = next_part();
    const auto troubles = of_.troubles();
    std::vector<partition_look> seen;
    std::vector<topic_partition> places;
    for (auto* const view : views) {
        const auto answered = view->answered.load();  // before `appended`, which is never less
        seen.push_back({.of = view,
                        .read_to = view->range().end,
                        .cluster_end = std::nullopt,
                        .answered = answered,
                        .waits = view->appended > answered,
                        .end_denied = view->end_denied});
        places.push_back(view->where);
    }
    const auto ends = of_.topics.ends_of(places);
    std::int64_t lag = 0;
    std::string lost;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        seen[i].cluster_end = ends[i];
        if (!ends[i]) {
            continue;
        }
        lag += std::max<std::int64_t>(0, ends[i]->value() - seen[i].read_to.value());
        if (std::exchange(checked_[views[i]], troubles) != troubles && lost.empty()) {
            lost = changed(*views[i]);
        }
    }
    of_.counters.lag = lag;
    auto advice = watchdog_.look(seen);
    advice.lost = lost.empty() ? advice.lost : lost;
    if (advice.follow_anew || advice.renew_producer || !advice.unread.empty() ||
        !advice.lost.empty()) {
        of_.advise(std::move(advice));
    }
}

/// A sentence when the cluster has another record where the newest one known here was.
std::string sentinel::changed(partition_view& view) {
    const offset end = view.range().end;
    const offset last{end.value() - 1};
    const auto known = view.recent(last, 1);
    if (!known || known->empty() || known->front().offset != last) {
        return {};
    }
    const auto there = of_.history.read(view.where, last, end, 1);
    if (!there || there->empty() || same(there->front(), known->front())) {
        return {};  // what cannot be read is noticed in other ways
    }
    return "the log was changed: " + view.where.topic + " partition " +
           std::to_string(view.where.partition) + " has another record at offset " +
           std::to_string(last.value()) + " than was read there before";
}

}  // namespace kwq::eventlog::kafka
