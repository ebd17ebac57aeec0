// The loop that owns something: order, idle calls, and its end.
#include "base/run_loop.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

namespace kwq {

namespace {

/// Time that stands where it is put.
class set_clock final : public clock {
public:
    instant wall() const override { return instant{0}; }
    mono_time monotonic() const override { return mono_time{milliseconds{now_.load()}}; }
    void set(std::int64_t ms) { now_ = ms; }

private:
    std::atomic<std::int64_t> now_{0};
};

}  // namespace

TEST_CASE("what is posted runs in order, on the loop's thread, also what came before the start") {
    const set_clock time;
    run_loop loop("test", time);
    std::vector<int> seen;
    bool on_loop = false;
    CHECK(loop.post([&] { seen.push_back(0); }));
    loop.start(nullptr);
    for (int i = 1; i <= 100; ++i) {
        CHECK(loop.post([&seen, i] { seen.push_back(i); }));
    }
    loop.post([&] { on_loop = loop.is_current_thread(); });
    CHECK_FALSE(loop.is_current_thread());
    loop.stop();
    REQUIRE(seen.size() == 101);
    for (int i = 0; i <= 100; ++i) {
        CHECK(seen[static_cast<std::size_t>(i)] == i);
    }
    CHECK(on_loop);
}

TEST_CASE("several threads may post") {
    const set_clock time;
    run_loop loop("test", time);
    int ran = 0;
    loop.start(nullptr);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                loop.post([&ran] { ++ran; });
            }
        });
    }
    for (auto& t : threads) {
        t.join();
    }
    loop.stop();
    CHECK(ran == 2'000);
}

TEST_CASE("a loop that has stopped takes nothing any more") {
    const set_clock time;
    run_loop loop("test", time);
    loop.start(nullptr);
    loop.stop();
    bool ran = false;
    CHECK_FALSE(loop.post([&] { ran = true; }));
    loop.stop();
    CHECK_FALSE(ran);
}

TEST_CASE("idle is called after each batch, and again as soon as its time has come") {
    set_clock time;
    time.set(5'000);
    run_loop loop("test", time);
    std::promise<void> thrice;
    int calls = 0;
    loop.start([&]() -> std::optional<mono_time> {
        if (++calls == 3) {
            thrice.set_value();
        }
        return calls < 3 ? std::optional(mono_time{milliseconds{4'000}}) : std::nullopt;
    });
    thrice.get_future().wait();
    std::promise<int> after_post;
    loop.post([&] { after_post.set_value(calls); });
    CHECK(after_post.get_future().get() == 3);
    loop.stop();
    CHECK(calls >= 3);
}

TEST_CASE("a posted closure wakes a loop that waits for a far time") {
    const set_clock time;
    run_loop loop("a name of more than fifteen characters", time);
    std::promise<void> idle;
    bool first = true;
    loop.start([&]() -> std::optional<mono_time> {
        if (first) {
            first = false;
            idle.set_value();
        }
        return mono_time{std::chrono::hours{1}};
    });
    idle.get_future().wait();
    std::promise<void> ran;
    loop.post([&] { ran.set_value(); });
    ran.get_future().wait();
    loop.stop();
    CHECK_FALSE(first);
}

TEST_CASE("a loop is stopped by its end") {
    const set_clock time;
    bool ran = false;
    {
        run_loop loop("test", time);
        loop.start(nullptr);
        loop.post([&] { ran = true; });
    }
    CHECK(ran);
}

}  // namespace kwq
