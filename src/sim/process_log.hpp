// process_log: the log as one process sees it. It passes everything on while the process lives; of
// a dead one nothing goes through any more, in either direction, so that whatever its objects do on
// the way out changes nothing.
//
// It also notes what its process had read when it decided: the naive model judges order by that.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "sim/basis.hpp"
#include "sim/driver.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace kwq::sim {

class process_log final : public eventlog::event_log {
public:
    /// `life` and what it passes on to outlive it, and every callback of the log.
    process_log(eventlog::event_log& log, const eventlog::topic_names& topics, loop_group& life,
                bases& noted, std::string name);

    /// Dies at the n-th call from now on, in the middle of whatever makes it.
    void die_at_call(std::uint64_t n) { calls_left_ = n; }
    bool is_cut_off() const { return life_.is_dead(); }
    /// Something else that counts as a call.
    void count_call();

    eventlog::result<void> ensure_topic(const std::string& topic, std::int32_t n) override;
    void append(const eventlog::topic_partition& where, std::vector<eventlog::new_record> batch,
                eventlog::durability how, append_callback done) override;
    eventlog::result<std::vector<eventlog::log_record>> read(const eventlog::topic_partition& where,
                                                             model::offset from,
                                                             std::size_t max_bytes) override;
    eventlog::result<eventlog::partition_range> range(
        const eventlog::topic_partition& where) override;
    eventlog::result<void> trim(const eventlog::topic_partition& where,
                                model::offset before) override;
    void watch(const eventlog::topic_partition& where, const std::string& name,
               watch_callback on_move) override;
    eventlog::result<void> flush() override;

private:
    bool call_fails();
    void note_read(const eventlog::topic_partition& where,
                   const std::vector<eventlog::log_record>& found);
    void note_end(const std::string& topic, model::offset end);
    void stamp(std::vector<eventlog::new_record>& batch);

    eventlog::event_log& log_;
    const std::string status_;
    const std::string control_;
    loop_group& life_;
    bases& noted_;
    const std::string suffix_;  // of watchers' names: two processes watch the same partitions
    std::uint64_t calls_left_ = 0;
    basis now_;
    std::multiset<std::uint64_t> unanswered_;  // failures there had been when each was appended
    std::uint64_t turn_ = 0;
};

}  // namespace kwq::sim
