#include "bench/overload.hpp"

#include "bench/load_pool.hpp"
#include "bench/sides.hpp"

#include <algorithm>
#include <string>

namespace kwq::bench {

namespace {

constexpr int held_lease_s = 6;
constexpr std::chrono::seconds renew_every{2};
constexpr std::chrono::milliseconds pause_when_refused{50};
constexpr std::chrono::milliseconds longest_nap{20};
constexpr std::size_t holders = 4;  // connections that renew
constexpr std::string_view leases_path = "/kwq/v1/leases/";

class overload_run {
public:
    explicit overload_run(const overload_plan& plan)
        : plan_(plan),
          pool_(plan.load.server, plan.load.producers + plan.load.workers + holders),
          sent_(pool_.size(), request_class::submit),
          leases_(plan.load.workers),
          resume_at_(plan.load.workers) {
        for (std::size_t i = 0; i < plan.load.producers; ++i) {
            idle_.push_back(i);
        }
    }

    overload_measurement run();

private:
    void take_held();
    void submit_due(load_clock::time_point now);
    void renew_due(load_clock::time_point now);
    void work_due(load_clock::time_point now, bool takes);
    bool at_rest() const;
    void on_answer(const load_answer& a);
    void on_worker(std::size_t worker, const load_answer& a);
    void complete_held();
    void send(std::size_t connection, request_class what, const std::string& target,
              const std::string& body);
    /// True when it was admitted.
    bool count(request_class what, const load_answer& a);

    std::size_t first_worker() const { return plan_.load.producers; }
    std::size_t first_holder() const { return plan_.load.producers + plan_.load.workers; }

