// topics: see the header. Every call has a queue of its own for its answer, so that threads do not
// take each other's.
#include "eventlog/kafka/topics.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <vector>

namespace kwq::eventlog::kafka {

namespace {

constexpr int request_ms = 10'000;
constexpr int look_again_ms = 50;
constexpr int many_ends_ms = 3'000;
constexpr milliseconds commit_again{30'000};  // nobody hears of one that failed
constexpr milliseconds ready_patience{30'000};

template <class T, void (*Destroy)(T*)>
struct deleter {
    void operator()(T* t) const { Destroy(t); }
};
template <class T, void (*Destroy)(T*)>
using owned = std::unique_ptr<T, deleter<T, Destroy>>;

using new_topic_ptr = owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using resource_ptr = owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using deletion_ptr = owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;
using partitions_ptr =
    owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

struct metadata_deleter {
    void operator()(const rd_kafka_metadata_t* m) const { rd_kafka_metadata_destroy(m); }
};
using metadata_ptr = std::unique_ptr<const rd_kafka_metadata_t, metadata_deleter>;

log_error failed(const std::string& what, rd_kafka_resp_err_t code, const char* detail = nullptr) {
    return {errc::unknown, what + ": " + (detail != nullptr ? detail : rd_kafka_err2str(code))};
}

/// Waits without a thread of its own: nothing ever comes to that queue.
void pause(rd_kafka_t* client) {
    const queue_ptr never(rd_kafka_queue_new(client));
    const event_ptr none(rd_kafka_queue_poll(never.get(), look_again_ms));
}

result<metadata_ptr> metadata(rd_kafka_t* client, int patience_ms) {
    const rd_kafka_metadata_t* found = nullptr;
    const auto code = rd_kafka_metadata(client, 1, nullptr, &found, patience_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failed("no answer from Kafka", code);
    }
    return metadata_ptr(found);
}

/// While a partition has no leader, or another one than was believed.
bool is_passing(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: return true;
        default: return false;
    }
}

topic_facts facts_of(const rd_kafka_metadata_topic_t& t) {
    topic_facts facts{.partitions = t.partition_cnt, .replicas = 0, .ready = t.partition_cnt > 0};
    for (int p = 0; p < t.partition_cnt; ++p) {
        const auto& one = t.partitions[p];
        facts.ready = facts.ready && one.leader >= 0;
        facts.replicas = p == 0 ? one.replica_cnt : std::min(facts.replicas, one.replica_cnt);
    }
    return facts;
}

std::map<std::string, std::string> wanted_settings(const std::string& topic,
                                                   const kafka_config& config) {
    std::int64_t keep_ms = -1;
    for (const auto& [name, kept] : config.kept_for) {
        keep_ms = name == topic ? kept.count() : keep_ms;
    }
    return {{"cleanup.policy", "delete"},
            {"retention.ms", std::to_string(keep_ms)},
            {"retention.bytes", "-1"},
            {"max.message.bytes", message_bytes},
            {"min.insync.replicas", std::to_string(config.min_insync)},
            {"unclean.leader.election.enable", "false"}};
}

long number(const std::string& text) {
    return std::strtol(text.c_str(), nullptr, 10);
}

/// As it must be, or safer.
bool is_enough(const std::string& name, const std::string& there, const std::string& wanted) {
    if (name == "max.message.bytes" || name == "min.insync.replicas") {
        return number(there) >= number(wanted);
    }
    if (name == "retention.ms") {
        return number(there) < 0 || (number(wanted) >= 0 && number(there) >= number(wanted));
    }
    return there == wanted;
}

event_ptr describe(rd_kafka_t* client, const std::string& topic) {
    resource_ptr resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    const queue_ptr answers(rd_kafka_queue_new(client));
    auto* one = resource.get();
    rd_kafka_DescribeConfigs(client, &one, 1, nullptr, answers.get());
    return event_ptr(rd_kafka_queue_poll(answers.get(), 2 * request_ms));
}

const rd_kafka_ConfigResource_t* described(const event_ptr& answer) {
    std::size_t count = 0;
    return rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer.get()), &count)[0];
}

rd_kafka_resp_err_t error_of(const event_ptr& answer) {
    if (!answer) {
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    const auto code = rd_kafka_event_error(answer.get());
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_ConfigResource_error(described(answer))
                                              : code;
}

result<void> judge(const event_ptr& answer, const std::string& topic, const kafka_config& config) {
    const auto wanted = wanted_settings(topic, config);
    std::size_t count = 0;
    const auto* const* entries = rd_kafka_ConfigResource_configs(described(answer), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const char* value = rd_kafka_ConfigEntry_value(entries[i]);
        const auto rule = wanted.find(rd_kafka_ConfigEntry_name(entries[i]));
        if (rule != wanted.end() && value != nullptr &&
            !is_enough(rule->first, value, rule->second)) {
            return log_error{errc::topic_mismatch, "topic " + topic + " has " + rule->first + "=" +
                                                       value + ", which is not as safe as " +
                                                       rule->second};
        }
    }
    return {};
}

rd_kafka_resp_err_t find_end(rd_kafka_t* client, const topic_partition& where, std::int64_t what,
                             std::optional<offset>& found) {
    const partitions_ptr list(rd_kafka_topic_partition_list_new(1));
    auto* const one =
        rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition);
    one->offset = what;  // where librdkafka takes a time, and these
    if (const auto code = rd_kafka_offsets_for_times(client, list.get(), request_ms);
        code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return code;
    }
    if (one->err == RD_KAFKA_RESP_ERR_NO_ERROR && one->offset < 0) {
        return RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;  // as it was: nobody answered, for whatever
    }
    if (one->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        found = offset{one->offset};
    }
    return one->err;
}

}  // namespace

