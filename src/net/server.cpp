// The server on Asio: threads with an io_context each, sockets, one timer for each thread. All that
// is HTTP is in session.
#include "base/clock.hpp"
#include "net/connection_ledger.hpp"
#include "net/held_answers.hpp"
#include "net/http.hpp"
#include "net/response_head.hpp"
#include "net/session.hpp"
#include "net/waiting_line.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

namespace kwq::net {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using tcp_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

constexpr milliseconds longest_sweep{250};
constexpr milliseconds shortest_sweep{10};
constexpr milliseconds accept_again{100};  // after the system ran out of descriptors
constexpr int backlog = 1'024;
constexpr milliseconds release_every{10};

class connection;

/// One thread with the connections it serves. Shared by them and by responders, so that an answer
/// which comes after the server has stopped finds something to be dropped by.
class lane final : public session_host, public std::enable_shared_from_this<lane> {
public:
    explicit lane(milliseconds sweep_every)
        : sweep_every_(sweep_every),
          context_(1),
          timer_(context_.get_executor()),
          release_timer_(context_.get_executor()) {}

    asio::io_context& context() { return context_; }
    void start();
    void drain();  // any thread, as the next two
    void abort_all();
    void finish();
    void add(std::shared_ptr<connection> c);
    void remove(const connection& c);

    void post(std::function<void()> f) override;
    bool is_current_thread() const override { return std::this_thread::get_id() == thread_id_; }
    mono_time now() const override { return system_clock().monotonic(); }
    std::string_view date() override;
    void stand_in_line(std::function<void(bool served)> go) override;
    void leave_line(mono_time served_at) override;
    void hold(std::function<void()> go) override;

private:
    void sweep();
    void release_held();
    void move_line();
    void arm();

    const milliseconds sweep_every_;
    asio::io_context context_;
    timer timer_;
    std::vector<std::shared_ptr<connection>>
        connections_;  // shared with reads and writes under way
    waiting_line line_;
    bool line_moves_ = false;  // serve_line() is posted
    timer release_timer_;      // runs while there are any held_
    held_answers held_;
    bool draining_ = false;
    bool aborting_ = false;
    std::int64_t date_second_ = -1;
    std::string date_;
    std::mutex mutex_;  // guards open_
    bool open_ = true;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
};

class connection final : public transport, public std::enable_shared_from_this<connection> {
public:
    connection(std::shared_ptr<lane> on, tcp_socket socket, const session_context& context,
               connection_ledger& ledger, std::string peer)
        : lane_(std::move(on)),
          socket_(std::move(socket)),
          ledger_(ledger),
          peer_(std::move(peer)),
          session_(context, *lane_, *this, peer_) {}

