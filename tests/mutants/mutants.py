"""The deliberate bugs, as data: where each is, the text that it replaces, which promise it breaks and who must notice.

A mutant is a mistake that somebody in a hurry could make, in one place if possible. The old text must be found exactly
once; the new text must compile without a warning."""

from typing import NamedTuple


class Edit(NamedTuple):
    path: str
    old: str
    new: str


class Mutant(NamedTuple):
    name: str
    breaks: str  # the promise
    catcher: str  # one of CATCHERS
    edits: tuple


class Catcher(NamedTuple):
    target: str
    arguments: tuple
    seconds: int  # time allowed, on a slow machine


CATCHERS = {
    "sim": Catcher("kwq-sim", ("--hunt", "--seeds", "300"), 300),
    "sim-append": Catcher("kwq-sim", ("--hunt", "--seeds", "50", "--faults", "append_failed"), 300),
    "sim-slow-log": Catcher("kwq-sim", ("--hunt", "--seed", "5001", "--seeds", "100", "--steps", "5500", "--faults",
                                        "log_stalled,message_late,request_lost,request_repeated"), 300),
    "found-seeds": Catcher("simulation", ("seeds that found*",), 300),
    "power-cut": Catcher("crash_disk", ("power-cut", "--cuts", "50"), 300),
    "scenarios": Catcher("scenario", ("tests/scenario/[a-z]*.txt",), 60),
    "contract": Catcher("contract", ("a failed*",), 60),
    "watchers": Catcher("contract", ("a watcher hears of a record*",), 60),
    "tag-counters": Catcher("unit_tracker", ("what has gone stays counted*",), 60),
    "give-back": Catcher("unit_scheduler", ("a lease that is given back*",), 120),
}

LIFECYCLE = "src/model/lifecycle.cpp"
SHARD = "src/scheduler/shard.cpp"
IN_FLIGHT = "src/scheduler/shard_in_flight.cpp"
MEET = "src/scheduler/shard_meet.cpp"
POLLS = "src/scheduler/shard_polls.cpp"
REPORTS = "src/scheduler/shard_reports.cpp"
RUNNER = "src/scheduler/shard_runner.cpp"
RUNNER_START = "src/scheduler/shard_runner_start.cpp"
LANES = "src/scheduler/shard_runner_lanes.cpp"
STATE = "src/scheduler/shard_state.cpp"
STORED = "src/scheduler/shard_state_store.cpp"
LEASES = "src/scheduler/lease_book.cpp"
READY = "src/scheduler/ready_buffer.cpp"
SHARDS = "src/scheduler/shard_set.cpp"
FOLD = "src/tracker/fold.cpp"
ROWS = "src/tracker/rows.cpp"
TABLES = "src/tracker/tables.cpp"
ROW_CACHE = "src/tracker/row_cache.cpp"
TAG_COUNTERS = "src/tracker/tag_counters.cpp"
EMBEDDED = "src/eventlog/embedded/embedded_log.cpp"
PIPELINE = "src/eventlog/embedded/commit_pipeline.cpp"
STORAGE = "src/eventlog/embedded/log_storage.cpp"


def one(name, breaks, path, old, new, catcher="sim"):
    return Mutant(name, breaks, catcher, (Edit(path, old, new),))


