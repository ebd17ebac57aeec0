// The list of a partition's watchers and the calls to them.
#include "eventlog/watchers.hpp"

#include <algorithm>

namespace kwq::eventlog {

void watchers::set(const std::string& name, event_log::watch_callback call) {
    watcher_ptr old;
    {
        const std::lock_guard lock(mutex_);
        const auto at = std::find_if(list_.begin(), list_.end(),
                                     [&](const watcher_ptr& w) { return w->name == name; });
        if (at != list_.end()) {
            old = *at;
            list_.erase(at);
        }
        if (call) {
            list_.push_back(std::make_shared<watcher>());
            list_.back()->name = name;
            list_.back()->call = std::move(call);
        }
    }
    if (old) {
        const std::lock_guard wait_for_running(old->running);
        old->gone = true;
    }
}

void watchers::call_all(const range_source& now) {
    std::vector<watcher_ptr> all;
    {
        const std::lock_guard lock(mutex_);
        all = list_;
    }
    for (const auto& w : all) {
        call_one(*w, now);
    }
}

void watchers::call(const std::string& name, const range_source& now) {
    watcher_ptr found;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& w : list_) {
            if (w->name == name) {
                found = w;
            }
        }
    }
    if (found) {
        call_one(*found, now);
    }
}

void watchers::call_one(watcher& w, const range_source& now) {
    const std::lock_guard lock(w.running);
    if (!w.gone) {
        w.call(now());
    }
}

}  // namespace kwq::eventlog
