// lead: the first eight bytes of a key as a number, which tells most keys apart quicker than their
// texts do. What a key lacks are zeros, so that equal numbers say nothing of the order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kwq::store {

inline std::uint64_t lead_of(std::string_view key) {
    std::uint64_t lead = 0;
    for (std::size_t n = 0; n < sizeof lead; ++n) {
        lead = lead << 8U | (n < key.size() ? static_cast<unsigned char>(key[n]) : 0U);
    }
    return lead;
}

}  // namespace kwq::store
