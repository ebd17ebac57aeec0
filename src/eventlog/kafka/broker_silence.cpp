#include "eventlog/kafka/broker_silence.hpp"

#include <charconv>
#include <cstdint>

namespace kwq::eventlog::kafka {

std::optional<std::chrono::milliseconds> silence_of_brokers(std::string_view statistics) {
    constexpr std::string_view field = "\"rxidle\":";
    const auto brokers = statistics.substr(0, statistics.find("\"topics\":"));
    std::optional<std::int64_t> least;
    for (auto at = brokers.find(field); at != std::string_view::npos;
         at = brokers.find(field, at)) {
        at += field.size();
        while (at < brokers.size() && brokers[at] == ' ') {
            ++at;
        }
        std::int64_t idle = -1;  // as of one without a connection
        std::from_chars(brokers.data() + at, brokers.data() + brokers.size(), idle);
        if (idle >= 0 && (!least || idle < *least)) {
            least = idle;
        }
    }
    return least ? std::optional(std::chrono::milliseconds{*least / 1'000}) : std::nullopt;
}

}  // namespace kwq::eventlog::kafka
