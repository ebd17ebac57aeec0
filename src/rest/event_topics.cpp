#include "rest/event_topics.hpp"

#include "model/ids.hpp"

#include <algorithm>
#include <array>

namespace kwq::rest {

using model::errc;

namespace {

struct plain_topic {
    std::string_view name;
    std::string_view call;
};

struct named_topic {
    std::string_view prefix;
    std::string_view call;
    bool (*valid)(std::string_view);
};

constexpr std::array plain_topics = {
    plain_topic{"overview", "get_stats"}, plain_topic{"queues", "list_queues"},
    plain_topic{"jobs", "list_jobs"},     plain_topic{"workers", "list_workers"},
    plain_topic{"errors", "list_errors"}, plain_topic{"dispatch", "get_dispatch"},
};

constexpr std::array named_topics = {
    named_topic{"queue:", "get_queue", model::valid_queue},
    named_topic{"job:", "get_job", model::valid_label},
    named_topic{"tag:", "get_tag", model::valid_label},
    named_topic{"task:", "get_task", model::valid_id},
    named_topic{"bulk:", "get_bulk_action", model::valid_id},
};

}  // namespace

model::result<event_topic> parse_event_topic(std::string_view text) {
    for (const plain_topic& t : plain_topics) {
        if (text == t.name) {
            event_topic found{.name = std::string(text), .call = t.call, .named = {}, .query = {}};
            if (t.name == "jobs") {
                found.query = {{"sort", "last"}};
            }
            return found;
        }
    }
    for (const named_topic& t : named_topics) {
        if (text.starts_with(t.prefix)) {
            const std::string_view name = text.substr(t.prefix.size());
            if (!t.valid(name)) {
                return model::error{errc::bad_id, "the topic names no possible one", "topics"};
            }
            return event_topic{.name = std::string(text),
                               .call = t.call,
                               .named = {std::string(name)},
                               .query = {}};
        }
    }
    return model::error{errc::bad_field,
                        "overview, queues, queue:…, jobs, job:…, tag:…, task:…, workers, errors, "
                        "dispatch or bulk:…",
                        "topics"};
}

std::string one_line(std::string_view json) {
    std::string out(json);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return out;
}

std::string without_clock(std::string_view json) {
    constexpr std::string_view member = "\"now_at\":";
    std::string out(json);
    const std::size_t at = out.find(member);
    if (at != std::string::npos) {
        const std::size_t from = at + member.size();
        const std::size_t end = std::min(out.find_first_not_of("0123456789", from), out.size());
        out.erase(from, end - from);
    }
    return out;
}

std::string event_frame(std::string_view topic, std::uint64_t id, std::string_view data) {
    std::string out;
    out.reserve(topic.size() + data.size() + 48);
    out.append("event: ").append(topic).append("\nid: ").append(std::to_string(id));
    out.append("\ndata: ").append(data).append("\n\n");
    return out;
}

}  // namespace kwq::rest
