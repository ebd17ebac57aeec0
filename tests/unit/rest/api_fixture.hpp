// api_fixture: the api over fakes, asked as the server asks it: admission first, then the call.
#pragma once

#include "codec/json.hpp"
#include "fakes.hpp"
#include "rest/api.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace kwq::rest::testing {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// Keeps the first answer, and lets a test play the client that goes or whose socket breaks.
class kept_answer final : public net::responder {
public:
    void send(net::response r) override;
    void on_gone(std::function<void()> gone) override { gone_ = std::move(gone); }
    void on_written(std::function<void(bool)> written) override { written_ = std::move(written); }
    void post(std::function<void()> f) override { f(); }

    net::response wait();
    bool answered();
    void client_goes() {
        if (gone_) {
            gone_();
        }
    }
    void written(bool ok) {
        if (written_) {
            written_(ok);
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable come_;
    std::optional<net::response> answer_;
    std::function<void()> gone_;
    std::function<void(bool)> written_;
};

/// A streamed answer as one text.
class kept_stream final : public net::stream_responder {
public:
    using net::stream_responder::begin;
    void begin(net::response head) override { status_ = head.status; }
    void write(std::string bytes) override;
    void more() override { ++asked_for_; }
    void end() override;
    void refuse(net::response r) override { status_ = r.status; }
    std::size_t unsent() const override { return unsent_; }

    std::string wait_for_end();
    /// All of it, once `what` is in it.
    std::string wait_for(std::string_view what);
    /// Plays a client that has not taken so many bytes.
    void hold(std::size_t bytes) { unsent_ = bytes; }
    int status() const { return status_; }
    int asked_for() const { return asked_for_; }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;
    bool end_ = false;
    std::atomic<int> status_{0};
    std::atomic<int> asked_for_{0};
    std::atomic<std::size_t> unsent_{0};
};

class api_fixture {
public:
    explicit api_fixture(std::optional<std::string> token = {});

    net::request make(std::string method, const std::string& target, std::string body = {},
                      header_list headers = {}) const;
    net::response ask(const std::string& method, const std::string& target,
                      const std::string& body = {}, const header_list& headers = {});
    /// Without waiting for the answer.
    std::shared_ptr<kept_answer> begin(const std::string& method, const std::string& target,
                                       const std::string& body = {});

    fake_clock time;
    fake_log log;
    eventlog::topic_names topics;
    fake_scheduler scheduler;
    fake_tracker tracker;
    seeded_random random{1};
    std::unique_ptr<observe::logger> logger;
    std::unique_ptr<rest::api> api;
};

codec::json_document parse(const net::response& r);
std::string text_of(const net::response& r);
/// `code` of a problem.
std::string code_of(const net::response& r);
std::string header_of(const net::response& r, std::string_view name);

}  // namespace kwq::rest::testing
