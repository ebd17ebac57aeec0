// The environment that a task's command sees.
#include "worker/command.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace kwq::worker {
namespace {

bool has(const std::vector<std::string>& all, const std::string& entry) {
    return std::find(all.begin(), all.end(), entry) != all.end();
}

TEST_CASE("a command finds its task in the environment") {
    const held_lease lease{.token = "T1",
                           .attempt = 2,
                           .id = "task-1",
                           .queue = "q",
                           .job = "nightly",
                           .priority = 9,
                           .tags_json = "[\"ext:png\"]",
                           .meta = {{"traceparent", "00-ab-cd-01"}, {"git-branch", "main"}}};
    const auto all =
        environment_of(lease, {.worker = "w", .url = "http://h:1"}, {"HOME=/h", "PATH=/bin"});
    for (const auto* entry :
         {"HOME=/h", "PATH=/bin", "KWQ_TASK_ID=task-1", "KWQ_JOB=nightly", "KWQ_QUEUE=q",
          "KWQ_PRIORITY=9", "KWQ_ATTEMPT=2", "KWQ_LEASE=T1", "KWQ_WORKER=w", "KWQ_URL=http://h:1",
          "KWQ_TAGS=[\"ext:png\"]", "KWQ_META_TRACEPARENT=00-ab-cd-01", "TRACEPARENT=00-ab-cd-01",
          "KWQ_META_GIT_BRANCH=main"}) {
        INFO(entry);
        CHECK(has(all, entry));
    }
}

TEST_CASE("nothing of another task is inherited") {
    const auto all = environment_of({.token = "t", .id = "i"}, {},
                                    {"KWQ_META_OLD=1", "TRACEPARENT=old", "KWQ_TASK_ID=old",
                                     "KWQ_TOKEN_FILE=kept", "KWQ_METAL=kept"});
    CHECK_FALSE(has(all, "KWQ_META_OLD=1"));
    CHECK_FALSE(has(all, "TRACEPARENT=old"));
    CHECK_FALSE(has(all, "KWQ_TASK_ID=old"));
    CHECK(has(all, "KWQ_TOKEN_FILE=kept"));
    CHECK(has(all, "KWQ_METAL=kept"));
}

TEST_CASE("names of meta become names of variables") {
    CHECK(meta_variable("a.b-c9") == "KWQ_META_A_B_C9");
    CHECK(meta_variable("\xC3\xBC=") == "KWQ_META____");
}

}  // namespace
}  // namespace kwq::worker
