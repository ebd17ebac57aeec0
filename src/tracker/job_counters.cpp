#include "tracker/job_counters.hpp"

#include "tracker/group_tally.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_changed = 4'096;  // some half a kilobyte each

}  // namespace

group& job_counters::change(name_number job) {
    if (newest_ != nullptr && newest_job_ == job) {
        return *newest_;
    }
    if (changes_.size() >= most_changed && !changes_.contains(job)) {
        write();
    }
    newest_job_ = job;
    newest_ = &changes_[job];
    return *newest_;
}

job_cell& job_counters::cell(name_number job, name_number lane, model::priority level,
                             const model::queue_name& queue) {
    auto& cells = change(job).cells;
    const auto place = std::lower_bound(
        cells.begin(), cells.end(), std::pair(lane, level),
        [](const job_cell& c, const auto& wanted) { return std::pair(c.lane, c.level) < wanted; });
    if (place != cells.end() && place->lane == lane && place->level == level) {
        return *place;
    }
    auto& t = totals_.of(job);
    if (const auto n = queue_number(queue); n == 0 || t.last_queue != n) {
        t.last_queue = n;
        state_.put(keys::job_on_queue(queue, job), {});
    }
    return *cells.insert(place, job_cell{lane, level, {}});
}

std::uint16_t job_counters::queue_number(const model::queue_name& queue) {
    constexpr std::size_t most = std::numeric_limits<std::uint16_t>::max();
    if (const auto found = queues_.find(queue); found != queues_.end()) {
        return found->second;
    }
    if (queues_.size() == most) {
        return 0;
    }
    const auto n = static_cast<std::uint16_t>(queues_.size() + 1);
    return queues_.emplace(queue, n).first->second;
}

std::uint32_t job_counters::take_ordinal(name_number job) {
    auto& t = totals_.of(job);
    const auto ordinal = t.ordinals++;
    change(job).ordinals = t.ordinals;
    return ordinal;
}

void job_counters::give_tag_counters(name_number job) {
    totals_.of(job).tags_counted = true;
    change(job).tags_counted = true;
}

std::optional<group> job_counters::of_job(name_number job) {
    return std::move(of_jobs({job}).front());
}

std::vector<std::optional<group>> job_counters::of_jobs(const std::vector<name_number>& jobs) {
    write();
    std::vector<std::string> wanted;
    wanted.reserve(jobs.size());
    std::transform(jobs.begin(), jobs.end(), std::back_inserter(wanted), keys::job);
    std::vector<std::optional<group>> found;
    found.reserve(jobs.size());
    for (const auto& stored : state_.get_many(wanted)) {
        found.push_back(stored ? std::optional(read_group(*stored)) : std::nullopt);
    }
    return found;
}

void job_counters::write() {
    for (const auto& [job, change] : changes_) {
        if (const auto operand = write_group(change); !is_empty(operand)) {
            totals_.add(job, change);
            state_.merge(keys::job(job), operand);
        }
    }
    changes_.clear();
    newest_ = nullptr;
}

void job_counters::forget_all() {
    changes_.clear();
    newest_ = nullptr;
    totals_.forget_all();
}

}  // namespace kwq::tracker
