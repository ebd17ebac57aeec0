// Tasks: each field with its limits, and what a refusal says.
#include "base/random.hpp"
#include "codec/task_codec.hpp"
#include "printing.hpp"

#include <catch2/catch.hpp>

namespace kwq::codec {

namespace {

using model::errc;

/// `{"payload":1, <fields>}`
std::string with(const std::string& fields) {
    return R"({"payload":1,)" + fields + "}";
}

model::task read(const std::string& json) {
    const auto t = read_task(json);
    INFO(json << " " << (t ? "" : t.error().detail));
    REQUIRE(t);
    return *t;
}

void refuses(const std::string& fields, errc code, const std::string& pointer) {
    const auto t = read_task(with(fields));
    INFO(fields);
    REQUIRE_FALSE(t);
    CHECK(t.error().code == code);
    CHECK(t.error().field == pointer);
    CHECK_FALSE(t.error().detail.empty());
}

std::string list_of(std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) {
        list += (i == 0 ? "\"l" : ",\"l") + std::to_string(i) + "\"";
    }
    return list + "]";
}

std::string random_label(random_source& random) {
    std::string text = "x";
    for (auto left = random.below(30); left > 0; --left) {
        text +=
            random.below(6) == 0 ? "ü" : std::string(1, static_cast<char>(' ' + random.below(95)));
    }
    return text;
}

model::task random_task(random_source& random) {
    model::task t;
    const auto sometimes = [&random] { return random.below(2) == 0; };
    const auto number = [&random](std::int64_t most) {
        return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most)));
    };
    if (sometimes()) {
        t.id = model::task_id{"id-" + std::to_string(random.next())};
    }
    if (sometimes()) {
        t.queue = model::queue_name{"q" + std::to_string(random.below(1'000))};
    }
    if (sometimes()) {
        t.job = model::job_name{random_label(random)};
    }
    for (auto left = random.below(5); left > 0; --left) {
        t.tags.emplace_back(std::to_string(left) + random_label(random));
        t.affinity.push_back(random_label(random));
        t.meta.emplace_back(std::to_string(left), random_label(random) + "\n\"");
    }
    t.priority = model::priority{static_cast<std::int32_t>(number(2'000) - 1'000)};
    t.payload = sometimes() ? R"({ "a" : [1, 2.0] })" : std::to_string(random.next());
    if (sometimes()) {
        t.limits = {.max_attempts = static_cast<std::uint32_t>(1 + number(1'000)),
                    .lease = milliseconds{1'000 + number(86'399'001)},
                    .backoff = milliseconds{number(3'600'001)},
                    .timeout = milliseconds{1 + number(1'000'000'000)}};
        t.not_before = instant{number(1'800'000'000'000)};
        t.expires_at = instant{number(1'900'000'000'000)};
        t.source = random_label(random);
    }
    return t;
}

task_record_source source_of(std::string_view key, std::string_view value) {
    return {.topic = "kwq-images-7",
            .partition = 3,
            .place = {model::queue_name{"images"}, model::priority{7}, model::offset{42}},
            .timestamp = instant{1'767'225'600'000},
            .key = key,
            .value = value};
}

}  // namespace

TEST_CASE("a payload alone is a task, and everything else has its default") {
    model::task expected;
    expected.payload = "null";
    CHECK(read(R"({"payload":null})") == expected);
    CHECK(expected.queue.value() == "default");
    CHECK(expected.job.value() == "default");
    CHECK(expected.priority.value() == 5);
    CHECK(expected.limits.max_attempts == 4);
}

TEST_CASE("a task without payload, or that is no object, is refused") {
    const auto missing = read_task(R"({"id":"a"})");
    REQUIRE_FALSE(missing);
    CHECK(missing.error() == model::error{errc::bad_field,
                                          "payload is missing: any JSON value, null too",
                                          "/payload"});
    for (const auto* text : {"[]", "1", "null", "\"x\""}) {
        CHECK(read_task(text).error().code == errc::bad_request);
    }
}

TEST_CASE("the payload comes back byte for byte, however odd") {
    for (const std::string payload :
         {R"({ "a" :1,"a": 2 })", "1.50", "-0", "\"\\u0041\\/\"", "[ ]",
          "123456789012345678901234567890123456789", "1e99999", "{\n\t\"ü\":\"€\"}"}) {
        const auto t = read("{\"payload\": " + payload + " ,\"id\":\"a\"}");
        CHECK(t.payload == payload);
        CHECK(read(write_task(t)).payload == payload);
    }
    CHECK_FALSE(read_task("{\"payload\":[1,]}"));
    CHECK_FALSE(read_task("{\"payload\":\"\xff\"}"));
}

TEST_CASE("unknown fields are ignored and nulls are as good as left out") {
    CHECK(read(with(R"("colour":"red","nested":{"payload":2})")) == read(R"({"payload":1})"));
    CHECK(read(with(R"("id":null,"tags":null,"lease_s":null,"meta":null,"after":null)")) ==
          read(R"({"payload":1})"));
}

TEST_CASE("reserved fields and other versions are not supported, by name") {
    refuses(R"("tenant":"a")", errc::not_supported, "/tenant");
    refuses(R"("gang":{"size":2})", errc::not_supported, "/gang");
    refuses(R"("array":{"first":0})", errc::not_supported, "/array");
    refuses(R"("after":["x"])", errc::not_supported, "/after");
    refuses(R"("v":2)", errc::not_supported, "/v");
    refuses(R"("v":"1")", errc::not_supported, "/v");
    CHECK(read(with(R"("v":1)")).payload == "1");
}

TEST_CASE("names are of their form") {
    CHECK(read(with(R"("id":"aZ0._~:@+=,-")")).id.value() == "aZ0._~:@+=,-");
    refuses(R"("id":"")", errc::bad_id, "/id");
    refuses(R"("id":"a b")", errc::bad_id, "/id");
    refuses(R"("id":7)", errc::bad_id, "/id");
    refuses("\"id\":\"" + std::string(201, 'a') + "\"", errc::bad_id, "/id");
    refuses(R"("queue":"Images")", errc::bad_id, "/queue");
    refuses(R"("queue":"-a")", errc::bad_id, "/queue");
    refuses("\"queue\":\"" + std::string(64, 'a') + "\"", errc::bad_id, "/queue");
    refuses(R"("job":"")", errc::bad_id, "/job");
    refuses(R"("job":"a\nb")", errc::bad_id, "/job");
    refuses(R"("job":"a\u0085b")", errc::bad_id, "/job");
    refuses(R"("job":"a\u0000b")", errc::bad_id, "/job");
    refuses("\"job\":\"" + std::string(199, 'a') + "ü\"", errc::bad_id, "/job");
    CHECK(read(with("\"job\":\"" + std::string(198, 'a') + "ü\"")).job.value().size() == 200);
    refuses(R"("source":"a\tb")", errc::bad_field, "/source");
}

TEST_CASE("tags and affinity are arrays of labels, bound in number") {
    CHECK(read(with("\"tags\":" + list_of(32))).tags.size() == 32);
    refuses("\"tags\":" + list_of(33), errc::bad_field, "/tags");
    refuses(R"("tags":"a")", errc::bad_field, "/tags");
    refuses(R"("tags":{"a":"b"})", errc::bad_field, "/tags");
    refuses(R"("tags":["a",1])", errc::bad_id, "/tags/1");
    refuses(R"("tags":["a",""])", errc::bad_id, "/tags/1");
    CHECK(read(with("\"affinity\":" + list_of(16))).affinity.size() == 16);
    refuses("\"affinity\":" + list_of(17), errc::bad_field, "/affinity");
    refuses(R"("affinity":[null])", errc::bad_id, "/affinity/0");
}

TEST_CASE("a tag given twice counts once") {
    const auto t = read(with(R"("tags":["a","b","a"])"));
    REQUIRE(t.tags.size() == 2);
    CHECK(t.tags[1].value() == "b");
}

TEST_CASE("any integer is a priority here, and nothing else") {
    CHECK(read(with(R"("priority":-3)")).priority.value() == -3);
    CHECK(read(with(R"("priority":99999999999)")).priority.value() == INT32_MAX);
    CHECK(read(with(R"("priority":-99999999999)")).priority.value() == INT32_MIN);
    refuses(R"("priority":5.0)", errc::bad_field, "/priority");
    refuses(R"("priority":"5")", errc::bad_field, "/priority");
    refuses(R"("priority":true)", errc::bad_field, "/priority");
}

TEST_CASE("limits are accepted at their ends and refused beyond") {
    const auto t = read(with(R"("timeout_s":0.001,"lease_s":1,"max_attempts":1,"backoff_s":0)"));
    CHECK(t.limits == model::task_limits{.max_attempts = 1,
                                         .lease = milliseconds{1'000},
                                         .backoff = milliseconds{0},
                                         .timeout = milliseconds{1}});
    const auto u = read(with(R"("lease_s":86400,"max_attempts":1000,"backoff_s":3600)"));
    CHECK(u.limits.lease == milliseconds{86'400'000});
    CHECK(u.limits.max_attempts == 1'000);
    CHECK(u.limits.backoff == milliseconds{3'600'000});
    for (const auto* bad : {"0", "-1", "\"5\"", "0.0001"}) {
        refuses("\"timeout_s\":" + std::string(bad), errc::bad_field, "/timeout_s");
    }
    refuses(R"("lease_s":0.9)", errc::bad_field, "/lease_s");
    refuses(R"("lease_s":86400.001)", errc::bad_field, "/lease_s");
    refuses(R"("max_attempts":0)", errc::bad_field, "/max_attempts");
    refuses(R"("max_attempts":1001)", errc::bad_field, "/max_attempts");
    refuses(R"("max_attempts":2.0)", errc::bad_field, "/max_attempts");
    refuses(R"("backoff_s":3600.001)", errc::bad_field, "/backoff_s");
    refuses(R"("backoff_s":-0.001)", errc::bad_field, "/backoff_s");
}

TEST_CASE("a refusal says what would be right") {
    CHECK(read_task(with(R"("lease_s":0)")).error().detail ==
          "lease_s must be a number of seconds from 1 to 86400");
    CHECK(read_task(with(R"("queue":"X")")).error().detail ==
          "queue must be a queue's name: 1 to 63 characters of a-z 0-9 -, not beginning with -");
}

TEST_CASE("instants are integer milliseconds") {
    CHECK(read(with(R"("not_before":0,"expires_at":253402300799999)")).not_before == instant{0});
    refuses(R"("not_before":1.5)", errc::bad_field, "/not_before");
    refuses(R"("not_before":"2026-01-01T00:00:00Z")", errc::bad_field, "/not_before");
    refuses(R"("expires_at":-1)", errc::bad_field, "/expires_at");
    refuses(R"("expires_at":253402300800000)", errc::bad_field, "/expires_at");
}

TEST_CASE("meta is a bound object of strings, kept in order") {
    const auto t = read(with(R"("meta":{"z":"1","a":"\n"})"));
    REQUIRE(t.meta.size() == 2);
    CHECK(t.meta[0].first == "z");
    CHECK(t.meta[1].second == "\n");
    refuses(R"("meta":["a"])", errc::bad_field, "/meta");
    refuses(R"("meta":{"a":1})", errc::bad_field, "/meta");
    refuses(R"("meta":{"":"x"})", errc::bad_field, "/meta");
    CHECK(read(with("\"meta\":{\"a\":\"" + std::string(8'191, 'x') + "\"}")).meta.size() == 1);
    refuses("\"meta\":{\"a\":\"" + std::string(8'192, 'x') + "\"}", errc::bad_field, "/meta");
    std::string many = "\"meta\":{\"k\":\"\"";
    for (int i = 0; i < 32; ++i) {
        many += ",\"k" + std::to_string(i) + "\":\"\"";
    }
    refuses(many + "}", errc::bad_field, "/meta");
}

TEST_CASE("a payload of 1 MiB is accepted and one byte more is not") {
    const std::string largest = "\"" + std::string(max_payload_bytes - 2, 'x') + "\"";
    CHECK(read("{\"payload\":" + largest + "}").payload.size() == max_payload_bytes);
    const auto larger = read_task("{\"payload\":\"x" + largest.substr(1) + "}");
    REQUIRE_FALSE(larger);
    CHECK(larger.error().code == errc::payload_too_large);
    CHECK(larger.error().field == "/payload");
    const auto huge = read_task(std::string(max_task_bytes + 1, ' '));
    CHECK(huge.error().code == errc::payload_too_large);
}

TEST_CASE("any task reads back as it was written") {
    seeded_random random(2026);
    for (int i = 0; i < 1'000; ++i) {
        const auto t = random_task(random);
        const std::string text = write_task(t);
        INFO(text);
        const auto back = read_task(text);
        REQUIRE(back);
        CHECK(*back == t);
        CHECK(write_task(*back) == text);
    }
}

TEST_CASE("an array of tasks is read up to its limit, and a bad one is named by its index") {
    const auto two = read_tasks(R"([{"payload":1,"id":"a"},{"payload":{"k":1,"k":2}}])", 2);
    REQUIRE(two);
    REQUIRE(two->size() == 2);
    CHECK((*two)[1].payload == R"({"k":1,"k":2})");
    CHECK_FALSE(read_tasks(R"([{"payload":1},{"payload":1}])", 1));
    CHECK_FALSE(read_tasks(R"({"payload":1})", 1));
    CHECK(read_tasks(R"([{"payload":1},{"payload":1,"lease_s":0}])", 9).error().field ==
          "/1/lease_s");
}

TEST_CASE("a record's id is its field, else its key, else its place") {
    CHECK(read_stored_task(source_of("key-1", R"({"id":"own","payload":1})"))->body.id.value() ==
          "own");
    CHECK(read_stored_task(source_of("key-1", R"({"payload":1})"))->body.id.value() == "key-1");
    CHECK(read_stored_task(source_of("no id!", R"({"payload":1})"))->body.id.value() ==
          "kwq-images-7-3-42");
    CHECK(read_stored_task(source_of("", R"({"payload":1})"))->body.id.value() ==
          "kwq-images-7-3-42");
    CHECK_FALSE(read_stored_task(source_of("key-1", R"({"id":"not one!","payload":1})")));
}

TEST_CASE("a record's topic says its queue and priority, whatever its fields say") {
    const auto t =
        read_stored_task(source_of("k", R"({"payload":1,"queue":"other","priority":2})"));
    REQUIRE(t);
    CHECK(t->body.queue.value() == "images");
    CHECK(t->body.priority.value() == 7);
    CHECK(t->place.offset.value() == 42);
    CHECK(t->submitted_at == instant{1'767'225'600'000});
}

TEST_CASE("a record that is no task is refused, not a crash") {
    for (const std::string value : {"", "x", "\xff\xfe", "{}", "[]", "{\"payload\":"}) {
        CHECK_FALSE(read_stored_task(source_of("k", value)));
    }
}

}  // namespace kwq::codec
