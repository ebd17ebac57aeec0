// The records of kwq-control: the third part of codec/event_codec.hpp.
#include "codec/event_codec.hpp"
#include "codec/event_words.hpp"
#include "codec/record_type.hpp"

namespace kwq::codec {

namespace {

struct control_writer {
    json_writer& w;

    void operator()(const model::gate& g) const {
        w.field("scope", word_of(scope_words, g.scope));
        if (g.scope == model::gate_scope::queue || g.scope == model::gate_scope::priority) {
            w.field("queue", g.queue.value());
        }
        if (g.scope == model::gate_scope::priority) {
            w.field("priority", g.priority.value());
        }
        if (g.scope == model::gate_scope::job) {
            w.field("job", g.job.value());
        }
        w.field("paused", g.paused);
        put_until(g.until, g.reason);
    }
    void operator()(const model::dispatch& d) const {
        w.field("state", word_of(dispatch_words, d.state));
        put_until(d.until, d.reason);
    }
    void operator()(const model::command& c) const {
        w.field("action", word_of(action_words, c.action));
        if (c.action == model::control_action::empty_queue) {
            w.field("queue", c.queue.value());
        } else {
            w.field("job", c.job.value());
        }
        if (c.priority) {
            w.field("priority", c.priority->value());
        }
        w.key("ends").begin_array();
        for (const auto& shard : c.ends) {
            write_topic_ends(w, shard);
        }
        w.end_array();
    }
    void operator()(const model::queue_defined& q) const {
        w.field("queue", q.queue.value()).field("priorities", q.priorities);
    }

    void put_until(const std::optional<instant>& until, const std::string& reason) const {
        if (until) {
            w.field("until_at", until->value());
        }
        if (!reason.empty()) {
            w.field("reason", reason);
        }
    }
};

struct type_of {
    std::string_view operator()(const model::gate&) const { return "gate"; }
    std::string_view operator()(const model::dispatch&) const { return "dispatch"; }
    std::string_view operator()(const model::command&) const { return "command"; }
    std::string_view operator()(const model::queue_defined&) const { return "queue"; }
};

model::gate read_gate(field_reader& f) {
    model::gate g;
    g.scope = f.word("scope", scope_words);
    if (g.scope == model::gate_scope::queue || g.scope == model::gate_scope::priority) {
        g.queue = f.queue("queue");
    }
    if (g.scope == model::gate_scope::priority) {
        g.priority = f.priority("priority");
    }
    if (g.scope == model::gate_scope::job) {
        g.job = f.job("job");
    }
    g.paused = f.flag("paused");
    g.until = f.at_if_any("until_at");
    g.reason = f.text_if_any("reason");
    return g;
}

model::dispatch read_dispatch(field_reader& f) {
    return {.state = f.word("state", dispatch_words),
            .until = f.at_if_any("until_at"),
            .reason = f.text_if_any("reason")};
}

model::command read_command(field_reader& f) {
    model::command c;
    c.action = f.word("action", action_words);
    if (c.action == model::control_action::empty_queue) {
        c.queue = f.queue("queue");
    } else {
        c.job = f.job("job");
    }
    if (f.has("priority")) {
        c.priority = f.priority("priority");
    }
    const auto* shards = f.find("ends");
    if (shards == nullptr || !shards->is_array()) {
        f.blame("ends");
        return c;
    }
    for (const auto& shard : shards->items()) {
        c.ends.push_back(field_reader::ends_of(shard, f, "ends"));
    }
    return c;
}

model::queue_defined read_queue_defined(field_reader& f) {
    return {.queue = f.queue("queue"), .priorities = f.priority("priorities").value()};
}

}  // namespace

std::string write_control(const model::control_record& c) {
    std::string out;
    json_writer w(out);
    w.begin_object().field("v", event_version).field("type", std::visit(type_of{}, c.body));
    w.field("at", c.at.value());
    std::visit(control_writer{w}, c.body);
    w.end_object();
    return out;
}

decoded<model::control_record> read_control(std::string_view json) {
    const auto document = json_document::parse_view(json);
    if (!document) {
        return decode_error{decode_failure::unreadable, document.error().detail};
    }
    field_reader f(document->root());
    const auto type = read_type(f);
    if (!type) {
        return type.error();
    }
    model::control_record c;
    c.at = f.at("at");
    if (*type == "gate") {
        c.body = read_gate(f);
    } else if (*type == "dispatch") {
        c.body = read_dispatch(f);
    } else if (*type == "command") {
        c.body = read_command(f);
    } else if (*type == "queue") {
        c.body = read_queue_defined(f);
    } else {
        return decode_error{decode_failure::unknown_type, std::string(*type)};
    }
    if (f.failed()) {
        return bad_field(*type, f);
    }
    return c;
}

}  // namespace kwq::codec
