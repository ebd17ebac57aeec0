// What the contract suite runs on: each event log behind the same few calls. A fixture makes a log,
// lets it make progress where it does not do so itself, and opens it again.
#pragma once

#include "base/clock.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/simulated/simulated_log.hpp"
#include "temporary_directory.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kwq::eventlog::contract {

using scratch_directory = test::temporary_directory;

/// The one partition that most tests of the embedded log write to.
inline const topic_partition only_partition{"t", 0};

/// Waits for other threads, for half a minute at most.
void wait_until(const std::function<bool()>& done);

class embedded_fixture {
public:
    embedded_fixture() { reopen(); }

    event_log& log() { return *log_; }
    /// Lets callbacks run until `done()`; its threads do that, so this only waits for them.
    void pump_until(const std::function<bool()>& done) { wait_until(done); }
    /// Ends the log as a clean stop does and opens it again.
    void reopen();
    std::string directory() const { return directory_.path(); }

private:
    scratch_directory directory_;
    std::unique_ptr<event_log> log_;
};

/// Time that passes only when told to.
class hand_clock final : public clock {
public:
    instant wall() const override { return instant{1'700'000'000'000} + since_; }
    mono_time monotonic() const override { return mono_time{since_}; }
    void advance(milliseconds by) { since_ += by; }

private:
    milliseconds since_{1};
};

class simulated_fixture {
public:
    event_log& log() { return log_; }
    /// Steps; when there is nothing to do time passes.
    void pump_until(const std::function<bool()>& done);
    void reopen();

private:
    hand_clock time_;
    seeded_random random_{17};
    simulated_log log_{time_, random_};
};

/// A record without key and headers.
inline new_record plain(std::string value) {
    return {.key = {}, .value = std::move(value), .headers = {}};
}
std::vector<new_record> plain_records(const std::vector<std::string>& values);

/// What an append answered, to be looked at when it has.
class answer {
public:
    event_log::append_callback callback();
    bool has() const;
    result<offset> get() const;

private:
    struct state;
    // Shared with the callback, which the log may drop later than the test ends.
    std::shared_ptr<state> state_ = make_state();
    static std::shared_ptr<state> make_state();
};

template <class Fixture>
result<offset> append(Fixture& f, const topic_partition& where, std::vector<new_record> batch,
                      durability how = durability::synced) {
    answer a;
    f.log().append(where, std::move(batch), how, a.callback());
    f.pump_until([&] { return a.has(); });
    return a.get();
}

/// All values from `from` to the end, by reads of at most `max_bytes`.
std::vector<std::string> read_values(event_log& log, const topic_partition& where,
                                     std::int64_t from = 0, std::size_t max_bytes = 1U << 20U);

}  // namespace kwq::eventlog::contract
