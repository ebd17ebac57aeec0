// Failures by what their messages have in common.

#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/readers.hpp"
#include "rest/views.hpp"

namespace kwq::rest {

namespace {

void write_samples(codec::json_writer& w, const std::vector<tracker::failure>& samples) {
    w.key("samples").begin_array();
    for (auto s = samples.rbegin(); s != samples.rend(); ++s) {  // newest first
        w.begin_object().field("id", s->id.value()).field("message", s->message);
        w.field("at", s->at.value()).field("worker", s->worker.value()).end_object();
    }
    w.end_array();
}

}  // namespace

void write_error_group(codec::json_writer& w, const tracker::error_view& e, instant now) {
    w.begin_object().field("error", to_string(e.error)).field("message", e.detail.message);
    w.field("count", e.sums.count).field("tasks", e.sums.tasks);
    w.field("first_at", e.sums.first_at.value()).field("last_at", e.sums.last_at.value());
    w.key("jobs").begin_array();
    for (const auto& [job, count] : e.jobs) {
        w.begin_object().field("job", job).field("count", count).end_object();
    }
    w.end_array();
    write_samples(w, e.detail.samples);
    w.key("trend").begin_array();
    for (const auto n : e.detail.trend(now)) {
        w.value(n);
    }
    w.end_array().end_object();
}

std::string render_error_page(const tracker::error_page& page, instant now) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object().key("items").begin_array();
    for (const auto& e : page.items) {
        write_error_group(w, e, now);
    }
    w.end_array();
    if (!page.next_cursor.empty()) {
        w.field("next_cursor", page.next_cursor);
    }
    w.end_object();
    return body;
}

void list_errors(context& c, const call& q, reply to) {
    parameter_reader p(q);
    tracker::error_query query;
    if (const auto job = p.label("job")) {
        query.job = model::job_name{*job};
    }
    query.newest_first = p.word("sort", {"count", "last"}) == "last";
    query.limit = p.number("limit", 100, limits::page_items);
    query.cursor = p.text("cursor", limits::cursor_bytes);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.errors(std::move(query), std::move(after),
                              c.loop.then<model::result<tracker::error_page>>(
                                  [&c, to](const model::result<tracker::error_page>& page) {
                                      if (!page) {
                                          to.fail(page.error());
                                          return;
                                      }
                                      to.json(200, render_error_page(*page, c.now()));
                                  }));
}

void get_error(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const auto group = tracker::parse_error_fingerprint(q.named(0));
    if (!group) {
        p.refuse({model::errc::bad_id, "a fingerprint is 16 hexadecimal digits", "error"});
    }
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.error(*group, std::move(after),
                             c.loop.then<model::result<tracker::error_view>>(
                                 [&c, to](const model::result<tracker::error_view>& found) {
                                     if (!found) {
                                         to.fail(found.error());
                                         return;
                                     }
                                     std::string body;
                                     codec::json_writer w(body);
                                     write_error_group(w, *found, c.now());
                                     to.json(200, std::move(body));
                                 }));
}

}  // namespace kwq::rest
