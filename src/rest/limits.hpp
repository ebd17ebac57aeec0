// limits: what one request may ask for, as /kwq/v1/limits publishes it.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>

namespace kwq::rest::limits {

inline constexpr std::size_t payload_bytes = 1U << 20U;
inline constexpr std::size_t result_bytes = 64U << 10U;
inline constexpr std::size_t progress_bytes = 4U << 10U;
inline constexpr std::size_t message_bytes = 16U << 10U;
inline constexpr std::size_t submit_bytes = 1'572'864;  // 1.5 MiB: one task, one bulk line
inline constexpr std::size_t array_bytes = 8U << 20U;
inline constexpr std::size_t small_body_bytes = 16U << 10U;  // pauses, queues, dispatch
inline constexpr std::int64_t most_priorities = 100;         // of a queue
inline constexpr std::uint32_t array_tasks = 1'000;
inline constexpr std::uint32_t then_tasks = 100;
inline constexpr std::size_t then_bytes = 512U << 10U;
inline constexpr std::uint32_t leases_at_once = 1'000;
inline constexpr std::uint32_t queues_of_a_poll = 64;
inline constexpr std::uint32_t page_items = 1'000;
inline constexpr std::size_t cursor_bytes = 1'024;
inline constexpr milliseconds longest_wait{30'000};
inline constexpr milliseconds longest_pause{366LL * 24 * 3'600 * 1'000};
/// Bulk: bytes read whose answers are not out yet, and answer bytes the client has not taken, at
/// which reading stops. The second is wide for clients that send everything before they read.
inline constexpr std::size_t bulk_bytes_out = 8U << 20U;
inline constexpr std::size_t bulk_unsent_bytes = 32U << 20U;

}  // namespace kwq::rest::limits
