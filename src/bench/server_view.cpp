#include "bench/server_view.hpp"

#include "bench/bodies.hpp"
#include "bench/sides.hpp"

#include <cstdlib>

namespace kwq::bench {

namespace {

constexpr std::string_view stats_target = "/kwq/v1/stats";
constexpr std::chrono::milliseconds between_looks{2};
constexpr std::chrono::milliseconds quiet_span{2'000};
constexpr double quiet_share = 0.05;

/// The value of a sample without labels.
double sample(const std::string& page, std::string_view name) {
    const std::string line = "\n" + std::string(name) + " ";
    const auto at = page.find(line);
    if (at == std::string::npos) {
        throw load_failure("/metrics has no " + std::string(name));
    }
    return std::strtod(page.c_str() + at + line.size(), nullptr);
}

void check(const load_pool::kept_answer& a, std::string_view target) {
    if (a.status != 200) {
        throw load_failure(std::string(target) + " was answered " + std::to_string(a.status) +
                           ": " + a.body);
    }
}

}  // namespace

server_view::server_view(const net::client_config& server, std::chrono::seconds give_up)
    : server_(server), give_up_(give_up) {}

load_pool& server_view::open() {
    return pool_.emplace(server_, 1);
}

std::string server_view::get(std::string_view target) {
    auto& pool = open();
    pool.get(0, target);
    auto answer = pool.answer_of(0, deadline());
    check(answer, target);
    return std::move(answer.body);
}

/// No request is out: nothing comes but the end of the connection.
void server_view::rest(std::chrono::milliseconds time) {
    for (const auto until = load_clock::now() + time; load_clock::now() < until;) {
        pool_->wait(until, [](const load_answer&) {});
    }
}

server_cost server_view::cost() {
    const auto page = get("/metrics");
    return {.memory_bytes = sample(page, "process_resident_memory_bytes"),
            .cpu_seconds = sample(page, "process_cpu_seconds_total")};
}

std::size_t server_view::completed() {
    return number_after(get(stats_target), "\"counts\"", "complete");
}

void server_view::wait_completed(std::size_t at_least) {
    for (const auto until = deadline(); completed() < at_least; rest(between_looks)) {
        check_time(until, "counting all tasks in the tracker");
    }
}

void server_view::wait_tracked() {
    const auto lags = [this] { return number_after(get(stats_target), "\"tracker\"", "lag") > 0; };
    for (const auto until = deadline(); lags(); rest(quiet_span / 10)) {
        check_time(until, "counting all tasks in the tracker");
    }
}

void server_view::wait_quiet() {
    const auto until = deadline();
    for (auto before = cost().cpu_seconds;;) {
        const auto began = load_clock::now();
        rest(quiet_span);
        const auto now = cost().cpu_seconds;
        if (now - before < quiet_share * seconds_since(began)) {
            return;
        }
        before = now;
        check_time(until, "waiting for the server to be at rest");
    }
}

void server_view::pause_job(std::string_view job) {
    const std::string target = "/kwq/v1/jobs/" + std::string(job) + "/pause";
    auto& pool = open();
    pool.post(0, target, R"({"reason":"kwq bench depth"})");
    check(pool.answer_of(0, deadline()), target);
}

}  // namespace kwq::bench
