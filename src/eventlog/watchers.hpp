// watchers: who wants to know that a partition's ends moved. Calls for one watcher never overlap,
// and each is given the ends as they are at that moment, so what a watcher hears never goes back.
//
// A callback must not watch or unwatch its own partition's other names; taking itself away is fine.
#pragma once

#include "eventlog/event_log.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::eventlog {

class watchers {
public:
    using range_source = std::function<partition_range()>;

    /// Replaces a watcher of that name; an empty callback takes it away. Waits for a running call
    /// of the old one. The new one is not called yet.
    void set(const std::string& name, event_log::watch_callback call);
    void call_all(const range_source& now);
    /// Calls the one, if it is still there.
    void call(const std::string& name, const range_source& now);

private:
    struct watcher {
        std::string name;
        event_log::watch_callback call;
        std::recursive_mutex running;  // recursive: a watcher may take itself away
        bool gone = false;             // under running
    };
    // Shared: a caller holds on to it while the list changes.
    using watcher_ptr = std::shared_ptr<watcher>;

    static void call_one(watcher& w, const range_source& now);

    std::mutex mutex_;
    std::vector<watcher_ptr> list_;  // under mutex_
};

}  // namespace kwq::eventlog
