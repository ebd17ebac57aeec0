#include "codec/event_codec.hpp"

#include "codec/event_words.hpp"
#include "codec/record_type.hpp"
#include "codec/task_codec.hpp"

#include <algorithm>
#include <type_traits>

namespace kwq::codec {

// A look at every field that changes the size of an event: is it in the stored form?
static_assert(sizeof(model::event) <= 384);

namespace {

constexpr std::array<std::string_view, 3> opaque_event_fields = {"progress", "result", "then"};
constexpr std::size_t most_follow_ups = 100;

std::optional<model::task_intro> read_intro(field_reader& f) {
    if (!f.has("job")) {
        return std::nullopt;
    }
    model::task_intro intro;
    intro.job = f.job("job");
    intro.tags = f.tags("tags");
    intro.submitted_at = f.at("submitted_at");
    intro.limits.max_attempts = f.count("max_attempts");
    intro.limits.lease = f.seconds("lease_s");
    intro.limits.backoff = f.seconds("backoff_s");
    if (f.has("timeout_s")) {
        intro.limits.timeout = f.seconds("timeout_s");
    }
    return intro;
}

std::vector<model::task> read_follow_ups(field_reader& f) {
    if (!f.has("then")) {
        return {};
    }
    auto tasks = read_tasks(f.raw("then"), most_follow_ups);
    const auto has_no_id = [](const model::task& t) { return t.id.value().empty(); };
    if (!tasks || std::any_of(tasks->begin(), tasks->end(), has_no_id)) {
        f.blame("then");
        return {};
    }
    return *std::move(tasks);
}

// ---- one function for each type -----------------------------------------------------------------

model::event_body read_claim(field_reader& f) {
    model::claim e{.owner = f.text("owner"), .nonce = f.text("nonce")};
    if (f.has("url")) {
        e.url = f.text("url");
    }
    return e;
}

model::event_body read_cursor(field_reader& f) {
    model::cursor e{
        .queue = f.queue("queue"), .priority = f.priority("priority"), .next = {}, .done = {}};
    if (f.has("next")) {
        e.next = f.offset("next");
    }
    if (f.has("done")) {
        e.done = f.ranges("done");
    }
    return e;
}

model::event_body read_allocated(field_reader& f) {
    return model::allocated{.place = f.place(),
                            .id = f.id("id"),
                            .lease = f.lease("lease"),
                            .worker = f.worker("worker"),
                            .attempt = f.count("attempt"),
                            .intro = read_intro(f)};
}

/// `parked` and `ready` name either one task or ranges of a paused job.
template <class Event>
model::event_body read_job_ranges(field_reader& f) {
    return Event{.queue = f.queue("queue"),
                 .priority = f.priority("priority"),
                 .job = f.job("job"),
                 .ranges = f.ranges("ranges")};
}

model::event_body read_parked(field_reader& f) {
    if (f.has("ranges")) {
        return read_job_ranges<model::parked_ranges>(f);
    }
    return model::parked{
        .place = f.place(), .id = f.id("id"), .until = f.at("until_at"), .intro = read_intro(f)};
}

model::event_body read_ready(field_reader& f) {
    if (f.has("ranges")) {
        return read_job_ranges<model::ready_ranges>(f);
    }
    return model::ready{.place = f.place(),
                        .id = f.id("id"),
                        .reason = f.word_or("reason", ready_words, model::ready_reason::due)};
}

model::event_body read_lease_expired(field_reader& f) {
    return model::lease_expired{.place = f.place(), .id = f.id("id"), .lease = f.lease("lease")};
}

model::event_body read_cancelled(field_reader& f) {
    return model::cancelled{
        .place = f.place(),
        .id = f.id("id"),
        .reason = f.word_or("reason", cancel_words, model::cancel_reason::requested),
        .intro = read_intro(f)};
}

model::event_body read_duplicate(field_reader& f) {
    return model::duplicate{.place = f.place(), .id = f.id("id"), .of = f.record("of")};
}

model::event_body read_rejected(field_reader& f) {
    return model::rejected{.place = f.place(), .reason = f.text_if_any("reason")};
}

model::event_body read_control_event(field_reader& f) {
    model::control e;
    e.control_offset = f.offset("control_offset");
    e.action = f.word("action", action_words);
    if (e.action == model::control_action::empty_queue) {
        e.queue = f.queue("queue");
    } else {
        e.job = f.job("job");
    }
    if (f.has("priority")) {
        e.priority = f.priority("priority");
    }
    e.ends = f.ends("ends");
    return e;
}

model::event_body read_followed(field_reader& f) {
    return model::followed{.of = f.offset("of_offset")};
}

model::event_body read_moved(field_reader& f) {
    return model::moved{
        .place = f.place(), .id = f.id("id"), .to = f.priority("to"), .intro = read_intro(f)};
}

model::event_body read_horizon(field_reader& f) {
    model::horizon e{.before = f.at("before_at")};
    if (f.has("control_next")) {
        e.control_next = f.offset("control_next");
    }
    return e;
}

model::event_body read_running(field_reader& f) {
    return model::running{.place = f.place(), .id = f.id("id"), .lease = f.lease("lease")};
}

model::event_body read_progress(field_reader& f) {
    return model::progress{.place = f.place(),
                           .id = f.id("id"),
                           .lease = f.lease("lease"),
                           .progress_json = std::string(f.raw("progress"))};
}

model::event_body read_complete(field_reader& f) {
    model::complete e{.place = f.place(),
                      .id = f.id("id"),
                      .lease = f.lease("lease"),
                      .result_json = {},
                      .then = {}};
    if (const auto* result = f.find("result")) {
        e.result_json = result->raw();
    }
    e.then = read_follow_ups(f);
    return e;
}

model::event_body read_error(field_reader& f) {
    model::task_error e{.place = f.place(),
                        .id = f.id("id"),
                        .lease = f.lease("lease"),
                        .message = f.text_if_any("message")};
    e.retry = !f.has("retry") || f.flag("retry");
    e.kind = f.word_or("kind", error_words, model::error_kind::reported);
    return e;
}

model::event_body read_released(field_reader& f) {
    model::released e{.place = f.place(), .id = f.id("id"), .lease = f.lease("lease")};
    if (f.has("delay_s")) {
        e.delay = f.seconds("delay_s");
    }
    return e;
}

struct type_reader {
    std::string_view type;
    model::event_body (*read)(field_reader&);
};

constexpr std::array type_readers = {
    type_reader{"allocated", read_allocated}, type_reader{"complete", read_complete},
    type_reader{"running", read_running},     type_reader{"progress", read_progress},
    type_reader{"cursor", read_cursor},       type_reader{"error", read_error},
    type_reader{"parked", read_parked},       type_reader{"ready", read_ready},
    type_reader{"released", read_released},   type_reader{"lease_expired", read_lease_expired},
    type_reader{"cancelled", read_cancelled}, type_reader{"duplicate", read_duplicate},
    type_reader{"rejected", read_rejected},   type_reader{"control", read_control_event},
    type_reader{"followed", read_followed},   type_reader{"moved", read_moved},
    type_reader{"horizon", read_horizon},     type_reader{"claim", read_claim},
};

}  // namespace

decoded<model::event> read_event(std::string_view json) {
    const auto document = json_document::parse_view(json, opaque_event_fields);
    if (!document) {
        return decode_error{decode_failure::unreadable, document.error().detail};
    }
    field_reader f(document->root());
    const auto type = read_type(f);
    if (!type) {
        return type.error();
    }
    const auto* reader = std::find_if(type_readers.begin(), type_readers.end(),
                                      [&](const type_reader& r) { return r.type == *type; });
    if (reader == type_readers.end()) {
        return decode_error{decode_failure::unknown_type, std::string(*type)};
    }
    model::event e;
    e.at = f.at("at");
    // A claim makes the epoch, and reports stand on their lease alone.
    const bool stamped = reader->read != read_claim && (f.has("epoch") || f.has("t"));
    if (stamped) {
        e.owner = model::owner_stamp{f.offset("epoch"), milliseconds{f.whole("t")}};
    }
    e.body = reader->read(f);
    if (model::lease_of(e.body) != nullptr) {
        e.owner.reset();
    } else if (!e.owner && reader->read != read_claim) {
        f.blame("epoch");
    }
    if (f.failed()) {
        return bad_field(*type, f);
    }
    return e;
}

}  // namespace kwq::codec