    ~connection() override {
        if (socket_) {
            ledger_.leave(peer_);
        }
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    session& talk() { return session_; }

    void read(char* into, std::size_t room) override {
        socket_->async_read_some(asio::buffer(into, room),
                                 [self = shared_from_this()](error_code failed, std::size_t n) {
                                     if (!self->socket_) {
                                         return;
                                     }
                                     if (failed == asio::error::eof) {
                                         self->session_.on_read_end();
                                     } else if (failed) {
                                         self->session_.on_broken();
                                     } else {
                                         self->session_.on_read(n);
                                     }
                                 });
    }

    void write(const std::array<std::string_view, 3>& parts) override {
        for (std::size_t i = 0; i < parts.size(); ++i) {
            output_[i] = asio::const_buffer(parts[i].data(), parts[i].size());
        }
        write_some();
    }

    void finish_sending() override {
        error_code ignored;
        socket_->shutdown(tcp_socket::shutdown_send, ignored);
    }

    void close() override {
        if (!socket_) {
            return;
        }
        socket_.reset();
        ledger_.leave(peer_);
        lane_->post([lane = lane_.get(), self = shared_from_this()] { lane->remove(*self); });
    }

    std::shared_ptr<void> owner() override { return shared_from_this(); }

    std::size_t place = 0;  // in the lane's list

private:
    void write_some() {
        socket_->async_write_some(output_,
                                  [self = shared_from_this()](error_code failed, std::size_t n) {
                                      if (!self->socket_) {
                                          return;
                                      }
                                      if (failed) {
                                          self->session_.on_broken();
                                          return;
                                      }
                                      self->session_.on_progress(n);
                                      self->advance_output(n);
                                  });
    }

    void advance_output(std::size_t written) {
        std::size_t left = 0;
        for (auto& part : output_) {
            const std::size_t taken = std::min(written, part.size());
            part += taken;
            written -= taken;
            left += part.size();
        }
        if (left > 0) {
            write_some();
        } else {
            session_.on_written();
        }
    }

    const std::shared_ptr<lane> lane_;  // shared: see lane
    std::optional<tcp_socket> socket_;
    connection_ledger& ledger_;
    const std::string peer_;
    std::array<asio::const_buffer, 3> output_;
    session session_;
};

void lane::start() {
    arm();
    thread_ = std::thread([this] {
        thread_id_ = std::this_thread::get_id();
        pthread_setname_np(pthread_self(), "kwq-http");
        context_.run();
    });
}

void lane::post(std::function<void()> f) {
    const std::lock_guard lock(mutex_);
    if (open_) {
        asio::post(context_, std::move(f));
    }
}

void lane::add(std::shared_ptr<connection> c) {
    c->place = connections_.size();
    connections_.push_back(c);
    c->talk().start();
    if (aborting_) {
        c->talk().abort();
    } else if (draining_) {
        c->talk().drain();
    }
}

void lane::remove(const connection& c) {
    connections_[c.place] = std::move(connections_.back());
    connections_[c.place]->place = c.place;
    connections_.pop_back();
}

void lane::arm() {
    timer_.expires_after(sweep_every_);
    timer_.async_wait([this](error_code failed) {
        if (!failed) {
            sweep();
            arm();
        }
    });
}

/// One at a time, behind everything that has come meanwhile: between two of them the sockets are
/// looked at again.
void lane::stand_in_line(std::function<void(bool served)> go) {
    line_.join(std::move(go), now());
    move_line();
}

void lane::leave_line(mono_time served_at) {
    line_.leave(served_at, now());
    move_line();
}

void lane::hold(std::function<void()> go) {
    const bool first = held_.empty();
    held_.hold(std::move(go), now());
    if (first) {
        release_held();
    }
}

void lane::release_held() {
    held_.release(now());
    if (held_.empty()) {
        return;
    }
    release_timer_.expires_after(release_every);
    release_timer_.async_wait([this](error_code failed) {
        if (!failed) {
            release_held();
        }
    });
}

void lane::move_line() {
    if (!line_moves_ && line_.moves(now())) {
        line_moves_ = true;
        asio::post(context_, [this] {
            line_moves_ = false;
            line_.advance(now());
            move_line();
        });
    }
}

void lane::sweep() {
    const mono_time at = now();
    move_line();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i]->talk().sweep(at);
    }
}

void lane::drain() {
    post([this] {
        draining_ = true;
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i]->talk().drain();
        }
    });
}

void lane::abort_all() {
    post([this] {
        aborting_ = true;
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i]->talk().abort();
        }
    });
}

/// Ends the thread, then lets what it still had to do go, so that nothing is kept alive by it.
void lane::finish() {
    post([this] {
        timer_.cancel();
        release_timer_.cancel();
    });
    post([this] { context_.stop(); });
    thread_.join();
    {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }
    context_.restart();
    context_.poll();
    connections_.clear();
    line_ = {};
    held_ = {};
}

std::string_view lane::date() {
    const instant at = system_clock().wall();
    const std::int64_t second = at.value() / 1000;
    if (second != date_second_) {
        date_second_ = second;
        date_ = http_date(at);
    }
    return date_;
}

class asio_server final : public server {
public:
    asio_server(const server_config& config, request_handler& handler)
        : config_(config),
          handler_(handler),
          ledger_(config_),
          context_{config_, handler_, counts_} {
        for (int i = 0; i < std::max(1, config_.threads); ++i) {
            lanes_.push_back(std::make_shared<lane>(sweep_period()));
        }
        listen();
        accept_next();
        for (auto& l : lanes_) {
            l->start();
        }
    }
    ~asio_server() override { stop(milliseconds{0}); }
    asio_server(const asio_server&) = delete;
    asio_server& operator=(const asio_server&) = delete;

    std::uint16_t port() const override { return port_; }

    server_counters counters() const override {
        server_counters out;
        out.connections_open = ledger_.open();
        out.connections_total = counts_.total;
        out.connections_refused = counts_.refused;
        out.requests_total = counts_.requests;
        out.bytes_in = counts_.bytes_in;
        out.bytes_out = counts_.bytes_out;
        return out;
    }

