// The Kafka log's calls, and its one thread: it waits for librdkafka's queues and for what callers
// post, and runs every callback. Nothing polls: without events it sleeps.
#include "eventlog/kafka/kafka_log.hpp"

#include "base/assert.hpp"
#include "eventlog/kafka/the_log.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <poll.h>

namespace kwq::eventlog {

namespace kafka {

namespace {

// Longer than an append can take to be answered, so that a stop ends without a cluster too.
constexpr std::chrono::seconds flush_patience{40};
// A producer that fails sooner than this will fail again.
constexpr milliseconds least_producer_life{1'000};

}  // namespace

kafka_log::kafka_log(const kafka_config& config)
    : config_((refuse_own_properties(config), config)),
      notes_{config.on_note},
      topics_(config_, notes_),
      tail_(std::make_unique<tail>(config_, notes_, tail_shared_)),
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
    sentinel_.emplace(
        sentinel::subject{.topics = topics_,
                          .history = history_,
                          .counters = counters_,
                          .interval = config_.stall_patience / watchdog::until_follow_anew,
                          .views = [this] { return all_views(); },
                          .troubles = [this] { return tail_shared_.troubles.load(); },
                          .advise =
                              [this](watchdog_advice advice) {
                                  post([this, advice = std::move(advice)] { obey(advice); });
                              }});
}

kafka_log::~kafka_log() {
    if (!thread_.joinable()) {
        return;
    }
    static_cast<void>(flush());
    sentinel_.reset();
    {
        const std::lock_guard lock(posted_mutex_);
        ending_ = true;
    }
    posted_signal_.raise();
    thread_.join();
    give_up("the log was closed");
    for (auto& one : retired_) {
        one.join();
    }
}

// ---- calls --------------------------------------------------------------------------------------

void kafka_log::append(const topic_partition& where, std::vector<new_record> batch, durability,
                       append_callback done) {
    KWQ_ASSERT(!batch.empty());
    {
        const std::lock_guard lock(flush_mutex_);
        ++unanswered_;
    }
    const auto view = find(where);
    auto* const waiting_at = view ? *view : nullptr;
    if (waiting_at != nullptr) {
        ++waiting_at->appended;
    }
    // tidy: words, because whole milliseconds are too coarse for what takes less than one
    append_callback counted = [this, waiting_at, since = mono_clock::now(),
                               done = std::move(done)](result<offset> r) {
        if (r) {
            counters_.append.observe(since);
        }
        done(std::move(r));
        if (waiting_at != nullptr) {
            ++waiting_at->answered;
        }
        answered();
    };
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
             {tail_->signal().descriptor(), POLLIN, 0},
             {producer_ ? producer_->signal().descriptor() : -1, POLLIN, 0}}};
        ::poll(ready.data(), ready.size(), more ? 0 : -1);
        posted_signal_.clear();
        run_posted();
        const bool sent = producer_ && producer_->serve();
        const bool came = tail_->serve();
        more = sent || came;
        if (producer_ && !producer_->fatal().empty()) {
            renew_producer(std::string(producer_->fatal()));
        }
        if (!stopped_ && !tail_->failure().empty()) {
            stop(tail_->failure());
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

void kafka_log::renew_producer(const std::string& why) {
    const auto now = system_clock().monotonic();
    notes_.say(why);
    if (now - made_at_ < least_producer_life) {
        stop(why);
        return;
    }
    give_up_producer();
    ++counters_.new_producers;
    made_at_ = now;
    try {
        auto made = std::make_unique<producer>(config_, notes_);
        const std::unique_lock lock(producer_mutex_);
        producer_ = std::move(made);
    } catch (const log_failure& none) {
        stop(why + "; and there is no new one: " + none.what());
    }
}

/// What librdkafka does not get over by itself, and does not report: the sentinel saw it.
void kafka_log::obey(const watchdog_advice& advice) {
    if (stopped_) {
        return;
    }
    if (!advice.lost.empty()) {
        stop(advice.lost);
        return;
    }
    if (advice.follow_anew) {
        follow_anew();
    }
    for (auto* const view : advice.unread) {
        for (const auto& done : view->take_unanswered()) {
            ++counters_.never_read_back;
            done(log_error{errc::unknown, "acknowledged, and not read back for long"});
        }
    }
    if (advice.renew_producer && producer_) {
        renew_producer("appends to Kafka have no outcome for long");
    }
}

void kafka_log::follow_anew() {
    notes_.say("records of Kafka do not come for long although they are there: reading anew");
    ++counters_.new_tails;
    std::unique_ptr<tail> old;
    try {
        auto fresh = std::make_unique<tail>(config_, notes_, tail_shared_);
        const std::lock_guard tail_lock(tail_mutex_);
        const std::shared_lock lock(views_mutex_);
        for (const auto& [name, views] : views_) {
            fresh->follow(name, *views);
        }
        old = std::exchange(tail_, std::move(fresh));
    } catch (const log_failure& none) {
        notes_.say(std::string("there is no new reader of Kafka: ") + none.what());
        return;
    }
    // Its end waits for its threads, which may be what hangs.
    retired_.emplace_back([ended = std::move(old)]() mutable { ended.reset(); });
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

}  // namespace kafka

std::unique_ptr<event_log> open_kafka_log(const kafka_config& config) {
    return std::make_unique<kafka::kafka_log>(config);
}

std::vector<std::optional<offset>> ask_kafka_ends(event_log& log,
                                                  const std::vector<topic_partition>& places) {
    return static_cast<kafka::kafka_log&>(log).ends_of(places);
}

result<void> commit_kafka_offsets(event_log& log, const std::string& group,
                                  const std::vector<std::pair<topic_partition, offset>>& offsets) {
    return static_cast<kafka::kafka_log&>(log).commit(group, offsets);
}

void add_kafka_metrics(event_log& log, std::uint64_t rebalances, observe::metrics_page& page) {
    static_cast<kafka::kafka_log&>(log).add_metrics(page);
    kafka::add_group_metrics(rebalances, page);
}

}  // namespace kwq::eventlog
