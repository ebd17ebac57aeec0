#include "rest/bulk_records.hpp"

#include "rest/task_query.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kwq::rest {

using codec::json_value;

namespace {

constexpr std::string_view suffix = ".json";

std::optional<bulk_state> parse_bulk_state(std::string_view word) {
    for (const auto s :
         {bulk_state::running, bulk_state::complete, bulk_state::cancelled, bulk_state::error}) {
        if (word == to_string(s)) {
            return s;
        }
    }
    return std::nullopt;
}

std::string text_of(const json_value& object, std::string_view name) {
    const json_value* found = object.find(name);
    return found != nullptr && found->is_string() ? std::string(found->string()) : std::string();
}

std::uint64_t number_of(const json_value& object, std::string_view name) {
    const json_value* found = object.find(name);
    const bool number = found != nullptr && found->type() == json_value::kind::integer;
    return number ? static_cast<std::uint64_t>(std::max<std::int64_t>(found->integer(), 0)) : 0;
}

std::optional<bulk_view> parse_view(const json_value& root) {
    bulk_view v;
    const auto verb = parse_bulk_verb(text_of(root, "action"));
    const auto state = parse_bulk_state(text_of(root, "state"));
    if (!verb || !state || !add_text(v.filter, text_of(root, "q"))) {
        return std::nullopt;
    }
    v.id = text_of(root, "id");
    v.verb = *verb;
    v.state = *state;
    v.reason = text_of(root, "reason");
    v.matched = number_of(root, "matched");
    const json_value* exact = root.find("exact");
    v.exact = exact != nullptr && exact->type() == json_value::kind::boolean && exact->boolean();
    v.done = number_of(root, "done");
    v.left = number_of(root, "left");
    v.failed = number_of(root, "failed");
    v.priority = model::priority{static_cast<std::int32_t>(number_of(root, "priority"))};
    v.started_at = instant{static_cast<std::int64_t>(number_of(root, "started_at"))};
    if (root.find("ended_at") != nullptr) {
        v.ended_at = instant{static_cast<std::int64_t>(number_of(root, "ended_at"))};
    }
    if (const json_value* errors = root.find("errors")) {
        for (const json_value& one : errors->items()) {
            v.errors.push_back({.id = text_of(one, "id"),
                                .code = text_of(one, "code"),
                                .detail = text_of(one, "detail")});
        }
    }
    return v;
}

/// As `filter` of a request takes it.
void write_filter(codec::json_writer& w, const tracker::task_filter& f) {
    w.key("filter").begin_object();
    const auto add = [&w](std::string_view word, const auto& name) {
        if (name) {
            w.field(word, name->value());
        }
    };
    add("job", f.job);
    std::string states;
    for (int i = 0; i < model::task_state_count && !f.state.is_any(); ++i) {
        const auto state = static_cast<model::task_state>(i);
        if (f.state.holds(state)) {
            states.append(states.empty() ? "" : ",").append(to_string(state));
        }
    }
    if (!states.empty()) {
        w.field("state", states);
    }
    add("tag", f.tag);
    add("queue", f.queue);
    add("worker", f.worker);
    if (f.error) {
        w.field("error", tracker::to_string(*f.error));
    }
    w.end_object();
}

}  // namespace

std::string_view to_string(bulk_verb v) {
    switch (v) {
        case bulk_verb::retry: return "retry";
        case bulk_verb::cancel: return "cancel";
        case bulk_verb::reprioritise: return "reprioritise";
    }
    return "";
}

std::optional<bulk_verb> parse_bulk_verb(std::string_view word) {
    for (const auto v : {bulk_verb::retry, bulk_verb::cancel, bulk_verb::reprioritise}) {
        if (word == to_string(v)) {
            return v;
        }
    }
    return std::nullopt;
}

std::string_view to_string(bulk_state s) {
    switch (s) {
        case bulk_state::running: return "running";
        case bulk_state::complete: return "complete";
        case bulk_state::cancelled: return "cancelled";
        case bulk_state::error: return "error";
    }
    return "";
}

void write_bulk_view(codec::json_writer& w, const bulk_view& v) {
    w.begin_object().field("id", v.id).field("action", to_string(v.verb));
    if (v.verb == bulk_verb::reprioritise) {
        w.field("priority", v.priority.value());
    }
    w.field("q", write_task_query(v.filter));
    write_filter(w, v.filter);
    w.field("state", to_string(v.state));
    if (!v.reason.empty()) {
        w.field("reason", v.reason);
    }
    w.field("matched", v.matched).field("exact", v.exact);
    w.field("done", v.done);
    if (v.verb == bulk_verb::reprioritise) {
        w.field("left", v.left);
    }
    w.field("failed", v.failed);
    w.field("started_at", v.started_at.value());
    if (v.ended_at) {
        w.field("ended_at", v.ended_at->value());
    }
    w.key("errors").begin_array();
    for (const bulk_failure& e : v.errors) {
        w.begin_object().field("id", e.id).field("code", e.code).field("detail", e.detail);
        w.end_object();
    }
    w.end_array().end_object();
}

bulk_records::bulk_records(std::string directory) : directory_(std::move(directory)) {
    if (!directory_.empty()) {
        std::error_code ignored;  // save() fails then
        std::filesystem::create_directories(directory_, ignored);
    }
}

std::string bulk_records::path_of(const std::string& id) const {
    return directory_ + "/" + id + std::string(suffix);
}

/// Not synced: after a power cut at worst an older one is there, and what it says is done again is
/// not, because it is not what it was any more.
bool bulk_records::save(const bulk_view& v) const {
    if (directory_.empty()) {
        return true;
    }
    std::string text;
    codec::json_writer w(text);
    write_bulk_view(w, v);
    const std::string fresh = path_of(v.id) + ".new";
    std::ofstream out(fresh, std::ios::trunc | std::ios::binary);
    out << text;
    out.close();
    return out && std::rename(fresh.c_str(), path_of(v.id).c_str()) == 0;
}

void bulk_records::remove(const std::string& id) const {
    if (!directory_.empty()) {
        std::remove(path_of(id).c_str());
    }
}

std::vector<bulk_view> bulk_records::load() const {
    std::vector<bulk_view> found;
    std::error_code ignored;
    if (directory_.empty() || !std::filesystem::is_directory(directory_, ignored)) {
        return found;
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
        if (entry.path().extension() != suffix) {
            continue;
        }
        std::ifstream in(entry.path(), std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto parsed = codec::json_document::parse(std::move(text));
        auto view = parsed ? parse_view(parsed->root()) : std::nullopt;
        if (view && entry.path().stem() == view->id) {
            found.push_back(std::move(*view));
        }
    }
    std::sort(found.begin(), found.end(), [](const bulk_view& a, const bulk_view& b) {
        return std::pair(a.started_at, a.id) < std::pair(b.started_at, b.id);
    });
    return found;
}

}  // namespace kwq::rest
