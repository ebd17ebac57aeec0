// The Kafka log's calls, and its one thread: it waits for librdkafka's queues and for what callers
// post, and runs every callback. Nothing polls: without events it sleeps.
#include "eventlog/kafka/kafka_log.hpp"

#include "base/assert.hpp"
#include "eventlog/kafka/history.hpp"
#include "eventlog/kafka/producer.hpp"
#include "eventlog/kafka/tail.hpp"
#include "eventlog/kafka/topics.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <shared_mutex>
#include <thread>

#include <poll.h>

namespace kwq::eventlog {

namespace {

using namespace kafka;

// Memory for the newest records: for each partition, and for all together.
constexpr std::size_t max_recent_bytes = 4U << 20U;
constexpr std::size_t min_recent_bytes = 256U << 10U;
constexpr std::size_t all_recent_bytes = 64U << 20U;
// Longer than an append can take to be answered, so that a stop ends without a cluster too.
constexpr std::chrono::seconds flush_patience{40};
// A producer that fails sooner than this will fail again.
constexpr milliseconds least_producer_life{1'000};

log_error unknown_topic(const topic_partition& where) {
    return {errc::topic_unknown, "there is no partition " + std::to_string(where.partition) +
                                     " of topic " + where.topic};
}

log_error wrong_number(const std::string& topic, std::size_t there, std::int32_t wanted) {
    return {errc::topic_mismatch, "topic " + topic + " has " + std::to_string(there) +
                                      " partitions, not " + std::to_string(wanted)};
}

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
    result<partition_range> ask_ends(const topic_partition& where) { return topics_.ends(where); }

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
    void renew_producer();
    void stop(const std::string& why);
    void give_up(const std::string& why);

    const kafka_config config_;
    const client_notes notes_;
    topics topics_;
    tail tail_;
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
};

kafka_log::kafka_log(const kafka_config& config)
    : config_((refuse_own_properties(config), config)),
      notes_{config.on_note},
      topics_(config_, notes_),
      tail_(config_, notes_),
      history_(config_, notes_),
      producer_(std::make_unique<producer>(config_, notes_)) {
    const auto brokers = topics_.wait_for_brokers();
    if (!brokers) {
        throw log_failure({errc::cannot_open, "Kafka: " + brokers.error().detail});
    }
    if (*brokers < config_.replication) {
        throw log_failure({errc::cannot_open, "Kafka: the cluster has " + std::to_string(*brokers) +
                                                  " brokers, too few for " +
                                                  std::to_string(config_.replication) +
                                                  " replicas"});
    }
    thread_ = std::thread([this] { run(); });
}

kafka_log::~kafka_log() {
    if (!thread_.joinable()) {
        return;
    }
    static_cast<void>(flush());
    {
        const std::lock_guard lock(posted_mutex_);
        ending_ = true;
    }
    posted_signal_.raise();
    thread_.join();
    give_up("the log was closed");
}

// ---- topics -------------------------------------------------------------------------------------

topic_views* kafka_log::find_open(const std::string& name) {
    const std::shared_lock lock(views_mutex_);
    const auto known = views_.find(name);
    return known == views_.end() ? nullptr : known->second.get();
}

/// Null when there is no such topic.
result<topic_views*> kafka_log::find_topic(const std::string& name) {
    if (auto* const known = find_open(name)) {
        return known;
    }
    const auto facts = topics_.find(name);
    if (!facts) {
        return facts.error();
    }
    return *facts ? open_topic(name, **facts) : static_cast<topic_views*>(nullptr);
}

result<topic_views*> kafka_log::open_topic(const std::string& name, const topic_facts& facts) {
    const std::lock_guard one_at_a_time(open_mutex_);
    if (auto* const known = find_open(name)) {
        return known;
    }
    auto views = std::make_unique<topic_views>();
    for (std::int32_t p = 0; p < facts.partitions; ++p) {
        const auto ends = topics_.ends({name, p});
        if (!ends) {
            return ends.error();
        }
        views->push_back(std::make_unique<partition_view>(topic_partition{name, p}, *ends));
    }
    auto* const opened = views.get();
    {
        const std::unique_lock lock(views_mutex_);
        views_.emplace(name, std::move(views));
        share_memory();
    }
    tail_.follow(name, *opened);
    return opened;
}

void kafka_log::share_memory() {
    std::size_t partitions = 1;
    for (const auto& [name, views] : views_) {
        partitions += views->size();
    }
    tail_.set_recent_limit(
        std::clamp(all_recent_bytes / partitions, min_recent_bytes, max_recent_bytes));
}

result<partition_view*> kafka_log::find(const topic_partition& where) {
    const auto views = find_topic(where.topic);
    if (!views) {
        return views.error();
    }
    if (*views == nullptr || where.partition < 0 ||
        static_cast<std::size_t>(where.partition) >= (*views)->size()) {
        return unknown_topic(where);
    }
    return (**views)[static_cast<std::size_t>(where.partition)].get();
}

result<void> kafka_log::ensure_topic(const std::string& name, std::int32_t partitions) {
    KWQ_ASSERT(partitions > 0);
    if (auto* const known = find_checked(name)) {
        return known->size() == static_cast<std::size_t>(partitions)
                   ? result<void>()
                   : wrong_number(name, known->size(), partitions);
    }
    const auto found = topics_.find(name);
    if (!found) {
        return found.error();
    }
    // Another broker than the one that made it may not have heard of it yet: not asked again.
    const auto facts = *found ? result<topic_facts>(**found) : topics_.create(name, partitions);
    if (!facts) {
        return facts.error();
    }
    if (facts->partitions != partitions) {
        return wrong_number(name, static_cast<std::size_t>(facts->partitions), partitions);
    }
    if (const auto safe = topics_.check(name, *facts); !safe) {
        return safe.error();
    }
    if (const auto opened = open_topic(name, *facts); !opened) {
        return opened.error();
    }
    const std::unique_lock lock(views_mutex_);
    checked_.insert(name);
    return {};
}

/// Null until ensure_topic() has looked at it once.
topic_views* kafka_log::find_checked(const std::string& name) {
    const std::shared_lock lock(views_mutex_);
    return checked_.count(name) > 0 ? views_.find(name)->second.get() : nullptr;
}

// ---- calls --------------------------------------------------------------------------------------

void kafka_log::append(const topic_partition& where, std::vector<new_record> batch, durability,
                       append_callback done) {
    KWQ_ASSERT(!batch.empty());
    {
        const std::lock_guard lock(flush_mutex_);
        ++unanswered_;
    }
    append_callback counted = [this, done = std::move(done)](result<offset> r) {
        done(std::move(r));
        answered();
    };
    const auto view = find(where);
    if (!view) {
        refuse(std::move(counted), view.error());
        return;
    }
    for (const auto& r : batch) {
        if (size_of(r) > max_record_bytes) {
            refuse(std::move(counted),
                   {errc::too_large,
                    "a record of " + std::to_string(size_of(r)) + " bytes is above the limit"});
            return;
        }
    }
    std::optional<log_error> why;
    {
        const std::shared_lock lock(producer_mutex_);
        why = producer_  ? producer_->send(**view, batch, counted)
              : stopped_ ? std::optional(log_error{errc::stopped, "the event log has stopped"})
                         : std::optional(log_error{errc::overloaded, "the producer is made anew"});
    }
    if (why) {
        refuse(std::move(counted), std::move(*why));
    }
}

result<std::vector<log_record>> kafka_log::read(const topic_partition& where, offset from,
                                                std::size_t max_bytes) {
    const auto view = find(where);
    if (!view) {
        return view.error();
    }
    const auto range = (*view)->range();
    if (from < range.first) {
        return log_error{errc::trimmed, "offset " + std::to_string(from.value()) +
                                            " has been trimmed from " + where.topic};
    }
    if (from >= range.end) {
        return std::vector<log_record>{};
    }
    if (auto recent = (*view)->recent(from, max_bytes)) {
        return std::move(*recent);
    }
    auto found = history_.read(where, from, range.end, max_bytes);
    if (found.has_error() && found.error().code == errc::trimmed) {
        if (const auto ends = topics_.ends(where)) {
            (*view)->now_first(ends->first);  // somebody else trimmed it
        }
    }
    return found;
}

result<partition_range> kafka_log::range(const topic_partition& where) {
    const auto view = find(where);
    if (!view) {
        return view.error();
    }
    return (*view)->range();
}

result<void> kafka_log::trim(const topic_partition& where, offset before) {
    const auto view = find(where);
    if (!view) {
        return view.error();
    }
    const auto range = (*view)->range();
    before = std::min(before, range.durable);
    if (before <= range.first) {
        return {};
    }
    const auto first = topics_.trim(where, before);
    if (!first) {
        return first.error();
    }
    (*view)->now_first(*first);
    return {};
}

void kafka_log::watch(const topic_partition& where, const std::string& name,
                      watch_callback on_move) {
    const auto view = find(where);
    KWQ_ASSERT(view.has_value());
    const bool greets = static_cast<bool>(on_move);
    (*view)->watching.set(name, std::move(on_move));
    if (greets) {
        post([v = *view, name] { v->call_watcher(name); });
    }
}

result<void> kafka_log::flush() {
    std::unique_lock lock(flush_mutex_);
    if (!flushed_.wait_for(lock, flush_patience, [this] { return unanswered_ == 0; })) {
        return log_error{errc::unknown, "Kafka has not answered for long"};
    }
    if (stopped_) {
        return log_error{errc::stopped, "the event log has stopped"};
    }
    return {};
}

void kafka_log::answered() {
    const std::lock_guard lock(flush_mutex_);
    if (--unanswered_ == 0) {
        flushed_.notify_all();
    }
}

void kafka_log::refuse(append_callback done, log_error why) {
    post([done = std::move(done), why = std::move(why)] { done(why); });
}

// ---- the thread ---------------------------------------------------------------------------------

void kafka_log::post(std::function<void()> call) {
    {
        const std::lock_guard lock(posted_mutex_);
        posted_.push_back(std::move(call));
    }
    posted_signal_.raise();
}

void kafka_log::run_posted() {
    std::vector<std::function<void()>> calls;
    {
        const std::lock_guard lock(posted_mutex_);
        calls.swap(posted_);
    }
    for (const auto& call : calls) {
        call();
    }
}

void kafka_log::run() {
    bool more = false;
    while (true) {
        // Only this thread changes producer_, so it may look without the mutex.
        std::array<pollfd, 3> ready{
            {{posted_signal_.descriptor(), POLLIN, 0},
             {tail_.signal().descriptor(), POLLIN, 0},
             {producer_ ? producer_->signal().descriptor() : -1, POLLIN, 0}}};
        ::poll(ready.data(), ready.size(), more ? 0 : -1);
        posted_signal_.clear();
        run_posted();
        const bool sent = producer_ && producer_->serve();
        const bool came = tail_.serve();
        more = sent || came;
        if (producer_ && !producer_->fatal().empty()) {
            renew_producer();
        }
        if (!stopped_ && !tail_.failure().empty()) {
            stop(tail_.failure());
        }
        const std::lock_guard lock(posted_mutex_);
        if (ending_ && posted_.empty()) {
            return;
        }
    }
}

/// What was on its way may have happened; its callers hear so before anything else is sent.
void kafka_log::give_up_producer() {
    std::unique_ptr<producer> old;
    {
        const std::unique_lock lock(producer_mutex_);
        old = std::move(producer_);
    }
    if (old) {
        old->give_up();
    }
}

void kafka_log::renew_producer() {
    const std::string why = producer_->fatal();
    const auto now = system_clock().monotonic();
    notes_.say(why);
    if (now - made_at_ < least_producer_life) {
        stop(why);
        return;
    }
    give_up_producer();
    made_at_ = now;
    try {
        auto made = std::make_unique<producer>(config_, notes_);
        const std::unique_lock lock(producer_mutex_);
        producer_ = std::move(made);
    } catch (const log_failure& none) {
        stop(why + "; and there is no new one: " + none.what());
    }
}

void kafka_log::stop(const std::string& why) {
    stopped_ = true;
    give_up(why);
    if (config_.on_stop) {
        config_.on_stop(why);
    }
}

void kafka_log::give_up(const std::string& why) {
    give_up_producer();
    const std::shared_lock lock(views_mutex_);
    for (const auto& [name, views] : views_) {
        for (const auto& view : *views) {
            for (const auto& done : view->take_unanswered()) {
                done(log_error{errc::unknown, why});
            }
        }
    }
}

}  // namespace

std::unique_ptr<event_log> open_kafka_log(const kafka_config& config) {
    return std::make_unique<kafka_log>(config);
}

result<offset> ask_kafka_end(event_log& log, const topic_partition& where) {
    const auto ends = static_cast<kafka_log&>(log).ask_ends(where);
    return ends ? result<offset>(ends->end) : ends.error();
}

}  // namespace kwq::eventlog
