#include "store/bytes.hpp"

#include "store/kv.hpp"

namespace kwq::store {

namespace {

[[noreturn]] void damaged() {
    throw storage_failure("state store: a value is damaged: it ends too early");
}

}  // namespace

void byte_writer::number(std::uint64_t v) {
    while (v >= 0x80U) {
        u8(static_cast<std::uint8_t>(v | 0x80U));
        v >>= 7U;
    }
    u8(static_cast<std::uint8_t>(v));
}

void byte_writer::signed_number(std::int64_t v) {
    const auto bits = static_cast<std::uint64_t>(v);
    number((bits << 1U) ^ (v < 0 ? ~std::uint64_t{0} : std::uint64_t{0}));
}

void byte_writer::text(std::string_view v) {
    number(v.size());
    out_.append(v);
}

std::uint8_t byte_reader::u8() {
    if (in_.empty()) {
        damaged();
    }
    const auto v = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    return v;
}

std::uint64_t byte_reader::number() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t b = u8();
        v |= static_cast<std::uint64_t>(b & 0x7fU) << shift;
        if ((b & 0x80U) == 0) {
            return v;
        }
    }
    damaged();
}

std::int64_t byte_reader::signed_number() {
    const std::uint64_t v = number();
    return static_cast<std::int64_t>((v >> 1U) ^ ((v & 1U) != 0 ? ~std::uint64_t{0} : 0U));
}

std::string_view byte_reader::text() {
    const std::uint64_t size = number();
    if (size > in_.size()) {
        damaged();
    }
    const auto v = in_.substr(0, size);
    in_.remove_prefix(size);
    return v;
}

}  // namespace kwq::store
