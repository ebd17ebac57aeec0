// Streams of events through both folds: whatever is on the status partition, they neither crash nor
// throw, a void event changes nothing, and a restart at any point makes no difference (S28).
#include "target.hpp"
#include "two_folds.hpp"

#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "model/lease.hpp"

#include <array>
#include <string>
#include <vector>

namespace kwq::fuzz {

namespace {

constexpr std::size_t most_events = 150;  // of one input

}  // namespace

/// Lines as they stand on the status partition: `event`, `=` (restart), or anything.
void records(std::string_view input) {
    two_folds folds;
    pieces p(input);
    for (std::int64_t at = 0; !p.empty() && at < static_cast<std::int64_t>(most_events); ++at) {
        const std::string_view line = p.line();
        if (line == "=") {
            folds.reopen();
        } else if (const auto read = codec::read_event(line)) {
            folds.add({model::offset{at}, *read});
        } else {
            folds.add_unreadable(model::offset{at});
        }
    }
    folds.check();
}

namespace {

/// Makes events from bytes: most of them possible, many not.
class event_source {
public:
    explicit event_source(std::string_view input) : in_(input) {}

    bool empty() const { return in_.empty(); }
    unsigned below(unsigned bound) { return in_.below(bound); }
    model::logged_event next(const two_folds& folds);
    model::stored_task task();

private:
    model::record place(unsigned task) const;
    model::task_id id(unsigned task) const;
    model::job_name job() { return model::job_name{"j" + std::to_string(below(3))}; }
    model::queue_name queue() const { return model::queue_name{"q"}; }
    model::priority level() { return model::priority{static_cast<std::int32_t>(1 + below(2))}; }
    model::offset number();
    model::lease_token lease(const two_folds& folds, const model::record& where);
    std::optional<model::task_intro> intro();
    std::vector<model::offset_range> ranges();
    model::event_body owner_body(const two_folds& folds, unsigned what);
    model::event_body report_body(const two_folds& folds, unsigned what);
    model::event_body partition_body(unsigned what);
    model::allocated allocation(const two_folds& folds);

