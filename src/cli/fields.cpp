// fields: see the header.
#include "cli/fields.hpp"

namespace kwq::cli {

using codec::json_value;

std::string text_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    return v != nullptr && v->is_string() ? std::string(v->string()) : "";
}

std::int64_t integer_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    return v != nullptr && v->type() == json_value::kind::integer ? v->integer() : 0;
}

double number_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    const bool is_number = v != nullptr && (v->type() == json_value::kind::integer ||
                                            v->type() == json_value::kind::number);
    return is_number ? v->number() : 0;
}

bool flag_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    return v != nullptr && v->type() == json_value::kind::boolean && v->boolean();
}

std::optional<instant> instant_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    if (v == nullptr || v->type() != json_value::kind::integer) {
        return {};
    }
    return instant{v->integer()};
}

const json_value* object_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    return v != nullptr && v->is_object() ? v : nullptr;
}

std::span<const json_value> array_field(const json_value& object, std::string_view name) {
    const json_value* v = object.find(name);
    return v != nullptr && v->is_array() ? v->items() : std::span<const json_value>{};
}

std::string joined_field(const json_value& object, std::string_view name) {
    std::string out;
    for (const json_value& item : array_field(object, name)) {
        if (item.is_string()) {
            out += (out.empty() ? "" : ", ") + std::string(item.string());
        }
    }
    return out;
}

}  // namespace kwq::cli
