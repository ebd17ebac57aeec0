#include "scheduler/ready_buffer.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::scheduler;

namespace {

const lane_key lane{model::queue_name{"default"}, model::priority{5}};

task_ptr make(std::int64_t at, const std::string& job = "j", std::vector<std::string> affinity = {},
              int priority = 5) {
    model::stored_task t;
    t.place = {model::queue_name{"default"}, model::priority{priority}, model::offset{at}};
    t.body.id = model::task_id{job + std::to_string(at)};
    t.body.job = model::job_name{job};
    t.body.priority = t.place.priority;
    t.body.affinity = std::move(affinity);
    return std::make_shared<const model::stored_task>(std::move(t));
}

std::string taken(ready_buffer& b, const std::vector<std::string>& affinity = {}) {
    const auto t = b.take(lane, affinity);
    return t ? t->body.id.value() : "";
}

}  // namespace

TEST_CASE("tasks stand where they are served: moved ones before the others of their job") {
    ready_buffer b(1U << 20U);
    b.add(make(1));
    b.add(make(2));
    auto moved = *make(9, "j", {}, 3);
    moved.body.priority = model::priority{5};
    b.add(std::make_shared<const model::stored_task>(moved));
    CHECK(b.tasks(lane) == 3);
    CHECK(b.tasks({model::queue_name{"default"}, model::priority{3}}) == 0);
    CHECK(taken(b) == "j9");
    CHECK(b.remove(moved.place) == nullptr);
    b.add(std::make_shared<const model::stored_task>(moved));
    CHECK(b.remove(moved.place) != nullptr);
    CHECK(taken(b) == "j1");
    CHECK(taken(b) == "j2");
}

TEST_CASE("a job's own tasks stay in order, whatever the order they were met in") {
    ready_buffer b(1U << 20U);
    b.add(make(7));
    b.add(make(3));
    b.add(make(5));
    CHECK(taken(b) == "j3");
    CHECK(taken(b) == "j5");
    b.add(make(4));
    CHECK(taken(b) == "j4");
    CHECK(taken(b) == "j7");
    CHECK(taken(b).empty());
    CHECK(b.bytes() == 0);
}

TEST_CASE("a job with a thousand tasks does not keep another of the same priority waiting") {
    ready_buffer b(64U << 20U);
    for (std::int64_t i = 0; i < 1'000; ++i) {
        b.add(make(i, "big"));
    }
    b.add(make(1'000, "small"));
    CHECK(taken(b) == "big0");
    CHECK(taken(b) == "small1000");
    CHECK(taken(b) == "big1");
}

TEST_CASE("whoever is passed over for affinity gets its turn after a bounded number of times") {
    ready_buffer b(64U << 20U);
    b.add(make(0, "j", {"eur"}));
    for (std::int64_t i = 1; i <= 100; ++i) {
        b.add(make(i, "j", {"usd"}));
    }
    std::uint32_t passed = 0;
    while (taken(b, {"usd"}) != "j0") {
        ++passed;
    }
    CHECK(passed == max_passed_over);
}

TEST_CASE("over the budget the lowest priority goes first, latest first") {
    ready_buffer b(4'000);
    b.add(make(0, "j", {}, 9));
    b.add(make(1, "j", {}, 9));
    b.add(make(0, "j", {}, 1));
    b.add(make(1, "j", {}, 1));
    b.add(make(2, "j", {}, 1));
    const auto dropped = b.evict();
    REQUIRE(dropped.size() == 1);
    CHECK(dropped.front().priority == model::priority{1});
    CHECK(dropped.front().offset == model::offset{2});
    CHECK_FALSE(b.over_budget());
    CHECK(b.tasks({model::queue_name{"default"}, model::priority{9}}) == 2);
}

TEST_CASE("a full buffer keeps one task of each lane, so that none starves") {
    ready_buffer b(1'000);
    b.add(make(0, "j", {}, 9));
    b.add(make(1, "j", {}, 9));
    b.add(make(0, "j", {}, 1));
    b.add(make(1, "j", {}, 1));
    b.evict();
    CHECK(b.tasks({model::queue_name{"default"}, model::priority{9}}) == 1);
    CHECK(b.tasks({model::queue_name{"default"}, model::priority{1}}) == 1);
    CHECK(b.evict().empty());
}

TEST_CASE("records with one id are found") {
    ready_buffer b(1U << 20U);
    b.add(make(1, "a"));
    b.add(make(2, "b"));
    REQUIRE(b.with_id(model::task_id{"a1"}).size() == 1);
    CHECK(b.with_id(model::task_id{"a1"}).front().offset == model::offset{1});
    CHECK(b.remove(b.with_id(model::task_id{"a1"}).front()) != nullptr);
    CHECK(b.with_id(model::task_id{"a1"}).empty());
    CHECK(taken(b) == "b2");
}
