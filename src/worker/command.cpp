// See command.hpp.
#include "worker/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

namespace kwq::worker {

namespace {

constexpr std::array<std::string_view, 10> task_variables{
    "KWQ_TASK_ID", "KWQ_JOB",    "KWQ_QUEUE", "KWQ_PRIORITY", "KWQ_ATTEMPT",
    "KWQ_LEASE",   "KWQ_WORKER", "KWQ_TAGS",  "KWQ_URL",      "TRACEPARENT"};
constexpr std::string_view meta_prefix = "KWQ_META_";

bool speaks_of_a_task(std::string_view entry) {
    const auto name = entry.substr(0, entry.find('='));
    return name.substr(0, meta_prefix.size()) == meta_prefix ||
           std::find(task_variables.begin(), task_variables.end(), name) != task_variables.end();
}

/// A value with a NUL would end there in the child; JSON text is free of them, meta may not be.
std::string entry(std::string_view name, std::string_view value) {
    std::string text(name);
    text += '=';
    text += value.substr(0, value.find('\0'));
    return text;
}

}  // namespace

std::string meta_variable(std::string_view name) {
    std::string variable(meta_prefix);
    for (const char c : name) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        variable += lower ? static_cast<char>(c - 'a' + 'A') : (kept ? c : '_');
    }
    return variable;
}

std::vector<std::string> environment_of(const held_lease& lease, const command_context& context,
                                        const std::vector<std::string>& inherited) {
    std::vector<std::string> all;
    all.reserve(inherited.size() + task_variables.size() + lease.meta.size());
    std::copy_if(inherited.begin(), inherited.end(), std::back_inserter(all),
                 [](const std::string& e) { return !speaks_of_a_task(e); });
    all.push_back(entry("KWQ_TASK_ID", lease.id));
    all.push_back(entry("KWQ_JOB", lease.job));
    all.push_back(entry("KWQ_QUEUE", lease.queue));
    all.push_back(entry("KWQ_PRIORITY", std::to_string(lease.priority)));
    all.push_back(entry("KWQ_ATTEMPT", std::to_string(lease.attempt)));
    all.push_back(entry("KWQ_LEASE", lease.token));
    all.push_back(entry("KWQ_WORKER", context.worker));
    all.push_back(entry("KWQ_TAGS", lease.tags_json));
    all.push_back(entry("KWQ_URL", context.url));
    for (const auto& [name, value] : lease.meta) {
        all.push_back(entry(meta_variable(name), value));
        if (name == "traceparent") {
            all.push_back(entry("TRACEPARENT", value));
        }
    }
    return all;
}

std::vector<std::string> own_environment() {
    std::vector<std::string> all;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        all.emplace_back(*each);
    }
    return all;
}

}  // namespace kwq::worker
