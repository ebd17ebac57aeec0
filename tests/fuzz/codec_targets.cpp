// What is stored and what is JSON: read, and if it can be read, written and read again to the same.
#include "target.hpp"

#include "codec/event_codec.hpp"
#include "codec/json.hpp"
#include "codec/task_codec.hpp"
#include "model/ids.hpp"
#include "model/lease.hpp"
#include "tracker/page_cursor.hpp"

#include <string>

namespace kwq::fuzz {

namespace {

std::size_t count_values(const codec::json_value& v) {
    std::size_t count = 1;
    for (const auto& item : v.items()) {
        count += count_values(item);
    }
    for (const auto& [name, value] : v.members()) {
        must(model::valid_utf8(name), "names are UTF-8");
        must(v.find(name) == &value, "each name is there once");
        count += count_values(value);
    }
    if (v.is_string()) {
        must(model::valid_utf8(v.string()), "strings are UTF-8");
    }
    must(!v.raw().empty(), "every value has its text");
    return count;
}

}  // namespace

void json(std::string_view input) {
    const auto form = codec::check_json(input);
    const auto parsed = codec::json_document::parse_view(input);
    if (!parsed) {
        must(!parsed.error().detail.empty(), "a refusal says why");
        return;
    }
    must(form.has_value(), "what is a document has the form of one");
    must(count_values(parsed->root()) <= codec::max_values, "values are bounded");
    const auto again = codec::json_document::parse(std::string(parsed->root().raw()));
    must(again.has_value() && again->root().raw() == parsed->root().raw(), "its text is itself");
    std::string quoted;
    codec::json_writer(quoted).value(input);
    const auto text = codec::json_document::parse(quoted);
    must(text.has_value() && text->root().string() == input, "a string reads back");
}

void event(std::string_view input) {
    const auto read = codec::read_event(input);
    if (!read) {
        return;
    }
    const std::string text = codec::write_event(*read);
    const auto again = codec::read_event(text);
    must(again.has_value() && *again == *read, "an event reads back as it was");
    must(codec::write_event(*again) == text, "to the same bytes");
    (void)codec::event_key(*read);
}

void control(std::string_view input) {
    const auto read = codec::read_control(input);
    if (!read) {
        return;
    }
    const auto again = codec::read_control(codec::write_control(*read));
    must(again.has_value() && *again == *read, "a control record reads back as it was");
}

void task_record(std::string_view input) {
    pieces p(input);
    const std::string_view key = p.line();
    const std::string_view value = p.rest();
    const auto stored = codec::read_stored_task(
        {.topic = "kwq-default-5",
         .partition = 0,
         .place = {model::queue_name{"default"}, model::priority{5}, model::offset{7}},
         .timestamp = instant{1},
         .key = key,
         .value = value});
    const auto submitted = codec::read_task(value);
    if (stored) {
        must(model::valid_id(stored->body.id.value()), "a task of a topic has an id");
        must(stored->body.queue.value() == "default", "and its topic's queue");
    }
    if (submitted) {
        must(value.size() > codec::max_task_bytes || codec::check_json(submitted->payload),
             "a payload is JSON");
        const auto again = codec::read_task(codec::write_task(*submitted));
        must(again.has_value() && *again == *submitted, "a task reads back as it was");
    }
    const auto many = codec::read_tasks(value, 100);
    must(!many || many->size() <= 100, "no more tasks than asked for");
}

void tokens(std::string_view input) {
    pieces p(input);
    const std::string_view first = p.line();
    if (model::valid_id(first)) {
        const model::lease_token token{std::string(first)};
        if (const auto parts = model::decode_lease(token)) {
            must(model::encode_lease(*parts) == token, "a lease has one spelling");
        }
    }
    if (const auto position = model::parse_position(first)) {
        const auto again = model::parse_position(model::to_string(*position));
        must(again.has_value() && model::to_string(*again) == model::to_string(*position),
             "a position reads back");
    }
    const std::string last(p.rest());
    const std::string question(first);
    (void)tracker::read_cursor(question, last);
    const auto back = tracker::read_cursor(question, tracker::write_cursor(question, last));
    must(back.has_value() && *back == last, "a cursor reads back");
    must(!tracker::read_cursor(question + "x", tracker::write_cursor(question, last)),
         "and belongs to its question");
}

}  // namespace kwq::fuzz
