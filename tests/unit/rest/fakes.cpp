#include "fakes.hpp"

#include <utility>

namespace kwq::rest::testing {

using model::errc;

// ---- log ----------------------------------------------------------------------------------------

void fake_log::append(const eventlog::topic_partition& where,
                      std::vector<eventlog::new_record> batch, eventlog::durability,
                      append_callback done) {
    std::optional<eventlog::errc> failure;
    std::int64_t first = 0;
    {
        const std::lock_guard hold(mutex_);
        if (failing_.count(where.topic) != 0) {
            failure = failing_[where.topic];
        } else {
            auto& records = topics_[where.topic];
            first = static_cast<std::int64_t>(records.size());
            for (auto& r : batch) {
                records.push_back(
                    {.offset = eventlog::offset{static_cast<std::int64_t>(records.size())},
                     .timestamp = instant{1'700'000'000'000},
                     .key = std::move(r.key),
                     .value = std::move(r.value),
                     .headers = std::move(r.headers)});
            }
        }
    }
    if (failure) {
        done(eventlog::log_error{*failure, "made to fail"});
    } else {
        done(eventlog::offset{first});
    }
}

fake_log::result<std::vector<eventlog::log_record>> fake_log::read(
    const eventlog::topic_partition& where, eventlog::offset from, std::size_t) {
    const std::lock_guard hold(mutex_);
    const auto& records = topics_[where.topic];
    std::vector<eventlog::log_record> found;
    if (from.value() < static_cast<std::int64_t>(records.size())) {
        found.push_back(records[static_cast<std::size_t>(from.value())]);
    }
    return found;
}

fake_log::result<eventlog::partition_range> fake_log::range(
    const eventlog::topic_partition& where) {
    const std::lock_guard hold(mutex_);
    const auto end = eventlog::offset{static_cast<std::int64_t>(topics_[where.topic].size())};
    return eventlog::partition_range{.first = eventlog::offset{0}, .end = end, .durable = end};
}

std::vector<eventlog::log_record> fake_log::all(const std::string& topic) {
    const std::lock_guard hold(mutex_);
    return topics_[topic];
}

void fake_log::fail_with(const std::string& topic, eventlog::errc code) {
    const std::lock_guard hold(mutex_);
    failing_[topic] = code;
}

// ---- scheduler ----------------------------------------------------------------------------------

kwq::scheduler::poll_ticket fake_scheduler::poll(
    kwq::scheduler::poll_request p, callback<model::result<kwq::scheduler::poll_answer>> done) {
    polls.push_back(std::move(p));
    if (holds_polls) {
        waiting = std::move(done);
    } else {
        done(poll_answer);
    }
    return polls.size();
}

void fake_scheduler::report(kwq::scheduler::lease_report r,
                            callback<model::result<kwq::scheduler::settle_status>> done) {
    reports.push_back(std::move(r));
    done(verdict);
}

void fake_scheduler::heartbeats(
    std::vector<kwq::scheduler::heartbeat> b,
    callback<model::result<std::vector<kwq::scheduler::heartbeat_answer>>> done) {
    std::vector<kwq::scheduler::heartbeat_answer> answers;
    for (const auto& one : b) {
        answers.push_back(
            {.lease = one.lease, .live = lives, .deadline = instant{5'000}, .known = knows});
    }
    beats = std::move(b);
    done(answers);
}

void fake_scheduler::answer(const callback<model::result<receipt>>& done) const {
    if (change_refused) {
        done(*change_refused);
    } else {
        done(receipt{.control_offset = model::offset{7}});
    }
}

void fake_scheduler::cancel_task(kwq::scheduler::task_place task,
                                 callback<model::result<model::offset>> done) {
    cancelled.push_back(std::move(task.place));
    if (change_refused) {
        done(*change_refused);
    } else {
        done(model::offset{1});
    }
}

void fake_scheduler::retry_task(kwq::scheduler::task_place task,
                                callback<model::result<model::offset>> done) {
    retried.push_back(std::move(task.place));
    if (change_refused) {
        done(*change_refused);
    } else {
        done(model::offset{1});
    }
}

void fake_scheduler::reprioritise_task(
    kwq::scheduler::task_place task, model::priority to,
    callback<model::result<kwq::scheduler::reprioritised>> done) {
    const bool moves = task.place.priority != to;
    reprioritised.emplace_back(std::move(task.place), to);
    if (change_refused) {
        done(*change_refused);
    } else {
        done(kwq::scheduler::reprioritised{moves, model::offset{1}});
    }
}

void fake_scheduler::set_gate(model::gate g, callback<model::result<receipt>> done) {
    gates_set.push_back(std::move(g));
    answer(done);
}

void fake_scheduler::set_dispatch(model::dispatch d, callback<model::result<receipt>> done) {
    switch_to({.state = d.state, .until = d.until, .reason = d.reason, .leases = 0});
    switches.push_back(std::move(d));
    answer(done);
}

void fake_scheduler::give_command(model::command c, callback<model::result<receipt>> done) {
    commands.push_back(std::move(c));
    answer(done);
}

void fake_scheduler::define_queue(model::queue_defined q, callback<model::result<receipt>> done) {
    if (!change_refused) {
        known_queues[q.queue] = q.priorities;
    }
    answer(done);
}

void fake_scheduler::queues(callback<std::vector<kwq::scheduler::queue_info>> done) {
    std::vector<kwq::scheduler::queue_info> all;
    for (const auto& [queue, priorities] : known_queues) {
        all.push_back({.queue = queue, .priorities = priorities});
    }
    done(all);
}

std::optional<std::int32_t> fake_scheduler::priorities_of(const model::queue_name& queue) const {
    const auto found = known_queues.find(queue);
    return found == known_queues.end() ? std::nullopt : std::optional(found->second);
}

// ---- tracker ------------------------------------------------------------------------------------

void fake_tracker::task(model::task_id id, positions after,
                        callback<kwq::tracker::task_view> done) {
    asked_after = std::move(after);
    const auto found = known_tasks.find(id.value());
    if (found == known_tasks.end()) {
        done(model::error{errc::task_unknown, "no such task", {}});
    } else {
        done(found->second);
    }
}

void fake_tracker::task_until_terminal(model::task_id id, positions after, milliseconds wait,
                                       callback<kwq::tracker::task_view> done) {
    asked_wait = wait;
    task(std::move(id), std::move(after), std::move(done));
}

void fake_tracker::tasks(kwq::tracker::task_filter f, positions after,
                         callback<kwq::tracker::task_page> done) {
    asked_filter = std::move(f);
    asked_after = std::move(after);
    ++times_listed;
    kwq::tracker::task_page page;
    if (!pages.empty()) {
        page = std::move(pages.front());
        pages.erase(pages.begin());
        done(page);
        return;
    }
    for (const auto& [id, view] : known_tasks) {
        page.items.push_back(view);
    }
    page.next_cursor = "more";
    done(page);
}

void fake_tracker::jobs(kwq::tracker::name_page_query q, positions,
                        callback<kwq::tracker::group_page> done) {
    asked_names = std::move(q);
    kwq::tracker::group_page page;
    for (const auto& [name, view] : known_jobs) {
        page.items.push_back(view);
    }
    done(page);
}

void fake_tracker::job(kwq::tracker::job_question q, positions,
                       callback<kwq::tracker::group_view> done) {
    asked_tags = q.most_tags;
    const auto found = known_jobs.find(q.job.value());
    if (found == known_jobs.end()) {
        done(model::error{errc::job_unknown, "no such job", {}});
    } else {
        done(found->second);
    }
}

void fake_tracker::job_until_idle(kwq::tracker::job_question q, positions after, milliseconds wait,
                                  callback<kwq::tracker::group_view> done) {
    asked_wait = wait;
    job(std::move(q), std::move(after), std::move(done));
}

void fake_tracker::tags(kwq::tracker::name_page_query, positions,
                        callback<kwq::tracker::group_page> done) {
    done(kwq::tracker::group_page{});
}

void fake_tracker::tag(model::tag_name, positions, callback<kwq::tracker::group_view> done) {
    done(model::error{errc::tag_unknown, "no such tag", {}});
}

}  // namespace kwq::rest::testing
