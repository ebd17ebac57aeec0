#include "rest/readers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace kwq::rest {

using codec::json_value;
using model::errc;

void reading::wrong(errc code, std::string detail, std::string field) {
    if (!error_) {
        error_ = model::error{code, std::move(detail), std::move(field)};
    }
}

namespace {

constexpr std::size_t max_positions = 1'024;
constexpr std::int64_t latest_instant = 253'402'300'799'999;  // the end of the year 9999

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Decimal seconds, as in JSON: digits with at most one point.
std::optional<milliseconds> parse_seconds(std::string_view text) {
    if (text.empty() || text.size() > 20 ||
        text.find_first_not_of("0123456789.") != std::string_view::npos) {
        return std::nullopt;
    }
    const auto parsed = codec::json_document::parse(std::string(text));
    return parsed ? codec::read_seconds(parsed->root()) : std::nullopt;
}

}  // namespace

tracker::positions parameter_reader::after() {
    tracker::positions found;
    const auto given = call_.request.parameter("after");
    if (!given) {
        return found;
    }
    std::string_view rest = *given;
    while (!rest.empty() && found.size() < max_positions) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const auto one = model::parse_position(rest.substr(0, comma));
        if (!one) {
            wrong(errc::bad_field, "after: a position as an answer gave it, or several with commas",
                  "after");
            return {};
        }
        found.push_back(*one);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return found;
}

std::optional<milliseconds> parameter_reader::optional_seconds(std::string_view name,
                                                               milliseconds at_most) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return std::nullopt;
    }
    const auto value = parse_seconds(*given);
    if (!value || *value > at_most) {
        wrong(errc::bad_field,
              std::string(name) + ": seconds from 0 to " + std::to_string(at_most.count() / 1'000),
              std::string(name));
        return std::nullopt;
    }
    return value;
}

milliseconds parameter_reader::seconds(std::string_view name, milliseconds at_most) {
    return optional_seconds(name, at_most).value_or(milliseconds{0});
}

std::uint32_t parameter_reader::number(std::string_view name, std::uint32_t otherwise,
                                       std::uint32_t at_most) {
    return bounded(name, otherwise, {1, at_most});
}

std::uint32_t parameter_reader::index(std::string_view name, std::uint32_t otherwise,
                                      std::uint32_t at_most) {
    return bounded(name, otherwise, {0, at_most});
}

std::uint32_t parameter_reader::bounded(std::string_view name, std::uint32_t otherwise,
                                        std::pair<std::uint32_t, std::uint32_t> bounds) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return otherwise;
    }
    const auto value = parse_number<std::uint32_t>(*given);
    if (!value || *value < bounds.first || *value > bounds.second) {
        wrong(errc::bad_field,
              std::string(name) + ": an integer from " + std::to_string(bounds.first) + " to " +
                  std::to_string(bounds.second),
              std::string(name));
        return otherwise;
    }
    return *value;
}

std::optional<instant> parameter_reader::at(std::string_view name) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return std::nullopt;
    }
    const auto value = parse_number<std::int64_t>(*given);
    if (!value || *value < 0 || *value > latest_instant) {
        wrong(errc::bad_field, std::string(name) + ": milliseconds since 1970", std::string(name));
        return std::nullopt;
    }
    return instant{*value};
}

bool parameter_reader::flag(std::string_view name, bool otherwise) {
    const std::string given = word(name, {"true", "false"});
    return given.empty() ? otherwise : given == "true";
}

std::string parameter_reader::text(std::string_view name, std::size_t max_bytes) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return {};
    }
    if (given->size() > max_bytes || !model::valid_utf8(*given)) {
        wrong(errc::bad_field,
              std::string(name) + ": at most " + std::to_string(max_bytes) + " bytes of UTF-8",
              std::string(name));
        return {};
    }
    return std::string(*given);
}

std::string parameter_reader::word(std::string_view name,
                                   std::initializer_list<std::string_view> allowed) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return {};
    }
    if (std::find(allowed.begin(), allowed.end(), *given) == allowed.end()) {
        std::string list;
        for (const auto one : allowed) {
            list += (list.empty() ? "" : ", ") + std::string(one);
        }
        wrong(errc::bad_field, std::string(name) + ": one of " + list, std::string(name));
        return {};
    }
    return std::string(*given);
}

std::optional<std::string> parameter_reader::label(std::string_view name) {
    const auto given = call_.request.parameter(name);
    if (!given) {
        return std::nullopt;
    }
    if (!model::valid_label(*given)) {
        wrong(errc::bad_id, std::string(name) + ": 1 to 200 bytes without control characters",
              std::string(name));
        return std::nullopt;
    }
    return std::string(*given);
}

model::task_id parameter_reader::path_task(std::size_t i) {
    if (!model::valid_id(call_.named(i))) {
        wrong(errc::bad_id, "a task id is 1 to 200 of A-Z a-z 0-9 . _ ~ : @ + = , -", "id");
    }
    return model::task_id{call_.named(i)};
}

model::queue_name parameter_reader::path_queue(std::size_t i) {
    if (!model::valid_queue(call_.named(i))) {
        wrong(errc::bad_id, "a queue is 1 to 63 of a-z 0-9 -, not beginning with -", "queue");
    }
    return model::queue_name{call_.named(i)};
}

