#include "cluster/peers.hpp"

#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

namespace kwq::cluster {

namespace {

constexpr std::size_t most_threads = 4;
constexpr std::size_t most_waiting = 1'000;
constexpr std::chrono::milliseconds connect_timeout{1'000};

net::client_error not_sent(const std::string& why) {
    return {net::client_error::kind::not_connected, why};
}

}  // namespace

/// The calls to one instance.
class peers::line {
public:
    line(net::client_config config, std::string instance)
        : config_(std::move(config)), instance_(std::move(instance)) {}
    ~line() { stop(); }

    void call(peer_call what, answer_callback done) {
        std::unique_lock lock(mutex_);
        if (stopping_ || waiting_.size() >= most_waiting) {
            lock.unlock();
            done(not_sent("too many calls wait for that instance"));
            return;
        }
        waiting_.push_back({std::move(what), std::move(done)});
        if (idle_ < waiting_.size() && threads_.size() < most_threads) {
            clients_.push_back(net::make_http_client(config_));
            threads_.emplace_back([this, client = clients_.back().get()] { run(*client); });
        }
        lock.unlock();
        wake_.notify_one();
    }

    void stop() {
        std::deque<job> unsent;
        {
            const std::lock_guard lock(mutex_);
            if (std::exchange(stopping_, true)) {
                return;
            }
            unsent.swap(waiting_);
            for (const auto& client : clients_) {
                client->abort();
            }
        }
        wake_.notify_all();
        for (auto& t : threads_) {
            t.join();
        }
        for (const auto& one : unsent) {
            one.done(not_sent("this instance is stopping"));
        }
    }

private:
    struct job {
        peer_call what;
        answer_callback done;
    };

    void run(net::http_client& client) {
        std::unique_lock lock(mutex_);
        while (true) {
            ++idle_;
            wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            --idle_;
            if (stopping_) {
                return;
            }
            job one = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            one.done(client.request(one.what.method, one.what.target, std::move(one.what.body),
                                    {{"KWQ-Passed-On", instance_}}, one.what.timeout));
            lock.lock();
        }
    }

    const net::client_config config_;
    const std::string instance_;
    std::mutex mutex_;
    std::condition_variable wake_;
    // under mutex_
    std::deque<job> waiting_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::unique_ptr<net::http_client>> clients_;
    std::vector<std::thread> threads_;
};

peers::peers(std::string token, std::string instance)
    : token_(std::move(token)), instance_(std::move(instance)) {}

peers::~peers() {
    stop();
}

void peers::call(const std::string& url, peer_call what, answer_callback done) {
    line* to = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (!stopped_) {
            auto& known = lines_[url];
            if (!known) {
                known = std::make_unique<line>(
                    net::client_config{
                        .url = url, .token = token_, .connect_timeout = connect_timeout},
                    instance_);
            }
            to = known.get();  // they stay until stop()
        }
    }
    if (to == nullptr) {
        done(not_sent("this instance is stopping"));
        return;
    }
    to->call(std::move(what), std::move(done));
}

void peers::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    for (const auto& [_, to] : lines_) {
        to->stop();
    }
}

}  // namespace kwq::cluster
