// the_log: the class behind open_kafka_log(). Its calls and its thread are in kafka_log.cpp, what
// has to do with topics in kafka_log_topics.cpp.
#pragma once

#include "eventlog/kafka/history.hpp"
#include "eventlog/kafka/kafka_log.hpp"
#include "eventlog/kafka/log_counters.hpp"
#include "eventlog/kafka/producer.hpp"
#include "eventlog/kafka/sentinel.hpp"
#include "eventlog/kafka/tail.hpp"
#include "eventlog/kafka/topics.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <set>
#include <shared_mutex>
#include <thread>

namespace kwq::eventlog::kafka {

class kafka_log final : public event_log {
public:
    explicit kafka_log(const kafka_config& config);
    ~kafka_log() override;

    result<void> ensure_topic(const std::string& name, std::int32_t partitions) override;
    void append(const topic_partition& where, std::vector<new_record> batch, durability how,
                append_callback done) override;
    result<std::vector<log_record>> read(const topic_partition& where, offset from,
                                         std::size_t max_bytes) override;
    result<partition_range> range(const topic_partition& where) override;
    result<void> trim(const topic_partition& where, offset before) override;
    void watch(const topic_partition& where, const std::string& name,
               watch_callback on_move) override;
    result<void> flush() override;
    std::vector<std::optional<offset>> ends_of(const std::vector<topic_partition>& places) {
        return topics_.ends_of(places);
    }
    result<void> commit(const std::string& group, const placed_offsets& offsets) {
        return topics_.commit(group, offsets);
    }
    void add_metrics(observe::metrics_page& page) const;

private:
    result<topic_views*> find_topic(const std::string& name);
    result<topic_views*> open_topic(const std::string& name, const topic_facts& facts);
    result<partition_view*> find(const topic_partition& where);
    topic_views* find_open(const std::string& name);
    topic_views* find_checked(const std::string& name);
    void share_memory();
    void post(std::function<void()> call);
    void refuse(append_callback done, log_error why);
    void answered();
    void run();
    void run_posted();
    void give_up_producer();
    void renew_producer(const std::string& why);
    void follow_anew();
    void obey(const watchdog_advice& advice);
    std::vector<partition_view*> all_views();
    void stop(const std::string& why);
    void give_up(const std::string& why);

    const kafka_config config_;
    const client_notes notes_;
    topics topics_;
    log_counters counters_;
    tail_shared tail_shared_;
    std::mutex tail_mutex_;             // held while a topic is added, or all of them to a new tail
    std::unique_ptr<tail> tail_;        // the log's thread; others under tail_mutex_
    std::vector<std::thread> retired_;  // in which old tails end; the log's thread
    history history_;
    std::shared_mutex producer_mutex_;
    std::unique_ptr<producer> producer_;  // under producer_mutex_; null while it is made anew
    mono_time made_at_{};                 // the log's thread
    std::mutex open_mutex_;               // one topic is opened at a time
    std::shared_mutex views_mutex_;
    std::map<std::string, std::unique_ptr<topic_views>> views_;  // under views_mutex_; they stay
    std::set<std::string> checked_;                              // under views_mutex_
    std::atomic<bool> stopped_{false};
    std::mutex flush_mutex_;
    std::condition_variable flushed_;
    std::size_t unanswered_ = 0;  // under flush_mutex_
    event_signal posted_signal_;
    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;  // under posted_mutex_
    bool ending_ = false;                        // under posted_mutex_
    std::thread thread_;
    std::optional<sentinel> sentinel_;
};

}  // namespace kwq::eventlog::kafka
