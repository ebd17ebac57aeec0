#include "bench/measurements.hpp"

#include "bench/load_pool.hpp"
#include "bench/server_view.hpp"
#include "bench/sides.hpp"

#include <string>
#include <vector>

namespace kwq::bench {

namespace {

/// For a pause: no request is out that can be answered.
void nothing_comes(const load_answer& a) {
    throw load_failure("an answer that was not expected: status " + std::to_string(a.status));
}

void settle(load_pool& pool, const std::vector<std::string>& held, const load_plan& plan) {
    for (const auto& lease : held) {
        const auto until = load_clock::now() + plan.give_up;
        pool.post(1, "/kwq/v1/leases/" + lease + "/complete", R"({"result":1})");
        const auto done = pool.answer_of(1, until);
        if (done.status != 200) {
            throw load_failure("a completion was answered " + std::to_string(done.status) + ": " +
                               done.body);
        }
    }
}

}  // namespace

measurement measure_submit(const load_plan& plan) {
    load_pool pool(plan.server, plan.producers);
    producers p(plan, pool, {0, plan.producers});
    return drive(plan, pool, &p, nullptr);
}

measurement measure_work(const load_plan& plan) {
    load_pool pool(plan.server, plan.workers);
    workers w(plan, pool, {0, plan.workers});
    const auto m = drive(plan, pool, nullptr, &w);
    drain(plan, pool, w);
    return m;
}

measurement measure_cycle(const load_plan& plan) {
    load_pool pool(plan.server, plan.producers + plan.workers);
    server_view server(plan.server, plan.give_up);
    const auto before = server.completed();
    producers p(plan, pool, {0, plan.producers});
    workers w(plan, pool, {plan.producers, plan.workers});
    const auto began = load_clock::now();
    auto m = drive(plan, pool, &p, &w);
    server.wait_completed(before + m.tasks);
    m.tracked_s = seconds_since(began);
    drain(plan, pool, w);
    return m;
}

measurement measure_latency(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, 2);
    durations submits;
    durations leases;
    const auto began = load_clock::now();
    const take_shape shape{.worker = "bench-0", .queue = plan.shape.queue, .max = 1, .wait_s = 20};
    for (std::size_t i = 0; i < plan.tasks; ++i) {
        std::vector<std::string> held;
        pool.post(1, take_target, write_take(shape, {}));
        // The worker must be waiting first.
        pool.wait(load_clock::now() + std::chrono::milliseconds(3), nothing_comes);
        const auto submitted = load_clock::now();
        pool.post(0, submit_target, write_tasks(plan.shape, plan.first + i, 1));
        while (pool.busy() > 0) {
            pool.wait(submitted + plan.give_up, [&](const load_answer& a) {
                if (a.connection == 0) {
                    submits.add(a.took);
                    if (a.status != 201) {  // no worker will ever have it
                        throw load_failure("a submit was answered " + std::to_string(a.status) +
                                           ": " + std::string(a.body));
                    }
                    return;
                }
                leases.add(load_clock::now() - submitted);
                held = read_take(a.body).leases;
                m.failed += a.status == 200 && !held.empty() ? 0 : 1;
            });
            check_time(submitted + plan.give_up, "a task on its way to a worker");
        }
        m.tasks += held.size();
        settle(pool, held, plan);
    }
    m.seconds = seconds_since(began);
    m.submit = submits.look();
    m.take = leases.look();
    return m;
}

measurement measure_ping(const load_plan& plan) {
    measurement m;
    load_pool pool(plan.server, plan.producers);
    durations times;
    std::size_t sent = 0;
    const auto began = load_clock::now();
    const auto ask = [&](std::size_t connection) {
        if (sent < plan.tasks) {
            ++sent;
            pool.get(connection, "/livez");
        }
    };
    for (std::size_t i = 0; i < plan.producers; ++i) {
        ask(i);
    }
    while (pool.busy() > 0) {
        pool.wait(load_clock::now() + std::chrono::milliseconds(100), [&](const load_answer& a) {
            times.add(a.took);
            m.failed += a.status == 200 ? 0 : 1;
            ask(a.connection);
        });
        check_time(began + plan.give_up, "the requests");
    }
    m.seconds = seconds_since(began);
    m.tasks = times.count();
    m.submit = times.look();
    return m;
}

}  // namespace kwq::bench
