#include "check/rules.hpp"

#include <array>
#include <cstddef>

namespace kwq::check {

namespace {

struct words {
    std::string_view id;
    std::string_view demand;
};

constexpr std::array<words, rule_count> all_words = {{
    {"S1", "no task is lost"},
    {"S2", "nothing happens to a task that nobody submitted"},
    {"S3", "an id belongs to one task"},
    {"S4", "what comes out is what went in"},
    {"S5", "a task has at most one live lease"},
    {"S6", "a lease that a worker was told of is in the log"},
    {"S7", "a lease token is unique and names its task and attempt"},
    {"S8", "a lease that has ended settles nothing"},
    {"S9", "a task completes at most once"},
    {"S10", "the same report gets the same answer"},
    {"S11", "a task changes only as its state allows"},
    {"S12", "an owner decides only under its own claim"},
    {"S13", "a lease lasts its full time"},
    {"S14", "a task has no more attempts than it may"},
    {"S15", "a task does not run before its time"},
    {"S16", "the most urgent task is handed out first"},
    {"S17", "every task is in exactly one state"},
    {"S18", "the tracker says what the log says"},
    {"S19", "a stored state is a prefix of the log"},
    {"S20", "the log is whole and says the same to everybody"},
    {"S21", "a caller does not see time go back"},
    {"S22", "what was acknowledged is in the log"},
    {"S23", "what was refused does not happen"},
    {"S24", "a cancelled task stays cancelled"},
    {"S25", "limits hold"},
    {"S26", "only what has ended is forgotten"},
    {"S27", "the owner's time does not go back"},
    {"S28", "every event can be judged"},
}};

const words& words_of(rule r) {
    return all_words[static_cast<std::size_t>(r)];
}

}  // namespace

std::string_view id_of(rule r) {
    return words_of(r).id;
}

std::string_view demand_of(rule r) {
    return words_of(r).demand;
}

}  // namespace kwq::check
