#include "codec/task_codec.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace kwq::codec {

namespace {

using model::errc;
using model::error;
using verdict = std::optional<error>;  // nothing: the field is good

verdict bad(std::string_view name, std::string_view wanted) {
    return error{errc::bad_field, std::string(name) + " must be " + std::string(wanted),
                 "/" + std::string(name)};
}

verdict bad_name(std::string_view name, std::string_view wanted) {
    return error{errc::bad_id, std::string(name) + " must be " + std::string(wanted),
                 "/" + std::string(name)};
}

constexpr std::string_view id_form = "1 to 200 characters of A-Z a-z 0-9 . _ ~ : @ + = , -";
constexpr std::string_view queue_form =
    "a queue's name: 1 to 63 characters of a-z 0-9 -, not beginning with -";
constexpr std::string_view label_form = "1 to 200 bytes of UTF-8 without control characters";

// ---- one function for each field ----------------------------------------------------------------

verdict read_version(const json_value& v, model::task&) {
    if (v.type() == json_value::kind::integer && v.integer() == 1) {
        return {};
    }
    return error{errc::not_supported, "v is the version of the form; this server reads 1", "/v"};
}

verdict read_id(const json_value& v, model::task& t) {
    if (!v.is_string() || !model::valid_id(v.string())) {
        return bad_name("id", id_form);
    }
    t.id = model::task_id{std::string(v.string())};
    return {};
}

verdict read_queue(const json_value& v, model::task& t) {
    if (!v.is_string() || !model::valid_queue(v.string())) {
        return bad_name("queue", queue_form);
    }
    t.queue = model::queue_name{std::string(v.string())};
    return {};
}

verdict read_job(const json_value& v, model::task& t) {
    if (!v.is_string() || !model::valid_label(v.string())) {
        return bad_name("job", label_form);
    }
    t.job = model::job_name{std::string(v.string())};
    return {};
}

/// An array of labels; `add` takes each.
template <class Add>
verdict read_labels(const json_value& v, std::string_view name, std::size_t most, Add add) {
    if (!v.is_array() || v.items().size() > most) {
        return bad(name, "an array of at most " + std::to_string(most) + " strings");
    }
    std::size_t index = 0;
    for (const auto& item : v.items()) {
        if (!item.is_string() || !model::valid_label(item.string())) {
            return bad_name(std::string(name) + "/" + std::to_string(index), label_form);
        }
        add(std::string(item.string()));
        ++index;
    }
    return {};
}

verdict read_tags(const json_value& v, model::task& t) {
    return read_labels(v, "tags", max_tags, [&t](std::string text) {
        model::tag_name tag{std::move(text)};
        if (std::find(t.tags.begin(), t.tags.end(), tag) == t.tags.end()) {
            t.tags.push_back(std::move(tag));
        }
    });
}

verdict read_affinity(const json_value& v, model::task& t) {
    return read_labels(v, "affinity", max_affinity,
                       [&t](std::string text) { t.affinity.push_back(std::move(text)); });
}

verdict read_priority(const json_value& v, model::task& t) {
    if (v.type() != json_value::kind::integer) {
        return bad("priority", "an integer");
    }
    // The queue clamps to its own 1..N; here it only has to fit.
    using limits = std::numeric_limits<std::int32_t>;
    const auto fitting = std::clamp<std::int64_t>(v.integer(), limits::min(), limits::max());
    t.priority = model::priority{static_cast<std::int32_t>(fitting)};
    return {};
}

verdict read_payload(const json_value& v, model::task& t) {
    if (v.raw().size() > max_payload_bytes) {
        return error{errc::payload_too_large, "payload is larger than 1 MiB", "/payload"};
    }
    t.payload = v.raw();
    return {};
}

verdict read_timeout(const json_value& v, model::task& t) {
    const auto ms = read_seconds(v);
    if (!ms || ms->count() == 0) {
        return bad("timeout_s", "a number of seconds greater than 0");
    }
    t.limits.timeout = *ms;
    return {};
}

verdict read_lease(const json_value& v, model::task& t) {
    const auto ms = read_seconds(v);
    if (!ms || *ms < milliseconds{1'000} || *ms > milliseconds{86'400'000}) {
        return bad("lease_s", "a number of seconds from 1 to 86400");
    }
    t.limits.lease = *ms;
    return {};
}

verdict read_max_attempts(const json_value& v, model::task& t) {
    if (v.type() != json_value::kind::integer || v.integer() < 1 || v.integer() > 1'000) {
        return bad("max_attempts", "an integer from 1 to 1000");
    }
    t.limits.max_attempts = static_cast<std::uint32_t>(v.integer());
    return {};
}

verdict read_backoff(const json_value& v, model::task& t) {
    const auto ms = read_seconds(v);
    if (!ms || *ms > milliseconds{3'600'000}) {
        return bad("backoff_s", "a number of seconds from 0 to 3600");
    }
    t.limits.backoff = *ms;
    return {};
}

verdict read_instant(const json_value& v, std::string_view name, std::optional<instant>& out) {
    constexpr std::int64_t latest = 253'402'300'799'999;  // the end of the year 9999
    if (v.type() != json_value::kind::integer || v.integer() < 0 || v.integer() > latest) {
        return bad(name, "an instant in integer milliseconds since 1970-01-01 UTC");
    }
    out = instant{v.integer()};
    return {};
}

verdict read_not_before(const json_value& v, model::task& t) {
    return read_instant(v, "not_before", t.not_before);
}

verdict read_expires_at(const json_value& v, model::task& t) {
    return read_instant(v, "expires_at", t.expires_at);
}

verdict read_meta(const json_value& v, model::task& t) {
    if (!v.is_object() || v.members().size() > max_meta_entries) {
        return bad("meta", "an object of at most 32 strings");
    }
    std::size_t bytes = 0;
    for (const auto& [name, value] : v.members()) {
        if (!model::valid_label(name)) {
            return bad("meta", "an object whose names are " + std::string(label_form));
        }
        if (!value.is_string()) {
            return bad("meta", "an object that holds nothing but strings");
        }
        bytes += name.size() + value.string().size();
        t.meta.emplace_back(name, value.string());
    }
    if (bytes > max_meta_bytes) {
        return bad("meta", "at most 8192 bytes, names and values together");
    }
    return {};
}

verdict read_source(const json_value& v, model::task& t) {
    if (!v.is_string() || (!v.string().empty() && !model::valid_label(v.string()))) {
        return bad("source", label_form);
    }
    t.source = v.string();
    return {};
}

template <const std::string_view& name>
verdict refuse_reserved(const json_value&, model::task&) {
    return error{errc::not_supported, std::string(name) + " is reserved for a later version of KWQ",
                 "/" + std::string(name)};
}

constexpr std::string_view tenant = "tenant";
constexpr std::string_view gang = "gang";
constexpr std::string_view array = "array";
constexpr std::string_view after = "after";

struct field {
    std::string_view name;
    verdict (*read)(const json_value&, model::task&);
};

constexpr std::array fields = {
    field{"v", read_version},
    field{"id", read_id},
    field{"queue", read_queue},
    field{"job", read_job},
    field{"tags", read_tags},
    field{"priority", read_priority},
    field{"affinity", read_affinity},
    field{"timeout_s", read_timeout},
    field{"lease_s", read_lease},
    field{"max_attempts", read_max_attempts},
    field{"backoff_s", read_backoff},
    field{"not_before", read_not_before},
    field{"expires_at", read_expires_at},
    field{"meta", read_meta},
    field{"source", read_source},
    field{"payload", read_payload},
    field{tenant, refuse_reserved<tenant>},
    field{gang, refuse_reserved<gang>},
    field{array, refuse_reserved<array>},
    field{after, refuse_reserved<after>},
};

// ---- writing ------------------------------------------------------------------------------------

template <class Labels>
void write_labels(json_writer& w, std::string_view name, const Labels& labels) {
    if (labels.empty()) {
        return;
    }
    w.key(name).begin_array();
    for (const auto& label : labels) {
        if constexpr (std::is_same_v<std::decay_t<decltype(label)>, std::string>) {
            w.value(label);
        } else {
            w.value(label.value());
        }
    }
    w.end_array();
}

void write_limits(json_writer& w, const model::task_limits& limits) {
    const model::task_limits usual;
    if (limits.timeout) {
        write_seconds(w, "timeout_s", *limits.timeout);
    }
    if (limits.lease != usual.lease) {
        write_seconds(w, "lease_s", limits.lease);
    }
    if (limits.max_attempts != usual.max_attempts) {
        w.field("max_attempts", limits.max_attempts);
    }
    if (limits.backoff != usual.backoff) {
        write_seconds(w, "backoff_s", limits.backoff);
    }
}

void write_meta(json_writer& w, const model::task& t) {
    if (t.meta.empty()) {
        return;
    }
    w.key("meta").begin_object();
    for (const auto& [name, value] : t.meta) {
        w.field(name, value);
    }
    w.end_object();
}

model::result<json_document> parse_whole(std::string_view json) {
    if (json.size() > max_task_bytes) {
        return error{errc::payload_too_large, "a task is larger than 1.5 MiB", ""};
    }
    return json_document::parse_view(json, opaque_task_fields);
}

/// `kwq-images-9` is queue `images`, but the place says so already; only the id needs the topic.
model::task_id place_id(const task_record_source& source) {
    return model::task_id{std::string(source.topic) + "-" + std::to_string(source.partition) + "-" +
                          std::to_string(source.place.offset.value())};
}

}  // namespace

model::result<model::task> read_task(const json_value& object) {
    if (!object.is_object()) {
        return error{errc::bad_request, "a task is a JSON object", ""};
    }
    model::task t;
    bool has_payload = false;
    for (const auto& [name, value] : object.members()) {
        const auto* found = std::find_if(fields.begin(), fields.end(),
                                         [&](const field& f) { return f.name == name; });
        if (found == fields.end()) {
            continue;
        }
        const bool payload = found->read == read_payload;
        has_payload = has_payload || payload;
        if (!payload && value.is_null()) {
            continue;
        }
        if (auto refused = found->read(value, t)) {
            return *std::move(refused);
        }
    }
    if (!has_payload) {
        return error{errc::bad_field, "payload is missing: any JSON value, null too", "/payload"};
    }
    return t;
}

model::result<model::task> read_task(std::string_view json) {
    const auto document = parse_whole(json);
    return document ? read_task(document->root()) : model::result<model::task>(document.error());
}

model::result<std::vector<model::task>> read_tasks(std::string_view json, std::size_t most) {
    const auto document = json_document::parse_view(json, opaque_task_fields);
    if (!document) {
        return document.error();
    }
    const auto items = document->root().items();
    if (!document->root().is_array() || items.size() > most) {
        return error{errc::bad_field,
                     "must be an array of at most " + std::to_string(most) + " tasks", ""};
    }
    std::vector<model::task> tasks;
    tasks.reserve(items.size());
    for (const auto& item : items) {
        auto t = read_task(item);
        if (!t) {
            error e = t.error();
            e.field = "/" + std::to_string(tasks.size()) + e.field;
            return e;
        }
        tasks.push_back(*std::move(t));
    }
    return tasks;
}

void write_task(json_writer& w, const model::task& t) {
    const model::task usual;
    w.begin_object().field("v", 1);
    if (!t.id.value().empty()) {
        w.field("id", t.id.value());
    }
    if (t.queue != usual.queue) {
        w.field("queue", t.queue.value());
    }
    if (t.job != usual.job) {
        w.field("job", t.job.value());
    }
    write_labels(w, "tags", t.tags);
    if (t.priority != usual.priority) {
        w.field("priority", t.priority.value());
    }
    write_labels(w, "affinity", t.affinity);
    write_limits(w, t.limits);
    if (t.not_before) {
        w.field("not_before", t.not_before->value());
    }
    if (t.expires_at) {
        w.field("expires_at", t.expires_at->value());
    }
    write_meta(w, t);
    if (!t.source.empty()) {
        w.field("source", t.source);
    }
    w.key("payload").raw(t.payload.empty() ? std::string_view("null") : t.payload);
    w.end_object();
}

std::string write_task(const model::task& t) {
    std::string out;
    out.reserve(256 + t.payload.size());
    json_writer w(out);
    write_task(w, t);
    return out;
}

model::result<model::stored_task> read_stored_task(const task_record_source& source) {
    auto read = read_task(source.value);
    if (!read) {
        return read.error();
    }
    model::stored_task stored{source.place, source.timestamp, *std::move(read)};
    stored.body.queue = source.place.queue;
    stored.body.priority = source.place.priority;
    if (stored.body.id.value().empty()) {
        stored.body.id = model::valid_id(source.key) ? model::task_id{std::string(source.key)}
                                                     : place_id(source);
    }
    if (!model::valid_id(stored.body.id.value())) {
        return error{errc::bad_id, "the topic's name is too long to make an id of it", "/id"};
    }
    return stored;
}

}  // namespace kwq::codec
