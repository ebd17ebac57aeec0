// Which events count, and what becomes of a task: every place against every event, then each reason
// for which one is void.
#include "model/lifecycle.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace kwq::model {

namespace {

const record where{queue_name{"q"}, priority{5}, offset{17}};
const task_id id{"a"};
const lease_token live{"lease-1"};
const offset epoch{10};
constexpr milliseconds allocated_t{1'000};

task_intro intro_with(std::uint32_t max_attempts) {
    task_intro i;
    i.job = job_name{"j"};
    i.limits.max_attempts = max_attempts;
    return i;
}

logged_event owned(event_body body, milliseconds t = milliseconds{200'000},
                   offset at = offset{50}) {
    return {at, event{instant{1'000'000}, owner_stamp{epoch, t}, std::move(body)}};
}

logged_event reported(event_body body, offset at = offset{50}) {
    return {at, event{instant{1'000'000}, std::nullopt, std::move(body)}};
}

task_facts facts_in(place p) {
    task_facts f;
    f.place = p;
    if (p == place::ahead) {
        return f;
    }
    f.since = offset{20};
    if (p == place::duplicate || p == place::rejected) {
        return f;
    }
    f.attempt = p == place::scheduled ? 0 : 1;
    if (p == place::leased) {
        f.lease = live;
        f.lease_epoch = epoch;
        f.lease_t = allocated_t;
    }
    if (p == place::complete || p == place::dead) {
        f.last_lease = fingerprint(live);
        f.last_outcome = p == place::complete ? outcome::complete : outcome::error;
    }
    return f;
}

std::map<std::string, logged_event> every_event(const task_facts& before) {
    const auto attempt = before.attempt + 1;
    const auto intro = intro_with(4);
    return {
        {"allocated",
         owned(allocated{where, id, lease_token{"lease-2"}, worker_name{"w"}, attempt, intro})},
        {"parked", owned(parked{where, id, instant{2'000'000}, intro})},
        {"ready due", owned(ready{where, id, ready_reason::due})},
        {"ready retry", owned(ready{where, id, ready_reason::retry})},
        {"lease_expired", owned(lease_expired{where, id, live})},
        {"cancelled", owned(cancelled{where, id, cancel_reason::requested, intro})},
        {"rejected", owned(rejected{where, "why"})},
        {"moved", owned(moved{where, id, priority{9}, intro})},
        {"running", reported(running{where, id, live})},
        {"progress", reported(progress{where, id, live, "1"})},
        {"complete", reported(complete{where, id, live, "", {}})},
        {"error", reported(task_error{where, id, live, "why", true, error_kind::reported})},
        {"released", reported(released{where, id, live, milliseconds{0}})},
    };
}

std::string outcome_of(const task_facts& before, const logged_event& e) {
    const auto result = step(before, false, e);
    if (!result.verdict.accepted()) {
        CHECK(result.after == before);
        return "void: " + std::string(to_string(result.verdict.reason));
    }
    return std::string(to_string(result.after.place));
}

void_reason reason_of(const task_facts& before, const logged_event& e, bool id_taken = false) {
    return step(before, id_taken, e).verdict.reason;
}

task_facts after(const task_facts& before, const logged_event& e) {
    const auto result = step(before, false, e);
    REQUIRE(result.verdict.accepted());
    return result.after;
}

logged_event allocation(std::uint32_t attempt, const std::string& lease,
                        std::uint32_t max_attempts = 4) {
    return owned(allocated{where, id, lease_token{lease}, worker_name{"w"}, attempt,
                           intro_with(max_attempts)},
                 allocated_t, offset{30});
}

logged_event failure(const std::string& lease, bool retry = true) {
    return reported(task_error{where, id, lease_token{lease}, "why", retry, error_kind::reported},
                    offset{31});
}

}  // namespace

TEST_CASE("every event in every place does what the picture says") {
    using row = std::map<std::string, std::string>;  // what is not named is void: wrong_place
    const row lost = {{"lease_expired", "void: lease_lost"}, {"running", "void: lease_lost"},
                      {"progress", "void: lease_lost"},      {"complete", "void: lease_lost"},
                      {"error", "void: lease_lost"},         {"released", "void: lease_lost"}};
    const auto and_lost = [&](row r) {
        r.insert(lost.begin(), lost.end());
        return r;
    };
    const std::map<place, row> expected = {
        {place::ahead, and_lost({{"allocated", "leased"},
                                 {"parked", "scheduled"},
                                 {"moved", "pending"},
                                 {"cancelled", "cancelled"},
                                 {"rejected", "rejected"}})},
        {place::scheduled,
         and_lost({{"ready due", "pending"}, {"moved", "scheduled"}, {"cancelled", "cancelled"}})},
        {place::pending, and_lost({{"allocated", "leased"},
                                   {"parked", "scheduled"},
                                   {"moved", "pending"},
                                   {"cancelled", "cancelled"}})},
        {place::leased,
         {{"lease_expired", "scheduled"},
          {"cancelled", "cancelled"},
          {"running", "leased"},
          {"progress", "leased"},
          {"complete", "complete"},
          {"error", "scheduled"},
          {"released", "pending"}}},
        {place::dead, and_lost({{"ready retry", "pending"},
                                {"error", "void: already"},
                                {"complete", "void: outcome_conflict"},
                                {"released", "void: outcome_conflict"}})},
        {place::complete, and_lost({{"complete", "void: already"},
                                    {"error", "void: outcome_conflict"},
                                    {"released", "void: outcome_conflict"}})},
        {place::cancelled, and_lost({})},
        {place::duplicate, and_lost({})},
        {place::rejected, and_lost({})},
    };
    for (const auto& [from, row_of] : expected) {
        const auto before = facts_in(from);
        for (const auto& [name, e] : every_event(before)) {
            INFO(to_string(from) << " meets " << name);
            const auto found = row_of.find(name);
            CHECK(outcome_of(before, e) ==
                  (found == row_of.end() ? "void: wrong_place" : found->second));
        }
    }
}

TEST_CASE("an accepted move remembers its offset, progress does not move") {
    const auto before = facts_in(place::leased);
    CHECK(after(before, reported(running{where, id, live})).since == offset{50});
    CHECK(after(before, reported(progress{where, id, live, "1"})) == before);
}

TEST_CASE("a task's first event brings its limits, and later ones cannot change them") {
    auto facts = after(task_facts{}, allocation(1, "l1", 2));
    CHECK(facts.limits.max_attempts == 2);
    facts = after(facts, reported(released{where, id, lease_token{"l1"}, milliseconds{0}}));
    facts = after(facts, allocation(2, "l2", 9));
    CHECK(facts.limits.max_attempts == 2);
}

TEST_CASE("a task that was moved stays at its priority, and may go back to its topic's") {
    const auto to = [](std::int32_t p) {
        return owned(moved{where, id, priority{p}, intro_with(4)}, milliseconds{0}, offset{60});
    };
    auto facts = after(task_facts{}, to(9));
    CHECK(priority_of(where, facts) == priority{9});
    CHECK(reason_of(facts, to(9)) == void_reason::already);
    facts = after(facts, allocation(1, "l1"));
    facts = after(facts, failure("l1"));
    CHECK(facts.place == place::scheduled);
    CHECK(priority_of(where, facts) == priority{9});
    facts = after(facts, to(where.priority.value()));
    CHECK(facts.priority == priority{0});
    CHECK(facts.spent == 1);
    CHECK(reason_of(task_facts{}, to(where.priority.value())) == void_reason::already);
}

TEST_CASE("a first event without its introduction is void") {
    const auto none = allocated{where, id, live, worker_name{"w"}, 1, std::nullopt};
    CHECK(reason_of(task_facts{}, owned(none)) == void_reason::no_intro);
    CHECK(reason_of(task_facts{}, owned(parked{where, id, instant{1}, std::nullopt})) ==
          void_reason::no_intro);
    CHECK(reason_of(task_facts{}, owned(cancelled{where, id, cancel_reason::expired,
                                                  std::nullopt})) == void_reason::no_intro);
    CHECK(reason_of(task_facts{}, owned(moved{where, id, priority{9}, std::nullopt})) ==
          void_reason::no_intro);
    auto pending = facts_in(place::pending);
    pending.attempt = 0;
    CHECK(reason_of(pending, owned(none)) == void_reason::none);
}

TEST_CASE(
    "the first record of an id keeps it, another is dropped by `duplicate` and nothing else") {
    const auto drop = owned(duplicate{where, id, where});
    CHECK(reason_of(task_facts{}, allocation(1, "l"), true) == void_reason::id_taken);
    CHECK(reason_of(task_facts{}, owned(parked{where, id, instant{1}, intro_with(4)}), true) ==
          void_reason::id_taken);
    CHECK(reason_of(task_facts{},
                    owned(cancelled{where, id, cancel_reason::requested, intro_with(4)}),
                    true) == void_reason::id_taken);
    CHECK(reason_of(task_facts{}, owned(moved{where, id, priority{9}, intro_with(4)}), true) ==
          void_reason::id_taken);
    CHECK(step(task_facts{}, true, drop).after.place == place::duplicate);
    CHECK(reason_of(task_facts{}, drop, false) == void_reason::not_duplicate);
    CHECK(reason_of(facts_in(place::pending), drop, true) == void_reason::wrong_place);
}

TEST_CASE("hand-outs are counted one by one") {
    CHECK(reason_of(task_facts{}, allocation(2, "l")) == void_reason::wrong_attempt);
    CHECK(reason_of(task_facts{}, allocation(0, "l")) == void_reason::wrong_attempt);
    CHECK(reason_of(facts_in(place::pending), allocation(1, "l")) == void_reason::wrong_attempt);
    CHECK(after(facts_in(place::pending), allocation(2, "l")).attempt == 2);
}

TEST_CASE("a lease says running once") {
    const auto facts = after(facts_in(place::leased), reported(running{where, id, live}));
    CHECK(state_of(facts) == task_state::running);
    CHECK(reason_of(facts, reported(running{where, id, live})) == void_reason::already);
}

TEST_CASE("only the live lease is heard, and one that has ended is told how") {
    auto facts = after(task_facts{}, allocation(1, "l1"));
    CHECK(reason_of(facts, failure("l0")) == void_reason::lease_lost);
    facts = after(facts, failure("l1"));
    CHECK(reason_of(facts, failure("l1")) == void_reason::already);
    CHECK(reason_of(facts, reported(complete{where, id, lease_token{"l1"}, "", {}})) ==
          void_reason::outcome_conflict);
    CHECK(reason_of(facts, reported(running{where, id, lease_token{"l1"}})) ==
          void_reason::lease_lost);
    facts = after(facts, owned(ready{where, id, ready_reason::due}));
    facts = after(facts, allocation(2, "l2"));
    CHECK(reason_of(facts, failure("l1")) == void_reason::already);
    facts = after(facts, reported(complete{where, id, lease_token{"l2"}, "", {}}));
    CHECK(reason_of(facts, failure("l1")) == void_reason::lease_lost);
}

TEST_CASE("an expired or cancelled lease is lost, whatever it reports") {
    auto expired = after(facts_in(place::leased), owned(lease_expired{where, id, live}));
    CHECK(reason_of(expired, reported(complete{where, id, live, "", {}})) ==
          void_reason::lease_lost);
    auto gone = after(facts_in(place::leased),
                      owned(cancelled{where, id, cancel_reason::requested, std::nullopt}));
    CHECK(reason_of(gone, reported(complete{where, id, live, "", {}})) == void_reason::lease_lost);
    CHECK(gone.last_outcome == outcome::cancelled);
}

TEST_CASE("attempts are spent one by one, then the task is dead") {
    task_facts facts;
    for (std::uint32_t n = 1; n <= 3; ++n) {
        const std::string lease = "l" + std::to_string(n);
        facts = after(facts, allocation(n, lease, 3));
        facts = after(facts, failure(lease));
        CHECK(facts.spent == n);
        CHECK(facts.place == (n < 3 ? place::scheduled : place::dead));
        if (n < 3) {
            CHECK(facts.due == instant{1'000'000} + backoff_after(facts.limits, n, id));
            facts = after(facts, owned(ready{where, id, ready_reason::due}));
            CHECK(facts.due == instant{0});
        }
    }
    CHECK(state_of(facts) == task_state::error);
}

TEST_CASE("an error that must not be retried is final at once") {
    CHECK(after(facts_in(place::leased), failure(live.value(), false)).place == place::dead);
}

TEST_CASE("an expired lease spends an attempt, a release does not") {
    CHECK(after(facts_in(place::leased), owned(lease_expired{where, id, live})).spent == 1);
    const auto back =
        after(facts_in(place::leased), reported(released{where, id, live, milliseconds{0}}));
    CHECK(back.spent == 0);
    CHECK(back.attempt == 1);
    CHECK(back.place == place::pending);
    const auto later =
        after(facts_in(place::leased), reported(released{where, id, live, milliseconds{1'500}}));
    CHECK(later.place == place::scheduled);
    CHECK(later.due == instant{1'001'500});
}

TEST_CASE("without back-off a failed task is pending at once") {
    auto facts = facts_in(place::leased);
    facts.limits.backoff = milliseconds{0};
    CHECK(after(facts, failure(live.value())).place == place::pending);
}

TEST_CASE("retrying a dead letter resets what was spent and keeps counting hand-outs") {
    auto facts = facts_in(place::dead);
    facts.attempt = 4;
    facts.spent = 4;
    facts = after(facts, owned(ready{where, id, ready_reason::retry}));
    CHECK(facts.spent == 0);
    CHECK(facts.attempt == 4);
}

TEST_CASE("a lease expires no sooner than its full period in the epoch of the allocation") {
    const auto facts = facts_in(place::leased);
    const auto expiry = [](milliseconds t) { return owned(lease_expired{where, id, live}, t); };
    const auto due = allocated_t + facts.limits.lease;
    CHECK(reason_of(facts, expiry(due - milliseconds{1})) == void_reason::too_early);
    CHECK(reason_of(facts, expiry(due)) == void_reason::none);
}

TEST_CASE("a new owner gives a live lease one full fresh period") {
    auto facts = facts_in(place::leased);
    facts.lease_epoch = offset{3};
    facts.lease_t = milliseconds{900'000'000};
    const auto expiry = [](milliseconds t) { return owned(lease_expired{where, id, live}, t); };
    CHECK(reason_of(facts, expiry(facts.limits.lease - milliseconds{1})) == void_reason::too_early);
    CHECK(reason_of(facts, expiry(facts.limits.lease)) == void_reason::none);
}

TEST_CASE("an expiry of another lease than the live one is void") {
    CHECK(reason_of(facts_in(place::leased), owned(lease_expired{where, id, lease_token{"old"}})) ==
          void_reason::lease_lost);
}

TEST_CASE("the newest claim makes the epoch, and older owners do not count any more") {
    partition_facts p;
    CHECK(step_partition(p, reported(claim{"one", "n"}, epoch)).accepted());
    CHECK(p.epoch == epoch);
    CHECK(step_partition(p, owned(followed{offset{1}}, milliseconds{5})).accepted());
    CHECK(p.t == milliseconds{5});
    CHECK(step_partition(p, reported(claim{"two", "n"}, offset{40})).accepted());
    CHECK(p.t == milliseconds{0});
    CHECK(step_partition(p, owned(followed{offset{1}}, milliseconds{6})).reason ==
          void_reason::stale_epoch);
    CHECK(step_partition(p, owned(allocated{where, id, live, worker_name{"w"}, 1, intro_with(4)}))
              .reason == void_reason::stale_epoch);
}

TEST_CASE("an owner's time never goes back, and an owner event without a stamp is void") {
    partition_facts p;
    p.epoch = epoch;
    CHECK(step_partition(p, owned(cursor{}, milliseconds{100})).accepted());
    CHECK(step_partition(p, owned(cursor{}, milliseconds{99})).reason == void_reason::stale_epoch);
    CHECK(step_partition(p, owned(cursor{}, milliseconds{100})).accepted());
    CHECK(step_partition(p, reported(cursor{})).reason == void_reason::stale_epoch);
}

TEST_CASE("reports pass whatever the epoch is") {
    partition_facts p;
    const partition_facts before = p;
    CHECK(step_partition(p, reported(complete{where, id, live, "", {}})).accepted());
    CHECK(p == before);
}

TEST_CASE("a control counts once, however often it is copied") {
    partition_facts p;
    p.epoch = epoch;
    control c;
    c.control_offset = offset{7};
    CHECK(step_partition(p, owned(c)).accepted());
    CHECK(step_partition(p, owned(c)).reason == void_reason::stale_control);
    c.control_offset = offset{6};
    CHECK(step_partition(p, owned(c)).reason == void_reason::stale_control);
    c.control_offset = offset{8};
    CHECK(step_partition(p, owned(c)).accepted());
}

TEST_CASE("the horizon only moves on") {
    partition_facts p;
    p.epoch = epoch;
    CHECK(step_partition(p, owned(horizon{instant{500}})).accepted());
    CHECK(step_partition(p, owned(horizon{instant{400}})).accepted());
    CHECK(p.horizon == instant{500});
}

TEST_CASE("a fold that meets no claim begins with a horizon that says what was before it") {
    const auto begins = [](offset at) {
        return logged_event{at, event{instant{1'000'000}, owner_stamp{epoch, milliseconds{100}},
                                      horizon{instant{500}, offset{8}}}};
    };
    partition_facts p;
    CHECK_FALSE(step_partition(p, owned(cursor{}, milliseconds{50})).accepted());
    CHECK(step_partition(p, begins(offset{1'000})).accepted());
    CHECK(p == partition_facts{epoch, milliseconds{100}, offset{7}, instant{500}});
    control seen;
    seen.control_offset = offset{7};
    CHECK(step_partition(p, owned(seen, milliseconds{100})).reason == void_reason::stale_control);
    CHECK(step_partition(p, owned(cursor{}, milliseconds{99})).reason == void_reason::stale_epoch);
    CHECK(step_partition(p, owned(cursor{}, milliseconds{100})).accepted());

    partition_facts claimed;
    claimed.epoch = offset{epoch.value() + 1};
    CHECK(step_partition(claimed, begins(offset{1'000})).reason == void_reason::stale_epoch);
    partition_facts plain;
    CHECK_FALSE(step_partition(plain, owned(horizon{instant{500}})).accepted());
}

TEST_CASE("back-off doubles up to an hour, within a tenth, and is the same everywhere") {
    task_limits limits;
    std::set<std::int64_t> drawn;
    for (std::uint32_t spent = 1; spent <= 40; ++spent) {
        const double plain = std::min(5'000.0 * std::pow(2.0, spent - 1), 3'600'000.0);
        for (int n = 0; n < 20; ++n) {
            const auto wait = backoff_after(limits, spent, task_id{"t" + std::to_string(n)});
            CHECK(static_cast<double>(wait.count()) >= plain * 0.9 - 1);
            CHECK(static_cast<double>(wait.count()) <= plain * 1.1 + 1);
            drawn.insert(wait.count());
        }
    }
    CHECK(drawn.size() > 300);
    CHECK(backoff_after(limits, 1, id) == backoff_after(limits, 1, id));
    limits.backoff = milliseconds{0};
    CHECK(backoff_after(limits, 40, id) == milliseconds{0});
}

TEST_CASE("every place has a state for people") {
    const std::map<place, task_state> expected = {
        {place::ahead, task_state::pending},       {place::scheduled, task_state::scheduled},
        {place::pending, task_state::pending},     {place::leased, task_state::allocated},
        {place::dead, task_state::error},          {place::complete, task_state::complete},
        {place::cancelled, task_state::cancelled}, {place::duplicate, task_state::cancelled},
        {place::rejected, task_state::cancelled}};
    for (const auto& [p, state] : expected) {
        CHECK(state_of(facts_in(p)) == state);
    }
}

}  // namespace kwq::model
