// `kwq submit`'s options as the JSON of a task.
#include "cli/task_fields.hpp"
#include "codec/task_codec.hpp"

#include <catch2/catch.hpp>

namespace kwq::cli {

namespace {

const instant now{1'700'000'000'000};

std::string refused(const task_fields& f) {
    const auto json = task_json(f, "1", now);
    REQUIRE_FALSE(json.has_value());
    CHECK(json.error().code == exit_code::usage);
    return json.error().message;
}

}  // namespace

TEST_CASE("a task without options is its payload, byte for byte") {
    CHECK(*task_json({}, "{ \"n\" : 1.0 }", now) == "{\"payload\":{ \"n\" : 1.0 }}");
}

TEST_CASE("every option reaches its field of the task") {
    task_fields f;
    f.id = "t-1";
    f.queue = "mail";
    f.job = "a \"b\"";
    f.tags = {"k:v", "größe"};
    f.priority = 7;
    f.affinity = {"gpu"};
    f.delay = milliseconds{1'500};
    f.expires = "2h";
    f.max_attempts = 2;
    f.lease = milliseconds{30'500};
    f.timeout = milliseconds{60'000};
    f.backoff = milliseconds{0};
    f.meta = {"a=b=c", "d="};
    const auto json = task_json(f, "1", now);
    REQUIRE(json.has_value());
    const auto read = codec::read_task(*json);
    INFO(*json);
    REQUIRE(read.has_value());
    CHECK(read->id.value() == "t-1");
    CHECK(read->queue.value() == "mail");
    CHECK(read->job.value() == "a \"b\"");
    CHECK(read->tags.size() == 2);
    CHECK(read->priority.value() == 7);
    CHECK(read->affinity == std::vector<std::string>{"gpu"});
    CHECK(read->not_before == now + milliseconds{1'500});
    CHECK(read->expires_at == now + milliseconds{7'200'000});
    CHECK(read->limits.max_attempts == 2);
    CHECK(read->limits.lease == milliseconds{30'500});
    CHECK(read->limits.timeout == milliseconds{60'000});
    CHECK(read->limits.backoff == milliseconds{0});
    CHECK(read->meta == std::vector<std::pair<std::string, std::string>>{{"a", "b=c"}, {"d", ""}});
}

TEST_CASE("an expiry is a duration from now or an instant") {
    task_fields f;
    f.expires = "2026-01-31T08:00:00Z";
    CHECK(task_json(f, "1", now)->find("\"expires_at\":1769846400000") != std::string::npos);
    f.expires = "1769846400000";
    CHECK(task_json(f, "1", now)->find("\"expires_at\":1769846400000") != std::string::npos);
    f.expires = "90";
    CHECK(task_json(f, "1", now)->find("\"expires_at\":1700000090000") != std::string::npos);
}

TEST_CASE("options that contradict or cannot be read are named") {
    task_fields f;
    f.delay = milliseconds{1};
    f.not_before = "2026-01-31T08:00:00Z";
    CHECK(refused(f).find("--delay and --not-before") != std::string::npos);
    f.delay.reset();
    f.not_before = "tomorrow";
    CHECK(refused(f).find("--not-before: `tomorrow`") != std::string::npos);
    f.not_before.reset();
    f.expires = "never";
    CHECK(refused(f).find("--expires: `never`") != std::string::npos);
    f.expires.reset();
    f.meta = {"=x"};
    CHECK(refused(f).find("--meta: `=x`") != std::string::npos);
    f.meta.clear();
    f.id = "one";
    CHECK_FALSE(json_fields(f, now, true).has_value());
}

}  // namespace kwq::cli