    void stop(milliseconds grace) override {
        const std::lock_guard lock(stopping_);
        if (std::exchange(stopped_, true)) {
            return;
        }
        lanes_.front()->post([this] {
            error_code ignored;
            acceptor_->close(ignored);
            again_->cancel();
        });
        for (auto& l : lanes_) {
            l->drain();
        }
        ledger_.wait_until_empty(grace);
        for (auto& l : lanes_) {
            l->abort_all();
        }
        ledger_.wait_until_empty(last_wait);
        for (auto& l : lanes_) {
            l->finish();
        }
    }

private:
    static constexpr milliseconds last_wait{1'000};  // for threads to close what was left

    milliseconds sweep_period() const {
        const milliseconds least =
            std::min({config_.header_timeout, config_.body_timeout, config_.stream_stall_timeout,
                      config_.idle_timeout, config_.write_stall_timeout});
        return std::clamp(least / 4, shortest_sweep, longest_sweep);
    }

    void listen() {
        try {
            const tcp::endpoint at(asio::ip::make_address(config_.address), config_.port);
            auto& context = lanes_.front()->context();
            acceptor_.emplace(context.get_executor());
            again_.emplace(context.get_executor());
            acceptor_->open(at.protocol());
            acceptor_->set_option(tcp_acceptor::reuse_address(true));
            acceptor_->bind(at);
            acceptor_->listen(backlog);
            port_ = acceptor_->local_endpoint().port();
        } catch (const boost::system::system_error& e) {
            throw std::runtime_error("cannot listen on " + config_.address + " port " +
                                     std::to_string(config_.port) + ": " + e.code().message());
        }
    }

    void accept_next() {
        const auto& to = lanes_[next_lane_++ % lanes_.size()];
        acceptor_->async_accept(to->context().get_executor(),
                                [this, to](error_code failed, tcp_socket socket) {
                                    if (!acceptor_->is_open()) {
                                        return;
                                    }
                                    if (failed) {
                                        again_->expires_after(accept_again);
                                        again_->async_wait([this](error_code cancelled) {
                                            if (!cancelled && acceptor_->is_open()) {
                                                accept_next();
                                            }
                                        });
                                        return;
                                    }
                                    welcome(to, std::move(socket));
                                    accept_next();
                                });
    }

    void welcome(const std::shared_ptr<lane>& to, tcp_socket socket) {
        error_code failed;
        const auto from = socket.remote_endpoint(failed);
        if (failed) {
            return;  // gone already
        }
        ++counts_.total;
        std::string peer = from.address().to_string();
        const auto verdict = ledger_.enter(peer);
        if (verdict != connection_ledger::verdict::admitted) {
            turn_away(std::move(socket), verdict);
            return;
        }
        socket.set_option(tcp::no_delay(true), failed);
        auto made =
            std::make_shared<connection>(to, std::move(socket), context_, ledger_, std::move(peer));
        to->post([to, made] { to->add(made); });
    }

    /// One attempt to say why, without waiting for anybody.
    void turn_away(tcp_socket socket, connection_ledger::verdict why) {
        ++counts_.refused;
        const bool full = why == connection_ledger::verdict::server_full;
        response r = handler_.problem(full ? 503 : 429, full ? "overloaded" : "too_many_requests",
                                      "there are too many connections");
        r.headers.emplace_back("Retry-After", "1");
        const std::string date = http_date(system_clock().wall());
        const std::string head =
            response_head(r, {.content_length = r.body.size(), .keep_alive = false, .date = date});
        error_code ignored;
        socket.non_blocking(true, ignored);
        const std::string all = head + r.body;
        socket.write_some(asio::buffer(all), ignored);
        socket.shutdown(tcp_socket::shutdown_send, ignored);
    }

    const server_config config_;
    request_handler& handler_;
    mutable connection_ledger ledger_;
    atomic_counters counts_;
    const session_context context_;
    std::vector<std::shared_ptr<lane>> lanes_;  // shared: see lane
    std::optional<tcp_acceptor> acceptor_;      // on the first lane
    std::optional<timer> again_;
    std::uint16_t port_ = 0;
    std::size_t next_lane_ = 0;
    std::mutex stopping_;
    bool stopped_ = false;
};

}  // namespace

std::unique_ptr<server> start_server(const server_config& config, request_handler& handler) {
    return std::make_unique<asio_server>(config, handler);
}

}  // namespace kwq::net
