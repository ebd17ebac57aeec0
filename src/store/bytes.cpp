#include "store/bytes.hpp"

#include "store/kv.hpp"

namespace kwq::store {

void byte_reader::ends_too_early() {
    throw storage_failure("state store: a value is damaged: it ends too early");
}

void byte_writer::text(std::string_view v) {
    number(v.size());
    out_.append(v);
}

std::string_view byte_reader::text() {
    const std::uint64_t size = number();
    if (size > in_.size()) {
        ends_too_early();
    }
    const auto v = in_.substr(0, size);
    in_.remove_prefix(size);
    return v;
}

}  // namespace kwq::store
