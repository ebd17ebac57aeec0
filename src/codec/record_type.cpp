#include "codec/record_type.hpp"

#include <stdexcept>

namespace kwq::codec {

void throw_exception_from_error(const decode_error& e, const boost::source_location&) {
    throw std::logic_error("unchecked result: undecodable record: " + e.detail);
}

decoded<std::string_view> read_type(field_reader& f) {
    const auto* version = f.find("v");
    if (version == nullptr || version->type() != json_value::kind::integer) {
        return decode_error{decode_failure::unreadable, "v is missing, or no integer"};
    }
    if (version->integer() != event_version) {
        return decode_error{decode_failure::unknown_version,
                            "v is " + std::to_string(version->integer()) + ", not " +
                                std::to_string(event_version)};
    }
    const auto* type = f.find("type");
    if (type == nullptr || !type->is_string()) {
        return decode_error{decode_failure::unreadable, "type is missing, or no string"};
    }
    return type->string();
}

decode_error bad_field(std::string_view type, const field_reader& f) {
    return {decode_failure::unreadable,
            std::string(type) + ": " + f.bad() + " is missing or ill-formed"};
}

}  // namespace kwq::codec
