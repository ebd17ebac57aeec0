#include "scheduler/task_row.hpp"

#include "scheduler/shard_state.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace std::chrono_literals;
using scheduler::task_row;

namespace {

task_row leased() {
    task_row row;
    row.id = model::task_id{"t1"};
    row.job = model::job_name{"a job"};
    row.worker = model::worker_name{"w"};
    row.allocated_at = instant{123};
    row.facts.place = model::place::leased;
    row.facts.running = true;
    row.facts.attempt = 3;
    row.facts.spent = 2;
    row.facts.since = model::offset{77};
    row.facts.limits.timeout = 90s;
    row.facts.lease = model::lease_token{"token"};
    row.facts.lease_epoch = model::offset{5};
    row.facts.lease_t = 1'234ms;
    row.facts.last_lease = 99;
    row.facts.last_outcome = model::outcome::error;
    return row;
}

}  // namespace

TEST_CASE("an open row reads back as it was written") {
    CHECK(scheduler::decode_row(scheduler::encode_row(leased())) == leased());
}

TEST_CASE("a settled row keeps what a repeated report needs, and no more") {
    auto row = leased();
    row.facts.place = model::place::complete;
    row.settled_at = instant{5'000};
    const auto bytes = scheduler::encode_row(row);
    const auto back = scheduler::decode_row(bytes);
    CHECK(back.facts.place == model::place::complete);
    CHECK(back.facts.last_lease == 99);
    CHECK(back.facts.last_outcome == model::outcome::error);
    CHECK(back.facts.since == model::offset{77});
    CHECK(back.settled_at == instant{5'000});
    CHECK(back.id.value().empty());
    CHECK(bytes.size() < 40);
}

TEST_CASE("only rows settled before the horizon may be forgotten") {
    auto row = leased();
    CHECK_FALSE(scheduler::may_forget("t", scheduler::encode_row(row), instant{1'000'000}));
    row.facts.place = model::place::complete;
    row.settled_at = instant{5'000};
    const auto bytes = scheduler::encode_row(row);
    CHECK(scheduler::may_forget("t", bytes, instant{5'001}));
    CHECK_FALSE(scheduler::may_forget("t", bytes, instant{5'000}));
    CHECK_FALSE(scheduler::may_forget("d", bytes, instant{1'000'000}));
}
