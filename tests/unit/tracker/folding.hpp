// folding: a tracker's fold over an in-memory store, fed by hand, with short ways to say events.
#pragma once

#include "model/lifecycle.hpp"
#include "tracker/fold.hpp"
#include "tracker/queries.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kwq::tracker {

inline const model::shard_id shard0{0};

inline model::record at_place(std::int64_t offset, std::int32_t priority = 5,
                              const std::string& queue = "default") {
    return {model::queue_name{queue}, model::priority{priority}, model::offset{offset}};
}

/// Writes events with consecutive offsets and the owner's stamp, as a scheduler would.
class event_maker {
public:
    model::logged_event claim();
    model::logged_event owner(model::event_body body);
    model::logged_event lease(model::event_body body);
    void pass(std::int64_t ms) { now_ += ms; }
    std::int64_t now() const { return now_; }
    std::int64_t offset() const { return next_; }
    model::offset epoch() const { return epoch_; }

private:
    model::logged_event logged(model::event e);

    std::int64_t next_ = 0;
    std::int64_t now_ = 1'000'000;
    std::int64_t claimed_at_ = 0;
    model::offset epoch_{-1};
};

inline model::logged_event event_maker::logged(model::event e) {
    e.at = instant{now_};
    return {model::offset{next_++}, std::move(e)};
}

inline model::logged_event event_maker::claim() {
    epoch_ = model::offset{next_};
    claimed_at_ = now_;
    return logged({instant{}, std::nullopt, model::claim{"test", "n"}});
}

inline model::logged_event event_maker::owner(model::event_body body) {
    const model::owner_stamp stamp{epoch_, milliseconds{now_ - claimed_at_}};
    return logged({instant{}, stamp, std::move(body)});
}

inline model::logged_event event_maker::lease(model::event_body body) {
    return logged({instant{}, std::nullopt, std::move(body)});
}

/// The tracker's state and fold; reopen() forgets what was only in memory, like a restart.
struct folding {
    std::unique_ptr<store::kv> state;
    std::unique_ptr<tables> data;
    std::unique_ptr<fold> folder;
    std::unique_ptr<queries> ask;

    const std::uint32_t most_uncounted;

    explicit folding(std::unique_ptr<store::kv> kept = store::make_memory_kv(),
                     std::uint32_t most_tasks_without_counters = most_tasks_uncounted)
        : state(std::move(kept)), most_uncounted(most_tasks_without_counters) {
        open();
    }
    explicit folding(std::uint32_t most_tasks_without_counters)
        : folding(store::make_memory_kv(), most_tasks_without_counters) {}
    void open() {
        ask.reset();
        folder.reset();
        data.reset();
        data = std::make_unique<tables>(*state, most_uncounted);
        folder = std::make_unique<fold>(*data);
        ask = std::make_unique<queries>(*data, folder->open_sweeps());
    }
    void commit_and_reopen() {
        data->commit();
        open();
    }
    void add(const model::stored_task& t) { folder->add_task(shard0, t); }
    void add(const model::logged_event& e) { folder->add_event(shard0, e); }
    void sweep_all() {
        while (folder->open_sweeps().advance(7)) {
        }
    }

    task_view task(const std::string& id) { return ask->task(model::task_id{id}).value(); }
    group_view job(const std::string& name) {
        return ask->job({model::job_name{name}, 1'000}).value();
    }
    group_view tag(const std::string& name) { return ask->tag(model::tag_name{name}).value(); }
};

struct task_spec {
    std::string id;
    std::int64_t offset = 0;
    std::int32_t priority = 5;
    std::string job = "j";
    std::vector<std::string> tags;
    std::int64_t submitted_at = 999'000;
    std::uint32_t max_attempts = 4;
    std::string queue = "default";
};

inline model::task_limits limits_of(const task_spec& t) {
    model::task_limits l;
    l.max_attempts = t.max_attempts;
    return l;
}

inline std::vector<model::tag_name> tags_of(const task_spec& t) {
    std::vector<model::tag_name> tags;
    for (const auto& tag : t.tags) {
        tags.emplace_back(tag);
    }
    return tags;
}

inline model::task_intro intro_of(const task_spec& t) {
    return {model::job_name{t.job}, tags_of(t), instant{t.submitted_at}, limits_of(t)};
}

inline model::record place_of(const task_spec& t) {
    return at_place(t.offset, t.priority, t.queue);
}

inline model::stored_task record_of(const task_spec& t) {
    model::stored_task s;
    s.place = place_of(t);
    s.submitted_at = instant{t.submitted_at};
    s.body.id = model::task_id{t.id};
    s.body.job = model::job_name{t.job};
    s.body.tags = tags_of(t);
    s.body.queue = s.place.queue;
    s.body.priority = s.place.priority;
    s.body.payload = "1";
    s.body.limits = limits_of(t);
    return s;
}

inline model::allocated allocation(const task_spec& t, const std::string& lease,
                                   std::uint32_t attempt = 1) {
    model::allocated a;
    a.place = place_of(t);
    a.id = model::task_id{t.id};
    a.lease = model::lease_token{lease};
    a.worker = model::worker_name{"w-" + lease};
    a.attempt = attempt;
    if (attempt == 1) {
        a.intro = intro_of(t);
    }
    return a;
}

inline model::complete completion(const task_spec& t, const std::string& lease) {
    return {place_of(t), model::task_id{t.id}, model::lease_token{lease}, "{\"ok\":true}", {}};
}

inline model::task_error failure(const task_spec& t, const std::string& lease,
                                 const std::string& why, bool retry = true) {
    return {place_of(t), model::task_id{t.id},       model::lease_token{lease}, why,
            retry,       model::error_kind::reported};
}

inline std::int64_t count(const state_counts& counts, model::task_state s) {
    return counts.at(static_cast<std::size_t>(s));
}

}  // namespace kwq::tracker
