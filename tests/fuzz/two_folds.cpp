// two_folds: see the header.
#include "two_folds.hpp"

#include "store/merging.hpp"
#include "target.hpp"

#include <set>
#include <string>

namespace kwq::fuzz {

namespace {

const model::shard_id shard0{0};
constexpr std::uint32_t most_uncounted = 3;  // tasks of a job without counters of its tags

std::string dump(const store::kv& state) {
    constexpr std::size_t list_bytes = 2;
    std::string all;
    std::multiset<std::string> tops;  // names by value: it does not matter which has which slot
    state.scan("", "", [&](std::string_view key, std::string_view stored) {
        std::string value(stored);
        if (key.starts_with('K')) {
            if (!value.empty()) {
                tops.insert(std::string(key.substr(0, list_bytes)) + value);
            }
            return true;
        }
        if (key.starts_with('L')) {  // entries lie in it in the order in which rows were written
            value = store::settled(store::read_entries(stored).entries);
            if (value.empty()) {
                return true;  // no list, sooner or later
            }
        }
        all.append(std::to_string(key.size())).append(" ").append(key);
        all.append(std::to_string(value.size())).append(" ").append(value);
        return true;
    });
    for (const auto& one : tops) {
        all.append(std::to_string(one.size())).append(" ").append(one);
    }
    return all;
}

}  // namespace

void two_folds::tracking::open() {
    folder.reset();
    data.reset();
    data = std::make_unique<tracker::tables>(*state, most_uncounted);
    folder = std::make_unique<tracker::fold>(*data);
}

two_folds::two_folds()
    : through_(std::make_unique<scheduler::shard_state>(*through_kv_)),
      reopened_(std::make_unique<scheduler::shard_state>(*reopened_kv_)) {
    tracker_through_.open();
    tracker_reopened_.open();
}

void two_folds::add(const model::logged_event& e) {
    ++events_;
    const auto a = through_->apply(e, 1);
    const auto b = reopened_->apply(e, 1);
    must(a.verdict.reason == b.verdict.reason, "a restart changes no verdict");
    must(a.before == b.before && a.after == b.after, "nor any facts");
    tracker_through_.folder->add_event(shard0, e);
    tracker_reopened_.folder->add_event(shard0, e);
}

void two_folds::add(const model::stored_task& t) {
    tracker_through_.folder->add_task(shard0, t);
    tracker_reopened_.folder->add_task(shard0, t);
}

void two_folds::add_unreadable(model::offset at) {
    through_->skip(at, 1);
    reopened_->skip(at, 1);
    tracker_through_.folder->count_unreadable_event();
    tracker_reopened_.folder->count_unreadable_event();
}

void two_folds::reopen() {
    reopened_->commit();
    reopened_ = std::make_unique<scheduler::shard_state>(*reopened_kv_);
    tracker_reopened_.data->commit();
    tracker_reopened_.open();
}

void two_folds::sweep() {
    tracker_through_.folder->open_sweeps().advance(3);
    tracker_reopened_.folder->open_sweeps().advance(3);
}

void two_folds::ask(tracking& t) const {
    while (t.folder->open_sweeps().advance(7)) {
    }
    tracker::queries questions(*t.data, t.folder->open_sweeps());
    tracker::task_filter all;
    all.limit = 100;
    must(questions.tasks(all).has_value(), "tasks can be listed");
    must(questions.page(tracker::name_kind::job, {.limit = 100}).has_value(), "and jobs");
    must(questions.page(tracker::name_kind::tag, {.limit = 100}).has_value(), "and tags");
    (void)questions.queues({{model::queue_name{"q"}, 2}});
    (void)questions.overall();
}

void two_folds::check() {
    for (const auto& lane : through_->lanes()) {
        (void)through_->returned(lane, model::offset{0}, 10);
    }
    (void)through_->due(instant{std::int64_t{1} << 60}, 10);
    for (const auto& job : through_->parked_jobs(model::job_name{""}, 10)) {
        (void)through_->parked_of(job, 10);
        (void)through_->retried_dead(job, 10);
    }
    ask(tracker_through_);
    ask(tracker_reopened_);
    through_->commit();
    reopen();
    tracker_through_.data->commit();
    must(through_->applied_offset() == reopened_->applied_offset(), "both have read as far");
    must(through_->partition() == reopened_->partition(), "both know the same of the partition");
    must(through_->leases() == reopened_->leases(), "the same leases are live");
    must(dump(*through_kv_) == dump(*reopened_kv_), "the scheduler's states are the same");
    must(dump(*tracker_through_.state) == dump(*tracker_reopened_.state),
         "the tracker's states are the same");
}

}  // namespace kwq::fuzz
