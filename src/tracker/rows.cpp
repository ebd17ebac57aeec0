#include "tracker/rows.hpp"

#include "store/bytes.hpp"
#include "store/kv.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::uint8_t row_version = 3;

void write_facts(store::byte_writer& w, const model::task_facts& f) {
    w.u8(static_cast<std::uint8_t>(f.place));
    w.u8(f.running ? 1 : 0);
    w.number(f.attempt);
    w.number(f.spent);
    w.signed_number(f.since);
    w.signed_number(f.due);
    w.number(f.limits.max_attempts);
    w.signed_number(f.limits.lease.count());
    w.signed_number(f.limits.backoff.count());
    w.signed_number(f.limits.timeout ? f.limits.timeout->count() : -1);
    w.text(f.lease);
    w.signed_number(f.lease_epoch);
    w.signed_number(f.lease_t.count());
    w.number(f.last_lease);
    w.u8(static_cast<std::uint8_t>(f.last_outcome));
}

model::task_facts read_facts(store::byte_reader& r) {
    model::task_facts f;
    f.place = static_cast<model::place>(r.u8());
    f.running = r.u8() != 0;
    f.attempt = static_cast<std::uint32_t>(r.number());
    f.spent = static_cast<std::uint32_t>(r.number());
    f.since = r.named_number<model::offset>();
    f.due = r.named_number<instant>();
    f.limits.max_attempts = static_cast<std::uint32_t>(r.number());
    f.limits.lease = milliseconds{r.signed_number()};
    f.limits.backoff = milliseconds{r.signed_number()};
    const auto timeout = r.signed_number();
    if (timeout >= 0) {
        f.limits.timeout = milliseconds{timeout};
    }
    f.lease = r.named_text<model::lease_token>();
    f.lease_epoch = r.named_number<model::offset>();
    f.lease_t = milliseconds{r.signed_number()};
    f.last_lease = r.number();
    f.last_outcome = static_cast<model::outcome>(r.u8());
    return f;
}

void write_instant(store::byte_writer& w, const std::optional<instant>& at) {
    w.u8(at ? 1 : 0);
    if (at) {
        w.signed_number(*at);
    }
}

std::optional<instant> read_instant(store::byte_reader& r) {
    if (r.u8() == 0) {
        return std::nullopt;
    }
    return r.named_number<instant>();
}

void write_attempt(store::byte_writer& w, const attempt_view& a) {
    w.number(a.attempt);
    w.text(a.worker);
    w.signed_number(a.allocated_at);
    write_instant(w, a.running_at);
    write_instant(w, a.ended_at);
    w.u8(static_cast<std::uint8_t>(a.ended));
    w.u8(a.timed_out ? 1 : 0);
    w.text(a.error);
}

attempt_view read_attempt(store::byte_reader& r) {
    attempt_view a;
    a.attempt = static_cast<std::uint32_t>(r.number());
    a.worker = r.named_text<model::worker_name>();
    a.allocated_at = r.named_number<instant>();
    a.running_at = read_instant(r);
    a.ended_at = read_instant(r);
    a.ended = static_cast<model::outcome>(r.u8());
    a.timed_out = r.u8() != 0;
    a.error = std::string(r.text());
    return a;
}

attempt_view* open_attempt(task_row& row) {
    if (row.attempts.empty() || row.attempts.back().ended != model::outcome::none) {
        return nullptr;
    }
    return &row.attempts.back();
}

void end_attempt(task_row& row, instant at, model::outcome how) {
    if (auto* a = open_attempt(row)) {
        a->ended = how;
        a->ended_at = at;
    }
}

/// What each kind of event tells besides the facts.
class teller {
public:
    teller(task_row& row, const accepted_event& e, event_effects& out)
        : row_(row), e_(e), out_(out) {}

    void operator()(const model::allocated& a) const {
        out_.waited = at() - row_.ready_since;
        if (row_.attempts.size() == max_attempts_kept) {
            row_.attempts.erase(row_.attempts.begin());
        }
        attempt_view next;
        next.attempt = a.attempt;
        next.worker = a.worker;
        next.allocated_at = at();
        row_.attempts.push_back(std::move(next));
        row_.progress_json.clear();
    }
    void operator()(const model::running&) const {
        if (auto* a = open_attempt(row_)) {
            a->running_at = at();
        }
        out_.started = true;
    }
    void operator()(const model::progress& p) const { row_.progress_json = p.progress_json; }
    void operator()(const model::complete& c) const {
        if (const auto* a = open_attempt(row_)) {
            out_.ran = at() - a->allocated_at;
        }
        end_attempt(row_, at(), model::outcome::complete);
        row_.result_json = c.result_json;
        out_.finished = true;
    }
    void operator()(const model::task_error& t) const {
        failed(model::outcome::error, t.message, t.kind == model::error_kind::timeout);
    }
    void operator()(const model::lease_expired&) const {
        failed(model::outcome::expired, "lease expired", false);
    }
    void operator()(const model::released&) const {
        end_attempt(row_, at(), model::outcome::released);
    }
    void operator()(const model::cancelled& c) const {
        end_attempt(row_, at(), model::outcome::cancelled);
        row_.cancelled_for = c.reason;
    }
    template <class Other>
    void operator()(const Other&) const {}

private:
    instant at() const { return e_.event.at; }

