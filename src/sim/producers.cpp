#include "sim/producers.hpp"

#include "codec/task_codec.hpp"

namespace kwq::sim {

namespace {

constexpr milliseconds patience{10'000};
constexpr int most_tries = 6;

}  // namespace

void producers::begin(int count) {
    for (int i = 0; i < count; ++i) {
        const auto pace = milliseconds{50} + world_.up_to(milliseconds{3'000});
        world_.after(world_.up_to(pace), [this, pace] { act(pace); });
    }
}

void producers::act(milliseconds pace) {
    if (world_.calm) {
        return;
    }
    if (world_.strikes(&faults::garbage_record)) {
        append_garbage();
    } else if (world_.strikes(&faults::direct_producer)) {
        append_directly();
    } else {
        const bool burst = world_.strikes(&faults::overload);
        std::vector<model::task> tasks;
        for (auto n = burst ? 40 : 1 + world_.below(4); n > 0; --n) {
            tasks.push_back(maker_.make());
        }
        ++waiting_;
        submit(std::move(tasks), most_tries);
    }
    world_.after(milliseconds{1} + world_.up_to(pace), [this, pace] { act(pace); });
}

void producers::submit(std::vector<model::task> tasks, int tries) {
    using placed = std::vector<std::optional<model::record>>;
    net_.ask<placed>(
        [this, tasks](process& p, const answer<placed>& done) { front_.submit(p, tasks, done); },
        [this, tasks, tries](const std::optional<model::result<placed>>& r) {
            const bool again = !r || !*r;
            if (again && tries > 0 && !world_.calm) {
                world_.after(milliseconds{100} + world_.up_to(milliseconds{2'000}),
                             [this, tasks, tries] { submit(tasks, tries - 1); });
            } else {
                --waiting_;
            }
        },
        patience);
}

/// As `kcat` does: the id is the key, in the record, or nowhere.
void producers::append_directly() {
    auto t = maker_.make();
    const auto queue = t.queue;
    const eventlog::topic_partition where{topics_.tasks(queue, model::priority{1}), 0};
    std::string key;
    switch (world_.below(3)) {
        case 0: key = t.id.value(); break;
        case 1:
            key = t.id.value();
            t.id = model::task_id{};
            break;
        default: t.id = model::task_id{}; break;
    }
    log_.append(where, {{key, codec::write_task(t), {}}}, eventlog::durability::synced, {});
}

void producers::append_garbage() {
    static const char* const pieces[] = {"",
                                         "{",
                                         "[1,2]",
                                         R"({"payload":1,"priority":"high"})",
                                         R"({"payload":{},"lease_s":-1})",
                                         "\xff\xfe"};
    const auto queue = maker_.some_queue();
    const auto n = static_cast<std::int32_t>(1 + world_.below(2));
    log_.append({topics_.tasks(queue, model::priority{n}), 0},
                {{"", pieces[world_.below(std::size(pieces))], {}}}, eventlog::durability::ordered,
                {});
}

}  // namespace kwq::sim
