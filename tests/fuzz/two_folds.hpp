// two_folds: both folds of a status partition, scheduler's and tracker's, each twice: one that runs
// through, and one that is committed and opened again whenever it is told. They must not differ.
#pragma once

#include "model/event.hpp"
#include "scheduler/shard_state.hpp"
#include "store/kv.hpp"
#include "tracker/fold.hpp"
#include "tracker/queries.hpp"

#include <memory>
#include <string>

namespace kwq::fuzz {

class two_folds {
public:
    two_folds();

    void add(const model::logged_event& e);
    void add(const model::stored_task& t);
    void add_unreadable(model::offset at);
    /// The second of each forgets what was only in memory.
    void reopen();
    /// Some of the tracker's sweep, in both.
    void sweep();
    /// Asks what can be asked, commits all, and compares.
    void check();

    const scheduler::shard_state& scheduler() const { return *through_; }
    std::size_t events() const { return events_; }

private:
    struct tracking {
        std::unique_ptr<store::kv> state = store::make_memory_kv();
        std::unique_ptr<tracker::tables> data;
        std::unique_ptr<tracker::fold> folder;
        void open();
    };
    void ask(tracking& t) const;

    std::unique_ptr<store::kv> through_kv_ = store::make_memory_kv();
    std::unique_ptr<store::kv> reopened_kv_ = store::make_memory_kv();
    std::unique_ptr<scheduler::shard_state> through_;
    std::unique_ptr<scheduler::shard_state> reopened_;
    tracking tracker_through_;
    tracking tracker_reopened_;
    std::size_t events_ = 0;
};

}  // namespace kwq::fuzz
