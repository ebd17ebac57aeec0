// fields: reading members of the API's answers leniently: what is missing or of another type reads
// as empty, since a newer or older server is no reason for a command to fail.
#pragma once

#include "base/clock.hpp"
#include "codec/json.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kwq::cli {

std::string text_field(const codec::json_value& object, std::string_view name);
std::int64_t integer_field(const codec::json_value& object, std::string_view name);
double number_field(const codec::json_value& object, std::string_view name);
bool flag_field(const codec::json_value& object, std::string_view name);
std::optional<instant> instant_field(const codec::json_value& object, std::string_view name);
/// Null when missing or no object.
const codec::json_value* object_field(const codec::json_value& object, std::string_view name);
/// Empty when missing or no array.
std::span<const codec::json_value> array_field(const codec::json_value& object,
                                               std::string_view name);
/// The items of an array of strings, joined by `, `.
std::string joined_field(const codec::json_value& object, std::string_view name);

}  // namespace kwq::cli
