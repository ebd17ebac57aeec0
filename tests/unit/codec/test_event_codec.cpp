// Events and control records: the forgiving half of the reader, and what it does not forgive.
#include "base/random.hpp"
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "printing.hpp"
#include "samples.hpp"

#include <catch2/catch.hpp>

namespace kwq::codec {

namespace {

const std::string running =
    R"({"v":1,"type":"running","at":5,"queue":"q","priority":1,"offset":2,"id":"a","lease":"l"})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

decode_failure failure(const std::string& json) {
    const auto e = read_event(json);
    INFO(json);
    REQUIRE_FALSE(e);
    CHECK_FALSE(e.error().detail.empty());
    return e.error().what;
}

std::string random_text(random_source& random, std::string_view alphabet, std::uint64_t most) {
    std::string text;
    for (auto left = 1 + random.below(most); left > 0; --left) {
        text += alphabet[static_cast<std::size_t>(random.below(alphabet.size()))];
    }
    return text;
}

/// A sample with its common parts changed at random.
model::event varied(model::event e, random_source& random) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    const auto number = [&random] { return static_cast<std::int64_t>(random.next() >> 11U); };
    e.at = instant{number()};
    if (e.owner) {
        e.owner = model::owner_stamp{model::offset{number()}, milliseconds{number()}};
    }
    std::visit(
        [&](auto& body) {
            if constexpr (requires { body.place; }) {
                body.place = {model::queue_name{random_text(random, letters, 63)},
                              model::priority{static_cast<std::int32_t>(1 + random.below(9))},
                              model::offset{number()}};
            }
            if constexpr (requires { body.id; }) {
                body.id = model::task_id{random_text(random, "aZ0._~:@+=,-", 200)};
            }
            if constexpr (requires { body.message; }) {
                body.message = random_text(random, "a\"\\\n\x01 {}", 300);
            }
            if constexpr (requires { body.intro; }) {
                body.intro.reset();
            }
        },
        e.body);
    return e;
}

}  // namespace

TEST_CASE("unknown fields and any order of the fields are fine") {
    const auto plain = read_event(running);
    REQUIRE(plain);
    const auto shuffled = read_event(
        R"({"lease":"l","id":"a","new":{"x":[1]},"offset":2,"priority":1,"queue":"q","at":5,)"
        R"("type":"running","v":1})");
    REQUIRE(shuffled);
    CHECK(*shuffled == *plain);
}

TEST_CASE("another version, another type and another thing altogether are told apart") {
    CHECK(failure(replaced(running, R"("v":1)", R"("v":2)")) == decode_failure::unknown_version);
    CHECK(failure(R"({"v":2,"type":"beamed"})") == decode_failure::unknown_version);
    CHECK(failure(R"({"v":1,"type":"beamed","at":1})") == decode_failure::unknown_type);
    CHECK(failure(R"({"type":"running"})") == decode_failure::unreadable);
    CHECK(failure(R"({"v":"1","type":"running"})") == decode_failure::unreadable);
    CHECK(failure(R"({"v":1})") == decode_failure::unreadable);
    for (const auto* text : {"", "{", "[]", "7", "null", "{}", "\xff"}) {
        CHECK(failure(text) == decode_failure::unreadable);
    }
}

TEST_CASE("an event with a field missing or ill-formed is unreadable, and the field is named") {
    const auto names = [](const std::string& json) {
        const auto e = read_event(json);
        REQUIRE_FALSE(e);
        CHECK(e.error().what == decode_failure::unreadable);
        return e.error().detail;
    };
    CHECK(names(replaced(running, R"(,"lease":"l")", "")) ==
          "running: lease is missing or ill-formed");
    CHECK(names(replaced(running, R"("at":5)", R"("at":"now")")) ==
          "running: at is missing or ill-formed");
    CHECK(names(replaced(running, R"("offset":2)", R"("offset":-2)")) ==
          "running: offset is missing or ill-formed");
    CHECK(names(replaced(running, R"("offset":2)", R"("offset":9007199254740992)")) ==
          "running: offset is missing or ill-formed");
    CHECK(names(replaced(running, R"("priority":1)", R"("priority":0)")) ==
          "running: priority is missing or ill-formed");
    CHECK(names(replaced(running, R"("queue":"q")", R"("queue":"Q")")) ==
          "running: queue is missing or ill-formed");
    CHECK(names(replaced(running, R"("id":"a")", R"("id":"")")) ==
          "running: id is missing or ill-formed");
}

