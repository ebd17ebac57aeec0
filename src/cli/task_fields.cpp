// task_fields: see the header. What the server checks is not checked twice: it names the field.
#include "cli/task_fields.hpp"

#include "cli/quantity.hpp"
#include "codec/json.hpp"

namespace kwq::cli {

namespace {

using field_list = std::vector<std::pair<std::string, std::string>>;

std::string json_strings(const std::vector<std::string>& items) {
    std::string out;
    codec::json_writer w(out);
    w.begin_array();
    for (const std::string& item : items) {
        w.value(item);
    }
    w.end_array();
    return out;
}

void add_text(field_list& to, const char* name, const std::optional<std::string>& text) {
    if (text) {
        to.emplace_back(name, json_string(*text));
    }
}

void add_list(field_list& to, const char* name, const std::vector<std::string>& items) {
    if (!items.empty()) {
        to.emplace_back(name, json_strings(items));
    }
}

void add_number(field_list& to, const char* name, const std::optional<std::int64_t>& number) {
    if (number) {
        to.emplace_back(name, std::to_string(*number));
    }
}

void add_seconds(field_list& to, const char* name, const std::optional<milliseconds>& d) {
    if (d) {
        to.emplace_back(name, write_seconds(*d));
    }
}

outcome<void> add_times(field_list& to, const task_fields& f, instant now) {
    if (f.delay && f.not_before) {
        return usage_failure("--delay and --not-before say the same: give one");
    }
    if (f.delay) {
        to.emplace_back("not_before", std::to_string((now + *f.delay).value()));
    }
    if (f.not_before) {
        const auto at = parse_instant(*f.not_before);
        if (!at) {
            return usage_failure("--not-before: `" + *f.not_before +
                                 "` is no instant such as 2026-01-31T08:00:00Z or epoch ms");
        }
        to.emplace_back("not_before", std::to_string(at->value()));
    }
    if (f.expires) {
        const auto in = parse_duration(*f.expires);
        const auto at = parse_instant(*f.expires);
        // A bare number of 11 digits and more can only be epoch milliseconds.
        const bool is_instant = at && (!in || f.expires->size() > 10);
        if (!is_instant && !in) {
            return usage_failure("--expires: `" + *f.expires +
                                 "` is neither a duration such as 2h nor an instant");
        }
        to.emplace_back("expires_at", std::to_string((is_instant ? *at : now + *in).value()));
    }
    return {};
}

outcome<void> add_meta(field_list& to, const task_fields& f) {
    if (f.meta.empty()) {
        return {};
    }
    std::string out;
    codec::json_writer w(out);
    w.begin_object();
    for (const std::string& item : f.meta) {
        const auto equals = item.find('=');
        if (equals == std::string::npos || equals == 0) {
            return usage_failure("--meta: `" + item + "` is not NAME=VALUE");
        }
        w.field(item.substr(0, equals), item.substr(equals + 1));
    }
    w.end_object();
    to.emplace_back("meta", out);
    return {};
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out;
    codec::json_writer w(out);
    w.value(text);
    return out;
}

std::vector<option> task_options(task_fields& f) {
    return {
        {"-q,--queue", "QUEUE", "Queue to put it on; default: default", &f.queue, {}},
        {"-j,--job", "JOB", "Job it belongs to; default: default", &f.job, {}},
        {"-t,--tag", "TAG", "Tag, as key:value; may be repeated", &f.tags, {}},
        {"-p,--priority",
         "N",
         "Priority, 1 to the queue's highest, which is most urgent; default: 5",
         &f.priority,
         {}},
        {"--id", "ID", "Its id; default: one the server makes", &f.id, {}},
        {"--affinity",
         "NAME",
         "Workers that name this get it first; may be repeated",
         &f.affinity,
         {}},
        {"--delay", "TIME", "Hand it out only after this long", &f.delay, {}},
        {"--not-before",
         "INSTANT",
         "Hand it out only from 2026-01-31T08:00:00Z, or epoch ms, on",
         &f.not_before,
         {}},
        {"--expires",
         "TIME",
         "Cancel it when not begun within this time, or by this instant",
         &f.expires,
         {}},
        {"--max-attempts",
         "N",
         "Runs it may take until it counts as failed; default: 4",
         &f.max_attempts,
         {}},
        {"--lease", "TIME", "How long a worker may be silent; default: 60s", &f.lease, {}},
        {"--timeout",
         "TIME",
         "How long one run may take; default: as long as it likes",
         &f.timeout,
         {}},
        {"--backoff",
         "TIME",
         "Pause before the first retry, doubled each time; default: 5s",
         &f.backoff,
         {}},
        {"--meta", "NAME=VALUE", "Text that goes with it; may be repeated", &f.meta, {}},
    };
}

outcome<field_list> json_fields(const task_fields& f, instant now, bool for_many) {
    field_list out;
    if (f.id && for_many) {
        return usage_failure("--id is for one task: lines of a file carry their own");
    }
    add_text(out, "id", f.id);
    add_text(out, "queue", f.queue);
    add_text(out, "job", f.job);
    add_list(out, "tags", f.tags);
    add_number(out, "priority", f.priority);
    add_list(out, "affinity", f.affinity);
    add_seconds(out, "timeout_s", f.timeout);
    add_seconds(out, "lease_s", f.lease);
    add_number(out, "max_attempts", f.max_attempts);
    add_seconds(out, "backoff_s", f.backoff);
    if (const auto times = add_times(out, f, now); !times) {
        return times.error();
    }
    if (const auto meta = add_meta(out, f); !meta) {
        return meta.error();
    }
    return out;
}

outcome<std::string> task_json(const task_fields& f, std::string_view payload, instant now) {
    const auto fields = json_fields(f, now, false);
    if (!fields) {
        return fields.error();
    }
    std::string out;
    codec::json_writer w(out);
    w.begin_object();
    for (const auto& [name, value] : *fields) {
        w.key(name).raw(value);
    }
    w.key("payload").raw(payload);
    w.end_object();
    return out;
}

}  // namespace kwq::cli