MUTANTS = (
    # ---- which events count ----
    one("epoch_ignored", "an owner that was replaced decides nothing", LIFECYCLE,
        "!e.owner || e.owner->epoch != partition.epoch || e.owner->t < partition.t",
        "!e.owner || e.owner->t < partition.t"),
    one("token_ignored", "a report counts only with the live lease", LIFECYCLE,
        "before.place == place::leased && before.lease == lease",
        "before.place == place::leased"),
    one("one_attempt_more", "no task is handed out beyond max_attempts", LIFECYCLE,
        "facts.spent >= facts.limits.max_attempts", "facts.spent > facts.limits.max_attempts"),
    one("expiry_costs_nothing", "an expired lease spends an attempt", LIFECYCLE,
        "    ++facts.spent;\n", "    facts.spent += how == outcome::expired && facts.spent > 0 ? 0 : 1;\n"),
    one("backoff_ignored", "a failed task waits before it comes back", LIFECYCLE,
        "return wait_until(std::move(facts), at, delay);",
        "return wait_until(std::move(facts), at, std::min(delay, milliseconds::zero()));"),
    one("expiry_at_the_owners_word", "no lease ends before its time, with a new owner neither", LIFECYCLE,
        "if (owner.t < start + before_.limits.lease) {", "if (owner.t < start) {"),
    one("retry_keeps_the_count", "a retry of a job gives each task its attempts again", LIFECYCLE,
        "            facts.place = place::pending;\n            facts.spent = 0;\n",
        "            facts.place = place::pending;\n"),
    one("cancel_takes_one_more", "a cancel of a job spares what is submitted after it", LIFECYCLE,
        "where.offset < e.end;", "where.offset <= e.end;"),
    one("second_record_of_an_id", "one id is one task", LIFECYCLE,
        "    if (id_taken) {\n        return void_reason::id_taken;\n    }\n",
        "    static_cast<void>(id_taken);\n"),
    # ---- deciding ----
    Mutant("answered_before_read_back", "a worker is told of no lease that is not in the log", "sim", (
        Edit(POLLS, "    ++p.reserved;\n    send(std::move(e), now);\n",
             "    ++p.reserved;\n"
             "    p.answer.leases.push_back({lease, now.at + t.body.limits.lease, attempt, task});\n"
             "    send(std::move(e), now);\n"),
        Edit(POLLS,
             "            for (const auto& q : p.request.queues) {\n"
             "                polls_of_[q].erase(ticket);\n            }\n",
             "            p.reserved = 0;\n            finish_if_done(ticket, now);\n"),
        Edit(IN_FLIGHT,
             "        send(model::released{e.place, e.id, e.lease, milliseconds{0}}, now);\n        return;\n",
             "        return;\n"))),
    one("void_lease_told", "a worker is told of no lease that does not count", IN_FLIGHT,
        "        --found->second.reserved;\n    }\n    if (!a.verdict.accepted()) {\n",
        "        --found->second.reserved;\n    }\n    if (!a.verdict.accepted() && found == polls_.end()) {\n"),
    one("less_urgent_first", "the highest priority goes first, read or not", POLLS,
        "complete = full || !has_unread_at(queue, *level);", "complete = true;\n        static_cast<void>(full);"),
    one("newest_first", "within a job first in, first out", READY,
        "auto& first = l.jobs.at(whose_turn).tasks.begin()->second;",
        "auto& first = std::prev(l.jobs.at(whose_turn).tasks.end())->second;"),
    one("not_before_ignored", "no task is handed out before its not_before", MEET,
        "if (t.body.not_before && *t.body.not_before > now.at) {",
        "if (t.body.not_before && now.at < instant{0}) {"),
    one("expires_at_ignored", "no task is handed out after its expires_at", MEET,
        "if (t.body.expires_at && *t.body.expires_at <= now.at) {",
        "if (t.body.expires_at && now.at < instant{0}) {"),
    one("duplicate_let_through", "another record of an id is dropped, and said to be a duplicate", MEET,
        "other && *other != t.place) {", "other && *other != t.place && stored) {"),
    one("paused_handed_out", "nothing of a paused queue is handed out", POLLS,
        "        const lane_key lane{queue, *level};\n        if (!lane_open(lane, now)) {\n",
        "        const lane_key lane{queue, *level};\n        if (!lane_open(lane, now) && buffer_.tasks(lane) == 0) {\n"),
    one("replaced_owner_goes_on", "an owner that was replaced says nothing of leases", SHARD,
        "            on_own_claim(now);\n        } else {\n            owner_ = false;\n        }\n",
        "            on_own_claim(now);\n        }\n"),
    one("heartbeat_renews_nothing", "a heartbeat that is confirmed extends the lease", LEASES,
        "    found->second.expires = t + found->second.lease;\n", "    static_cast<void>(t);\n"),
    one("ending_lease_renewed", "no lease ends before what a heartbeat was told", REPORTS,
        "if (is_live && lease_book_.is_ending(parts->place)) {", "if (is_live && beat.lease.value().empty()) {",
        "sim-slow-log"),
    one("lost_before_it_is_durable", "what a heartbeat is told to be lost stays lost", SHARDS,
        "some_lost ? shard.core().state().applied_offset() : offset{-1};", "some_lost ? offset{-1} : offset{-1};",
        "found-seeds"),
    one("timeout_ignored", "a run ends at its timeout_s", LEASES,
        "    if (limits.timeout) {\n        e.times_out = t + *limits.timeout;\n    }\n", "", "scenarios"),
    one("gone_client_keeps_lease", "what is allocated to a client that has gone comes back at once", IN_FLIGHT,
        "        send(model::released{e.place, e.id, e.lease, milliseconds{0}}, now);\n        return;\n",
        "        return;\n", "scenarios"),
    one("give_back_forgotten", "a lease whose answer could not be sent comes back at once", SHARDS,
        "shard.core().report(0, {lease, report_release{}}, shard.now());",
        "shard.core().report(0, {lease, report_running{}}, shard.now());", "give-back"),
    # ---- coming back ----
    one("return_not_noticed", "a task that comes back is handed out again", SHARD,
        "    if (a.after.place == place::pending) {\n        returned_at(lane_of(where, a.after), where.offset);\n    } else if (",
        "    if ("),
    one("moved_where_it_was", "a task that was moved is served at its new priority", STATE,
        "const auto key = lane_of(where, row.facts);", "const auto key = lane_of(where);"),
    one("reservation_kept", "what was decided about frees its task, whatever came of it", IN_FLIGHT,
        "        reserved_.erase(found);\n", ""),
    one("rest_stays_parked", "resuming a job brings all of its tasks back", SHARD,
        "        unpark_.insert(y->job);  // there may be more\n", ""),
    one("cursor_one_too_far", "the cursor passes over no task that waits", MEET,
        "c.next = lane.skipped.next_range(front->first)->last;",
        "c.next = after(lane.skipped.next_range(front->first)->last);"),
    one("record_after_a_batch_skipped", "every record that was submitted is met", LANES,
        "next = offset{found.offset.value() + 1};", "next = offset{found.offset.value() + 2};"),
    one("id_forgotten_when_settled", "an id stays taken until the horizon", STATE,
        "    std::string value;\n    store::append_u64(value, static_cast<std::uint64_t>(settled_at.value()));\n",
        "    if (settled_at > instant{0}) {\n        state_.erase(keys::id(id));\n        return;\n    }\n"
        "    std::string value;\n    store::append_u64(value, static_cast<std::uint64_t>(settled_at.value()));\n"),
    one("command_overlooked", "what a command has cancelled is not handed out any more", STATE,
        "result.before = ledger_.effective(where, job, stored ? stored->facts : task_facts{});",
        "result.before = stored ? stored->facts : task_facts{};"),
    # ---- answers, failures, restarts ----
    one("report_answered_early", "a yes to a report is durable", RUNNER,
        "when_durable(r.after, ", "when_durable(offset{-1}, "),
    one("poll_settled_early", "a yes to a report within a poll is durable", RUNNER,
        "when_durable(a.after, ", "when_durable(offset{-1}, "),
    one("failed_append_shrugged_off", "after a failed append nothing goes on as if it were there", RUNNER,
        "    shard_->lose_ownership(now());\n    if (should_own_) {\n"
        "        claim_again_ = deps_.time.monotonic() + retry_interval;\n    } else {\n        wants_ = false;\n    }\n",
        "    next_commit_ = deps_.time.monotonic() + retry_interval;\n"),
    one("failed_follow_up_forgotten", "follow-ups are submitted, after a failure again", LANES,
        "ok = r.has_value()]", "ok = r.has_value() || state->left > 0]", "sim-append"),
    one("follow_ups_lost_in_restart", "follow-ups are submitted, after a restart too", STORED,
        "        unfollowed_.insert(offset{take_i64(key)});\n        return true;\n", "        return true;\n"),
    Mutant("state_beyond_the_log", "the state holds nothing that the log has lost", "sim", (
        Edit(RUNNER, "if (durable_end_ <= shard_->state().applied_offset()) {",
             "if (durable_end_ < offset{0}) {"),
        Edit(RUNNER_START, "    if (!state_fits_log()) {\n", "    if (!state_fits_log() && config_.queues.size() > 1'000) {\n"))),
    # ---- the tracker ----
    one("tracker_counts_void", "an event that does not count changes no counter", FOLD,
        "    if (!step.verdict.accepted()) {\n        ++tables_.totals.void_events;\n        return;\n    }\n",
        "    if (!step.verdict.accepted()) {\n        ++tables_.totals.void_events;\n    }\n"),
    one("tracker_counts_death_as_retry", "the counters are those of a recount", ROWS,
        "out_.retried = e_.after.place != model::place::dead;", "out_.retried = true;"),
    one("tracker_counters_not_stored", "counters survive a restart", TABLES,
        "    write_groups();\n    errors.write_changed();\n", "    errors.write_changed();\n"),
    # ---- the embedded log ----
    one("answered_before_the_sync", "what is acknowledged survives a power cut", PIPELINE,
        "(a.how == durability::synced ? synced : ordered).push_back({first, std::move(a.done)});",
        "ordered.push_back({first, std::move(a.done)});", "power-cut"),
    one("flushed_not_synced", "what is acknowledged survives a power cut", STORAGE,
        "db_->FlushWAL(true)", "db_->FlushWAL(false)", "power-cut"),
    one("failed_sync_ignored", "after a sync that failed the log stops", PIPELINE,
        "    if (failed) {\n        const bool is_first = !stopped_.exchange(true);\n        for",
        "    if (failed && failed->empty()) {\n        const bool is_first = !stopped_.exchange(true);\n        for", "contract"),
    Mutant("failed_write_ignored", "after a write that failed, for lack of space too, the log stops", "contract", (
        Edit(PIPELINE, "        const bool is_first = !stopped_.exchange(true);  // who is answered finds it stopped\n"
             "        resolve_all(g, {errc::unknown, *failed});\n        if (is_first) {\n",
             "        const bool is_first = false;\n"
             "        resolve_all(g, {errc::unknown, *failed});\n        if (is_first) {\n"),
        Edit(EMBEDDED, "        pipeline_->fail_later(\"the event log cannot write in the background: \" + why);\n",
             "        static_cast<void>(why);\n"))),
    Mutant("answered_before_heard", "watchers hear of a record before its append is answered", "watchers", (
        Edit(PIPELINE, "    for (const auto& m : moved) {\n        m.partition->call_watchers();\n    }\n    want_sync(",
             "    for (const auto& w : ordered) {\n        w.done(w.first);\n    }\n    want_sync("),
        Edit(PIPELINE, "    for (const auto& w : ordered) {\n        w.done(w.first);\n    }\n}\n",
             "    for (const auto& m : moved) {\n        m.partition->call_watchers();\n    }\n}\n"))),
    one("old_claim_stays", "an id that another record takes over is no longer the first one's", TABLES,
        "            rows.change(other).claim = id_claim::none;\n",
        "            static_cast<void>(other);\n", "sim"),
    one("gone_not_counted", "what retention lets go of stays counted in the tags of its job", ROW_CACHE,
        "            tags_.let_go(kept->listed_);\n", "", "tag-counters"),
    one("counters_begin_empty", "counters of a job's tags begin with what the job had before", TAG_COUNTERS,
        ": count_lists(job)) {", ": counts_by_tag{}) {", "tag-counters"),
)
