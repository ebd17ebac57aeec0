// recount: the tracker's answers worked out the plain way, from whole lists and at the end, to
// compare the fold with. Which events count is the lifecycle's; all the rest is done again here.
#pragma once

#include "folding.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kwq::tracker {

class recount {
public:
    void add(const model::stored_task& t);
    void add(const model::logged_event& e);

    /// One line for each group and each id: what the fold must say too.
    std::vector<std::string> lines() const;

    /// For the generator of histories.
    model::task_facts facts(const model::record& place, const std::string& job) const;
    const std::map<model::record, model::stored_task>& records() const { return records_; }

private:
    struct history {
        std::optional<model::task_intro> intro;  // of the first accepted event
        model::task_id id;
        model::task_facts facts;
        instant changed_at{0};
        instant ready_since{0};
        instant allocated_at{0};
        std::vector<std::int64_t> waits, runs;
        int retries = 0;
        std::set<model::priority> levels;  // that it was moved to
    };
    struct sums {
        state_counts counts{};
        std::int64_t submitted = 0, retries = 0, duplicates = 0, rejected = 0;
        std::int64_t wait_ms = 0, run_ms = 0;
        std::uint64_t waits = 0, runs = 0;
        std::optional<instant> first, last;
    };
    struct whole {
        history h;
        bool known = false;
        std::string job;
        std::set<std::string> tags;
        instant submitted_at{0};
        model::task_facts effective;
        instant commanded_at{0};
    };

    bool taken(const model::task_id* id, const model::record& place) const;
    void tell(history& h, const model::task_facts& before, const model::logged_event& e);
    whole complete(const model::record& place) const;
    static void count_in(sums& s, const whole& w);
    static std::string line(const std::string& name, const sums& s);
    std::string id_line(const std::string& id, const std::vector<model::record>& places) const;

    std::map<model::record, model::stored_task> records_;
    std::map<model::record, history> histories_;
    std::map<model::task_id, model::record> bound_;
    model::partition_facts partition_;
    model::control_ledger ledger_;
};

/// The same lines from the fold's answers.
std::vector<std::string> lines_of(folding& f);

}  // namespace kwq::tracker
