// gate_options: see the header.
#include "cli/gate_options.hpp"

namespace kwq::cli {

namespace {

std::string dispatch_body(const gate_options& o, bool pause) {
    std::string body = pause_body(o.how_long, o.reason);
    const std::string state = pause ? R"({"state":"paused")" : R"({"state":"running")";
    return body == "{}" ? state + "}" : state + "," + body.substr(1);
}

}  // namespace

std::vector<option> gate_option_list(gate_options& o) {
    return {
        {"-a,--all", "", "Everything: no worker is handed anything", &o.all, {}},
        {"-q,--queue", "QUEUE", "This queue", &o.queue, {}},
        {"-p,--priority", "N", "With --queue: only this priority of it", &o.priority, {}},
        {"-j,--job", "JOB", "This job", &o.job, {}},
        {"--reason", "TEXT", "Why, for whoever looks", &o.reason, {}},
    };
}

outcome<change> gate_change(const gate_options& o, const std::string& verb) {
    const bool pause = verb == "pause";
    const std::string done = pause ? "Paused " : "Resumed ";
    if ((o.all ? 1 : 0) + (o.queue ? 1 : 0) + (o.job ? 1 : 0) != 1) {
        return usage_failure("say what to " + verb + ": one of --all, --queue and --job");
    }
    if (o.priority && !o.queue) {
        return usage_failure("--priority is of a --queue");
    }
    if (o.all) {
        return change{"PUT", "/dispatch", dispatch_body(o, pause), done + "everything."};
    }
    const std::string body = pause ? pause_body(o.how_long, o.reason) : std::string("{}");
    if (o.job) {
        return change{"POST", "/jobs/" + segment(*o.job) + "/" + verb, body,
                      done + "job " + *o.job + "."};
    }
    const std::string priority = o.priority ? std::to_string(*o.priority) : "";
    return change{
        "POST",
        "/queues/" + segment(*o.queue) + "/" + verb + query_string({{"priority", priority}}), body,
        done + (o.priority ? "priority " + priority + " of " : "") + "queue " + *o.queue + "."};
}

}  // namespace kwq::cli
