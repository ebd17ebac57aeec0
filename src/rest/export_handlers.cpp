// Lists of tasks in full: NDJSON or CSV, a page after the other as fast as the client takes them,
// so that a list of any length costs the memory of a page.

#include "rest/csv.hpp"
#include "rest/event_topics.hpp"
#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/problems.hpp"
#include "rest/readers.hpp"
#include "rest/task_query.hpp"
#include "rest/views.hpp"

namespace kwq::rest {

using model::errc;

namespace {

constexpr std::uint32_t exported_rows = 200;  // short turns on the tracker's thread
constexpr std::size_t most_unsent = 256U << 10U;
constexpr milliseconds look_again{20};
constexpr std::string_view csv_header =
    "id,state,queue,priority,job,tags,submitted_at,scheduled_for_at,allocated_at,running_at,"
    "ended_at,attempt,spent,worker,error,cancel_reason,result\r\n";

void add_at(csv_row& row, const std::optional<instant>& at) {
    row.number(at ? std::to_string(at->value()) : std::string());
}

std::string csv_line(const tracker::task_view& t) {
    std::string tags;
    for (const model::tag_name& tag : t.tags) {
        tags += (tags.empty() ? "" : ";") + tag.value();
    }
    csv_row row;
    row.text(t.id.value());
    row.text(to_string(t.state));
    row.text(t.place.queue.value());
    row.number(std::to_string(t.priority().value()));
    row.text(t.job.value());
    row.text(tags);
    row.number(std::to_string(t.submitted_at.value()));
    add_at(row, t.scheduled_for);
    add_at(row, t.allocated_at);
    add_at(row, t.running_at);
    add_at(row, t.ended_at);
    row.number(std::to_string(t.attempt));
    row.number(std::to_string(t.spent));
    row.text(t.worker.value());
    row.text(t.last_error);
    row.text(t.cancel_reason);
    row.text(t.result_json);
    return row.end();
}

std::string json_line(const tracker::task_view& t) {
    std::string line;
    codec::json_writer w(line);
    w.begin_object();
    write_task_fields(w, t);
    w.end_object();
    return one_line(line) + "\n";
}

/// One list on its way. On the context's loop, but gone(); shared by the closures that wait for
/// the tracker, for the client and for the clock.
class task_export : public std::enable_shared_from_this<task_export> {
public:
    task_export(context& c, const call& q, net::stream_responder_ptr to)
        : context_(c), route_(q.route), request_id_(q.request_id), to_(std::move(to)) {}

    void start(tracker::task_filter filter, std::optional<std::uint64_t> at_most, bool csv,
               tracker::positions after);
    void gone() { gone_ = true; }

private:
    void ask(tracker::positions after);
    void take(const model::result<tracker::task_page>& page);
    void begin();
    void go_on();

    context& context_;
    const std::string_view route_;
    const std::string request_id_;
    net::stream_responder_ptr to_;  // let go of without an end, it cuts the answer
    std::atomic<bool> gone_{false};
    tracker::task_filter filter_;
    std::optional<std::uint64_t> left_;
    bool csv_ = false;
    bool begun_ = false;
};

void task_export::start(tracker::task_filter filter, std::optional<std::uint64_t> at_most, bool csv,
                        tracker::positions after) {
    filter_ = std::move(filter);
    left_ = at_most;
    csv_ = csv;
    ask(std::move(after));
}

void task_export::ask(tracker::positions after) {
    filter_.limit = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(exported_rows, left_.value_or(exported_rows)));
    context_.services.tracker.tasks(
        filter_, std::move(after),
        context_.loop.then<model::result<tracker::task_page>>(
            [self = shared_from_this()](const model::result<tracker::task_page>& page) {
                self->take(page);
            }));
}

/// A mistake is known with the first page; a failure after it cuts the answer, so that nobody takes
/// it for whole.
void task_export::take(const model::result<tracker::task_page>& page) {
    if (gone_ || (!page && begun_)) {
        to_.reset();
        return;
    }
    if (!page) {
        net::response r = problem_response(page.error(), request_id_);
        context_.http.count(route_, r.status);
        to_->refuse(std::move(r));
        return;
    }
    if (!begun_) {
        begin();
    }
    std::string text;
    for (const tracker::task_view& t : page->items) {
        text += csv_ ? csv_line(t) : json_line(t);
    }
    if (left_) {
        *left_ -= std::min<std::uint64_t>(*left_, page->items.size());
    }
    filter_.cursor = page->next_cursor;
    if (!text.empty()) {
        to_->write(std::move(text));
    }
    if (filter_.cursor.empty() || left_ == 0) {
        to_->end();
        return;
    }
    go_on();
}

void task_export::begin() {
    begun_ = true;
    net::response head;
    head.content_type = csv_ ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
    if (csv_) {
        head.headers = {{"Content-Disposition", "attachment; filename=\"tasks.csv\""}};
    }
    to_->begin(std::move(head));
    context_.http.count(route_, 200);
    if (csv_) {
        to_->write(std::string(csv_header));
    }
}

void task_export::go_on() {
    if (gone_ || context_.stopping) {
        to_.reset();
        return;
    }
    if (to_->unsent() <= most_unsent) {
        ask({});
        return;
    }
    // Nothing tells when the client has read on, so look again soon.
    context_.loop.after(look_again, [self = shared_from_this()] { self->go_on(); });
}

}  // namespace

bool wants_export(const net::request& head) {
    if (const auto format = head.parameter("format")) {
        return *format == "ndjson" || *format == "csv";
    }
    const std::string_view accept = head.header("accept").value_or("");
    return accept.find("application/x-ndjson") != std::string_view::npos ||
           accept.find("application/ndjson") != std::string_view::npos ||
           accept.find("text/csv") != std::string_view::npos;
}

net::body_stream export_tasks(context& c, const call& q, net::stream_responder_ptr to) {
    parameter_reader p(q);
    tracker::task_filter filter = read_task_filter(p);
    filter.newest_first = p.word("order", {"newest", "oldest"}) != "oldest";
    filter.cursor = p.text("cursor", limits::cursor_bytes);
    std::optional<std::uint64_t> at_most;
    if (q.request.parameter("limit")) {
        at_most = p.number("limit", 1, 1'000'000'000);
    }
    auto after = p.after();
    if (!p.ok()) {
        net::response r = problem_response(p.error(), q.request_id);
        c.http.count(q.route, r.status);
        to->refuse(std::move(r));
        return {.on_piece = [](const std::string&) {}, .on_end = [] {}, .on_gone = [] {}};
    }
    const std::string_view accept = q.request.header("accept").value_or("");
    const auto format = q.request.parameter("format");
    const bool csv = format ? *format == "csv" : accept.find("text/csv") != std::string_view::npos;
    // Shared: see the class.
    const auto one = std::make_shared<task_export>(c, q, std::move(to));
    one->start(std::move(filter), at_most, csv, std::move(after));
    return {
        .on_piece = [](const std::string&) {}, .on_end = [] {}, .on_gone = [one] { one->gone(); }};
}

}  // namespace kwq::rest
