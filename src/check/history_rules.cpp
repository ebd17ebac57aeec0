// Compares a history with the log: was what was acknowledged done, what was refused not done, and
// does the log hold nothing that nobody asked for?
#include "check/history.hpp"
#include "model/ids.hpp"

#include <string>

namespace kwq::check {

namespace {

class comparison {
public:
    comparison(const history& h, const std::vector<std::unique_ptr<checked_shard>>& shards,
               check_report& report)
        : history_(h), shards_(shards), report_(report), found_(report.found) {
        for (const auto& shard : shards_) {
            for (const auto& t : shard->table.rows()) {
                if (!t.readable) {
                    continue;
                }
                auto& known = by_id_[t.id];
                if (known.second == nullptr || known.second->where == whereabouts::dropped) {
                    known = {shard.get(), &t};
                }
            }
            for (const auto& [hash, story] : shard->fold->leases()) {
                leases_.emplace(hash, std::pair(shard.get(), &story));
            }
        }
    }

    void run() {
        submits();
        phantoms();
        told();
        reports();
        unreported();
        steering();
        jobs();
    }

private:
    using found_task = std::pair<const checked_shard*, const task_line*>;

    void broken(rule r, std::int64_t line, std::string_view op, std::string sentence) {
        found_.broken({r, {{}, 0, line}, std::string(op), std::move(sentence)});
    }

    void submits();
    void check_position(const submit_story& s);
    void phantoms();
    void told();
    void reports();
    void check_acknowledged(report_outcome what, const answers& a, std::uint64_t lease);
    void unreported();
    void steering();
    void jobs();

