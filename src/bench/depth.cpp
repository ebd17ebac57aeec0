#include "bench/depth.hpp"

#include "bench/measurements.hpp"
#include "bench/sides.hpp"

#include <string>

namespace kwq::bench {

namespace {

constexpr std::size_t load_batch = 1'000;
constexpr std::size_t load_connections = 2;
/// Tasks may be found only behind all those of the paused job.
constexpr std::chrono::seconds patience{60};

void load(load_plan plan) {
    plan.batch = load_batch;
    plan.producers = load_connections;
    if (plan.tasks > 0 && measure_submit(plan).tasks != plan.tasks) {
        throw load_failure("the server did not take all tasks");
    }
}

}  // namespace

depth_measurement measure_depth(const depth_plan& plan) {
    depth_measurement out;
    server_view server(plan.load.server, plan.load.give_up);
    out.empty = server.cost();
    const auto began = load_clock::now();
    load_plan part = plan.load;
    part.tasks = plan.load.tasks / 2;
    load(part);
    if (plan.paused > 0) {
        load_plan paused = plan.load;
        paused.shape.job += "-paused";
        paused.shape.jobs = 1;
        paused.tasks = plan.paused;
        server.pause_job(paused.shape.job);
        load(paused);
    }
    part.first += part.tasks;
    part.tasks = plan.load.tasks - part.tasks;
    load(part);
    out.queued = plan.load.tasks + plan.paused;
    out.load_s = seconds_since(began);
    server.wait_tracked();
    out.tracked_s = seconds_since(began);
    server.wait_quiet();
    out.loaded = server.cost();
    load_plan work = plan.load;
    work.tasks = plan.take;
    work.dry_after = patience;
    out.dispatch = measure_work(work);
    server.wait_tracked();
    out.after = server.cost();
    return out;
}

}  // namespace kwq::bench
