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
    void number(std::uint64_t v);        // 7 bits a byte
    void signed_number(std::int64_t v);  // small either way is short
    void text(std::string_view v);       // length first
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

    std::uint8_t u8();
    std::uint64_t number();
    std::int64_t signed_number();
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
    std::string_view in_;
};

}  // namespace kwq::store
