"""The deliberate bugs of several instances on one cluster, as mutants.py has those of one: what breaks is who owns a shard,
who is fenced, and what is read back. tests/kafka/chaos is who must notice, by faults that give each a chance."""

from mutants import MUTANTS as ALONE, RUNNER_START, SHARD, SHARDS, Catcher, Edit, Mutant, one

CATCHERS = {
    "chaos": Catcher("kwq", ("--cycles", "8"), 400),
    "chaos-frozen": Catcher("kwq", ("--cycles", "8", "--faults", "freeze,cut_off"), 400),
    "chaos-killed": Catcher("kwq", ("--cycles", "8", "--faults", "kill9,kill_cut_off"), 400),
}

SHARD_HEADER = "src/scheduler/shard.hpp"
REPORTS = "src/scheduler/shard_reports.cpp"
INTAKE = "src/rest/intake.cpp"
CLUSTER = "src/cluster/cluster_scheduler.cpp"
PASSED_POLLS = "src/cluster/passed_polls.cpp"


def again(name, of, breaks, catcher="chaos"):
    """The same edit as in the list of one instance, by what it breaks among several."""
    return Mutant(name, breaks, catcher, next(mutant.edits for mutant in ALONE if mutant.name == of))


MUTANTS = (
    # ---- owning ----
    again("claim_fences_nobody", "epoch_ignored", "what a replaced owner decides is void", "chaos-frozen"),
    again("replaced_owner_shares_the_epoch", "replaced_owner_goes_on", "who reads another's claim decides nothing more",
          "chaos-frozen"),
    Mutant("restart_goes_on_without_a_claim", "whoever starts again claims anew", "chaos-killed", (
        Edit(SHARD_HEADER, "    void lose_ownership(const moment& now);\n",
             "    void lose_ownership(const moment& now);\n    void go_on(const moment& now) { on_own_claim(now); }\n"),
        Edit(RUNNER_START, "        if (newest_claim_.url == url) {\n            claim();\n",
             "        if (newest_claim_.url == url) {\n            shard_->go_on(now());\n"))),
    # ---- leases ----
    one("takeover_keeps_the_deadlines", "a new owner gives every lease a full fresh period", SHARD,
        "        lease_book_.open(where, row.facts.limits, now.mono);\n    }\n    unpark_all_from_",
        "        lease_book_.open(where, row.facts.limits, now.mono - (now.at - row.allocated_at));\n    }\n"
        "    unpark_all_from_", "chaos-frozen"),
    one("takeover_forgets_the_leases", "leases of an owner that is gone end too", SHARD,
        "        lease_book_.open(where, row.facts.limits, now.mono);\n    }\n    unpark_all_from_",
        "        static_cast<void>(where);\n        static_cast<void>(row);\n    }\n    unpark_all_from_", "chaos-killed"),
    Mutant("anyone_renews", "a heartbeat is confirmed by the owner alone", "chaos", (
        Edit(CLUSTER, "const auto url = all[i].passed_on ? std::nullopt : owners_.elsewhere(all[i].lease);",
             "const auto url = std::optional<std::string>();"),
        Edit(SHARDS, "        if (!shard.core().is_owner()) {\n            done(model::error{errc::not_owner, \"no owner has",
             "        if (beats.empty()) {\n            done(model::error{errc::not_owner, \"no owner has"),
        Edit(SHARDS, "        if (!shard.is_fresh()) {\n", "        if (!shard.is_fresh() && shard.core().is_owner()) {\n"))),
    one("zombie_renews", "a heartbeat is confirmed by who has read the log to its end of late", RUNNER_START,
        "constexpr milliseconds fresh_for{1'000};", "constexpr milliseconds fresh_for{3'600'000};", "chaos-frozen"),
    # ---- answers ----
    again("told_before_read_back", "answered_before_read_back", "a worker is told of no lease that is not read back",
          "chaos-frozen"),
    again("void_lease_told_by_a_zombie", "void_lease_told", "a worker is told of no lease that does not count",
          "chaos-frozen"),
    one("zombie_refuses_live_leases", "a lease that a later owner gave is not said to be lost", REPORTS,
        "    if (is_unheard_of(*parts, state_, options_.others_claim)) {\n        return settle_status::unknown;\n    }\n", "", "chaos-frozen"),
    one("silence_taken_for_yes", "a report that was passed on is answered by its owner's verdict", PASSED_POLLS,
        "local_.append_report(r, done);  // its owner cannot say",
        "static_cast<void>(this);\n                        static_cast<void>(r);\n"
        "                        done(settle_status::ok);", "chaos-killed"),
    again("stale_lease_reports", "token_ignored", "a report counts only with the live lease"),
    one("submit_answered_at_once", "a submit is answered when the brokers have it", INTAKE,
        "        c.services.log.append({c.services.topics.tasks(key.queue, key.priority), key.shard.value()},\n"
        "                              std::move(group.records), eventlog::durability::synced,\n"
        "                              [round, key = key, members = std::move(group.members)](\n"
        "                                  const eventlog::result<model::offset>& outcome) {\n"
        "                                  note_outcome(*round, key, members, outcome);\n"
        "                                  if (--round->groups_out == 0) {\n"
        "                                      round->done(std::move(round->placed));\n"
        "                                  }\n"
        "                              });\n",
        "        const eventlog::topic_partition where{c.services.topics.tasks(key.queue, key.priority),\n"
        "                                              key.shard.value()};\n"
        "        note_outcome(*round, key, group.members, c.services.log.range(where).value().end);\n"
        "        c.services.log.append(where, std::move(group.records), eventlog::durability::synced,\n"
        "                              [](const eventlog::result<model::offset>&) {});\n"
        "        if (--round->groups_out == 0) {\n"
        "            round->done(std::move(round->placed));\n"
        "        }\n", "chaos-killed"),
    # ---- what every instance counts ----
    again("void_events_counted", "tracker_counts_void", "an event that does not count changes no counter", "chaos-frozen"),
    again("counters_lost_in_a_restart", "tracker_counters_not_stored", "counters survive a restart", "chaos-killed"),
)
