#include "sim/faults.hpp"

#include <algorithm>
#include <array>

namespace kwq::sim {

namespace {

// Chances are for each occasion: a step of the world for the process and time, a message for the
// network, an append for the disk, an attempt for a worker, an act for strangers.
constexpr std::array table{
    named_fault{"killed", &faults::killed, 3},
    named_fault{"killed_inside", &faults::killed_inside, 3},
    named_fault{"power_cut", &faults::power_cut, 3},
    named_fault{"stopped_gently", &faults::stopped_gently, 2},
    named_fault{"suspended", &faults::suspended, 3},
    named_fault{"second_owner", &faults::second_owner, 3},
    named_fault{"request_lost", &faults::request_lost, 100},
    named_fault{"answer_lost", &faults::answer_lost, 100},
    named_fault{"request_repeated", &faults::request_repeated, 100},
    named_fault{"message_late", &faults::message_late, 60},
    named_fault{"client_gone", &faults::client_gone, 200},
    named_fault{"disk_slow", &faults::disk_slow, 200},
    named_fault{"log_stalled", &faults::log_stalled, 3},
    named_fault{"append_failed", &faults::append_failed, 60},
    named_fault{"log_stopped", &faults::log_stopped, 170},
    named_fault{"disk_full", &faults::disk_full, 70},
    named_fault{"state_failed", &faults::state_failed, 180},
    named_fault{"scheduler_state_lost", &faults::scheduler_state_lost, 500},
    named_fault{"tracker_state_lost", &faults::tracker_state_lost, 500},
    named_fault{"state_rolled_back", &faults::state_rolled_back, 900},
    named_fault{"wall_stepped", &faults::wall_stepped, 10},
    named_fault{"thread_late", &faults::thread_late, 60},
    named_fault{"slept", &faults::slept, 2},
    named_fault{"worker_stalled", &faults::worker_stalled, 400},
    named_fault{"worker_died", &faults::worker_died, 60},
    named_fault{"worker_confused", &faults::worker_confused, 150},
    named_fault{"overload", &faults::overload, 50},
    named_fault{"garbage_record", &faults::garbage_record, 60},
    named_fault{"garbage_event", &faults::garbage_event, 200},
    named_fault{"foreign_owner", &faults::foreign_owner, 300},
    named_fault{"mistaken_owner", &faults::mistaken_owner, 700},
    named_fault{"foreign_report", &faults::foreign_report, 600},
    named_fault{"direct_producer", &faults::direct_producer, 150},
};

}  // namespace

std::span<const named_fault> all_faults() {
    return table;
}

faults draw_faults(random_source& random) {
    faults f;
    for (const auto& one : table) {
        if (random.below(2) == 0) {
            f.*one.field = 1 + static_cast<std::uint32_t>(random.below(one.most));
        }
    }
    return f;
}

std::optional<faults> parse_faults(std::string_view list) {
    faults f;
    while (!list.empty() && list != "none") {
        const auto name = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), name.size() + 1));
        const auto found = std::find_if(table.begin(), table.end(),
                                        [&](const auto& one) { return one.name == name; });
        if (found == table.end()) {
            return std::nullopt;
        }
        f.*found->field = found->most;
    }
    return f;
}

}  // namespace kwq::sim
