// readers: parameters and JSON bodies as typed, bounded values. A reader remembers the first thing
// that was wrong and goes on, so a handler reads everything and asks once.
#pragma once

#include "codec/json.hpp"
#include "model/error.hpp"
#include "rest/context.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::rest {

/// What is wrong, if anything; the first one counts.
class reading {
public:
    bool ok() const { return !error_; }
    const model::error& error() const { return *error_; }

protected:
    void wrong(model::errc code, std::string detail, std::string field);

private:
    std::optional<model::error> error_;
};

/// The query's parameters and the names in the path.
class parameter_reader : public reading {
public:
    explicit parameter_reader(const call& q) : call_(q) {}

    /// `after=`: positions, comma-separated.
    tracker::positions after();
    milliseconds seconds(std::string_view name, milliseconds at_most);
    std::optional<milliseconds> optional_seconds(std::string_view name, milliseconds at_most);
    std::uint32_t number(std::string_view name, std::uint32_t otherwise, std::uint32_t at_most);
    /// From 0 on.
    std::uint32_t index(std::string_view name, std::uint32_t otherwise, std::uint32_t at_most);
    std::optional<instant> at(std::string_view name);
    bool flag(std::string_view name, bool otherwise);
    std::string text(std::string_view name, std::size_t max_bytes);
    /// One of `allowed`, or empty when it is not given.
    std::string word(std::string_view name, std::initializer_list<std::string_view> allowed);
    std::optional<std::string> label(std::string_view name);
    /// As it came, if it did.
    std::optional<std::string_view> given(std::string_view name) const {
        return call_.request.parameter(name);
    }
    void refuse(const model::error& e) { wrong(e.code, e.detail, e.field); }

    model::task_id path_task(std::size_t i);
    model::queue_name path_queue(std::size_t i);
    model::lease_token path_lease(std::size_t i);
    std::string path_label(std::size_t i, std::string_view what);
    std::optional<model::priority> priority();
    std::optional<model::queue_name> queue();

private:
    std::uint32_t bounded(std::string_view name, std::uint32_t otherwise,
                          std::pair<std::uint32_t, std::uint32_t> bounds);

    const call& call_;
};

/// The members of one JSON object; `at` is its JSON pointer. Absent and null are the same.
class field_reader : public reading {
public:
    explicit field_reader(const codec::json_value& object, std::string at = "");

    const codec::json_value* find(std::string_view name);
    std::string text(std::string_view name, std::size_t max_bytes, bool required = false);
    std::string label(std::string_view name, bool required);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t lowest,
                                        std::int64_t highest);
    bool flag(std::string_view name, bool otherwise);
    std::optional<milliseconds> seconds(std::string_view name, milliseconds at_most);
    /// Items of an array of at most `at_most`; empty when absent.
    std::vector<const codec::json_value*> list(std::string_view name, std::size_t at_most);
    std::vector<std::string> labels(std::string_view name, std::size_t at_most);
    model::lease_token lease(std::string_view name);
    std::string pointer(std::string_view name) const;
    void refuse(model::errc code, std::string detail, std::string_view name);
    void take_error(const reading& of);

private:
    const codec::json_value& object_;
    std::string at_;
};

/// The body as an object; an empty one is `{}` where `may_be_empty`. Views into the call.
model::result<codec::json_document> read_object(const call& q, bool may_be_empty,
                                                const std::vector<std::string_view>& opaque = {});

}  // namespace kwq::rest
