// views: see the header.
#include "cli/views.hpp"

#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/table.hpp"

#include <array>
#include <cmath>

namespace kwq::cli {

namespace {

using codec::json_value;
using align = table::align;

constexpr std::array<std::string_view, 7> states{"scheduled", "pending", "allocated", "running",
                                                 "complete",  "error",   "cancelled"};

std::string age_field(const json_value& v, std::string_view name, const look& how) {
    const auto at = instant_field(v, name);
    return at ? human_age(*at, how.now) : "";
}

std::string seconds_text(double s) {
    return human_duration(milliseconds{std::llround(s * 1'000)});
}

/// `name      value` lines of a view; empty values are left out.
class sheet {
public:
    explicit sheet(bool colours) : colours_(colours) {}

    void line(std::string_view name, const std::string& value) {
        if (!value.empty()) {
            std::string label(name);
            label.resize(std::max<std::size_t>(12, label.size() + 1), ' ');
            out_ += (colours_ ? "\x1b[2m" + label + "\x1b[0m" : label) + value + "\n";
        }
    }
    void raw(const std::string& text) { out_ += text; }
    std::string text() && { return std::move(out_); }

private:
    bool colours_;
    std::string out_;
};

std::string instant_text(const json_value& v, std::string_view name, const look& how) {
    const auto at = instant_field(v, name);
    return at ? write_instant(*at) + "  (" + human_age(*at, how.now) + ")" : "";
}

std::string raw_text(const json_value& v, std::string_view name) {
    const json_value* found = v.find(name);
    // By its text: opaque fields have no type.
    return found == nullptr || found->raw() == "null" ? "" : std::string(found->raw());
}

std::string attempt_times(const json_value& a) {
    const auto from = instant_field(a, "allocated_at");
    const auto to = instant_field(a, "ended_at");
    return from && to ? human_duration(*to - *from) : "";
}

std::string attempts_table(const json_value& task, const look& how) {
    table t({{"ATTEMPT", align::right},
             {"WORKER"},
             {"TAKEN"},
             {"TOOK", align::right},
             {"OUTCOME"},
             {"ERROR"}});
    for (const json_value& a : array_field(task, "attempts")) {
        t.add({std::to_string(integer_field(a, "attempt")), text_field(a, "worker"),
               age_field(a, "allocated_at", how), attempt_times(a), text_field(a, "outcome"),
               shortened(text_field(a, "error"), 60)});
    }
    return t.empty() ? "" : "\n" + t.render(how.colours);
}

std::string spread(const json_value& group, std::string_view name) {
    const json_value* d = object_field(group, name);
    if (d == nullptr || integer_field(*d, "count") == 0) {
        return "";
    }
    return "mean " + seconds_text(number_field(*d, "mean_s")) + ", median " +
           seconds_text(number_field(*d, "p50_s")) + ", 95 % " +
           seconds_text(number_field(*d, "p95_s")) + ", most " +
           seconds_text(number_field(*d, "max_s"));
}

std::string tags_table(const json_value& group, const look& how) {
    table t({{"TAG"}, {"OPEN", align::right}, {"COMPLETE", align::right}, {"ERROR", align::right}});
    for (const json_value& tag : array_field(group, "tags")) {
        t.add({text_field(tag, "tag"), human_count(open_count(tag)),
               human_count(count_of(tag, "complete")), human_count(count_of(tag, "error"))});
    }
    return t.empty() ? "" : "\n" + t.render(how.colours);
}

std::string percent_done(const json_value& group) {
    const auto open = open_count(group);
    const auto ended =
        count_of(group, "complete") + count_of(group, "error") + count_of(group, "cancelled");
    return open + ended == 0 ? "" : std::to_string(100 * ended / (open + ended)) + " %";
}

}  // namespace

std::string coloured_state(std::string_view state, const look& how) {
    if (!how.colours) {
        return std::string(state);
    }
    const char* colour = state == "complete"                          ? "\x1b[32m"
                         : state == "error"                           ? "\x1b[31m"
                         : state == "running" || state == "allocated" ? "\x1b[36m"
                         : state == "cancelled"                       ? "\x1b[2m"
                                                                      : "\x1b[33m";
    return colour + std::string(state) + "\x1b[0m";
}

std::int64_t count_of(const json_value& group, std::string_view state) {
    const json_value* counts = object_field(group, "counts");
    return counts == nullptr ? 0 : integer_field(*counts, state);
}

std::int64_t open_count(const json_value& group) {
    return count_of(group, "scheduled") + count_of(group, "pending") +
           count_of(group, "allocated") + count_of(group, "running");
}

std::string counts_line(const json_value& group) {
    std::string out;
    for (const std::string_view state : states) {
        if (const auto n = count_of(group, state); n != 0) {
            out += (out.empty() ? "" : ", ") + human_count(n) + " " + std::string(state);
        }
    }
    return out.empty() ? "nothing" : out;
}

std::string task_view(const json_value& t, const look& how) {
    sheet s(how.colours);
    s.line("task", printable(text_field(t, "id")));
    s.line("state", coloured_state(printable(text_field(t, "state")), how) +
                        (flag_field(t, "paused") ? " (paused)" : ""));
    s.line("reason", printable(text_field(t, "cancel_reason")));
    s.line("queue", printable(text_field(t, "queue")) + ", priority " +
                        std::to_string(integer_field(t, "priority")));
    s.line("job", printable(text_field(t, "job")));
    s.line("tags", printable(joined_field(t, "tags")));
    s.line("submitted", instant_text(t, "submitted_at", how));
    s.line("due", instant_text(t, "scheduled_for", how));
    s.line("due", instant_text(t, "scheduled_for_at", how));
    s.line("started", instant_text(t, "allocated_at", how));
    s.line("ended", instant_text(t, "ended_at", how));
    if (const auto attempt = integer_field(t, "attempt"); attempt > 0) {
        s.line("attempt", std::to_string(attempt) + " (" +
                              std::to_string(integer_field(t, "spent")) + " of " +
                              std::to_string(integer_field(t, "max_attempts")) + " spent)");
    }
    s.line("worker", printable(text_field(t, "worker")));
    s.line("error", printable(text_field(t, "error")));
    s.line("progress", shortened(printable(raw_text(t, "progress")), 400));
    s.line("payload", shortened(printable(raw_text(t, "payload")), 400));
    s.line("result", shortened(printable(raw_text(t, "result")), 4'000));
    s.raw(attempts_table(t, how));
    return std::move(s).text();
}

std::string group_view(const json_value& g, const look& how) {
    sheet s(how.colours);
    s.line("job", printable(text_field(g, "job")) + (flag_field(g, "paused") ? " (paused)" : ""));
    s.line("tag", printable(text_field(g, "tag")));
    s.line("tasks", counts_line(g));
    s.line("done", percent_done(g));
    if (const auto n = integer_field(g, "retries"); n != 0) {
        s.line("retries", human_count(n));
    }
    if (const auto n = integer_field(g, "duplicates"); n != 0) {
        s.line("duplicates", human_count(n));
    }
    s.line("first", instant_text(g, "first_at", how));
    s.line("last", instant_text(g, "last_at", how));
    s.line("waited", spread(g, "wait"));
    s.line("ran", spread(g, "run"));
    if (const auto n = integer_field(g, "settling"); n != 0) {
        s.line("settling", human_count(n) + " rows");
    }
    s.raw(tags_table(g, how));
    return std::move(s).text();
}

std::string tasks_table(const json_value& page, const look& how) {
    table t({{"TASK"},
             {"STATE"},
             {"QUEUE"},
             {"PRIORITY", align::right},
             {"JOB"},
             {"SUBMITTED", align::right},
             {"ATTEMPT", align::right},
             {"ERROR"}});
    for (const json_value& v : array_field(page, "items")) {
        t.add({text_field(v, "id"), text_field(v, "state"), text_field(v, "queue"),
               std::to_string(integer_field(v, "priority")), shortened(text_field(v, "job"), 40),
               age_field(v, "submitted_at", how), std::to_string(integer_field(v, "attempt")),
               shortened(text_field(v, "error"), 40)});
    }
    return t.empty() ? "No tasks.\n" : t.render(how.colours);
}

std::string groups_table(const json_value& page, std::string_view name, const look& how) {
    table t({{name == "job" ? "JOB" : "TAG"},
             {"DONE", align::right},
             {"PENDING", align::right},
             {"RUNNING", align::right},
             {"COMPLETE", align::right},
             {"ERROR", align::right},
             {"CANCELLED", align::right},
             {"LAST CHANGE", align::right}});
    for (const json_value& v : array_field(page, "items")) {
        const auto waiting = count_of(v, "pending") + count_of(v, "scheduled");
        const auto out = count_of(v, "allocated") + count_of(v, "running");
        t.add({shortened(text_field(v, name), 50) + (flag_field(v, "paused") ? " (paused)" : ""),
               percent_done(v), human_count(waiting), human_count(out),
               human_count(count_of(v, "complete")), human_count(count_of(v, "error")),
               human_count(count_of(v, "cancelled")), age_field(v, "last_at", how)});
    }
    return t.empty() ? "No " + std::string(name) + "s.\n" : t.render(how.colours);
}

std::string queues_table(const json_value& page, const look& how) {
    table t({{"QUEUE"},
             {"PRIORITY", align::right},
             {"WAITING", align::right},
             {"SCHEDULED", align::right},
             {"OUT", align::right},
             {"COMPLETE", align::right},
             {"ERROR", align::right},
             {"OLDEST WAITING", align::right},
             {""}});
    const auto add = [&](const std::string& name, const std::string& priority, const json_value& v,
                         const std::string& oldest, const std::string& remark) {
        t.add({name, priority, human_count(count_of(v, "pending")),
               human_count(count_of(v, "scheduled")),
               human_count(count_of(v, "allocated") + count_of(v, "running")),
               human_count(count_of(v, "complete")), human_count(count_of(v, "error")), oldest,
               remark});
    };
    for (const json_value& q : array_field(page, "items")) {
        std::string remark = flag_field(q, "paused") ? "paused" : "";
        if (const auto n = integer_field(q, "waiting_workers"); n != 0) {
            remark += (remark.empty() ? "" : ", ") + human_count(n) + " workers wait";
        }
        add(text_field(q, "queue"), "1-" + std::to_string(integer_field(q, "priorities")), q, "",
            remark);
        for (const json_value& p : array_field(q, "by_priority")) {
            const bool paused = flag_field(p, "paused");
            if (open_count(p) != 0 || paused) {
                add("", std::to_string(integer_field(p, "priority")), p,
                    age_field(p, "oldest_pending_at", how), paused ? "paused" : "");
            }
        }
    }
    return t.empty() ? "No queues.\n" : t.render(how.colours);
}

std::string workers_table(const json_value& page, const look& how) {
    table t({{"WORKER"},
             {"QUEUES"},
             {"LEASES", align::right},
             {"TAKEN", align::right},
             {"COMPLETED", align::right},
             {"FAILED", align::right},
             {"SEEN", align::right},
             {""}});
    for (const json_value& w : array_field(page, "items")) {
        t.add({text_field(w, "worker"), joined_field(w, "queues"),
               human_count(integer_field(w, "leases")), human_count(integer_field(w, "taken")),
               human_count(integer_field(w, "completed")), human_count(integer_field(w, "failed")),
               age_field(w, "last_seen_at", how),
               flag_field(w, "waiting") ? "waits for work" : ""});
    }
    return t.empty() ? "No workers.\n" : t.render(how.colours);
}

std::string leases_table(const json_value& page, const look& how) {
    table t({{"TASK"},
             {"STATE"},
             {"QUEUE"},
             {"PRIORITY", align::right},
             {"JOB"},
             {"ATTEMPT", align::right},
             {"TAKEN", align::right},
             {"ENDS", align::right}});
    for (const json_value& v : array_field(page, "items")) {
        t.add({text_field(v, "id"), flag_field(v, "running") ? "running" : "allocated",
               text_field(v, "queue"), std::to_string(integer_field(v, "priority")),
               shortened(text_field(v, "job"), 40), std::to_string(integer_field(v, "attempt")),
               age_field(v, "allocated_at", how), age_field(v, "deadline_at", how)});
    }
    return t.empty() ? "No leases.\n" : t.render(how.colours);
}

}  // namespace kwq::cli
