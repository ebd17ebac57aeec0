// What happened when, in windows of time.

#include "rest/handlers.hpp"
#include "rest/readers.hpp"
#include "rest/views.hpp"

#include <algorithm>

namespace kwq::rest {

namespace {

constexpr std::int64_t windows_unless_told = 300;

/// The start of the window that `at` is in.
std::int64_t aligned(std::int64_t at_ms, std::int64_t step_s) {
    const auto s = at_ms / 1'000;
    return s - s % step_s;
}

/// Windows that overlap [from_at, to_at), of those that are kept: all that is asked for ends, at
/// the latest, with the one that is under way.
tracker::series_question read_series_question(parameter_reader& p, instant now) {
    tracker::series_question q;
    const auto step = p.word("resolution_s", {"1", "10", "300"});
    q.resolution = step == "10" ? 1 : step == "300" ? 2 : 0;
    q.queue = p.queue();
    const auto& [step_s, kept_s] = tracker::resolutions.at(q.resolution);
    const auto end = aligned(now.value(), step_s) + step_s;
    q.to_s = end;
    if (const auto to = p.at("to_at")) {
        q.to_s = std::min(aligned(to->value() + step_s * 1'000 - 1, step_s), end);
    }
    q.from_s = q.to_s - windows_unless_told * step_s;
    if (const auto from = p.at("from_at")) {
        q.from_s = aligned(from->value(), step_s);
    }
    q.from_s = std::max(q.from_s, end - step_s - kept_s);
    return q;
}

std::string render(const tracker::series_question& q,
                   const std::vector<tracker::window_view>& windows, instant now) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("now_at", now.value());
    w.field("resolution_s", tracker::resolutions.at(q.resolution).step_s);
    w.key("windows").begin_array();
    for (const auto& one : windows) {
        w.begin_object().field("at", one.end.value());
        for (std::size_t i = 0; i < one.counts.size(); ++i) {
            w.field(to_string(static_cast<tracker::window_count>(i)), one.counts.at(i));
        }
        write_quantiles(w, "wait", one.wait);
        write_quantiles(w, "run", one.run);
        w.end_object();
    }
    w.end_array().end_object();
    return body;
}

}  // namespace

void get_series(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const auto question = read_series_question(p, c.now());
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    using answer = model::result<std::vector<tracker::window_view>>;
    c.services.tracker.windows(question, std::move(after),
                               c.loop.then<answer>([&c, question, to](const answer& found) {
                                   if (!found) {
                                       to.fail(found.error());
                                       return;
                                   }
                                   to.json(200, render(question, *found, c.now()));
                               }));
}

}  // namespace kwq::rest
