#include "check/summary.hpp"

#include "codec/json.hpp"

namespace kwq::check {

namespace {

std::string with_commas(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t i = digits.size(); i > 3;) {
        i -= 3;
        digits.insert(i, 1, ',');
    }
    return digits;
}

std::string line(std::string name, const std::string& rest) {
    name.resize(12, ' ');
    return name + rest + "\n";
}

std::string join(const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
    std::string out;
    for (const auto& [word, n] : counts) {
        out += (out.empty() ? "" : ", ") + with_commas(n) + " " + word;
    }
    return out;
}

std::vector<std::pair<std::string, std::uint64_t>> by_state(const state_counts& counts) {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (int i = 0; i < model::task_state_count; ++i) {
        const auto n = counts[static_cast<std::size_t>(i)];
        if (n > 0) {
            out.emplace_back(model::to_string(static_cast<model::task_state>(i)), n);
        }
    }
    return out;
}

std::string events_line(const check_report& r) {
    std::string out = with_commas(r.events) + ": " + with_commas(r.accepted) + " count";
    if (!r.voids.empty()) {
        out += "; void: " + join(r.voids);
    }
    if (r.unreadable_events > 0) {
        out += "; " + with_commas(r.unreadable_events) + " cannot be read";
    }
    if (r.trimmed_events > 0) {
        out += "; " + with_commas(r.trimmed_events) + " before them were trimmed";
    }
    return out;
}

std::string tasks_line(const check_report& r) {
    std::string out = with_commas(r.tasks);
    if (r.tasks > 0) {
        out += ": " + join(by_state(r.states));
    }
    if (r.duplicates > 0) {
        out += "; " + with_commas(r.duplicates) + " duplicates dropped";
    }
    if (r.set_aside > 0) {
        out += "; " + with_commas(r.set_aside) + " set aside";
    }
    return out;
}

void write_states(codec::json_writer& w, std::string_view name, const state_counts& counts) {
    w.key(name).begin_object();
    for (int i = 0; i < model::task_state_count; ++i) {
        w.field(model::to_string(static_cast<model::task_state>(i)),
                counts[static_cast<std::size_t>(i)]);
    }
    w.end_object();
}

void write_violation(codec::json_writer& w, const violation& v) {
    w.begin_object().field("rule", id_of(v.broken)).field("demand", demand_of(v.broken));
    if (v.where.topic.empty()) {
        if (v.where.at >= 0) {
            w.field("line", v.where.at);
        }
    } else {
        w.field("topic", v.where.topic).field("partition", v.where.partition);
        if (v.where.at >= 0) {
            w.field("offset", v.where.at);
        }
    }
    w.field("event", v.event).field("sentence", v.sentence).end_object();
}

void write_rules(codec::json_writer& w, const findings& found) {
    w.key("rules").begin_array();
    for (int i = 0; i < rule_count; ++i) {
        const auto r = static_cast<rule>(i);
        if (found.checks(r) > 0 || found.breaks(r) > 0) {
            w.begin_object().field("rule", id_of(r)).field("checks", found.checks(r));
            w.field("broken", found.breaks(r)).end_object();
        }
    }
    w.end_array();
}

}  // namespace

std::string write_text(const check_report& r) {
    std::string out = line("records", with_commas(r.records) + " in " + with_commas(r.topics) +
                                          " topics, " + with_commas(r.controls) + " controls");
    out += line("events", events_line(r));
    out += line("tasks", tasks_line(r));
    if (r.operations > 0) {
        out += line("history", with_commas(r.operations) + " operations");
    }
    std::string checked;
    for (int i = 0; i < rule_count; ++i) {
        const auto which = static_cast<rule>(i);
        if (const auto n = r.found.checks(which); n > 0) {
            checked +=
                (checked.empty() ? "" : ", ") + std::string(id_of(which)) + " " + with_commas(n);
        }
    }
    out += line("checked", checked);
    if (r.found.clean()) {
        return out + line("result", "no rule is broken");
    }
    out += line("result", with_commas(r.found.total()) + " violations; the first of them:");
    for (const auto& v : r.found.first_ones()) {
        out += "\n" + std::string(id_of(v.broken)) + " (" + std::string(demand_of(v.broken)) +
               ") at " + to_string(v.where) + ", " + v.event + ":\n    " + v.sentence + "\n";
    }
    return out;
}

std::string write_json(const check_report& r) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object().field("clean", r.found.clean()).field("violations", r.found.total());
    w.field("topics", r.topics).field("records", r.records).field("controls", r.controls);
    w.field("events", r.events).field("accepted", r.accepted);
    w.key("void").begin_object();
    for (const auto& [word, n] : r.voids) {
        w.field(word, n);
    }
    w.end_object().field("unreadable", r.unreadable_events).field("tasks", r.tasks);
    w.field("duplicates", r.duplicates).field("set_aside", r.set_aside);
    w.field("unfollowed", r.unfollowed).field("operations", r.operations);
    write_states(w, "states", r.states);
    w.key("jobs").begin_object();
    for (const auto& [job, counts] : r.jobs) {
        write_states(w, job, counts);
    }
    w.end_object();
    write_rules(w, r.found);
    w.key("first").begin_array();
    for (const auto& v : r.found.first_ones()) {
        write_violation(w, v);
    }
    w.end_array().end_object();
    return out + "\n";
}

}  // namespace kwq::check
