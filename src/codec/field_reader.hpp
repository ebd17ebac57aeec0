// field_reader: takes the fields of an event out of its JSON object. Fields that are not asked for
// are ignored; the first one that is missing or ill-formed is remembered and the rest read as
// defaults, so that a reader is a list of fields with one check at the end. Every name and number
// it returns is of the form that model/ids.hpp promises to folds.
// Used by codec's event and control readers.
#pragma once

#include "codec/json.hpp"
#include "model/event.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::codec {

template <class Enum, std::size_t N>
using word_table = std::array<std::pair<std::string_view, Enum>, N>;

/// The word of a value in its table.
template <class Enum, std::size_t N>
std::string_view word_of(const word_table<Enum, N>& words, Enum value) {
    for (const auto& [word, meaning] : words) {
        if (meaning == value) {
            return word;
        }
    }
    return "?";
}

class field_reader {
public:
    explicit field_reader(const json_value& object) : members_(object.members()) {}

    bool failed() const { return !bad_.empty(); }
    /// The first field that was missing or ill-formed; empty when none was.
    const std::string& bad() const { return bad_; }
    void blame(std::string_view name);

    /// Null when there is no such member.
    const json_value* find(std::string_view name);
    /// There is such a member, and it is not JSON's null.
    bool has(std::string_view name);

    // Required; a default and blame when it is not there.
    std::string text(std::string_view name);
    model::task_id id(std::string_view name);
    model::lease_token lease(std::string_view name);
    model::queue_name queue(std::string_view name);
    model::job_name job(std::string_view name);
    model::worker_name worker(std::string_view name);
    std::int64_t whole(std::string_view name);  // 0 to 2^53 - 1
    std::int64_t whole(std::string_view name, std::int64_t least, std::int64_t most);
    milliseconds seconds(std::string_view name);
    bool flag(std::string_view name);
    std::string_view raw(std::string_view name);
    model::record place();                        // queue, priority, offset
    model::record record(std::string_view name);  // the same as an object
    std::vector<model::offset_range> ranges(std::string_view name);
    std::vector<model::topic_end> ends(std::string_view name);
    std::vector<model::tag_name> tags(std::string_view name);

    model::offset offset(std::string_view name) { return model::offset{whole(name)}; }
    instant at(std::string_view name) { return instant{whole(name)}; }
    model::priority priority(std::string_view name);
    std::uint32_t count(std::string_view name);  // 1 to 2^32 - 1

    // Optional: empty, or the default, when it is not there; blame only when it is ill-formed.
    std::optional<instant> at_if_any(std::string_view name);
    std::string text_if_any(std::string_view name);
    template <class Enum, std::size_t N>
    Enum word_or(std::string_view name, const word_table<Enum, N>& words, Enum usual) {
        return has(name) ? word(name, words) : usual;
    }
    template <class Enum, std::size_t N>
    Enum word(std::string_view name, const word_table<Enum, N>& words) {
        const auto* v = find(name);
        for (const auto& [word, meaning] : words) {
            if (v != nullptr && v->is_string() && v->string() == word) {
                return meaning;
            }
        }
        blame(name);
        return words.front().second;
    }

    static std::vector<model::topic_end> ends_of(const json_value& list, field_reader& parent,
                                                 std::string_view name);

private:
    std::string_view view(std::string_view name);
    std::string checked(std::string_view name, bool (*valid)(std::string_view));

    std::span<const std::pair<std::string_view, json_value>> members_;
    std::size_t next_ =
        0;  // where the last one was found: writers keep one order, so the next is near
    std::string bad_;
};

}  // namespace kwq::codec
