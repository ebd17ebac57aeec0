// target: the table of all of them.
#include "target.hpp"

#include <cstdio>
#include <cstdlib>

namespace kwq::fuzz {

namespace {

constexpr target all[] = {
    {"answer", answer},     {"control", control},
    {"event", event},       {"fold", fold},
    {"json", json},         {"records", records},
    {"request", request},   {"request_head", request_head},
    {"settings", settings}, {"task_record", task_record},
    {"tokens", tokens},     {"url", url},
};

}  // namespace

std::span<const target> targets() {
    return all;
}

const target* find_target(std::string_view name) {
    for (const target& t : all) {
        if (t.name == name) {
            return &t;
        }
    }
    return nullptr;
}

void must(bool holds, std::string_view what) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
        std::abort();
    }
}

}  // namespace kwq::fuzz