TEST_CASE("an owner event without its epoch is unreadable, a report's is ignored") {
    CHECK(failure(R"({"v":1,"type":"followed","at":1,"of_offset":2})") ==
          decode_failure::unreadable);
    CHECK(failure(R"({"v":1,"type":"followed","at":1,"epoch":3,"of_offset":2})") ==
          decode_failure::unreadable);
    CHECK(read_event(R"({"v":1,"type":"followed","at":1,"epoch":3,"t":0,"of_offset":2})"));
    const auto stamped = read_event(replaced(running, R"("at":5)", R"("at":5,"epoch":3,"t":4)"));
    REQUIRE(stamped);
    CHECK_FALSE(stamped->owner.has_value());
    const auto claim =
        read_event(R"({"v":1,"type":"claim","at":1,"epoch":3,"t":4,"owner":"o","nonce":"n"})");
    REQUIRE(claim);
    CHECK_FALSE(claim->owner.has_value());
}

TEST_CASE("an introduction is all there or unreadable") {
    const std::string text = write_event(sample_events()[3].second);
    REQUIRE(text.find("max_attempts") != std::string::npos);
    CHECK(read_event(text));
    CHECK(failure(replaced(text, R"("max_attempts":4)", R"("max_attempts":0)")) ==
          decode_failure::unreadable);
    CHECK(failure(replaced(text, R"(,"lease_s":60)", "")) == decode_failure::unreadable);
    CHECK(failure(replaced(text, R"("customer:acme")", R"("")")) == decode_failure::unreadable);
    const auto untagged =
        read_event(replaced(text, R"("tags":["customer:acme","größe:klein"],)", ""));
    REQUIRE(untagged);
    CHECK(model::intro_of(untagged->body)->tags.empty());
}

TEST_CASE("left-out optional fields of a report have their defaults") {
    const auto base = replaced(running, R"("type":"running")", R"("type":"error")");
    const auto e = read_event(base);
    REQUIRE(e);
    const auto& body = std::get<model::task_error>(e->body);
    CHECK(body.retry);
    CHECK(body.message.empty());
    CHECK(body.kind == model::error_kind::reported);
    CHECK(failure(replaced(base, R"("at":5)", R"("at":5,"kind":"meteor")")) ==
          decode_failure::unreadable);
    CHECK(failure(replaced(base, R"("at":5)", R"("at":5,"retry":"no")")) ==
          decode_failure::unreadable);
}

TEST_CASE("ranges and ends are well-formed or unreadable") {
    const std::string text =
        R"({"v":1,"type":"parked","at":1,"epoch":3,"t":0,"queue":"q","priority":1,"job":"j","ranges":[[1,2]]})";
    CHECK(read_event(text));
    for (const auto* bad :
         {"[[2,2]]", "[[3,2]]", "[[1]]", "[1,2]", "[[1,2,3]]", "{}", "[[-1,2]]"}) {
        CHECK(failure(replaced(text, "[[1,2]]", bad)) == decode_failure::unreadable);
    }
    const std::string control =
        R"({"v":1,"type":"control","at":1,"epoch":3,"t":0,"control_offset":1,"action":"cancel_job",)"
        R"("job":"j","ends":[{"queue":"q","priority":1,"end":2}]})";
    CHECK(read_event(control));
    CHECK(failure(replaced(control, R"("end":2)", R"("end":null)")) == decode_failure::unreadable);
    CHECK(failure(replaced(control, "cancel_job", "forget_job")) == decode_failure::unreadable);
}

