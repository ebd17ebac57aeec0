// The fixtures' directories, answers and reads.
#include "log_fixtures.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace kwq::eventlog::contract {

struct answer::state {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<result<offset>> value;
    int calls = 0;
};

std::shared_ptr<answer::state> answer::make_state() {
    return std::make_shared<state>();
}

event_log::append_callback answer::callback() {
    return [s = state_](result<offset> r) {
        const std::lock_guard lock(s->mutex);
        s->value = std::move(r);
        ++s->calls;
        s->arrived.notify_all();
    };
}

bool answer::has() const {
    const std::lock_guard lock(state_->mutex);
    return state_->value.has_value();
}

result<offset> answer::get() const {
    const std::lock_guard lock(state_->mutex);
    REQUIRE(state_->calls == 1);
    return *state_->value;
}

void wait_until(const std::function<bool()>& done) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
        REQUIRE(std::chrono::steady_clock::now() < limit);
        never.wait_for(lock, std::chrono::microseconds(200));
    }
}

void embedded_fixture::reopen() {
    log_.reset();
    log_ = open_embedded_log({.directory = directory_.path(), .time = system_clock()});
}

void simulated_fixture::pump_until(const std::function<bool()>& done) {
    for (int idle = 0; !done();) {
        if (!log_.step()) {
            time_.advance(milliseconds{1});
            REQUIRE(++idle < 10'000);
        }
    }
}

void simulated_fixture::reopen() {
    REQUIRE(log_.flush().has_value());
    log_.crash(crash_kind::process);
}

std::vector<new_record> plain_records(const std::vector<std::string>& values) {
    std::vector<new_record> batch;
    for (const auto& v : values) {
        batch.push_back(plain(v));
    }
    return batch;
}

std::vector<std::string> read_values(event_log& log, const topic_partition& where,
                                     std::int64_t from, std::size_t max_bytes) {
    std::vector<std::string> values;
    while (true) {
        const auto read = log.read(where, offset{from}, max_bytes);
        REQUIRE(read.has_value());
        if (read->empty()) {
            return values;
        }
        for (const auto& r : *read) {
            REQUIRE(r.offset == offset{from});
            values.push_back(r.value);
            ++from;
        }
    }
}

}  // namespace kwq::eventlog::contract
