// The names of topics, which other programs rely on.
#include "eventlog/topics.hpp"

#include <catch2/catch.hpp>

using namespace kwq;

TEST_CASE("a task topic is named by prefix, queue and priority") {
    const eventlog::topic_names names{.prefix = "kwq"};
    CHECK(names.tasks(model::queue_name{"default"}, model::priority{9}) == "kwq-default-9");
    CHECK(names.status() == "kwq-status");
    CHECK(names.control() == "kwq-control");
    CHECK(names.rejected() == "kwq-rejected");
}
