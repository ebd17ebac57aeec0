// How long no broker has said anything, as librdkafka's statistics have it.
#include "eventlog/kafka/broker_silence.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace std::chrono_literals;
using kwq::eventlog::kafka::silence_of_brokers;

TEST_CASE("the broker that spoke last counts, and only those with a connection") {
    const std::string stats =
        R"({ "name": "x", "brokers":{ "127.0.0.1:9092/1": { "name":"a", "state":"UP", )"
        R"("rxidle":700000, "txidle":1 } , "127.0.0.1:9093/2": { "state":"TRY_CONNECT", )"
        R"("rxidle":-1 }, "GroupCoordinator": { "rxidle": 1234, "req": {} } }, )"
        R"("topics":{ "\"rxidle\":1": { } } })";
    CHECK(silence_of_brokers(stats) == 1ms);
}

TEST_CASE("without a connection nothing is said of silence") {
    CHECK_FALSE(silence_of_brokers(R"({ "brokers":{ "a/1": { "rxidle":-1 } }, "topics":{ } })"));
    CHECK_FALSE(silence_of_brokers(R"({ "brokers":{ } })"));
    CHECK_FALSE(silence_of_brokers(""));
    CHECK_FALSE(silence_of_brokers("\"rxidle\":"));
}
