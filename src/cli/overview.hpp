// overview: everything `kwq info` and `kwq top` show, read in a few requests.
#pragma once

#include "cli/requests.hpp"

#include <string>

namespace kwq::cli {

struct overview {
    reply stats;
    reply queues;
    reply workers;
    reply jobs;
};

outcome<overview> read_overview(session& s);
/// `{"stats": …, "queues": …, "workers": …, "jobs": …}`, each as the server sent it.
std::string overview_json(const overview& o);
std::string overview_text(const overview& o, const look& how);
/// Tasks that ended so far: for a rate between two looks.
std::int64_t ended_count(const overview& o);

}  // namespace kwq::cli
