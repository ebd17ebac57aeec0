// Live answers as text/event-stream: which topics, from where, and the way back.

#include "rest/event_hub.hpp"
#include "rest/handlers.hpp"
#include "rest/problems.hpp"
#include "rest/routes.hpp"

#include <algorithm>
#include <charconv>

namespace kwq::rest {

using model::errc;

namespace {

model::result<void> add_topic(std::string_view text, std::vector<event_topic>& to) {
    auto topic = parse_event_topic(text);
    if (!topic) {
        return topic.error();
    }
    const auto all = routes();
    const bool served =
        std::any_of(all.begin(), all.end(), [&](const route& r) { return r.name == topic->call; });
    if (!served) {
        return model::error{errc::bad_field, "this server does not serve that topic", "topics"};
    }
    const bool twice = std::any_of(to.begin(), to.end(),
                                   [&](const event_topic& t) { return t.name == topic->name; });
    if (!twice) {
        to.push_back(std::move(*topic));
    }
    return {};
}

/// `topics` is split at commas; `topic`, which may come more than once, is one as it stands.
model::result<std::vector<event_topic>> read_topics(const call& q) {
    std::vector<event_topic> topics;
    for (const auto& [name, value] : q.request.query) {
        std::string_view rest = value;
        while ((name == "topics" || name == "topic") && !rest.empty()) {
            const std::size_t end =
                name == "topic" ? rest.size() : std::min(rest.find(','), rest.size());
            if (const auto added = add_topic(rest.substr(0, end), topics); !added) {
                return added.error();
            }
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    if (topics.empty() || topics.size() > event_hub::most_topics_each) {
        return model::error{errc::bad_field, "topics=…: 1 to 32 topics", "topics"};
    }
    return topics;
}

/// Nothing also when it is not one of ours: then the client starts anew.
std::optional<std::uint64_t> last_event(const call& q) {
    const auto text = q.request.header("last-event-id");
    if (!text) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

net::body_stream refuse_stream(context& c, const call& q, const net::stream_responder_ptr& to,
                               const model::error& e) {
    net::response r = problem_response(e, q.request_id);
    c.http.count(q.route, r.status);
    to->refuse(std::move(r));
    return {.on_piece = [](const std::string&) {}, .on_end = [] {}, .on_gone = [] {}};
}

}  // namespace

net::body_stream stream_events(context& c, const call& q, net::stream_responder_ptr to) {
    auto topics = read_topics(q);
    if (!topics) {
        return refuse_stream(c, q, to, topics.error());
    }
    if (c.stopping) {
        return refuse_stream(c, q, to, {errc::stopping, "nothing is told any more", {}});
    }
    if (!c.events->enter()) {
        return refuse_stream(c, q, to, {errc::overloaded, "1,000 clients listen already", {}});
    }
    net::response head;
    head.content_type = "text/event-stream";
    head.headers = {{"X-Accel-Buffering", "no"}};  // for nginx: pass each event on at once
    to->begin(std::move(head));
    c.http.count(q.route, 200);
    const auto who = c.events->join(std::move(*topics), last_event(q), std::move(to));
    return {.on_piece = [](const std::string&) {},
            .on_end = [] {},
            .on_gone = [&c, who] { c.events->part(who); }};
}

}  // namespace kwq::rest
