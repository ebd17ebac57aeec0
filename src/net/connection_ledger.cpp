#include "net/connection_ledger.hpp"

namespace kwq::net {

connection_ledger::verdict connection_ledger::enter(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    if (open_ >= config_.max_connections) {
        return verdict::server_full;
    }
    if (config_.max_connections_per_peer > 0) {
        auto& count = by_peer_[peer];
        if (count >= config_.max_connections_per_peer) {
            return verdict::peer_full;
        }
        ++count;
    }
    ++open_;
    return verdict::admitted;
}

void connection_ledger::leave(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    --open_;
    const auto found = by_peer_.find(peer);
    if (found != by_peer_.end() && --found->second == 0) {
        by_peer_.erase(found);
    }
    if (open_ == 0) {
        empty_.notify_all();
    }
}

void connection_ledger::wait_until_empty(milliseconds at_most) {
    std::unique_lock lock(mutex_);
    empty_.wait_for(lock, at_most, [&] { return open_ == 0; });
}

std::size_t connection_ledger::open() {
    const std::lock_guard lock(mutex_);
    return open_;
}

}  // namespace kwq::net
