// What can be asked of any event without knowing its alternative.
#include "model/event.hpp"

#include <catch2/catch.hpp>

namespace kwq::model {

namespace {

const record somewhere{queue_name{"q"}, priority{1}, offset{2}};

}  // namespace

TEST_CASE("the kinds of `parked` and `ready` share their names") {
    CHECK(type_name(parked{}) == "parked");
    CHECK(type_name(parked_ranges{}) == "parked");
    CHECK(type_name(ready{}) == "ready");
    CHECK(type_name(ready_ranges{}) == "ready");
    CHECK(type_name(task_error{}) == "error");
}

TEST_CASE("events of a task have a place and an id, events of the partition have neither") {
    const event_body of_task = running{somewhere, task_id{"a"}, lease_token{"l"}};
    REQUIRE(place_of(of_task) != nullptr);
    CHECK(*place_of(of_task) == somewhere);
    CHECK(*id_of(of_task) == task_id{"a"});
    CHECK(*lease_of(of_task) == lease_token{"l"});
    for (const event_body& body :
         std::vector<event_body>{claim{}, cursor{}, parked_ranges{}, ready_ranges{}, control{},
                                 followed{}, horizon{}}) {
        CHECK(place_of(body) == nullptr);
        CHECK(id_of(body) == nullptr);
        CHECK(is_owner_event(body));
    }
    const event_body unreadable = rejected{somewhere, "why"};
    CHECK(place_of(unreadable) != nullptr);
    CHECK(id_of(unreadable) == nullptr);
}

TEST_CASE("only the five reports stand on a lease") {
    for (const event_body& body :
         std::vector<event_body>{running{}, progress{}, complete{}, task_error{}, released{}}) {
        CHECK(lease_of(body) != nullptr);
        CHECK_FALSE(is_owner_event(body));
    }
    for (const event_body& body : std::vector<event_body>{allocated{}, lease_expired{}, parked{}}) {
        CHECK(lease_of(body) == nullptr);
        CHECK(is_owner_event(body));
    }
}

TEST_CASE("only first events carry an introduction") {
    task_intro intro;
    intro.job = job_name{"j"};
    const event_body first =
        allocated{somewhere, task_id{"a"}, lease_token{"l"}, worker_name{"w"}, 1, intro};
    REQUIRE(intro_of(first) != nullptr);
    CHECK(*intro_of(first) == intro);
    CHECK(intro_of(allocated{}) == nullptr);
    CHECK(intro_of(running{}) == nullptr);
}

TEST_CASE("dispatch states are found by their names") {
    for (const auto s : {dispatch_state::running, dispatch_state::paused, dispatch_state::draining,
                         dispatch_state::stopped}) {
        CHECK(parse_dispatch_state(to_string(s)) == s);
    }
    CHECK_FALSE(parse_dispatch_state("halted"));
}

}  // namespace kwq::model
