// worker_group: threads that help the one that owns them with many pieces of work that wait, for a
// disk above all.
#pragma once

#include "store/one_worker.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kwq::store {

class worker_group {
public:
    /// Besides the owner's own thread. They are started when they are first needed.
    worker_group(const std::string& name, std::size_t helpers);

    /// work(0) to work(count - 1), each once, on any of the threads; returns when all are done.
    /// `work` must not throw.
    void each(std::size_t count, const std::function<void(std::size_t)>& work);

private:
    std::vector<std::unique_ptr<one_worker>> helpers_;
};

}  // namespace kwq::store