model::lease_token parameter_reader::path_lease(std::size_t i) {
    if (!model::valid_id(call_.named(i))) {
        wrong(errc::bad_id, "this is not a lease", "lease");
    }
    return model::lease_token{call_.named(i)};
}

std::string parameter_reader::path_label(std::size_t i, std::string_view what) {
    if (!model::valid_label(call_.named(i))) {
        wrong(errc::bad_id, std::string(what) + ": 1 to 200 bytes without control characters",
              std::string(what));
    }
    return call_.named(i);
}

std::optional<model::priority> parameter_reader::priority() {
    if (!call_.request.parameter("priority")) {
        return std::nullopt;
    }
    return model::priority{static_cast<std::int32_t>(number("priority", 1, 1'000))};
}

std::optional<model::queue_name> parameter_reader::queue() {
    const auto given = call_.request.parameter("queue");
    if (!given) {
        return std::nullopt;
    }
    if (!model::valid_queue(*given)) {
        wrong(errc::bad_id, "a queue is 1 to 63 of a-z 0-9 -, not beginning with -", "queue");
    }
    return model::queue_name{std::string(*given)};
}

// ---- JSON bodies --------------------------------------------------------------------------------

field_reader::field_reader(const json_value& object, std::string at)
    : object_(object), at_(std::move(at)) {
    if (!object.is_object()) {
        wrong(errc::bad_field, "a JSON object is wanted here", at_);
    }
}

std::string field_reader::pointer(std::string_view name) const {
    return at_ + "/" + std::string(name);
}

void field_reader::refuse(errc code, std::string detail, std::string_view name) {
    wrong(code, std::move(detail), pointer(name));
}

void field_reader::take_error(const reading& of) {
    if (!of.ok()) {
        wrong(of.error().code, of.error().detail, of.error().field);
    }
}

const json_value* field_reader::find(std::string_view name) {
    const json_value* found = object_.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::string field_reader::text(std::string_view name, std::size_t max_bytes, bool required) {
    const json_value* found = find(name);
    if (found == nullptr) {
        if (required) {
            refuse(errc::bad_field, "a string is wanted", name);
        }
        return {};
    }
    if (!found->is_string() || found->string().size() > max_bytes) {
        refuse(errc::bad_field, "a string of at most " + std::to_string(max_bytes) + " bytes",
               name);
        return {};
    }
    return std::string(found->string());
}

std::string field_reader::label(std::string_view name, bool required) {
    std::string found = text(name, 200, required);
    if (ok() && (required || find(name) != nullptr) && !model::valid_label(found)) {
        refuse(errc::bad_id, "1 to 200 bytes of UTF-8 without control characters", name);
    }
    return found;
}

std::optional<std::int64_t> field_reader::integer(std::string_view name, std::int64_t lowest,
                                                  std::int64_t highest) {
    const json_value* found = find(name);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (found->type() != json_value::kind::integer || found->integer() < lowest ||
        found->integer() > highest) {
        refuse(errc::bad_field,
               "an integer from " + std::to_string(lowest) + " to " + std::to_string(highest),
               name);
        return std::nullopt;
    }
    return found->integer();
}

bool field_reader::flag(std::string_view name, bool otherwise) {
    const json_value* found = find(name);
    if (found == nullptr) {
        return otherwise;
    }
    if (found->type() != json_value::kind::boolean) {
        refuse(errc::bad_field, "true or false", name);
        return otherwise;
    }
    return found->boolean();
}

std::optional<milliseconds> field_reader::seconds(std::string_view name, milliseconds at_most) {
    const json_value* found = find(name);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto value = codec::read_seconds(*found);
    if (!value || *value > at_most) {
        refuse(errc::bad_field, "seconds from 0 to " + std::to_string(at_most.count() / 1'000),
               name);
        return std::nullopt;
    }
    return value;
}

std::vector<const json_value*> field_reader::list(std::string_view name, std::size_t at_most) {
    std::vector<const json_value*> items;
    const json_value* found = find(name);
    if (found == nullptr) {
        return items;
    }
    if (!found->is_array() || found->items().size() > at_most) {
        refuse(errc::bad_field, "an array of at most " + std::to_string(at_most), name);
        return items;
    }
    for (const json_value& item : found->items()) {
        items.push_back(&item);
    }
    return items;
}

std::vector<std::string> field_reader::labels(std::string_view name, std::size_t at_most) {
    std::vector<std::string> texts;
    for (const json_value* item : list(name, at_most)) {
        if (!item->is_string() || !model::valid_label(item->string())) {
            refuse(errc::bad_id, "each is 1 to 200 bytes of UTF-8 without control characters",
                   name);
            return {};
        }
        texts.emplace_back(item->string());
    }
    return texts;
}

model::lease_token field_reader::lease(std::string_view name) {
    std::string found = text(name, 200, true);
    if (ok() && !model::valid_id(found)) {
        refuse(errc::bad_id, "this is not a lease", name);
    }
    return model::lease_token{std::move(found)};
}

model::result<codec::json_document> read_object(const call& q, bool may_be_empty,
                                                const std::vector<std::string_view>& opaque) {
    std::string_view text = q.request.body;
    if (text.empty() && may_be_empty) {
        text = "{}";
    }
    auto parsed = codec::json_document::parse_view(text, opaque);
    if (parsed && !parsed->root().is_object()) {
        return model::error{errc::bad_request, "the body must be a JSON object", {}};
    }
    return parsed;
}

}  // namespace kwq::rest