    const overload_plan& plan_;
    load_pool pool_;
    overload_measurement out_;
    std::array<durations, request_classes> times_;
    std::vector<request_class> sent_;
    load_clock::time_point began_;
    // submits
    std::vector<std::size_t> idle_;
    // workers
    std::vector<std::string> leases_;
    std::vector<load_clock::time_point> resume_at_;
    // leases that are only renewed
    std::vector<std::string> held_;
    std::size_t renewed_ = 0;  // renewals that have fallen due
};

void overload_run::send(std::size_t connection, request_class what, const std::string& target,
                        const std::string& body) {
    sent_[connection] = what;
    pool_.post(connection, target, body);
}

/// Before anybody else takes work.
void overload_run::take_held() {
    if (plan_.held == 0) {
        return;
    }
    const auto until = load_clock::now() + plan_.load.give_up;
    task_shape shape = plan_.load.shape;
    shape.lease_s = held_lease_s;
    shape.job += "-held";
    shape.priorities = 1;
    pool_.post(0, submit_target, write_tasks(shape, 0, plan_.held));
    pool_.answer_of(0, until);
    const take_shape take{.worker = "holder", .queue = shape.queue, .max = plan_.held, .wait_s = 5};
    while (held_.size() < plan_.held) {
        check_time(until, "taking tasks to hold");
        pool_.post(0, take_target, write_take(take, {}));
        const auto answer = pool_.answer_of(0, until);
        auto got = read_take(answer.body);
        held_.insert(held_.end(), got.leases.begin(), got.leases.end());
    }
}

void overload_run::submit_due(load_clock::time_point now) {
    const double passed = std::chrono::duration<double>(now - began_).count();
    const auto due = static_cast<std::size_t>(passed * plan_.load.rate);
    while (out_.offered < due) {
        if (idle_.empty()) {
            out_.unsent += due - out_.offered;
            out_.offered = due;
            return;
        }
        const auto connection = idle_.back();
        idle_.pop_back();
        const auto number = plan_.load.first + out_.offered++;
        send(connection, request_class::submit, std::string(submit_target),
             write_tasks(plan_.load.shape, number, 1));
    }
}

/// Spread over the interval; one whose connection is still busy is sent as soon as it is not.
void overload_run::renew_due(load_clock::time_point now) {
    const double passed = std::chrono::duration<double>(now - began_) / renew_every;
    const auto due = static_cast<std::size_t>(passed * static_cast<double>(held_.size()));
    for (std::size_t i = 0; i < holders && renewed_ < due; ++i) {
        const auto connection = first_holder() + i;
        if (pool_.is_idle(connection)) {
            const auto& lease = held_[renewed_++ % held_.size()];
            send(connection, request_class::heartbeat,
                 std::string(leases_path) + lease + "/heartbeat", "{}");
        }
    }
}

void overload_run::work_due(load_clock::time_point now, bool takes) {
    for (std::size_t w = 0; w < leases_.size(); ++w) {
        const auto connection = first_worker() + w;
        if (!pool_.is_idle(connection) || resume_at_[w] > now) {
            continue;
        }
        if (!leases_[w].empty()) {
            send(connection, request_class::complete,
                 std::string(leases_path) + leases_[w] + "/complete", R"({"result":1})");
            continue;
        }
        if (!takes) {
            continue;
        }
        const take_shape take{.worker = "bench-" + std::to_string(w),
                              .queue = plan_.load.shape.queue,
                              .max = 1,
                              .wait_s = 1};
        send(connection, request_class::take, std::string(take_target), write_take(take, {}));
    }
}

bool overload_run::count(request_class what, const load_answer& a) {
    const auto i = static_cast<std::size_t>(what);
    if (a.status >= 200 && a.status < 300) {
        times_[i].add(a.took);
        return true;
    }
    if (is_refusal(a.status)) {
        ++out_.by_class[i].refused;
    } else if (a.status == 409) {
        ++out_.leases_lost;
    } else {
        ++out_.by_class[i].failed;
    }
    return false;
}

void overload_run::on_worker(std::size_t worker, const load_answer& a) {
    const auto what = sent_[a.connection];
    const bool refused = is_refusal(a.status);
    if (refused) {
        resume_at_[worker] = load_clock::now() + pause_when_refused;
    }
    if (what == request_class::take) {
        const auto got = read_take(a.body);
        // An empty answer took as long as the worker was willing to wait: no measure of anything.
        if (a.status != 200 || !got.leases.empty()) {
            count(what, a);
        }
        leases_[worker] = got.leases.empty() ? "" : got.leases.front();
        return;
    }
    if (count(what, a)) {
        const auto second = static_cast<std::size_t>(seconds_since(began_));
        out_.completed.resize(std::max(out_.completed.size(), second + 1));
        ++out_.completed[second];
    }
    if (!refused) {
        leases_[worker].clear();
    }
}

void overload_run::on_answer(const load_answer& a) {
    if (a.connection >= first_worker() && a.connection < first_holder()) {
        on_worker(a.connection - first_worker(), a);
        return;
    }
    count(sent_[a.connection], a);
    if (a.connection < first_worker()) {
        idle_.push_back(a.connection);
    }
}

/// No submit is out and no worker has a lease.
bool overload_run::at_rest() const {
    for (std::size_t i = 0; i < first_holder(); ++i) {
        if (!pool_.is_idle(i)) {
            return false;
        }
    }
    return std::all_of(leases_.begin(), leases_.end(),
                       [](const std::string& lease) { return lease.empty(); });
}

/// In one request, since nobody renews them any more. One that was lost meanwhile is refused.
void overload_run::complete_held() {
    if (held_.empty()) {
        return;
    }
    const take_shape take{
        .worker = "holder", .queue = std::string(no_queue), .max = 1, .wait_s = 0};
    pool_.post(first_holder(), take_target, write_take(take, held_));
    const auto answer = pool_.answer_of(first_holder(), load_clock::now() + plan_.load.give_up);
    out_.leases_lost += read_take(answer.body).refused;
}

overload_measurement overload_run::run() {
    take_held();
    began_ = load_clock::now();
    const auto end = began_ + plan_.time;
    for (auto now = began_; now < end; now = load_clock::now()) {
        submit_due(now);
        renew_due(now);
        work_due(now, true);
        const auto gap = std::chrono::duration<double>(1 / std::max(plan_.load.rate, 1.0));
        const auto nap = std::min(std::chrono::duration_cast<load_clock::duration>(gap),
                                  std::chrono::duration_cast<load_clock::duration>(longest_nap));
        pool_.wait(now + nap, [this](const load_answer& a) { on_answer(a); });
    }
    out_.seconds = seconds_since(began_);
    const auto until = load_clock::now() + plan_.load.give_up;
    while (!at_rest() || pool_.busy() > 0) {
        const auto now = load_clock::now();
        work_due(now, false);
        if (!at_rest()) {
            renew_due(now);
        }
        pool_.wait(now + longest_nap, [this](const load_answer& a) { on_answer(a); });
        check_time(until, "the last answers");
    }
    complete_held();
    out_.completed.resize(static_cast<std::size_t>(plan_.time.count()));
    for (std::size_t i = 0; i < request_classes; ++i) {
        out_.by_class[i].admitted = times_[i].look();
    }
    return std::move(out_);
}

}  // namespace

overload_measurement measure_overload(const overload_plan& plan) {
    return overload_run(plan).run();
}

}  // namespace kwq::bench
