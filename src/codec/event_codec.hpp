// event <-> JSON: the records of kwq-status and kwq-control, as docs/event-log.md describes them.
// Stored for ever. To change the form: (1) raise `event_version` and keep reading the old one,
// (2) extend docs/event-log.md, (3) add golden files for the new version, never edit old ones,
// (4) say in CHANGELOG which versions read what.
#pragma once

#include "model/error.hpp"
#include "model/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kwq::codec {

inline constexpr int event_version = 1;

enum class decode_failure : std::uint8_t {
    unreadable,       // not JSON, or fields missing: counted and skipped, never a crash
    unknown_type,     // a type this version does not know: counted and skipped
    unknown_version,  // `v` is not 1: stops the shard by name
};

struct decode_error {
    decode_failure what = decode_failure::unreadable;
    std::string detail;
};

template <class T>
using decoded = result_of<T, decode_error>;
[[noreturn]] void throw_exception_from_error(const decode_error& e,
                                             const boost::source_location& where);

std::string write_event(const model::event& e);
decoded<model::event> read_event(std::string_view json);

/// The key of the record: the task's id, or empty for events of the partition.
std::string event_key(const model::event& e);

std::string write_control(const model::control_record& c);
decoded<model::control_record> read_control(std::string_view json);

}  // namespace kwq::codec