    pieces in_;
    std::int64_t offset_ = 0;
    std::int64_t at_ = 1'000'000;
    std::int64_t t_ = 0;
    model::offset epoch_{-1};
    std::uint64_t sequence_ = 0;
    unsigned task_ = 0;
};

constexpr unsigned tasks = 8;

model::record event_source::place(unsigned task) const {
    return {queue(), model::priority{static_cast<std::int32_t>(1 + task % 2)},
            model::offset{static_cast<std::int64_t>(task / 2)}};
}

/// Two tasks share an id.
model::task_id event_source::id(unsigned task) const {
    return model::task_id{"t" + std::to_string(task == tasks - 1 ? 0 : task)};
}

model::offset event_source::number() {
    const unsigned b = below(256);
    return model::offset{b == 255 ? std::int64_t{1} << 61 : static_cast<std::int64_t>(b % 12)};
}

model::lease_token event_source::lease(const two_folds& folds, const model::record& where) {
    const auto row = folds.scheduler().leases().find(where);
    if (row == folds.scheduler().leases().end() || below(8) == 0) {
        return model::lease_token{"stale"};
    }
    return row->second.facts.lease;
}

std::optional<model::task_intro> event_source::intro() {
    const unsigned b = below(256);
    if (b % 16 == 15) {
        return std::nullopt;
    }
    model::task_intro i;
    i.job = model::job_name{"j" + std::to_string(b % 3)};
    i.tags = {model::tag_name{"t" + std::to_string(b % 2)}};
    i.submitted_at = instant{at_ - b};
    i.limits.max_attempts = 1 + b % 3;
    i.limits.lease = milliseconds{1'000 + b};
    i.limits.backoff = milliseconds{b};
    return i;
}

std::vector<model::offset_range> event_source::ranges() {
    std::vector<model::offset_range> out;
    for (unsigned n = below(4); n > 0; --n) {
        const auto first = number();
        const auto past = number();
        if (first < past) {
            out.push_back({first, past});
        }
    }
    return out;
}

model::allocated event_source::allocation(const two_folds& folds) {
    model::allocated a;
    a.place = place(task_);
    a.id = id(task_);
    a.worker = model::worker_name{"w"};
    a.intro = intro();
    const auto job = a.intro ? a.intro->job : model::job_name{"j0"};
    const unsigned off = below(16);
    a.attempt = folds.scheduler().effective(a.place, job).attempt + (off == 15 ? 2 : 1);
    a.lease = model::encode_lease({.shard = model::shard_id{0},
                                   .epoch = epoch_,
                                   .sequence = ++sequence_,
                                   .place = a.place,
                                   .attempt = a.attempt,
                                   .random = 7});
    if (a.attempt > 1 && off % 2 == 0) {
        a.intro.reset();
    }
    return a;
}

model::event_body event_source::owner_body(const two_folds& folds, unsigned what) {
    const auto where = place(task_);
    switch (what) {
        case 0: return allocation(folds);
        case 1: return model::parked{where, id(task_), instant{at_ + below(256)}, intro()};
        case 2: return model::ready{where, id(task_), model::ready_reason::due};
        case 3: return model::ready{where, id(task_), model::ready_reason::retry};
        case 4: return model::lease_expired{where, id(task_), lease(folds, where)};
        case 5:
            return model::cancelled{where, id(task_), static_cast<model::cancel_reason>(below(2)),
                                    intro()};
        case 6: return model::duplicate{where, id(task_), place(below(tasks))};
        case 7: return model::rejected{where, "no"};
        default: return model::moved{where, id(task_), level(), intro()};
    }
}

model::event_body event_source::partition_body(unsigned what) {
    switch (what) {
        case 0: {
            model::cursor c{queue(), level(), std::nullopt, ranges()};
            if (below(4) != 0) {
                c.next = number();
            }
            return c;
        }
        case 1: return model::parked_ranges{queue(), level(), job(), ranges()};
        case 2: return model::ready_ranges{queue(), level(), job(), ranges()};
        case 3:
        case 4: {
            model::control c;
            c.control_offset = number();
            c.action = static_cast<model::control_action>(below(3));
            if (c.action == model::control_action::empty_queue) {
                c.queue = queue();
                if (below(2) != 0) {
                    c.priority = level();
                }
            } else {
                c.job = job();
            }
            for (std::int32_t p = 1; p <= 2; ++p) {
                c.ends.push_back({queue(), model::priority{p}, number()});
            }
            return c;
        }
        case 5: return model::followed{number()};
        default: return model::horizon{instant{at_ - below(256)}};
    }
}

model::event_body event_source::report_body(const two_folds& folds, unsigned what) {
    const auto where = place(task_);
    const auto token = lease(folds, where);
    switch (what) {
        case 0: return model::running{where, id(task_), token};
        case 1: return model::progress{where, id(task_), token, "{\"n\":1}"};
        case 2: {
            model::complete c{where, id(task_), token, "true", {}};
            if (below(4) == 0) {
                model::task child;
                child.id = model::task_id{"child"};
                child.payload = "1";
                c.then.push_back(child);
            }
            return c;
        }
        case 3:
            return model::task_error{where,         id(task_),
                                     token,         "no",
                                     below(4) != 0, static_cast<model::error_kind>(below(2))};
        default: return model::released{where, id(task_), token, milliseconds{below(3) * 100}};
    }
}

model::logged_event event_source::next(const two_folds& folds) {
    const unsigned what = below(32);
    task_ = below(tasks);
    const unsigned pass = below(256);
    at_ += pass % 64 == 63 ? 100'000 : pass % 64;
    t_ += pass % 64 == 63 ? 100'000 : pass % 64;
    model::event e;
    e.at = instant{at_};
    if (what == 0 || epoch_.value() < 0) {
        epoch_ = model::offset{offset_};
        t_ = 0;
        e.body = model::claim{"me", "n" + std::to_string(offset_)};
        return {model::offset{offset_++}, e};
    }
    if (what < 16) {
        e.body = what < 10 ? owner_body(folds, what - 1) : partition_body(what - 10);
    } else if (what < 24) {
        e.body = allocation(folds);
    } else {
        e.body = report_body(folds, what % 5);
    }
    if (model::is_owner_event(e.body)) {
        e.owner = model::owner_stamp{pass == 200 ? model::offset{0} : epoch_, milliseconds{t_}};
    }
    return {model::offset{offset_++}, e};
}

model::stored_task event_source::task() {
    const unsigned n = below(tasks);
    model::stored_task t;
    t.place = place(n);
    t.submitted_at = instant{at_ - 1};
    t.body.id = id(n);
    t.body.job = job();
    t.body.queue = t.place.queue;
    t.body.priority = t.place.priority;
    t.body.payload = "1";
    return t;
}

}  // namespace

namespace {

/// Through the log's form, as every event comes: what cannot be stored cannot be met.
void add_as_stored(two_folds& folds, const model::logged_event& made) {
    if (const auto stored = codec::read_event(codec::write_event(made.event))) {
        folds.add({made.offset, *stored});
    } else {
        folds.add_unreadable(made.offset);
    }
}

}  // namespace

/// Bytes as decisions, so that leases, attempts and epochs are mostly right.
void fold(std::string_view input) {
    two_folds folds;
    event_source source(input);
    while (!source.empty() && folds.events() < most_events) {
        switch (source.below(24)) {
            case 0: folds.reopen(); break;
            case 1: folds.sweep(); break;
            case 2:
            case 3: folds.add(source.task()); break;
            default: add_as_stored(folds, source.next(folds)); break;
        }
    }
    folds.check();
}

}  // namespace kwq::fuzz