    const history& history_;
    const std::vector<std::unique_ptr<checked_shard>>& shards_;
    check_report& report_;
    findings& found_;
    std::unordered_map<std::uint64_t, found_task> by_id_;
    std::unordered_map<std::uint64_t, std::pair<const checked_shard*, const lease_story*>> leases_;
};

void comparison::submits() {
    for (const auto& [hash, s] : history_.submits()) {
        const auto there = by_id_.find(hash);
        found_.checked(rule::lost_task);
        if (s.ok > 0 && there == by_id_.end()) {
            broken(rule::lost_task, s.ok_line, "submit",
                   "task " + s.id + " was acknowledged and is not in the log");
            continue;
        }
        found_.checked(rule::honest_refusal);
        if (s.ok + s.unknown == 0 && there != by_id_.end()) {
            broken(rule::honest_refusal, s.failed_line, "submit",
                   "task " + s.id + " was refused and is in the log");
        }
        if (there == by_id_.end()) {
            continue;
        }
        if (s.payload && !s.two_payloads) {
            found_.checked(rule::changed_bytes);
            if (*s.payload != there->second.second->payload) {
                broken(rule::changed_bytes, s.ok_line, "submit",
                       "the payload of task " + s.id + " is another in the log");
            }
        }
        check_position(s);
    }
}

/// The log has the task where the answer said.
void comparison::check_position(const submit_story& s) {
    for (const auto& [text, line] : s.positions) {
        found_.checked(rule::one_log);
        const auto p = model::parse_position(text);
        const task_line* t = nullptr;
        for (const auto& shard : shards_) {
            if (p && !p->status && shard->number == p->shard.value()) {
                t = shard->table.find(p->place);
            }
        }
        if (t == nullptr || t->id != hash_of(model::task_id{s.id})) {
            broken(rule::one_log, line, "submit",
                   "task " + s.id + " is not at the position it was said to have");
        }
    }
}

void comparison::phantoms() {
    for (const auto& [hash, task] : by_id_) {
        found_.checked(rule::phantom);
        bool asked = history_.submits().count(hash) > 0;
        for (const auto& shard : shards_) {
            asked = asked || shard->fold->is_follow_up(hash);
        }
        if (!asked) {
            broken(rule::phantom, -1, "submit",
                   "nobody submitted the task in " +
                       to_string(task.first->table.place_of(*task.second)));
        }
    }
}

void comparison::told() {
    for (const auto& [hash, t] : history_.told()) {
        found_.checked(rule::told_not_logged);
        const auto known = leases_.find(hash);
        if (known == leases_.end()) {
            if (!t.may_be_lost) {
                broken(rule::told_not_logged, t.line, "take",
                       "a worker was given a lease of task " + t.id +
                           " that no event which counts gives out");
            }
            continue;
        }
        const auto& [shard, story] = known->second;
        const auto& row = shard->table.row(story->task);
        if (row.id != hash_of(model::task_id{t.id}) || story->attempt != t.attempt) {
            broken(rule::told_not_logged, t.line, "take",
                   "the lease of task " + t.id + " is of another task or attempt in the log");
        }
        found_.checked(rule::changed_bytes);
        if (t.payload && *t.payload != row.payload) {
            broken(rule::changed_bytes, t.line, "take",
                   "the worker got another payload of task " + t.id + " than the log has");
        }
    }
}

void comparison::check_acknowledged(report_outcome what, const answers& a, std::uint64_t lease) {
    const auto known = leases_.find(lease);
    found_.checked(rule::told_is_durable);
    found_.checked(rule::stale_lease);
    const std::string word(to_string(what));
    if (known == leases_.end()) {
        broken(rule::stale_lease, a.ok_line, "report",
               word + " was acknowledged on a lease that is not in the log");
        return;
    }
    const auto& story = *known->second.second;
    if (what == report_outcome::running) {
        if (!story.ran) {
            broken(rule::told_is_durable, a.ok_line, "report",
                   "running was acknowledged and is not in the log");
        }
        return;
    }
    const auto wanted = what == report_outcome::complete ? lease_end::complete
                        : what == report_outcome::error  ? lease_end::error
                                                         : lease_end::released;
    if (story.reported == lease_end::none) {
        broken(rule::told_is_durable, a.ok_line, "report",
               word + " was acknowledged and is not in the log");
    } else if (story.reported != wanted) {
        broken(rule::same_answer, a.ok_line, "report",
               word + " was acknowledged, but another outcome of the lease counts");
    }
}

void comparison::reports() {
    for (const auto& [key, a] : history_.reports()) {
        if (a.ok > 0) {
            check_acknowledged(key.second, a, key.first);
        }
    }
}

/// What counts was reported by somebody, and not only refused.
void comparison::unreported() {
    for (const auto& [hash, found] : leases_) {
        const auto& story = *found.second;
        const bool complete = story.reported == lease_end::complete;
        if (!complete && story.reported != lease_end::error) {
            continue;
        }
        const auto what = complete ? report_outcome::complete : report_outcome::error;
        const std::string task =
            to_string(found.first->table.place_of(found.first->table.row(story.task)));
        const auto tried = history_.reports().find({hash, what});
        found_.checked(complete ? rule::complete_once : rule::phantom);
        if (tried == history_.reports().end()) {
            broken(complete ? rule::complete_once : rule::phantom, -1, "report",
                   std::string(to_string(what)) + " of task " + task +
                       " counts, but nobody reported it");
            continue;
        }
        found_.checked(rule::honest_refusal);
        if (tried->second.ok + tried->second.unknown == 0) {
            broken(rule::honest_refusal, tried->second.failed_line, "report",
                   std::string(to_string(what)) + " of task " + task + " was refused and counts");
        }
    }
}

void comparison::steering() {
    for (const auto& [hash, a] : history_.cancels()) {
        const auto there = by_id_.find(hash);
        found_.checked(rule::cancelled_stays);
        if (a.ok > 0 &&
            (there == by_id_.end() || there->second.second->where != whereabouts::cancelled)) {
            broken(rule::cancelled_stays, a.ok_line, "cancel", "the task was cancelled and is not");
        }
    }
    for (const auto& [hash, a] : history_.retries()) {
        bool done = false;
        for (const auto& shard : shards_) {
            done = done || shard->fold->retried().count(hash) > 0;
        }
        found_.checked(rule::told_is_durable);
        if (a.ok > 0 && !done) {
            broken(rule::told_is_durable, a.ok_line, "retry",
                   "a retry was acknowledged and is not in the log");
        }
    }
}

void comparison::jobs() {
    for (const auto& r : history_.final_jobs()) {
        found_.checked(rule::tracker_agrees);
        const auto known = report_.jobs.find(r.job);
        const auto counts = known == report_.jobs.end() ? state_counts{} : known->second;
        for (int i = 0; i < model::task_state_count; ++i) {
            const auto state = static_cast<model::task_state>(i);
            const auto said = r.counts.find(std::string(model::to_string(state)));
            const auto n = said == r.counts.end() ? 0 : said->second;
            if (n != counts[static_cast<std::size_t>(i)]) {
                broken(rule::tracker_agrees, r.line, "job",
                       "job " + r.job + " is said to have " + std::to_string(n) + " tasks " +
                           std::string(model::to_string(state)) + ", the log has " +
                           std::to_string(counts[static_cast<std::size_t>(i)]));
            }
        }
    }
}

}  // namespace

eventlog::result<void> check_history(std::istream& in,
                                     const std::vector<std::unique_ptr<checked_shard>>& shards,
                                     check_report& report) {
    history h(report.found);
    if (const auto done = h.read(in); done.has_error()) {
        return done.error();
    }
    report.operations = h.operations();
    comparison(h, shards, report).run();
    return {};
}

}  // namespace kwq::check
