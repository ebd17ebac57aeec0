// hand_log: a log written by hand, event by event, as a source for the checker. Its owner keeps its
// time and numbers its leases as a real one, so that a test breaks one rule and no other.
#pragma once

#include "check/checker.hpp"
#include "check/record_source.hpp"
#include "codec/event_codec.hpp"
#include "model/event.hpp"

#include <map>
#include <string>
#include <vector>

namespace kwq::check::test {

class hand_log final : public record_source {
public:
    hand_log();

    // ---- the source
    eventlog::result<std::vector<topic_shape>> topics() override;
    eventlog::result<eventlog::partition_range> range(
        const eventlog::topic_partition& where) override;
    eventlog::result<std::vector<eventlog::log_record>> read(const eventlog::topic_partition& where,
                                                             model::offset from,
                                                             std::size_t max_bytes) override;

    // ---- writing
    /// A record of priority 5 of the queue `default`; its place. `json` is the task.
    model::record task(const std::string& json);
    /// `{"id":id,"payload":1,…}`.
    model::record task_named(const std::string& id, const std::string& more = "");
    void command(const model::command& c);
    void set_aside(const std::string& id);

    void claim();
    /// An event of the owner, `after` its last one; its offset.
    std::int64_t owner(model::event_body body, milliseconds after = milliseconds{1});
    std::int64_t report(model::event_body body);
    /// A record of kwq-status as it is.
    void raw_event(std::string value);
    void pass(milliseconds t) {
        t_ += t;
        at_ = at_ + t;
    }

    /// The task is handed out as its next attempt; the lease.
    model::lease_token allocate(const model::record& where);
    model::lease_token lease_for(const model::record& where, std::uint32_t attempt);
    model::allocated allocation(const model::record& where, const model::lease_token& lease,
                                std::uint32_t attempt);
    model::task_intro intro(const model::record& where) const;
    void complete(const model::record& where, const model::lease_token& lease,
                  std::vector<model::task> then = {});
    model::task_id id(const model::record& where) const;

    std::vector<eventlog::log_record>& records(const std::string& topic) { return topics_[topic]; }
    model::owner_stamp stamp() const { return {epoch_, t_}; }
    instant now() const { return at_; }
    std::uint64_t sequence() const { return sequence_; }

private:
    std::int64_t append(const std::string& topic, std::string key, std::string value);
    model::stored_task stored(const model::record& where) const;

    std::map<std::string, std::vector<eventlog::log_record>> topics_;
    std::map<model::record, std::uint32_t> attempts_;
    instant at_{1'700'000'000'000};
    milliseconds t_{0};
    model::offset epoch_{-1};
    std::uint64_t sequence_ = 0;
};

/// The report of a check that could be made.
check_report check(hand_log& log);
check_report check(hand_log& log, const std::string& history);

/// `S5 two_leases@3`: what was found first, `clean` when nothing was.
std::string first_finding(const check_report& report);

}  // namespace kwq::check::test
