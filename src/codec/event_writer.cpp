// The writing half of codec/event_codec.hpp: one flat object for each event, its fields in the
// order that docs/event-log.md shows. The overload set has no default, so a new event does not
// compile until its form is decided.
#include "codec/event_codec.hpp"
#include "codec/event_words.hpp"
#include "codec/task_codec.hpp"

namespace kwq::codec {

namespace {

void put(json_writer& w, const model::record& r) {
    w.field("queue", r.queue.value());
    w.field("priority", r.priority.value());
    w.field("offset", r.offset.value());
}

void put(json_writer& w, std::string_view name, const model::record& r) {
    w.key(name).begin_object();
    put(w, r);
    w.end_object();
}

void put(json_writer& w, std::string_view name, const std::vector<model::offset_range>& ranges) {
    w.key(name).begin_array();
    for (const auto& range : ranges) {
        w.begin_array().value(range.first.value()).value(range.last.value()).end_array();
    }
    w.end_array();
}

void put(json_writer& w, const std::optional<model::task_intro>& intro) {
    if (!intro) {
        return;
    }
    w.field("job", intro->job.value());
    if (!intro->tags.empty()) {
        w.key("tags").begin_array();
        for (const auto& tag : intro->tags) {
            w.value(tag.value());
        }
        w.end_array();
    }
    w.field("submitted_at", intro->submitted_at.value());
    w.field("max_attempts", intro->limits.max_attempts);
    write_seconds(w, "lease_s", intro->limits.lease);
    write_seconds(w, "backoff_s", intro->limits.backoff);
    if (intro->limits.timeout) {
        write_seconds(w, "timeout_s", *intro->limits.timeout);
    }
}

template <class Event>
void put_task(json_writer& w, const Event& e) {
    put(w, e.place);
    w.field("id", e.id.value());
}

template <class Event>
void put_lease(json_writer& w, const Event& e) {
    put_task(w, e);
    w.field("lease", e.lease.value());
}

template <class Event>
void put_job_ranges(json_writer& w, const Event& e) {
    w.field("queue", e.queue.value()).field("priority", e.priority.value());
    w.field("job", e.job.value());
    put(w, "ranges", e.ranges);
}

struct body_writer {
    json_writer& w;

    void operator()(const model::claim& e) const {
        w.field("owner", e.owner).field("nonce", e.nonce);
        if (!e.url.empty()) {
            w.field("url", e.url);
        }
    }
    void operator()(const model::cursor& e) const {
        w.field("queue", e.queue.value()).field("priority", e.priority.value());
        if (e.next) {
            w.field("next", e.next->value());
        }
        if (!e.done.empty()) {
            put(w, "done", e.done);
        }
    }
    void operator()(const model::allocated& e) const {
        put_lease(w, e);
        w.field("worker", e.worker.value()).field("attempt", e.attempt);
        put(w, e.intro);
    }
    void operator()(const model::parked& e) const {
        put_task(w, e);
        w.field("until_at", e.until.value());
        put(w, e.intro);
    }
    void operator()(const model::parked_ranges& e) const { put_job_ranges(w, e); }
    void operator()(const model::ready& e) const {
        put_task(w, e);
        w.field("reason", word_of(ready_words, e.reason));
    }
    void operator()(const model::ready_ranges& e) const { put_job_ranges(w, e); }
    void operator()(const model::lease_expired& e) const { put_lease(w, e); }
    void operator()(const model::cancelled& e) const {
        put_task(w, e);
        w.field("reason", word_of(cancel_words, e.reason));
        put(w, e.intro);
    }
    void operator()(const model::duplicate& e) const {
        put_task(w, e);
        put(w, "of", e.of);
    }
    void operator()(const model::rejected& e) const {
        put(w, e.place);
        w.field("reason", e.reason);
    }
    void operator()(const model::control& e) const {
        w.field("control_offset", e.control_offset.value());
        w.field("action", word_of(action_words, e.action));
        if (e.action == model::control_action::empty_queue) {
            w.field("queue", e.queue.value());
        } else {
            w.field("job", e.job.value());
        }
        if (e.priority) {
            w.field("priority", e.priority->value());
        }
        w.key("ends");
        write_topic_ends(w, e.ends);
    }
    void operator()(const model::followed& e) const { w.field("of_offset", e.of.value()); }
    void operator()(const model::moved& e) const {
        put_task(w, e);
        w.field("to", e.to.value());
        put(w, e.intro);
    }
    void operator()(const model::horizon& e) const {
        w.field("before_at", e.before.value());
        if (e.control_next) {
            w.field("control_next", e.control_next->value());
        }
    }
    void operator()(const model::running& e) const { put_lease(w, e); }
    void operator()(const model::progress& e) const {
        put_lease(w, e);
        w.key("progress").raw(e.progress_json.empty() ? "null" : e.progress_json);
    }
    void operator()(const model::complete& e) const {
        put_lease(w, e);
        if (!e.result_json.empty()) {
            w.key("result").raw(e.result_json);
        }
        if (!e.then.empty()) {
            w.key("then").begin_array();
            for (const auto& t : e.then) {
                write_task(w, t);
            }
            w.end_array();
        }
    }
    void operator()(const model::task_error& e) const {
        put_lease(w, e);
        w.field("message", e.message).field("retry", e.retry);
        w.field("kind", word_of(error_words, e.kind));
    }
    void operator()(const model::released& e) const {
        put_lease(w, e);
        write_seconds(w, "delay_s", e.delay);
    }
};

}  // namespace

void write_topic_ends(json_writer& w, const std::vector<model::topic_end>& ends) {
    w.begin_array();
    for (const auto& e : ends) {
        w.begin_object().field("queue", e.queue.value()).field("priority", e.priority.value());
        w.field("end", e.end.value()).end_object();
    }
    w.end_array();
}

std::string write_event(const model::event& e) {
    std::string out;
    out.reserve(512);
    json_writer w(out);
    w.begin_object().field("v", event_version).field("type", model::type_name(e.body));
    w.field("at", e.at.value());
    if (e.owner) {
        w.field("epoch", e.owner->epoch.value()).field("t", e.owner->t.count());
    }
    std::visit(body_writer{w}, e.body);
    w.end_object();
    return out;
}

std::string event_key(const model::event& e) {
    const auto* id = model::id_of(e.body);
    return id == nullptr ? std::string() : id->value();
}

}  // namespace kwq::codec
