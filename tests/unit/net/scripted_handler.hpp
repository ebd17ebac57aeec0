// scripted_handler: a request_handler whose routes are a test's own closures.
#pragma once

#include "net/http.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::net {

class scripted_handler final : public request_handler {
public:
    std::function<admission(const request&)> on_admit;
    std::function<void(request, responder_ptr)> on_handle;
    std::function<body_stream(request, stream_responder_ptr)> on_stream;

    admission admit(const request& head) override {
        return on_admit ? on_admit(head) : admission{1'000, false, {}};
    }
    /// Without a script: method, path and body are the answer.
    void handle(request r, responder_ptr to) override {
        if (on_handle) {
            on_handle(std::move(r), std::move(to));
            return;
        }
        response out;
        out.body = r.method + " " + r.path + " " + r.body;
        out.content_type = "text/plain";
        to->send(std::move(out));
    }
    body_stream open_stream(request head, stream_responder_ptr to) override {
        return on_stream(std::move(head), std::move(to));
    }
    response problem(int status, std::string_view code, std::string detail) override {
        response out;
        out.status = status;
        out.content_type = "application/problem+json";
        out.body = "{\"code\":\"" + std::string(code) + "\",\"detail\":\"" + detail + "\"}";
        return out;
    }
};

/// Something that another thread says and the test waits for.
template <class T>
class mailbox {
public:
    void put(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        came_.notify_all();
    }
    /// The first `count`, or what there is after five seconds.
    std::vector<T> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, std::chrono::seconds(5), [&] { return values_.size() >= count; });
        return values_;
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return values_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<T> values_;
};

}  // namespace kwq::net
