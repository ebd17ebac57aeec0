// peers: calls to other instances. A few threads for each of them, since a call waits for its
// answer; an instance that is frozen delays nobody but those who ask it.
#pragma once

#include "net/http_client.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace kwq::cluster {

struct peer_call {
    std::string method;
    std::string target;
    std::string body;
    std::chrono::milliseconds timeout{5'000};
};

class peers {
public:
    using answer_callback = std::function<void(net::client_result)>;

    /// `token` is the one that all instances have; `instance` says who passes on.
    peers(std::string token, std::string instance);
    ~peers();

    /// Any thread. `done` is called once, on a thread of the peers', or here when too many calls
    /// to that instance wait already.
    void call(const std::string& url, peer_call what, answer_callback done);
    /// Answers what waits with not_connected, ends calls under way, joins. No calls after it.
    void stop();

private:
    class line;

    const std::string token_;
    const std::string instance_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<line>> lines_;  // under mutex_
    bool stopped_ = false;                                // under mutex_
};

}  // namespace kwq::cluster
