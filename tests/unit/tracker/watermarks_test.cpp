// Where the log may begin: the stages of a watermark, and that they survive a restart.
#include "tracker/watermarks.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::tracker;
using model::offset;

namespace {

lane_offsets lanes(std::int64_t urgent, std::int64_t usual) {
    return {{{model::queue_name{"a"}, model::priority{9}}, offset{urgent}},
            {{model::queue_name{"a"}, model::priority{5}}, offset{usual}}};
}

const model::shard_id shard{0};

/// How it is with the shard, as values: trim_facts only refers to them.
struct moment {
    lane_offsets firsts;
    lane_offsets ends;
    std::int64_t latest_end = 0;
    std::int64_t horizon = 0;
    std::int64_t status_end = 100;
    std::optional<offset> unfollowed{};

    trim_facts facts() const {
        return {.firsts = firsts,
                .ends = ends,
                .status_end = offset{status_end},
                .latest_end = instant{latest_end},
                .horizon = instant{horizon},
                .unfollowed = unfollowed};
    }
};

watermark noted_at(const lane_offsets& ends) {
    watermark w;
    w.ends = ends;
    return w;
}

}  // namespace

TEST_CASE("a watermark waits until no record of before is there in any topic") {
    auto w = noted_at(lanes(10, 20));
    CHECK_FALSE(move_on(w, moment{lanes(10, 19), lanes(10, 30), 500, 0}.facts()));
    CHECK(w.stage == trim_stage::tasks);
    CHECK(move_on(w, moment{lanes(10, 20), lanes(10, 30), 500, 0}.facts()));
    CHECK(w.stage == trim_stage::ids);
}

TEST_CASE("it then waits until the ids of those tasks are forgotten, not only as many as now") {
    auto w = noted_at(lanes(10, 20));
    move_on(w, moment{lanes(10, 20), lanes(10, 30), 500, 0}.facts());
    // Others that ended later were let go meanwhile: they are none of its tasks.
    CHECK_FALSE(move_on(w, moment{lanes(10, 20), lanes(10, 30), 900, 500}.facts()));
    CHECK(move_on(w, moment{lanes(10, 20), lanes(10, 30), 900, 501}.facts()));
    CHECK(w.stage == trim_stage::copies);
}

TEST_CASE("it then waits for what came until then: duplicates of those tasks may be among it") {
    auto w = noted_at(lanes(10, 20));
    move_on(w, moment{lanes(10, 20), lanes(12, 30), 500, 501}.facts());
    CHECK(w.stage == trim_stage::copies);
    CHECK_FALSE(move_on(w, moment{lanes(11, 30), lanes(15, 40), 600, 700}.facts()));
    CHECK(move_on(w, moment{lanes(12, 30), lanes(15, 40), 600, 700}.facts()));
    CHECK(w.stage == trim_stage::free);
}

TEST_CASE("follow-ups that are not submitted yet keep the completion they come from") {
    auto w = noted_at(lanes(1, 1));
    moment m{lanes(1, 1), lanes(1, 1), 500, 501};
    m.unfollowed = offset{99};
    move_on(w, m.facts());
    CHECK(w.stage == trim_stage::copies);
    m.unfollowed = offset{100};
    m.status_end = 200;
    CHECK(move_on(w, m.facts()));
    CHECK(w.stage == trim_stage::free);
}

TEST_CASE("a topic that is not known keeps all; one without records nothing") {
    auto w = noted_at(lanes(0, 20));
    CHECK_FALSE(move_on(w, moment{{}, {}, 500, 900}.facts()));
    auto nothing = noted_at(lanes(0, 0));
    CHECK(move_on(nothing, moment{lanes(0, 0), lanes(0, 0), 0, 1}.facts()));
    CHECK(nothing.stage == trim_stage::free);
}

TEST_CASE("the log may begin at the newest place that is free, and what is before is forgotten") {
    const auto state = store::make_memory_kv();
    watermarks all(*state);
    for (std::int64_t i = 1; i <= 3; ++i) {
        all.note(shard, offset{i * 100}, lanes(i * 10, i * 10));
    }
    CHECK_FALSE(all.free_below(shard));
    CHECK(all.waits_for(shard) == trim_stage::tasks);
    const moment m{lanes(25, 25), lanes(25, 25), 500, 501};
    CHECK(all.advance(shard, m.facts()));
    CHECK_FALSE(all.advance(shard, m.facts()));
    for (int life = 0; life < 2; ++life) {
        CHECK(all.free_below(shard) == offset{200});
        CHECK(all.waits_for(shard) == trim_stage::tasks);
        all.reload();
    }
    all.trimmed(shard, offset{200});
    all.reload();
    CHECK_FALSE(all.free_below(shard));
    CHECK(all.waits_for(shard) == trim_stage::tasks);
    CHECK_FALSE(all.waits_for(model::shard_id{1}));
}

TEST_CASE("there are never many watermarks, and the oldest stays") {
    const auto state = store::make_memory_kv();
    watermarks all(*state);
    for (std::int64_t i = 1; i <= 1'000; ++i) {
        all.note(shard, offset{i}, lanes(i, i));
    }
    std::size_t stored = 0;
    state->scan("W", {}, [&](std::string_view, std::string_view) {
        ++stored;
        return true;
    });
    CHECK(stored <= watermarks::most_watermarks);
    all.advance(shard, moment{lanes(1, 1), lanes(1, 1), 0, 1}.facts());
    CHECK(all.free_below(shard) == offset{1});
}
