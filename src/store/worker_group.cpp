#include "store/worker_group.hpp"

#include <algorithm>
#include <atomic>

namespace kwq::store {

namespace {

constexpr std::size_t least_each = 2;  // to wake a thread for one piece costs more than it saves

}  // namespace

worker_group::worker_group(const std::string& name, std::size_t helpers) {
    for (std::size_t n = 0; n < helpers; ++n) {
        helpers_.push_back(std::make_unique<one_worker>(name));
    }
}

void worker_group::each(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    const auto some = [&] {
        for (auto n = next.fetch_add(1); n < count; n = next.fetch_add(1)) {
            work(n);
        }
    };
    const auto helping = std::min(helpers_.size(), count / least_each);
    for (std::size_t n = 0; n < helping; ++n) {
        helpers_[n]->start(some);
    }
    some();
    for (std::size_t n = 0; n < helping; ++n) {
        helpers_[n]->wait();
    }
}

}  // namespace kwq::store
