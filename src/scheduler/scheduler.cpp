#include "scheduler/scheduler.hpp"

#include "scheduler/local_scheduler.hpp"
#include "scheduler/shard_set.hpp"

namespace kwq::scheduler {

std::string_view to_string(settle_status s) {
    switch (s) {
        case settle_status::ok: return "ok";
        case settle_status::already: return "already";
        case settle_status::lease_lost: return "lease_lost";
        case settle_status::conflict: return "conflict";
        case settle_status::unknown: return "unknown";
        case settle_status::accepted: return "accepted";
    }
    return "?";
}

std::string_view to_string(directive d) {
    switch (d) {
        case directive::run: return "run";
        case directive::drain: return "drain";
        case directive::stop: return "stop";
    }
    return "?";
}

std::unique_ptr<scheduler> make_scheduler(const scheduler_config& config,
                                          const scheduler_dependencies& deps) {
    return make_local_scheduler(config, deps);
}

std::unique_ptr<local_scheduler> make_local_scheduler(const scheduler_config& config,
                                                      const scheduler_dependencies& deps) {
    return std::make_unique<shard_set>(config, deps);
}

}  // namespace kwq::scheduler
