// context: what handlers are given. One for the api; a `call` for each request, and a `reply` to
// answer it with.
#pragma once

#include "rest/api.hpp"
#include "rest/http_counts.hpp"
#include "rest/id_source.hpp"
#include "rest/idempotency.hpp"
#include "rest/timed_loop.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kwq::rest {

class bulk_actions;
class event_hub;
class simulations;

/// Lives as long as the api. Handlers run on the server's threads; what they pass on comes back on
/// `loop`, or where reply::then() says.
struct context {
    context(const api_config& c, const api_services& s);
    ~context();

    // set once
    const api_config config;
    const api_services services;
    const std::string request_prefix;  // of request ids: tells one process from another
    // any thread
    id_source ids;
    timed_loop loop;
    idempotency_keys keys;
    http_counts http;
    std::unique_ptr<rest::simulations> simulations;
    std::unique_ptr<event_hub> events;
    std::unique_ptr<bulk_actions> bulk;
    std::atomic<bool> stopping{false};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint32_t> runs{
        0};  // of tasks that came together: each begins at another shard

    instant now() const { return services.time.wall(); }
    std::string next_request_id();
    /// The end of kwq-status of every shard, as `after=` takes it: what was told before is in it.
    std::string status_ends() const;
    std::string status_end(model::shard_id shard) const;
};

/// One request, and what its path named, percent-decoded.
struct call {
    net::request request;
    std::vector<std::string> path;
    std::string request_id;
    std::string_view route;  // its name in the table

    const std::string& named(std::size_t i) const { return path.at(i); }
    /// By another instance: what is not here is answered so, not asked of a third.
    bool passed_on() const { return request.header("kwq-passed-on").has_value(); }
};

/// The way back to one client. Copied into callbacks; the first answer counts.
class reply {
public:
    reply(context& c, net::responder_ptr to, const call& q)
        : context_(&c), to_(std::move(to)), request_id_(q.request_id), route_(q.route) {}

    void json(int status, std::string body) const;
    void send(net::response r) const;
    /// An internal error is logged with the request id, which is all that the caller is told.
    void fail(const model::error& e) const;
    net::responder& raw() const { return *to_; }
    /// A callback for other threads that goes on with `f` on the thread that writes this answer:
    /// for what many workers ask at once, one thread fewer on the way than context::loop. Once the
    /// server has stopped, `f` does not run.
    template <class T, class F>
    std::function<void(T)> then(F f) const {
        return [to = to_, f = std::move(f)](T value) mutable {
            to->post(
                [f = std::move(f), value = std::move(value)]() mutable { f(std::move(value)); });
        };
    }

private:
    context* context_;
    net::responder_ptr to_;
    std::string request_id_;
    std::string_view route_;
    // tidy: words, because the api's clock counts whole milliseconds, and nothing depends on this.
    std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

}  // namespace kwq::rest
