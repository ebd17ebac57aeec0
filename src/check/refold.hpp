// refold: the fold of one shard written a second time, from docs/event-log.md alone. It shares no
// code with model/lifecycle, the scheduler or the tracker, so a mistake of theirs is not made here
// as well. It judges each event, follows each task, and says where a rule is broken.
#pragma once

#include "check/command_book.hpp"
#include "check/findings.hpp"
#include "check/task_table.hpp"
#include "model/event.hpp"
#include "model/lease.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kwq::check {

/// Why an event does not count. `none`: it counts.
enum class why_void : std::uint8_t {
    none,
    stale_epoch,
    lease_lost,
    already,
    outcome_conflict,
    wrong_place,
    id_taken,
    not_duplicate,
    too_early,
    stale_control,
    wrong_attempt,
    no_intro,
    no_record,
};
inline constexpr int why_void_count = 13;
std::string_view to_string(why_void w);

/// What became of a lease: for comparing with what workers were told.
struct lease_story {
    std::uint32_t task = 0;  // row
    std::uint32_t attempt = 0;
    std::int64_t allocated_at = -1;        // status offset
    bool ran = false;                      // an accepted `running`
    lease_end reported = lease_end::none;  // by an accepted report
};

class refold {
public:
    struct options {
        std::string status_topic;
        std::int32_t shard = 0;
        bool keep_leases = false;  // for a history
        std::int64_t first = 0;    // the events before it have been trimmed
    };
    using commands = std::vector<std::pair<model::offset, model::command>>;

    /// All outlive it. `given` are the commands of kwq-control, in order.
    refold(options o, task_table& table, const commands& given, findings& found);

    void apply(const model::logged_event& logged);
    /// After the last event: what must hold in the end.
    void finish();

    /// Ids that follow-ups must have, as hashes, with the completion's offset.
    const std::unordered_map<std::uint64_t, std::int64_t>& expected_follow_ups() const {
        return expected_;
    }
    /// Was it asked for as a follow-up by a completion that counts? Kept with `keep_leases`.
    bool is_follow_up(std::uint64_t id) const { return children_.count(id) > 0; }
    std::uint64_t events() const { return events_; }
    std::uint64_t verdicts(why_void w) const { return verdicts_[static_cast<std::size_t>(w)]; }
    std::uint64_t unfollowed() const { return with_then_.size(); }
    const std::unordered_map<std::uint64_t, lease_story>& leases() const { return stories_; }
    /// Ids whose dead task was retried by name, as hashes.
    const std::unordered_set<std::uint64_t>& retried() const { return retried_; }

private:
    why_void judge(const model::event& e);
    why_void judge_owner(const model::event& e);

    // owner's, about one task
    why_void on(const model::allocated& e);
    why_void on(const model::parked& e);
    why_void on(const model::ready& e);
    why_void on(const model::lease_expired& e);
    why_void on(const model::cancelled& e);
    why_void on(const model::duplicate& e);
    why_void on(const model::rejected& e);
    why_void on(const model::moved& e);
    // owner's, about the partition
    why_void on(const model::claim&);
    why_void on(const model::cursor& e);
    why_void on(const model::parked_ranges& e);
    why_void on(const model::ready_ranges& e);
    why_void on(const model::control& e);
    why_void on(const model::followed& e);
    why_void on(const model::horizon& e);
    // reports
    why_void on(const model::running& e);
    why_void on(const model::progress& e);
    why_void on(const model::complete& e);
    why_void on(const model::task_error& e);
    why_void on(const model::released& e);

    task_line* look_up(const model::record& where, const model::task_id* id);
    why_void first_event(task_line& t, const model::task_id& id,
                         const std::optional<model::task_intro>& intro);
    void check_intro(const task_line& t, const model::task_intro& intro);
    std::uint32_t bound(std::uint64_t id) const;
    void bind(const task_line& t, std::uint64_t id);
    void moved(task_line& t);
    void end_lease(task_line& t, lease_end how);
    void fail_attempt(task_line& t, bool retry, lease_end how);
    void settle(task_line& t, whereabouts w);
    void check_token(const model::allocated& e);
    void note_allocation(const task_line& t, std::uint64_t lease);
    why_void wrong_hand_out(const task_line& t);
    why_void check_lease(const model::record& where, const model::task_id& id,
                         const model::lease_token& lease, lease_end reported, task_line** found);
    why_void lost_lease(const task_line& t, const model::record& where,
                        const model::lease_token& lease, lease_end reported);
    void note_report(std::uint64_t lease, lease_end how);
    bool left_rightly(task_line& t);
    void check_range(const model::queue_name& queue, model::priority p, const model::job_name& job,
                     const std::vector<model::offset_range>& ranges, bool parking);
    void check_copy(const model::control& e);
    void broken(rule r, std::string sentence);
    /// Its record was trimmed, and so may have been events of it.
    bool has_lost_past(const task_line& t) const { return options_.first > 0 && !t.there; }
    void begin_at(const model::event& e);

    const options options_;
    task_table& table_;
    const commands& given_;
    findings& found_;

    command_book book_;
    hash_index ids_;
    std::vector<std::int64_t> claims_;
    std::int64_t epoch_ = -1;
    std::int64_t t_ = 0;
    std::uint64_t sequence_ = 0;
    std::int64_t control_seen_ = -1;
    instant horizon_{0};
    std::unordered_set<std::int64_t> with_then_;  // completions whose follow-ups are not `followed`
    std::unordered_set<std::int64_t> followed_;
    std::unordered_map<std::int64_t, std::vector<std::uint64_t>> then_ids_;
    std::unordered_map<std::uint64_t, std::int64_t> expected_;
    std::unordered_set<std::uint64_t> children_;
    std::unordered_map<std::uint64_t, lease_story> stories_;
    std::unordered_set<std::uint64_t> retried_;
    std::array<std::uint64_t, why_void_count> verdicts_{};
    std::uint64_t events_ = 0;

    // the event being judged
    std::int64_t offset_ = -1;
    instant at_{0};
    std::string_view type_;
};

/// How ids and leases are kept.
std::uint64_t hash_of(const model::task_id& id);
std::uint64_t hash_of(const model::lease_token& lease);
std::uint32_t checksum_of(const std::vector<model::tag_name>& tags);

}  // namespace kwq::check
