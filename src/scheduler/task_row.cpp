#include "scheduler/task_row.hpp"

#include "base/assert.hpp"
#include "store/kv.hpp"

namespace kwq::scheduler {

using model::place;
using store::append_i64;
using store::append_u32;
using store::append_u64;
using store::append_u8;
using store::take_i64;
using store::take_u32;
using store::take_u64;
using store::take_u8;

namespace {

constexpr std::uint8_t open_form = 1;
constexpr std::uint8_t settled_form = 2;
constexpr std::uint8_t moved_flag = 4;  // beside either: the priority it was moved to is at the end
constexpr std::size_t settled_bytes = 40;
constexpr std::size_t open_bytes = 320;  // with labels of usual length
constexpr std::uint64_t no_timeout = UINT64_MAX;

// Length-prefixed: a label may hold any byte but control characters, a token any of its alphabet.
void append_string(std::string& out, std::string_view s) {
    append_u32(out, static_cast<std::uint32_t>(s.size()));
    out += s;
}

std::string take_string(std::string_view& in) {
    const auto size = take_u32(in);
    KWQ_ASSERT(size <= in.size());
    std::string s(in.substr(0, size));
    in.remove_prefix(size);
    return s;
}

void append_open(std::string& out, const task_row& row) {
    const auto& f = row.facts;
    append_u8(out, f.running ? 1 : 0);
    append_u32(out, f.spent);
    append_i64(out, f.due.value());
    append_u32(out, f.limits.max_attempts);
    append_i64(out, f.limits.lease.count());
    append_i64(out, f.limits.backoff.count());
    append_u64(
        out, f.limits.timeout ? static_cast<std::uint64_t>(f.limits.timeout->count()) : no_timeout);
    append_string(out, f.lease.value());
    append_i64(out, f.lease_epoch.value());
    append_i64(out, f.lease_t.count());
    append_string(out, row.id.value());
    append_string(out, row.job.value());
    append_string(out, row.worker.value());
    append_i64(out, row.allocated_at.value());
}

void take_open(std::string_view& in, task_row& row) {
    auto& f = row.facts;
    f.running = take_u8(in) != 0;
    f.spent = take_u32(in);
    f.due = instant{take_i64(in)};
    f.limits.max_attempts = take_u32(in);
    f.limits.lease = milliseconds{take_i64(in)};
    f.limits.backoff = milliseconds{take_i64(in)};
    if (const auto timeout = take_u64(in); timeout != no_timeout) {
        f.limits.timeout = milliseconds{static_cast<std::int64_t>(timeout)};
    }
    f.lease = model::lease_token{take_string(in)};
    f.lease_epoch = model::offset{take_i64(in)};
    f.lease_t = milliseconds{take_i64(in)};
    row.id = model::task_id{take_string(in)};
    row.job = model::job_name{take_string(in)};
    row.worker = model::worker_name{take_string(in)};
    row.allocated_at = instant{take_i64(in)};
}

}  // namespace

bool is_settled(place p) {
    return p == place::complete || p == place::cancelled || p == place::duplicate ||
           p == place::rejected;
}

std::string encode_row(const task_row& row) {
    const auto& f = row.facts;
    std::string out;
    out.reserve(is_settled(f.place) ? settled_bytes : open_bytes);
    const bool is_moved = f.priority != model::priority{0};
    append_u8(out, static_cast<std::uint8_t>((is_settled(f.place) ? settled_form : open_form) |
                                             (is_moved ? moved_flag : 0)));
    append_u8(out, static_cast<std::uint8_t>(f.place));
    append_u32(out, f.attempt);
    append_i64(out, f.since.value());
    append_u64(out, f.last_lease);
    append_u8(out, static_cast<std::uint8_t>(f.last_outcome));
    append_i64(out, row.settled_at.value());
    if (!is_settled(f.place)) {
        append_open(out, row);
    }
    if (is_moved) {
        append_u32(out, static_cast<std::uint32_t>(f.priority.value()));
    }
    return out;
}

task_row decode_row(std::string_view in) {
    task_row row;
    const auto first = take_u8(in);
    const auto form = static_cast<std::uint8_t>(first & ~moved_flag);
    KWQ_ASSERT(form == open_form || form == settled_form);
    row.facts.place = static_cast<place>(take_u8(in));
    row.facts.attempt = take_u32(in);
    row.facts.since = model::offset{take_i64(in)};
    row.facts.last_lease = take_u64(in);
    row.facts.last_outcome = static_cast<model::outcome>(take_u8(in));
    row.settled_at = instant{take_i64(in)};
    if (form == open_form) {
        take_open(in, row);
    }
    if ((first & moved_flag) != 0) {
        row.facts.priority = model::priority{static_cast<std::int32_t>(take_u32(in))};
    }
    return row;
}

}  // namespace kwq::scheduler
