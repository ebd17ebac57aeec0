#include "sim/process_log.hpp"

#include <algorithm>
#include <utility>

namespace kwq::sim {

using eventlog::log_error;

namespace {

log_error gone() {
    return {eventlog::errc::stopped, "the process is dead"};
}

}  // namespace

process_log::process_log(eventlog::event_log& log, const eventlog::topic_names& topics,
                         loop_group& life, bases& noted, std::string name)
    : log_(log),
      status_(topics.status()),
      control_(topics.control()),
      life_(life),
      noted_(noted),
      suffix_("#" + std::move(name)) {}

void process_log::count_call() {
    if (calls_left_ > 0 && --calls_left_ == 0) {
        life_.die();
    }
}

bool process_log::call_fails() {
    count_call();
    return life_.is_dead();
}

eventlog::result<void> process_log::ensure_topic(const std::string& topic, std::int32_t n) {
    if (call_fails()) {
        return gone();
    }
    return log_.ensure_topic(topic, n);
}

void process_log::append(const eventlog::topic_partition& where,
                         std::vector<eventlog::new_record> batch, eventlog::durability how,
                         append_callback done) {
    if (call_fails()) {
        return;
    }
    const bool is_status = where.topic == status_;
    const auto failures = noted_.disk_failures();
    if (is_status) {
        unanswered_.insert(failures);
        stamp(batch);
    }
    log_.append(where, std::move(batch), how,
                [this, is_status, failures,
                 done = std::move(done)](const eventlog::result<model::offset>& r) {
                    if (is_status) {
                        unanswered_.erase(unanswered_.find(failures));
                        now_.in_order = now_.in_order && r.has_value();
                    }
                    if (done && !life_.is_dead()) {
                        done(r);
                    }
                });
}

/// Allocations carry what their owner knew.
void process_log::stamp(std::vector<eventlog::new_record>& batch) {
    std::string number;
    for (auto& r : batch) {
        if (r.value.find("\"type\":\"claim\"") != std::string::npos) {
            now_.in_order = true;
        }
        if (r.value.find("\"type\":\"allocated\"") == std::string::npos) {
            continue;
        }
        if (number.empty()) {
            now_.disk_failures = *unanswered_.begin();
            number = std::to_string(noted_.note(now_));
        }
        r.headers.emplace_back(bases::header, number);
    }
}

eventlog::result<std::vector<eventlog::log_record>> process_log::read(
    const eventlog::topic_partition& where, model::offset from, std::size_t max_bytes) {
    if (call_fails()) {
        return gone();
    }
    auto found = log_.read(where, from, max_bytes);
    // One record is asked for to look something up: that is not reading on.
    if (found && max_bytes > 1) {
        note_read(where, *found);
    }
    return found;
}

void process_log::note_read(const eventlog::topic_partition& where,
                            const std::vector<eventlog::log_record>& found) {
    if (std::exchange(turn_, life_.turns()) != life_.turns()) {
        now_.status_before = now_.status;
        now_.ends_before = std::exchange(now_.ends_in_turn, now_.ends);
    }
    if (found.empty()) {
        return;
    }
    const model::offset next{found.back().offset.value() + 1};
    if (where.topic == status_) {
        now_.status = std::max(now_.status, next);
    } else if (where.topic == control_) {
        now_.control = std::max(now_.control, next);
    }
}

void process_log::note_end(const std::string& topic, model::offset end) {
    const auto n = noted_.number_of(topic);
    if (now_.ends.size() <= n) {
        now_.ends.resize(n + 1, model::offset{0});
    }
    now_.ends[n] = std::max(now_.ends[n], end);
}

eventlog::result<eventlog::partition_range> process_log::range(
    const eventlog::topic_partition& where) {
    if (call_fails()) {
        return gone();
    }
    return log_.range(where);
}

eventlog::result<void> process_log::trim(const eventlog::topic_partition& where,
                                         model::offset before) {
    if (call_fails()) {
        return gone();
    }
    return log_.trim(where, before);
}

void process_log::watch(const eventlog::topic_partition& where, const std::string& name,
                        watch_callback on_move) {
    if (!on_move) {
        log_.watch(where, name + suffix_,
                   nullptr);  // also of the dead: nothing of it may be called
        return;
    }
    if (call_fails()) {
        return;
    }
    const bool is_scheduler = name == "scheduler";
    log_.watch(where, name + suffix_,
               [this, is_scheduler, topic = where.topic,
                on_move = std::move(on_move)](const eventlog::partition_range& r) {
                   if (life_.is_dead()) {
                       return;
                   }
                   if (is_scheduler) {
                       note_end(topic, r.end);
                   }
                   on_move(r);
               });
}

eventlog::result<void> process_log::flush() {
    if (call_fails()) {
        return gone();
    }
    return log_.flush();
}

}  // namespace kwq::sim