topics::topics(const kafka_config& config, const client_notes& notes)
    : config_(config), notes_(notes), client_(make_client(client_role::admin, config, notes)) {}

result<int> topics::wait_for_brokers() {
    const auto end = system_clock().monotonic() + config_.start_patience;
    while (true) {
        const auto left = (end - system_clock().monotonic()).count();
        auto found =
            metadata(client_.get(), static_cast<int>(std::clamp<std::int64_t>(left, 1, 2'000)));
        if (found && (*found)->broker_cnt > 0) {
            return (*found)->broker_cnt;
        }
        if (left <= 0) {
            return log_error{errc::cannot_open,
                             "no broker of " + config_.brokers + " answered within " +
                                 std::to_string(config_.start_patience.count()) + " ms"};
        }
        pause(client_.get());
    }
}

result<std::optional<topic_facts>> topics::find(const std::string& name) {
    const auto found = metadata(client_.get(), request_ms);
    if (!found) {
        return found.error();
    }
    const auto& all = **found;
    for (int i = 0; i < all.topic_cnt; ++i) {
        if (name == all.topics[i].topic) {
            if (all.topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                return std::optional(facts_of(all.topics[i]));
            }
            break;
        }
    }
    return std::optional<topic_facts>();
}

result<topic_facts> topics::create(const std::string& name, std::int32_t partitions) {
    std::array<char, 512> why{};
    new_topic_ptr topic(rd_kafka_NewTopic_new(name.c_str(), partitions, config_.replication,
                                              why.data(), why.size()));
    if (!topic) {
        return log_error{errc::topic_mismatch, "topic " + name + ": " + why.data()};
    }
    for (const auto& [setting, value] : wanted_settings(name, config_)) {
        rd_kafka_NewTopic_set_config(topic.get(), setting.c_str(), value.c_str());
    }
    const queue_ptr answers(rd_kafka_queue_new(client_.get()));
    auto* one = topic.get();
    rd_kafka_CreateTopics(client_.get(), &one, 1, nullptr, answers.get());
    const event_ptr event(rd_kafka_queue_poll(answers.get(), 2 * request_ms));
    if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return log_error{errc::unknown, "making topic " + name + ": " +
                                            (event ? rd_kafka_event_error_string(event.get())
                                                   : "no answer from Kafka")};
    }
    std::size_t count = 0;
    const auto* const* made = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    const auto code = rd_kafka_topic_result_error(made[0]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        return failed("making topic " + name, code, rd_kafka_topic_result_error_string(made[0]));
    }
    const auto end = system_clock().monotonic() + ready_patience;
    while (system_clock().monotonic() < end) {
        const auto found = find(name);
        if (found && *found && (*found)->ready) {
            return **found;
        }
        pause(client_.get());
    }
    return log_error{errc::unknown, "topic " + name + " was made and has no leaders yet"};
}

result<void> topics::check(const std::string& name, const topic_facts& facts) {
    if (facts.replicas < config_.replication) {
        return log_error{errc::topic_mismatch,
                         "topic " + name + " has " + std::to_string(facts.replicas) +
                             " replicas, less than the " + std::to_string(config_.replication) +
                             " asked for"};
    }
    return check_settings(name);
}

/// A broker that was asked for a new topic may not have heard of it yet.
result<void> topics::check_settings(const std::string& name) {
    const auto give_up = system_clock().monotonic() + ready_patience;
    while (true) {
        const auto answer = describe(client_.get(), name);
        const auto code = error_of(answer);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return judge(answer, name, config_);
        }
        if (!is_passing(code) || system_clock().monotonic() > give_up) {
            return failed("settings of topic " + name, code);
        }
        pause(client_.get());
    }
}

/// The leader of a topic that was just made knows a little later than the metadata that it is one.
/// Each end is asked for by itself: of librdkafka's call for both, when one question fails, the
/// answer to the other comes back twice, and a log that begins at its end has no records.
result<partition_range> topics::ends(const topic_partition& where) {
    const auto give_up = system_clock().monotonic() + ready_patience;
    std::optional<offset> first;
    std::optional<offset> end;
    while (true) {
        const auto code = first ? find_end(client_.get(), where, RD_KAFKA_OFFSET_END, end)
                                : find_end(client_.get(), where, RD_KAFKA_OFFSET_BEGINNING, first);
        if (first && end) {
            return partition_range{.first = *first, .end = *end, .durable = *end};
        }
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            continue;
        }
        if (!is_passing(code) || system_clock().monotonic() > give_up) {
            return failed(
                "ends of " + where.topic + " partition " + std::to_string(where.partition), code);
        }
        pause(client_.get());
    }
}

