#include "sim/strangers.hpp"

#include "codec/event_codec.hpp"

#include <iterator>

namespace kwq::sim {

namespace {

/// An attempt that no task reaches.
constexpr std::uint32_t impossible_attempt = 9'999;
constexpr milliseconds pace{300};

}  // namespace

void strangers::begin() {
    world_.after(world_.up_to(pace), [this] { act(); });
}

void strangers::act() {
    if (world_.calm) {
        return;
    }
    if (world_.strikes(&faults::foreign_owner)) {
        decide_of_old();
    }
    if (world_.strikes(&faults::mistaken_owner)) {
        decide_wrongly();
    }
    if (world_.strikes(&faults::foreign_report)) {
        report();
    }
    if (world_.strikes(&faults::garbage_event)) {
        append_garbage();
    }
    world_.after(milliseconds{1} + world_.up_to(pace), [this] { act(); });
}

void strangers::append(model::event_body body, std::optional<model::owner_stamp> stamp) {
    const model::event e{world_.time.wall(), stamp, std::move(body)};
    log_.append({topics_.status(), 0}, {{codec::event_key(e), codec::write_event(e), {}}},
                world_.chance(500) ? eventlog::durability::ordered : eventlog::durability::synced,
                {});
}

const std::pair<const model::record, naive_task>* strangers::some_task() const {
    const auto& all = model_.tasks();
    if (all.empty()) {
        return nullptr;
    }
    // Near a random place: maps have no n-th element at hand.
    auto t = all.begin();
    std::advance(t, static_cast<std::ptrdiff_t>(world_.below(all.size())));
    return &*t;
}

/// Whatever it is, it does not count: the claim it stands on is not the newest.
void strangers::decide_of_old() {
    const auto* t = some_task();
    if (t == nullptr || model_.epoch().value() < 1) {
        return;
    }
    const auto& [where, task] = *t;
    const auto old =
        static_cast<std::int64_t>(world_.below(static_cast<std::uint64_t>(model_.epoch().value())));
    const model::owner_stamp stamp{model::offset{old}, world_.up_to(milliseconds{100'000})};
    const model::task_intro intro{task.job, {}, world_.time.wall(), {}};
    const model::offset_range all{model::offset{0}, model::offset{where.offset.value() + 5}};
    const model::event_body decisions[] = {
        model::allocated{where, task.id, model::lease_token{"forged"}, model::worker_name{"x"},
                         task.attempt + 1, intro},
        model::parked{where, task.id, world_.time.wall() + milliseconds{1'000}, intro},
        model::ready{where, task.id, model::ready_reason::retry},
        model::ready{where, task.id, model::ready_reason::due},
        model::lease_expired{where, task.id, task.lease},
        model::cancelled{where, task.id, model::cancel_reason::requested, intro},
        model::duplicate{where, task.id, where},
        model::rejected{where, "forged"},
        model::cursor{where.queue, where.priority, all.last, {}},
        model::parked_ranges{where.queue, where.priority, task.job, {all}},
        model::ready_ranges{where.queue, where.priority, task.job, {all}},
        model::control{model::offset{1'000'000},
                       model::control_action::cancel_job,
                       task.job,
                       {},
                       std::nullopt,
                       {{where.queue, where.priority, all.last}}},
        model::horizon{world_.time.wall() + milliseconds{1'000'000}},
        model::followed{model::offset{old}},
        model::moved{where, task.id, model::priority{1}, intro},
    };
    append(decisions[world_.below(std::size(decisions))], stamp);
}

/// Of this epoch, so only the rules of the lifecycle stand against it. Chosen so that no other
/// record placed before it can make it right.
void strangers::decide_wrongly() {
    const auto* t = some_task();
    if (t == nullptr || model_.epoch().value() < 0) {
        return;
    }
    const auto& [where, task] = *t;
    const model::owner_stamp stamp{model_.epoch(), model_.newest_t()};
    const model::task_intro intro{task.job, {}, world_.time.wall(), {}};
    const model::lease_token forged{"forged"};
    const model::worker_name nobody{"nobody"};
    const model::task_id other = t->second.id == model::task_id{"task-0"}
                                     ? model::task_id{"task-1"}
                                     : model::task_id{"task-0"};
    switch (world_.below(12)) {
        case 0:
            append(model::allocated{where, task.id, forged, nobody, impossible_attempt, intro},
                   stamp);
            break;
        case 1:
            append(model::allocated{where, other, forged, nobody, impossible_attempt, intro},
                   stamp);
            break;
        case 2:
            append(
                model::allocated{where, task.id, forged, nobody, impossible_attempt, std::nullopt},
                stamp);
            break;
        case 3: append(model::duplicate{where, model::task_id{"unheard-of"}, where}, stamp); break;
        case 4: append(model::lease_expired{where, task.id, forged}, stamp); break;
        case 5:
            if (task.place == place::complete || task.place == place::cancelled) {
                append(model::moved{where, task.id, model::priority{9}, std::nullopt}, stamp);
            }
            break;
        case 6:
        case 7:
        case 8:
        case 9: expire_too_early(stamp); break;
        default:
            if (model_.control_seen().value() >= 0) {
                append(model::control{model_.control_seen(),
                                      model::control_action::cancel_job,
                                      task.job,
                                      {},
                                      std::nullopt,
                                      {{where.queue, where.priority, model::offset{1'000'000}}}},
                       stamp);
            }
            break;
    }
}

void strangers::expire_too_early(const model::owner_stamp& stamp) {
    const auto live = model_.live_leases();
    if (live.empty()) {
        return;
    }
    const auto& lease = live[world_.below(live.size())];
    const auto where = model_.lease(lease)->where;
    const auto& task = model_.tasks().at(where);
    if (task.lease_epoch == stamp.epoch && stamp.t < task.lease_t + task.limits.lease) {
        append(model::lease_expired{where, task.id, lease}, stamp);
    }
}

/// Whoever appends it: it counts if its lease is the live one.
void strangers::report() {
    const auto live = model_.live_leases();
    const auto* t = some_task();
    if (t == nullptr) {
        return;
    }
    for (int i = 0; i < 5 && t->second.last_lease.value().empty(); ++i) {
        t = some_task();
    }
    model::lease_token lease = t->second.last_lease;
    model::record where = t->first;
    if (!live.empty() && world_.chance(400)) {
        lease = live[world_.below(live.size())];
        where = model_.lease(lease)->where;
    }
    if (lease.value().empty()) {
        return;
    }
    const auto& task = model_.tasks().at(where);
    const model::event_body reports[] = {
        model::running{where, task.id, lease},
        model::progress{where, task.id, lease, "{}"},
        model::complete{where, task.id, lease, "", {}},
        model::task_error{where, task.id, lease, "foreign", true, model::error_kind::reported},
        model::released{where, task.id, lease, milliseconds{0}},
    };
    append(reports[world_.below(std::size(reports))], std::nullopt);
}

void strangers::append_garbage() {
    static const char* const pieces[] = {"",
                                         "{",
                                         "null",
                                         R"({"v":1})",
                                         R"({"v":1,"type":"unheard-of","at":1})",
                                         R"({"v":1,"type":"complete","at":1})",
                                         "\xff\xfe\x00"};
    const auto topic = world_.chance(700) ? topics_.status() : topics_.control();
    log_.append({topic, 0}, {{"", pieces[world_.below(std::size(pieces))], {}}},
                eventlog::durability::ordered, {});
}

}  // namespace kwq::sim
