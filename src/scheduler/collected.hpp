// collected: the answers of several shards, put together when the last of them has come.
#pragma once

#include "scheduler/scheduler.hpp"

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace kwq::scheduler {

/// Set up before the first shard is asked; put() comes from each shard's own thread.
template <class T>
struct collected {
    std::mutex mutex;
    std::vector<T> answers;  // under mutex, as is what is left
    std::size_t left = 0;
    callback<std::vector<T>> done;

    void put(std::size_t at, T answer) {
        {
            const std::lock_guard lock(mutex);
            answers[at] = std::move(answer);
            if (--left > 0) {
                return;
            }
        }
        done(std::move(answers));
    }
};

}  // namespace kwq::scheduler