TEST_CASE("a result is told from no result, and comes back byte for byte") {
    const auto base = replaced(running, R"("type":"running")", R"("type":"complete")");
    const auto result_of = [](const std::string& json) {
        const auto e = read_event(json);
        REQUIRE(e);
        CHECK(*read_event(write_event(*e)) == *e);
        return std::get<model::complete>(e->body).result_json;
    };
    CHECK(result_of(base).empty());
    CHECK(result_of(replaced(base, R"("at":5)", R"("at":5,"result":null)")) == "null");
    CHECK(result_of(replaced(base, R"("at":5)", R"("at":5,"result": { "a":1, "a":1.0 } )")) ==
          R"({ "a":1, "a":1.0 })");
}

TEST_CASE("follow-ups carry ids, at most 100 of them") {
    const auto base = replaced(running, R"("type":"running")", R"("type":"complete")");
    const auto then = [&](const std::string& list) {
        return replaced(base, R"("at":5)", R"("at":5,"then":)" + list);
    };
    CHECK(read_event(then(R"([{"id":"x","payload":{"a":1,"a":2}}])")));
    CHECK(read_event(then("null")));
    CHECK(failure(then(R"([{"payload":1}])")) == decode_failure::unreadable);
    CHECK(failure(then(R"([{"id":"x"}])")) == decode_failure::unreadable);
    CHECK(failure(then("7")) == decode_failure::unreadable);
    std::string many = "[";
    for (int i = 0; i <= 100; ++i) {
        many += (i == 0 ? "" : ",") + std::string(R"({"id":"x","payload":1})");
    }
    CHECK(failure(then(many + "]")) == decode_failure::unreadable);
}

TEST_CASE("every sample cut off at any byte is unreadable, not a crash") {
    for (const auto& [name, event] : sample_events()) {
        const std::string text = write_event(event);
        for (std::size_t size = 0; size < text.size(); ++size) {
            const auto e = read_event(std::string_view(text).substr(0, size));
            if (e || e.error().what != decode_failure::unreadable) {
                FAIL(name << " cut at " << size);
            }
        }
    }
}

TEST_CASE("events varied at random read back as they were written") {
    seeded_random random(99);
    for (int i = 0; i < 100; ++i) {
        for (const auto& [name, sample] : sample_events()) {
            const auto e = varied(sample, random);
            const std::string text = write_event(e);
            const auto back = read_event(text);
            INFO(name << " " << text);
            REQUIRE(back);
            CHECK(*back == e);
        }
    }
}

TEST_CASE("the key of a record is the task's id, or empty for the partition's own events") {
    for (const auto& [name, event] : sample_events()) {
        const auto* id = model::id_of(event.body);
        CHECK(event_key(event) == (id == nullptr ? "" : id->value()));
    }
    CHECK(event_key(sample_events().front().second).empty());
}

TEST_CASE("a control record is read by the same rules") {
    CHECK(read_control(R"({"v":2,"type":"gate"})").error().what == decode_failure::unknown_version);
    CHECK(read_control(R"({"v":1,"type":"door","at":1})").error().what ==
          decode_failure::unknown_type);
    for (const auto* text :
         {R"({"v":1,"type":"gate","at":1,"scope":"all"})",
          R"({"v":1,"type":"gate","at":1,"scope":"world","paused":true})",
          R"({"v":1,"type":"gate","at":1,"scope":"job","paused":true})",
          R"({"v":1,"type":"dispatch","at":1,"state":"sleeping"})",
          R"({"v":1,"type":"command","at":1,"action":"cancel_job","job":"j"})",
          R"({"v":1,"type":"command","at":1,"action":"cancel_job","job":"j","ends":[{}]})",
          R"({"v":1,"type":"queue","at":1,"queue":"q","priorities":0})", "", "[]"}) {
        INFO(text);
        const auto c = read_control(text);
        REQUIRE_FALSE(c);
        CHECK(c.error().what == decode_failure::unreadable);
    }
    CHECK(read_control(
        R"({"v":1,"type":"gate","at":1,"scope":"all","paused":true,"until_at":null})"));
}

}  // namespace kwq::codec
