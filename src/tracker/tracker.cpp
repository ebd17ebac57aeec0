#include "tracker/tracker.hpp"

#include "tracker/runner.hpp"

namespace kwq::tracker {

std::unique_ptr<tracker> make_tracker(const tracker_config& config,
                                      const tracker_dependencies& deps) {
    return std::make_unique<runner>(config, deps);
}

}  // namespace kwq::tracker
