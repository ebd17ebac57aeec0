// bytes: how values of the tracker's state are written, small numbers in few bytes. Only the
// tracker reads them back; a value that ends too early means a damaged state, which is rebuilt from
// the log: storage_failure.
#pragma once

#include "base/named.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kwq::store {

class byte_writer {
public:
    explicit byte_writer(std::string& out) : out_(out) {}

    void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
    void number(std::uint64_t v) {  // 7 bits a byte
        while (v >= 0x80U) {
            u8(static_cast<std::uint8_t>(v | 0x80U));
            v >>= 7U;
        }
        u8(static_cast<std::uint8_t>(v));
    }
    void signed_number(std::int64_t v) {  // small either way is short
        const auto bits = static_cast<std::uint64_t>(v);
        number((bits << 1U) ^ (v < 0 ? ~std::uint64_t{0} : std::uint64_t{0}));
    }
    void text(std::string_view v);  // length first
    template <class Tag>
    void text(const named<std::string, Tag>& v) {
        text(std::string_view(v.value()));
    }
    template <class T, class Tag>
    void signed_number(const named<T, Tag>& v) {
        signed_number(static_cast<std::int64_t>(v.value()));
    }

private:
    std::string& out_;
};

class byte_reader {
public:
    explicit byte_reader(std::string_view in) : in_(in) {}
    bool at_end() const { return in_.empty(); }
    std::string_view rest() const { return in_; }

    std::uint8_t u8() {
        if (in_.empty()) {
            ends_too_early();
        }
        const auto v = static_cast<std::uint8_t>(in_.front());
        in_.remove_prefix(1);
        return v;
    }
    std::uint64_t number() {
        std::uint64_t v = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t b = u8();
            v |= static_cast<std::uint64_t>(b & 0x7fU) << shift;
            if ((b & 0x80U) == 0) {
                return v;
            }
        }
        ends_too_early();
    }
    std::int64_t signed_number() {
        const std::uint64_t v = number();
        return static_cast<std::int64_t>((v >> 1U) ^ ((v & 1U) != 0 ? ~std::uint64_t{0} : 0U));
    }
    std::string_view text();
    template <class Named>
    Named named_text() {
        return Named{std::string(text())};
    }
    template <class Named>
    Named named_number() {
        return Named{static_cast<typename Named::value_type>(signed_number())};
    }

private:
    [[noreturn]] static void ends_too_early();

    std::string_view in_;
};

}  // namespace kwq::store
