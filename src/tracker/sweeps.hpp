// sweeps: after a command, the rows of a job or of a queue are looked at one after another and what
// tags and lists say of each is corrected. Paced (a few rows at a time), kept in the state (goes on
// after a restart), and never needed for a right answer about one task or a job's totals.
#pragma once

#include "tracker/tables.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace kwq::tracker {

class sweeps {
public:
    explicit sweeps(tables& t);
    void reload();

    /// A command changed about `rows` rows in this list (of a job), or among these rows (of a queue
    /// in a shard): from the beginning.
    void start(const std::string& list, std::int64_t rows);
    /// Looks at no more than `rows` rows; true when there is more to do.
    bool advance(std::size_t rows);

    bool idle() const { return open_.empty(); }
    std::int64_t settling() const;  // rows still to correct, all together
    std::int64_t settling_of_job(name_number job) const;

private:
    struct open_sweep {
        std::string next;  // key or submit order to go on from; empty: the first
        std::int64_t rows = 0;
        std::deque<std::pair<std::string, row_place>> ahead;  // read, to be looked at
        bool is_read = false;                                 // to the end
    };
    void read_ahead(const std::string& list, open_sweep& s) const;
    bool correct(const row_place& place);
    void keep(const std::string& list, const open_sweep& s);

    tables& tables_;
    std::map<std::string, open_sweep> open_;  // by list
};

}  // namespace kwq::tracker
