// What an instance says of a lease that an owner gave whose claim it has still to read.
#include "scheduler/shard.hpp"
#include "store/kv.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
namespace sched = kwq::scheduler;

namespace {

struct said {
    sched::settle_status report;
    sched::heartbeat_answer beat;
};

said ask(bool others_claim) {
    const auto lease = model::encode_lease(
        {.shard = model::shard_id{0},
         .epoch = model::offset{7},
         .sequence = 1,
         .place = {model::queue_name{"default"}, model::priority{1}, model::offset{0}}});
    const auto kv = store::make_memory_kv();
    const auto random = make_system_random();
    sched::shard s({.owner = {}, .others_claim = others_claim}, *kv, *random);
    const auto judged = s.judge_report({lease, sched::report_complete{}});
    const auto beats = s.heartbeats({{.lease = lease, .progress_json = {}}}, sched::moment{});
    return {std::get<sched::settle_status>(judged), beats.front()};
}

}  // namespace

TEST_CASE("a lease of a claim that has not been read is not said to be lost") {
    const auto behind = ask(true);
    CHECK(behind.report == sched::settle_status::unknown);
    CHECK_FALSE(behind.beat.known);
}

TEST_CASE("where nobody else claims a lease of no claim is lost") {
    const auto alone = ask(false);
    CHECK(alone.report == sched::settle_status::lease_lost);
    CHECK(alone.beat.known);
    CHECK_FALSE(alone.beat.live);
}
