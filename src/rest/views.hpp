// views: what answers look like. Plain functions from answers of scheduler and tracker to JSON,
// with a fixed order of fields.
#pragma once

#include "codec/json.hpp"
#include "rest/intake.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <string>
#include <vector>

namespace kwq::rest {

void write_at(codec::json_writer& w, std::string_view name, const std::optional<instant>& at);

void write_placed(codec::json_writer& w, const placed_task& one);

/// What the tracker knows: state, times, result. Into an open object.
void write_task_fields(codec::json_writer& w, const tracker::task_view& t);
void write_attempts(codec::json_writer& w, const tracker::task_view& t);
/// What only the record knows: payload, affinity, meta, source. Into an open object.
void write_body_fields(codec::json_writer& w, const model::task& t);
std::string render_task_page(const tracker::task_page& page);

/// The task as a worker gets it.
void write_leased_task(codec::json_writer& w, const model::stored_task& t);
std::string render_poll(const scheduler::poll_answer& a);

void write_counts(codec::json_writer& w, const tracker::state_counts& counts);
/// `kind` is "job" or "tag", or empty for the whole; rates are those at `now`. Into an open object.
void write_group_fields(codec::json_writer& w, std::string_view kind, const tracker::group_view& g,
                        instant now);
std::string render_group_page(std::string_view kind, const tracker::group_page& page, instant now);

/// Of a window of time, without what its counters say already.
void write_quantiles(codec::json_writer& w, std::string_view name, const tracker::distribution& d);

void write_error_group(codec::json_writer& w, const tracker::error_view& e, instant now);
std::string render_error_page(const tracker::error_page& page, instant now);

std::string render_workers(const std::vector<scheduler::worker_info>& workers,
                           const std::vector<scheduler::lease_info>& leases, instant now);

void write_dispatch(codec::json_writer& w, const scheduler::dispatch_info& d);

struct steered {
    std::uint64_t affected = 0;
    model::offset control_offset;
    std::string position;
};
void write_steered(codec::json_writer& w, const steered& s);

}  // namespace kwq::rest
