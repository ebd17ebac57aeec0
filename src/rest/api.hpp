// api: every route of KWQ as one net::request_handler. What it needs of the rest of the process is
// passed in; it owns nothing but what a request needs.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "net/http.hpp"
#include "observe/logger.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kwq::observe {
class metrics_page;
}

namespace kwq::rest {

struct api_config {
    std::string base_path;             // "" or "/below": for absolute links and cookies
    std::optional<std::string> token;  // set: every route but /livez and /readyz wants it
    bool ui_read_only = false;         // browsers may look and change nothing
    std::string instance;              // this process, for people
    std::string version;
    std::string log_kind = "embedded";
    std::int32_t partitions = 1;
    std::string bulk_directory{};  // where bulk changes under way are remembered; empty: nowhere
};

struct api_services {
    eventlog::event_log& log;
    const eventlog::topic_names& topics;
    scheduler::scheduler& scheduler;
    tracker::tracker& tracker;
    const clock& time;
    random_source& random;  // guarded by the api
    observe::logger& logger;
    std::function<net::server_counters()> server;  // empty until the server runs
    /// Adds what only this kind of log has; may be empty. The api's thread.
    std::function<void(observe::metrics_page&)> more_metrics{};
};

class api : public net::request_handler {
public:
    /// New submits and polls are refused with errc::stopping from now on; reports still work.
    virtual void begin_stop() = 0;
    /// Ends simulations and joins what the api runs. No calls after it.
    virtual void stop() = 0;
};

std::unique_ptr<api> make_api(const api_config& config, const api_services& services);

}  // namespace kwq::rest