std::vector<std::optional<offset>> topics::ends_of(const std::vector<topic_partition>& places) {
    return ask(places, RD_KAFKA_OFFSET_END);
}

result<std::vector<partition_range>> topics::all_ends(const std::string& name,
                                                      std::int32_t partitions) {
    std::vector<topic_partition> places;
    places.reserve(static_cast<std::size_t>(partitions));
    for (std::int32_t p = 0; p < partitions; ++p) {
        places.push_back({name, p});
    }
    const auto last = ask(places, RD_KAFKA_OFFSET_END);
    const auto first = ask(places, RD_KAFKA_OFFSET_BEGINNING);
    std::vector<partition_range> all;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (first[i] && last[i]) {
            all.push_back({*first[i], *last[i], *last[i]});
        } else if (const auto one = ends(places[i])) {
            all.push_back(*one);
        } else {
            return one.error();
        }
    }
    return all;
}

std::vector<std::optional<offset>> topics::ask(const std::vector<topic_partition>& places,
                                               std::int64_t what) {
    std::vector<std::optional<offset>> ends(places.size());
    if (places.empty()) {
        return ends;
    }
    const partitions_ptr list(rd_kafka_topic_partition_list_new(static_cast<int>(places.size())));
    std::map<topic_partition, std::size_t> index;
    for (std::size_t i = 0; i < places.size(); ++i) {
        index[places[i]] = i;
        rd_kafka_topic_partition_list_add(list.get(), places[i].topic.c_str(), places[i].partition)
            ->offset = what;  // where librdkafka takes a time, and these
    }
    rd_kafka_offsets_for_times(client_.get(), list.get(), many_ends_ms);
    for (int i = 0; i < list->cnt; ++i) {
        const auto& one = list->elems[i];
        if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
            ends[index[{one.topic, one.partition}]] = offset{one.offset};
        }
    }
    return ends;
}

result<void> topics::commit(const std::string& group, const placed_offsets& offsets) {
    const std::lock_guard one_at_a_time(committed_mutex_);
    const auto now = system_clock().monotonic();
    const partitions_ptr list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const auto& [where, next] : offsets) {
        const auto said = committed_.find(where);
        if (said == committed_.end() || said->second.first != next ||
            now - said->second.second > commit_again) {
            rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition)
                ->offset = next.value();
        }
    }
    if (list->cnt == 0) {
        return {};
    }
    if (!committer_) {
        committer_ = make_group_client(config_, notes_, {.group = group});
    }
    // Not by the admin request for it: in this version of librdkafka it ends the process when a
    // broker dies before it answers.
    const auto code = rd_kafka_commit(committer_.get(), list.get(), 1);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failed("committing offsets", code);
    }
    for (int i = 0; i < list->cnt; ++i) {
        const auto& at = list->elems[i];
        committed_[{at.topic, at.partition}] = {offset{at.offset}, now};
    }
    return {};
}

result<offset> topics::trim(const topic_partition& where, offset before) {
    partitions_ptr list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition)->offset =
        before.value();
    deletion_ptr deletion(rd_kafka_DeleteRecords_new(list.get()));
    const queue_ptr answers(rd_kafka_queue_new(client_.get()));
    auto* one = deletion.get();
    rd_kafka_DeleteRecords(client_.get(), &one, 1, nullptr, answers.get());
    const event_ptr event(rd_kafka_queue_poll(answers.get(), 2 * request_ms));
    if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return log_error{errc::unknown, "trimming " + where.topic + ": " +
                                            (event ? rd_kafka_event_error_string(event.get())
                                                   : "no answer from Kafka")};
    }
    const auto* const done =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
    if (done->cnt != 1 || done->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failed("trimming " + where.topic,
                      done->cnt == 1 ? done->elems[0].err : RD_KAFKA_RESP_ERR_UNKNOWN);
    }
    return offset{done->elems[0].offset};
}

}  // namespace kwq::eventlog::kafka
