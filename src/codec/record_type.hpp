// What the records of kwq-status and kwq-control have in common: `v`, `type`, and how a failure is
// told.
#pragma once

#include "codec/event_codec.hpp"
#include "codec/field_reader.hpp"

#include <string_view>

namespace kwq::codec {

/// The `type` of a record of this version; a view into the document.
decoded<std::string_view> read_type(field_reader& f);
/// Why a record of this type was unreadable, once the reader has failed.
decode_error bad_field(std::string_view type, const field_reader& f);

}  // namespace kwq::codec