    void failed(model::outcome how, const std::string& why, bool timed_out) const {
        if (auto* a = open_attempt(row_)) {
            a->error = shortened(why, max_attempt_error_bytes);
            a->timed_out = timed_out;
        }
        end_attempt(row_, at(), how);
        row_.last_error = why;
        out_.failed = true;
        out_.retried = e_.after.place != model::place::dead;
        out_.finished = !out_.retried;
    }

    task_row& row_;
    const accepted_event& e_;
    event_effects& out_;
};

}  // namespace

std::string shortened(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) {
        return std::string(text);
    }
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end));
}

void write_row(const task_row& row, std::string& out) {
    store::byte_writer w(out);
    w.u8(row_version);
    w.text(row.id);
    w.u8(static_cast<std::uint8_t>(row.claim));
    w.u8(row.known ? 1 : 0);
    w.number(row.job);
    w.number(row.tags.size());
    for (const auto t : row.tags) {
        w.number(t);
    }
    w.signed_number(row.submitted_at);
    write_facts(w, row.facts);
    w.u8(static_cast<std::uint8_t>(row.listed));
    w.signed_number(row.ready_since);
    w.signed_number(row.ended_at);
    w.u8(static_cast<std::uint8_t>(row.cancelled_for));
    w.number(row.attempts.size());
    for (const auto& a : row.attempts) {
        write_attempt(w, a);
    }
    w.text(row.result_json);
    w.text(row.progress_json);
    w.text(row.last_error);
    w.number(row.ordinal);
    w.number(row.worker);
    w.number(row.error_group.value());
    if (row.facts.priority != model::priority{0}) {
        w.signed_number(row.facts.priority);
    }
}

task_row read_row(std::string_view bytes) {
    store::byte_reader r(bytes);
    if (r.u8() != row_version) {
        throw store::storage_failure("the tracker's state holds a row of another version");
    }
    task_row row;
    row.id = r.named_text<model::task_id>();
    row.claim = static_cast<id_claim>(r.u8());
    row.known = r.u8() != 0;
    row.job = static_cast<name_number>(r.number());
    row.tags.resize(r.number());
    for (auto& t : row.tags) {
        t = static_cast<name_number>(r.number());
    }
    row.submitted_at = r.named_number<instant>();
    row.facts = read_facts(r);
    row.listed = static_cast<model::task_state>(r.u8());
    row.ready_since = r.named_number<instant>();
    row.ended_at = r.named_number<instant>();
    row.cancelled_for = static_cast<model::cancel_reason>(r.u8());
    const auto attempts = r.number();
    for (std::uint64_t i = 0; i < attempts; ++i) {
        row.attempts.push_back(read_attempt(r));
    }
    row.result_json = std::string(r.text());
    row.progress_json = std::string(r.text());
    row.last_error = std::string(r.text());
    row.ordinal = static_cast<std::uint32_t>(r.number());
    row.worker = static_cast<name_number>(r.number());
    row.error_group = error_fingerprint{r.number()};
    if (!r.at_end()) {
        row.facts.priority = r.named_number<model::priority>();
    }
    return row;
}

standing standing_of(const task_row* row) {
    if (row == nullptr) {
        return standing::absent;
    }
    switch (row->facts.place) {
        case model::place::duplicate: return standing::duplicate;
        case model::place::rejected: return standing::rejected;
        default: return standing::task;
    }
}

bool is_dropped(const task_row& row) {
    return standing_of(&row) != standing::task;
}

listing listing_of(const task_row* row) {
    if (row == nullptr) {
        return {};
    }
    listing l{standing_of(row), row->job, row->tags, row->submitted_at, row->listed, no_name, {}};
    if (l.as == standing::task) {
        l.worker = row->worker;
    }
    if (l.as == standing::task && l.state == model::task_state::error) {
        l.error = row->error_group;
    }
    return l;
}

event_effects apply_to_row(task_row& row, const accepted_event& e) {
    event_effects out;
    const bool retried_by_command =
        row.facts.place == model::place::dead && e.before.place == model::place::pending;
    if (retried_by_command) {
        row.ready_since = e.commanded_at;
    }
    std::visit(teller{row, e, out}, e.event.body);
    // Moved from ahead, it waits on.
    if (e.after.place == model::place::pending && e.before.place != model::place::pending &&
        e.before.place != model::place::ahead) {
        row.ready_since = e.event.at;
    }
    if (model::is_terminal(model::state_of(e.after))) {
        row.ended_at = e.event.at;
    }
    row.facts = e.after;
    return out;
}

}  // namespace kwq::tracker
