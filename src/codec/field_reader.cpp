#include "codec/field_reader.hpp"

namespace kwq::codec {

namespace {

constexpr std::int64_t largest_whole = (std::int64_t{1} << 53) - 1;  // exact in every JSON reader
constexpr auto largest_priority = std::numeric_limits<std::int32_t>::max();

bool is_whole(const json_value& v) {
    return v.type() == json_value::kind::integer && v.integer() >= 0 &&
           v.integer() <= largest_whole;
}

}  // namespace

void field_reader::blame(std::string_view name) {
    if (bad_.empty()) {
        bad_ = name;
    }
}

const json_value* field_reader::find(std::string_view name) {
    for (std::size_t i = next_; i < members_.size(); ++i) {
        if (members_[i].first == name) {
            next_ = i;
            return &members_[i].second;
        }
    }
    for (std::size_t i = 0; i < next_; ++i) {
        if (members_[i].first == name) {
            next_ = i;
            return &members_[i].second;
        }
    }
    return nullptr;
}

bool field_reader::has(std::string_view name) {
    const auto* v = find(name);
    // An opaque member has no kind; its text says whether it is null.
    return v != nullptr && v->raw() != "null";
}

std::string_view field_reader::view(std::string_view name) {
    const auto* v = find(name);
    if (v == nullptr || !v->is_string()) {
        blame(name);
        return {};
    }
    return v->string();
}

std::string field_reader::checked(std::string_view name, bool (*valid)(std::string_view)) {
    const std::string_view text = view(name);
    if (!valid(text)) {
        blame(name);
        return {};
    }
    return std::string(text);
}

std::string field_reader::text(std::string_view name) {
    return std::string(view(name));
}
model::task_id field_reader::id(std::string_view name) {
    return model::task_id{checked(name, model::valid_id)};
}
model::lease_token field_reader::lease(std::string_view name) {
    return model::lease_token{checked(name, model::valid_id)};
}
model::queue_name field_reader::queue(std::string_view name) {
    return model::queue_name{checked(name, model::valid_queue)};
}
model::job_name field_reader::job(std::string_view name) {
    return model::job_name{checked(name, model::valid_label)};
}
model::worker_name field_reader::worker(std::string_view name) {
    return model::worker_name{checked(name, model::valid_label)};
}

std::int64_t field_reader::whole(std::string_view name) {
    return whole(name, 0, largest_whole);
}

std::int64_t field_reader::whole(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto* v = find(name);
    if (v == nullptr || !is_whole(*v) || v->integer() < least || v->integer() > most) {
        blame(name);
        return least;
    }
    return v->integer();
}

milliseconds field_reader::seconds(std::string_view name) {
    const auto* v = find(name);
    const auto ms = v == nullptr ? std::nullopt : read_seconds(*v);
    if (!ms) {
        blame(name);
    }
    return ms.value_or(milliseconds{0});
}

bool field_reader::flag(std::string_view name) {
    const auto* v = find(name);
    if (v == nullptr || v->type() != json_value::kind::boolean) {
        blame(name);
        return false;
    }
    return v->boolean();
}

std::string_view field_reader::raw(std::string_view name) {
    const auto* v = find(name);
    if (v == nullptr) {
        blame(name);
        return "null";
    }
    return v->raw();
}

model::priority field_reader::priority(std::string_view name) {
    return model::priority{static_cast<std::int32_t>(whole(name, 1, largest_priority))};
}

std::uint32_t field_reader::count(std::string_view name) {
    return static_cast<std::uint32_t>(whole(name, 1, std::numeric_limits<std::uint32_t>::max()));
}

model::record field_reader::place() {
    return {.queue = queue("queue"), .priority = priority("priority"), .offset = offset("offset")};
}

model::record field_reader::record(std::string_view name) {
    const auto* v = find(name);
    if (v == nullptr) {
        blame(name);
        return {};
    }
    field_reader inner(*v);
    model::record r = inner.place();
    if (inner.failed()) {
        blame(name);
    }
    return r;
}

std::vector<model::offset_range> field_reader::ranges(std::string_view name) {
    std::vector<model::offset_range> ranges;
    const auto* list = find(name);
    if (list == nullptr || !list->is_array()) {
        blame(name);
        return ranges;
    }
    for (const auto& pair : list->items()) {
        const auto ends = pair.items();
        if (ends.size() != 2 || !is_whole(ends[0]) || !is_whole(ends[1]) ||
            ends[0].integer() >= ends[1].integer()) {
            blame(name);
            return ranges;
        }
        ranges.push_back({model::offset{ends[0].integer()}, model::offset{ends[1].integer()}});
    }
    return ranges;
}

std::vector<model::topic_end> field_reader::ends_of(const json_value& list, field_reader& parent,
                                                    std::string_view name) {
    std::vector<model::topic_end> ends;
    if (!list.is_array()) {
        parent.blame(name);
    }
    for (const auto& item : list.items()) {
        field_reader inner(item);
        ends.push_back({.queue = inner.queue("queue"),
                        .priority = inner.priority("priority"),
                        .end = inner.offset("end")});
        if (inner.failed()) {
            parent.blame(name);
        }
    }
    return ends;
}

std::vector<model::topic_end> field_reader::ends(std::string_view name) {
    const auto* list = find(name);
    if (list == nullptr) {
        blame(name);
        return {};
    }
    return ends_of(*list, *this, name);
}

std::vector<model::tag_name> field_reader::tags(std::string_view name) {
    std::vector<model::tag_name> tags;
    if (!has(name)) {
        return tags;
    }
    const auto* list = find(name);
    if (!list->is_array()) {
        blame(name);
    }
    for (const auto& item : list->items()) {
        if (!item.is_string() || !model::valid_label(item.string())) {
            blame(name);
            break;
        }
        tags.emplace_back(std::string(item.string()));
    }
    return tags;
}

std::optional<instant> field_reader::at_if_any(std::string_view name) {
    return has(name) ? std::optional(at(name)) : std::nullopt;
}

std::string field_reader::text_if_any(std::string_view name) {
    return has(name) ? text(name) : std::string();
}

}  // namespace kwq::codec
