#include "rest/lease_reports.hpp"

#include "codec/task_codec.hpp"
#include "rest/intake.hpp"
#include "rest/limits.hpp"

namespace kwq::rest {

using model::errc;

namespace {

std::vector<model::task> read_then(context& c, field_reader& f) {
    std::vector<model::task> children;
    std::size_t bytes = 0;
    for (const codec::json_value* item : f.list("then", limits::then_tasks)) {
        const std::string at = "then/" + std::to_string(children.size());
        auto child = codec::read_task(*item);
        if (!child) {
            f.refuse(child.error().code, child.error().detail, at + child.error().field);
            return {};
        }
        bool clamped = false;
        if (const auto fits = fit_queue(c, *child, &clamped); !fits) {
            f.refuse(fits.error().code, fits.error().detail, at + fits.error().field);
            return {};
        }
        bytes += item->raw().size();
        children.push_back(std::move(*child));
    }
    if (bytes > limits::then_bytes) {
        f.refuse(errc::payload_too_large, "follow-ups are at most 512 KiB together", "then");
        return {};
    }
    return children;
}

}  // namespace

read_report read_complete(context& c, field_reader& f) {
    const codec::json_value* result = f.find("result");
    if (result != nullptr && result->raw().size() > limits::result_bytes) {
        // Trying again would make the same result, so this is the end of the task.
        return {.what =
                    scheduler::report_error{
                        .message = "result_too_large: " + std::to_string(result->raw().size()) +
                                   " bytes, at most " + std::to_string(limits::result_bytes),
                        .retry = false},
                .result_too_large = true};
    }
    scheduler::report_complete done;
    if (result != nullptr) {
        done.result_json = std::string(result->raw());
    }
    done.then = read_then(c, f);
    return {.what = std::move(done)};
}

scheduler::report_error read_error(field_reader& f) {
    scheduler::report_error e;
    e.message = f.text("message", limits::message_bytes);
    e.retry = f.flag("retry", true);
    return e;
}

scheduler::report_release read_release(field_reader& f) {
    return {.delay = f.seconds("delay_s", limits::longest_pause).value_or(milliseconds{0})};
}

scheduler::lease_report read_settle(context& c, field_reader& f) {
    scheduler::lease_report r{.lease = f.lease("lease"), .what = scheduler::report_running{}};
    const std::string outcome = f.text("outcome", 16, true);
    if (outcome == "complete") {
        r.what = read_complete(c, f).what;
    } else if (outcome == "error") {
        r.what = read_error(f);
    } else if (outcome == "release") {
        r.what = read_release(f);
    } else if (f.ok() && outcome != "running") {
        f.refuse(errc::bad_field, "running, complete, error or release", "outcome");
    }
    return r;
}

}  // namespace kwq::rest
