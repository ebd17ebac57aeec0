// What a shard sent is known again by its bytes, in order, whatever others write in between.
#include "scheduler/sent_events.hpp"
#include "codec/event_codec.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using scheduler::sent_events;

namespace {

model::event followed(std::int64_t of) {
    return {instant{5}, std::nullopt, model::followed{model::offset{of}}};
}

std::string bytes(std::int64_t of) {
    return codec::write_event(followed(of));
}

}  // namespace

TEST_CASE("events are taken in the order in which they were sent, by their bytes") {
    sent_events sent;
    sent.add(bytes(1), followed(1));
    sent.add(bytes(2), followed(2));
    CHECK_FALSE(sent.take(bytes(7)).has_value());  // somebody else's
    CHECK(sent.take(bytes(1)) == followed(1));
    CHECK_FALSE(sent.take(bytes(1)).has_value());  // once
    CHECK(sent.take(bytes(2)) == followed(2));
    CHECK_FALSE(sent.take(bytes(2)).has_value());
}

TEST_CASE("what may never come is forgotten") {
    sent_events sent;
    sent.add(bytes(1), followed(1));
    sent.clear();
    sent.add(bytes(2), followed(2));
    CHECK_FALSE(sent.take(bytes(1)).has_value());
    CHECK(sent.take(bytes(2)) == followed(2));
}
