// bench_report: what `kwq bench` prints of a measurement, for people and as JSON.
#pragma once

#include "bench/depth.hpp"
#include "bench/load_plan.hpp"
#include "bench/overload.hpp"

#include <string>

namespace kwq::cli {

struct bench_result {
    std::string what;
    bench::measurement m;
};

std::string as_text(const bench_result& r);
std::string as_text(const bench::depth_measurement& m);
std::string as_text(const bench::overload_measurement& m);
std::string as_json(const bench_result& r);
std::string as_json(const bench::depth_measurement& m);
std::string as_json(const bench::overload_measurement& m);

/// All that was asked for was done, and nothing failed.
bool is_whole(const bench_result& r);
bool is_whole(const bench::depth_measurement& m);
bool is_whole(const bench::overload_measurement& m);

}  // namespace kwq::cli
