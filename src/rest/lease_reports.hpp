// lease_reports: how a worker's report is read, alone or among the `settle` of a poll.
#pragma once

#include "codec/json.hpp"
#include "rest/context.hpp"
#include "rest/readers.hpp"

namespace kwq::rest {

struct read_report {
    scheduler::report_kind what;
    bool result_too_large = false;  // then `what` is the final error that it becomes
};

read_report read_complete(context& c, field_reader& f);
scheduler::report_error read_error(field_reader& f);
scheduler::report_release read_release(field_reader& f);

/// One item of `settle`: {lease, outcome, …}.
scheduler::lease_report read_settle(context& c, field_reader& f);

}  // namespace kwq::rest
