// application: see the header. The order of stop() is: close the door, answer, stop, flush.
#include "app/application.hpp"

#include "app/data_directory.hpp"
#include "app/file_limit.hpp"
#include "app/log_metrics.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "eventlog/kafka/kafka_log.hpp"
#include "observe/metrics.hpp"

#include <unistd.h>

namespace kwq::app {

namespace {

constexpr milliseconds rejected_kept{7LL * 24 * 3'600 * 1'000};  // on Kafka, for people to look at
constexpr std::int32_t control_partitions = 1;
constexpr std::uint64_t files_of_its_own = 1'000;  // the log's, the states', and room

std::string one_line(const resolved_config& config) {
    std::string out;
    for (const chosen_value& c : config.chosen) {
        const std::string value = c.of->secret && !c.value.empty() ? "********" : c.value;
        out += (out.empty() ? "" : " ") + std::string(c.of->name) + "=" + value;
    }
    return out;
}

}  // namespace

eventlog::kafka_config kafka_settings(const config& c) {
    auto kafka = c.kafka;
    kafka.kept_for = {{eventlog::topic_names{c.topic_prefix}.rejected(), rejected_kept}};
    return kafka;
}

application::application(const resolved_config& config)
    : config_(config.values), topics_{config.values.topic_prefix} {
    try {
        logger_ = observe::make_logger(config_.log);
        logger_->log(observe::level::info, "app", "starting", {{"version", cli::version_text()}});
        logger_->log(observe::level::info, "app", "configuration", {{"values", one_line(config)}});
        for (const std::string& remark : config.remarks) {
            logger_->log(observe::level::warn, "app", remark);
        }
        const std::uint64_t files = raise_file_limit();
        if (files < config_.server.max_connections + files_of_its_own) {
            logger_->log(observe::level::warn, "app",
                         "the limit of open files is too low for max-connections",
                         {{"limit", std::to_string(files)}});
        }
        prepare_data_directory(config_.data);
        start();
    } catch (const eventlog::log_failure& e) {
        stop();
        throw cannot_start(e.error().detail);
    } catch (const std::exception& e) {
        stop();
        throw cannot_start(e.what());
    }
}

application::~application() {
    stop();
}

void application::start() {
    const auto fatal = [this](const std::string& why) { die(why); };
    shard_random_ = make_system_random();
    api_random_ = make_system_random();
    open_log();
    ensure_topics();
    scheduler_ = scheduler::make_local_scheduler(
        config_.scheduler,
        {.log = *log_,
         .topics = topics_,
         .time = system_clock(),
         .random = *shard_random_,
         .logger = *logger_,
         .fatal = fatal,
         .queue_added = [this](const model::queue_name& queue, std::int32_t priorities) {
             tracker_->queue_added(queue, priorities);
         }});
    make_tracker();
    scheduler_runs_ = true;
    scheduler_->start();
    tracker_runs_ = true;
    tracker_->start();
    start_cluster();
    scheduler::scheduler* const all = scheduler_.get();
    api_ = rest::make_api({.base_path = config_.server.base_path,
                           .token = config_.token,
                           .ui_read_only = config_.ui_read_only,
                           .instance = config_.instance,
                           .version = cli::version_text(),
                           .log_kind = config_.log_kind,
                           .partitions = config_.scheduler.partitions,
                           .bulk_directory = config_.data + "/bulk"},
                          {.log = *log_,
                           .topics = topics_,
                           .scheduler = cluster_ ? *cluster_ : *all,
                           .tracker = *tracker_,
                           .time = system_clock(),
                           .random = *api_random_,
                           .logger = *logger_,
                           .server =
                               [this] {
                                   const net::server* server = counters_of_.load();
                                   return server == nullptr ? net::server_counters{}
                                                            : server->counters();
                               },
                           .more_metrics = log_metrics()});
    server_ = net::start_server(config_.server, *api_);
    counters_of_ = server_.get();
    scheduler_->serve();
    join_others();
    if (!config_.port_file.empty()) {
        write_port_file(config_.port_file, port());
    }
    logger_->log(observe::level::info, "app", "ready", {{"port", std::to_string(port())}});
}

/// What makes several instances one scheduler.
void application::start_cluster() {
    if (config_.log_kind != "kafka") {
        return;
    }
    cluster_ = std::make_unique<cluster::cluster_scheduler>(
        cluster::cluster_config{
            .instance = config_.instance,
            .token = config_.token.value_or(""),
            .shards = config_.scheduler.partitions,
            .ask_ends =
                [this](const std::vector<model::shard_id>& shards) { return ask_ends(shards); },
            .publish_depths =
                [this](const std::vector<scheduler::lane_depth>& depths) {
                    publish_depths(depths);
                }},
        *scheduler_, system_clock());
    cluster_->start();
}

/// So that what standard tools call lag is what waits.
void application::publish_depths(const std::vector<scheduler::lane_depth>& depths) {
    std::vector<std::pair<eventlog::topic_partition, model::offset>> offsets;
    for (const auto& d : depths) {
        const std::int64_t next = std::max<std::int64_t>(0, d.end.value() - d.waiting);
        offsets.push_back(
            {{topics_.tasks(d.queue, d.priority), d.shard.value()}, model::offset{next}});
    }
    if (const auto done = eventlog::commit_kafka_offsets(*log_, config_.topic_prefix, offsets);
        !done) {
        logger_->log(observe::level::warn, "kafka", "depths could not be committed as offsets",
                     {{"why", done.error().detail}});
    }
}

std::vector<std::optional<model::offset>> application::ask_ends(
    const std::vector<model::shard_id>& shards) {
    std::vector<eventlog::topic_partition> places;
    places.reserve(shards.size());
    for (const auto shard : shards) {
        places.push_back({topics_.status(), shard.value()});
    }
    return eventlog::ask_kafka_ends(*log_, places);
}

std::function<void(observe::metrics_page&)> application::log_metrics() {
    if (config_.log_kind != "kafka") {
        return [directory = config_.data + "/log"](observe::metrics_page& page) {
            add_log_metrics(directory, page);
        };
    }
    return [this](observe::metrics_page& page) {
        eventlog::add_kafka_metrics(*log_, rebalances_, page);
    };
}

void application::make_tracker() {
    tracker::tracker_dependencies given{.log = *log_,
                                        .topics = topics_,
                                        .time = system_clock(),
                                        .logger = *logger_,
                                        .fatal = [this](const std::string& why) { die(why); }};
    if (config_.trim_log && config_.log_kind == "embedded") {
        given.log_needs = [this](auto done) { scheduler_->log_needs(std::move(done)); };
    }
    tracker_ = tracker::make_tracker(config_.tracker, given);
}

std::string application::url() const {
    if (!config_.advertise.empty()) {
        return config_.advertise;
    }
    const std::string& address = config_.server.address;
    const bool any = address == "0.0.0.0" || address == "::";
    const bool is_v6 = address.find(':') != std::string::npos;
    const std::string host = any ? config_.host : is_v6 ? "[" + address + "]" : address;
    return "http://" + host + ":" + std::to_string(port()) + config_.server.base_path;
}

/// Which shards to claim is shared out among all instances.
void application::join_others() {
    if (config_.log_kind != "kafka") {
        return;
    }
    const auto note = [this](const char* what, const std::vector<std::int32_t>& numbers) {
        ++rebalances_;
        logger_->log(observe::level::info, "app", what,
                     {{"shards", std::to_string(numbers.size())}});
        return std::vector<model::shard_id>(numbers.begin(), numbers.end());
    };
    scheduler_->advertise(url());
    group_ = eventlog::join_kafka_group(
        {.kafka = watched_kafka(),
         .topic = topics_.shards(),
         .session_timeout = config_.session_timeout,
         .assigned =
             [this, note](const std::vector<std::int32_t>& numbers) {
                 scheduler_->own(note("shards to claim", numbers));
             },
         .revoked =
             [this, note](const std::vector<std::int32_t>& numbers) {
                 scheduler_->disown(note("shards for others to claim", numbers));
             }});
}

eventlog::kafka_config application::watched_kafka() {
    auto kafka = kafka_settings(config_);
    kafka.on_stop = [this](const std::string& why) { die(why); };
    kafka.on_note = [this](const std::string& what) {
        logger_->log(observe::level::warn, "kafka", what);
    };
    return kafka;
}

void application::open_log() {
    const auto fatal = [this](const std::string& why) { die(why); };
    if (config_.log_kind == "kafka") {
        log_ = eventlog::open_kafka_log(watched_kafka());
    } else {
        log_ = eventlog::open_embedded_log(
            {.directory = config_.data + "/log",
             .time = system_clock(),
             .on_stop = fatal,
             .may_use_reserve = {topics_.status(), topics_.control(), topics_.rejected()}});
    }
}

/// Topics of queues that were made while it ran are there already: the scheduler makes them.
void application::ensure_topics() {
    const auto ensure = [&](const std::string& topic, std::int32_t count) {
        if (const auto done = log_->ensure_topic(topic, count); !done) {
            throw cannot_start("topic " + topic + ": " + done.error().detail);
        }
    };
    const std::int32_t partitions = config_.scheduler.partitions;
    ensure(topics_.status(), partitions);
    ensure(topics_.control(), control_partitions);
    ensure(topics_.rejected(), partitions);
    if (config_.log_kind == "kafka") {
        ensure(topics_.shards(), partitions);
    }
    for (const model::queue_defined& q : config_.scheduler.queues) {
        for (std::int32_t p = 1; p <= q.priorities; ++p) {
            ensure(topics_.tasks(q.queue, model::priority{p}), partitions);
        }
    }
}

/// A write that failed may have happened: going on could promise what is not there. What was
/// acknowledged is safe, and a restart reads what is true.
void application::die(const std::string& why) {
    logger_->log(observe::level::error, "app", "must end", {{"reason", why}});
    cli::write_stderr("kwq: " + why + "; ending at once\n");
    ::_exit(static_cast<int>(serve_exit::lost));
}

void application::stop() {
    if (scheduler_runs_) {
        scheduler_->stop_dispatch();
    }
    group_.reset();  // others claim at once
    if (api_) {
        api_->begin_stop();
    }
    if (server_) {
        server_->stop(config_.drain_timeout);
    }
    if (api_) {
        api_->stop();
    }
    counters_of_ = nullptr;
    server_.reset();
    api_.reset();
    if (cluster_) {
        cluster_->stop();
    }
    if (tracker_runs_) {
        tracker_->stop();
        tracker_runs_ = false;
    }
    if (scheduler_runs_) {
        scheduler_->stop();
        scheduler_runs_ = false;
    }
    if (log_) {
        if (const auto flushed = log_->flush(); !flushed) {
            logger_->log(observe::level::error, "app", "the log could not be flushed",
                         {{"reason", flushed.error().detail}});
        }
        if (!config_.port_file.empty()) {
            ::unlink(config_.port_file.c_str());
        }
    }
    cluster_.reset();
    scheduler_.reset();
    tracker_.reset();
    log_.reset();
}

}  // namespace kwq::app
