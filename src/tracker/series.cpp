#include "tracker/series.hpp"

#include "store/bytes.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::size_t erased_at_once = 64;

// Keys: 'T', resolution, queue, start of the window in seconds. 'U', queue: it has windows.

std::string lane(std::size_t resolution, std::string_view queue) {
    std::string key = "T";
    store::append_u8(key, static_cast<std::uint8_t>(resolution));
    store::append_text(key, queue);
    return key;
}

std::string key_of(std::string lane, std::int64_t start_s) {
    store::append_u64(lane, static_cast<std::uint64_t>(std::max<std::int64_t>(start_s, 0)));
    return lane;
}

std::string registered(std::string_view queue) {
    return std::string("U").append(queue);
}

void write_window(const window& win, std::string& out) {
    store::byte_writer w(out);
    for (const auto n : win.counts) {
        w.signed_number(n);
    }
    win.wait.write(w);
    win.run.write(w);
}

window read_window(std::string_view bytes) {
    store::byte_reader r(bytes);
    window win;
    for (auto& n : win.counts) {
        n = r.signed_number();
    }
    win.wait = histogram::read(r);
    win.run = histogram::read(r);
    return win;
}

std::int64_t seconds_of(instant at) {
    return std::max<std::int64_t>(at.value(), 0) / 1'000;
}

}  // namespace

void window::merge(const window& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        counts.at(i) += other.counts.at(i);
    }
    wait.merge(other.wait);
    run.merge(other.run);
}

void series::reload() {
    pending_.clear();
    newest_ = nullptr;
    queues_.clear();
    pruned_to_.clear();
    pruned_at_ = 0;
    state_.scan("U", {}, [&](std::string_view key, std::string_view) {
        queues_.emplace(key.substr(1));
        return true;
    });
}

window& series::at(const model::queue_name& queue, instant at) {
    const auto s = seconds_of(at);
    if (newest_ != nullptr && newest_key_.first == s && newest_key_.second == queue) {
        return *newest_;
    }
    newest_key_ = {s, queue};
    newest_ = &pending_[newest_key_];
    return *newest_;
}

void series::write(instant now) {
    const auto now_s = seconds_of(now);
    for (const auto& [key, what] : pending_) {
        const auto& [at, queue] = key;
        for (const auto& name : {std::string(), queue.value()}) {
            if (queues_.insert(name).second) {
                state_.put(registered(name), {});
            }
            for (std::size_t r = 0; r < resolutions.size(); ++r) {
                if (at >= now_s - resolutions.at(r).kept_s) {
                    add_to_stored(r, name, at, what);
                }
            }
        }
    }
    pending_.clear();
    newest_ = nullptr;
    prune(now);
}

void series::add_to_stored(std::size_t resolution, std::string_view queue, second at,
                           const window& what) {
    const auto key = key_of(lane(resolution, queue), at - at % resolutions.at(resolution).step_s);
    const auto stored = state_.get(key);
    window sum = stored ? read_window(*stored) : window{};
    sum.merge(what);
    std::string value;
    write_window(sum, value);
    state_.put(key, value);
}

void series::prune(instant now) {
    const auto now_s = seconds_of(now);
    if (now_s <= pruned_at_) {
        return;
    }
    pruned_at_ = now_s;
    std::vector<std::string> old;
    for (std::size_t r = 0; r < resolutions.size(); ++r) {
        const auto& [step, kept] = resolutions.at(r);
        for (const auto& queue : queues_) {
            const auto prefix = lane(r, queue);
            const auto end = key_of(prefix, now_s - kept - step);
            std::string& from = pruned_to_[prefix];
            const auto most = old.size() + erased_at_once;
            state_.scan(prefix, from, [&](std::string_view key, std::string_view) {
                if (key >= end || old.size() == most) {
                    return false;
                }
                old.emplace_back(key);
                return true;
            });
            if (old.size() < most) {
                from = end;  // not to walk over what was erased
            } else {
                from = old.back();
            }
        }
    }
    for (const auto& key : old) {
        state_.erase(key);
    }
}

std::map<std::int64_t, window> series::read(const series_question& q) const {
    std::map<std::int64_t, window> found;
    const auto prefix = lane(q.resolution, q.queue ? q.queue->value() : std::string());
    const auto from = key_of(prefix, q.from_s);
    const auto end = key_of(prefix, q.to_s);
    state_.scan(prefix, from, [&](std::string_view key, std::string_view value) {
        if (key >= end) {
            return false;
        }
        auto rest = key.substr(prefix.size());
        found.emplace(static_cast<std::int64_t>(store::take_u64(rest)), read_window(value));
        return true;
    });
    const auto step = resolutions.at(q.resolution).step_s;
    const auto from_pending = pending_.lower_bound({q.from_s, {}});
    for (auto p = from_pending; p != pending_.end() && p->first.first < q.to_s; ++p) {
        const auto at = p->first.first;
        if (!q.queue || *q.queue == p->first.second) {
            found[at - at % step].merge(p->second);
        }
    }
    return found;
}

}  // namespace kwq::tracker
