// command: how a task looks to the program that runs it: its environment. Pure.
#pragma once

#include "worker/lease.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kwq::worker {

struct command_context {
    std::string worker;  // KWQ_WORKER
    std::string url;     // KWQ_URL
};

/// `inherited` (NAME=value) without what it says of a task, and then KWQ_TASK_ID, KWQ_JOB,
/// KWQ_QUEUE, KWQ_PRIORITY, KWQ_ATTEMPT, KWQ_LEASE, KWQ_WORKER, KWQ_TAGS (a JSON array), KWQ_URL,
/// KWQ_META_<NAME> for each entry of meta, and TRACEPARENT when meta has `traceparent`.
std::vector<std::string> environment_of(const held_lease& lease, const command_context& context,
                                        const std::vector<std::string>& inherited);

/// `git-branch` -> `KWQ_META_GIT_BRANCH`: what is no letter or digit of ASCII becomes '_'.
std::string meta_variable(std::string_view name);

/// This process's environment.
std::vector<std::string> own_environment();

}  // namespace kwq::worker
