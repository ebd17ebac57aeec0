#include "hand_log.hpp"

#include "codec/task_codec.hpp"
#include "model/lease.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace kwq::check::test {

namespace {

const std::string task_topic = "kwq-default-5";
const std::string status_topic = "kwq-status";

}  // namespace

hand_log::hand_log() {
    for (const auto* name : {"kwq-default-5", "kwq-status", "kwq-control", "kwq-rejected"}) {
        topics_[name];
    }
}

eventlog::result<std::vector<topic_shape>> hand_log::topics() {
    std::vector<topic_shape> found;
    for (const auto& [name, records] : topics_) {
        found.push_back({name, 1});
    }
    return found;
}

eventlog::result<eventlog::partition_range> hand_log::range(
    const eventlog::topic_partition& where) {
    const auto& records = topics_[where.topic];
    if (records.empty()) {
        return eventlog::partition_range{};
    }
    const model::offset end{records.back().offset.value() + 1};
    return eventlog::partition_range{records.front().offset, end, end};
}

eventlog::result<std::vector<eventlog::log_record>> hand_log::read(
    const eventlog::topic_partition& where, model::offset from, std::size_t /*max_bytes*/) {
    std::vector<eventlog::log_record> found;
    for (const auto& r : topics_[where.topic]) {
        if (r.offset >= from && found.size() < 3) {
            found.push_back(r);
        }
    }
    return found;
}

std::int64_t hand_log::append(const std::string& topic, std::string key, std::string value) {
    auto& records = topics_[topic];
    const auto next = records.empty() ? 0 : records.back().offset.value() + 1;
    records.push_back({.offset = model::offset{next},
                       .timestamp = at_,
                       .key = std::move(key),
                       .value = std::move(value),
                       .headers = {}});
    return next;
}

model::record hand_log::task(const std::string& json) {
    return {model::queue_name{"default"}, model::priority{5},
            model::offset{append(task_topic, "", json)}};
}

model::record hand_log::task_named(const std::string& id, const std::string& more) {
    return task(R"({"id":")" + id + R"(","payload":1)" + more + "}");
}

void hand_log::command(const model::command& c) {
    append("kwq-control", "", codec::write_control({at_, c}));
}

void hand_log::set_aside(const std::string& id) {
    append("kwq-rejected", id, "?");
}

void hand_log::claim() {
    const model::event e{at_, std::nullopt, model::claim{"owner", "1"}};
    epoch_ = model::offset{append(status_topic, "", codec::write_event(e))};
    t_ = milliseconds{0};
    sequence_ = 0;
}

std::int64_t hand_log::owner(model::event_body body, milliseconds after) {
    pass(after);
    const model::event e{at_, stamp(), std::move(body)};
    return append(status_topic, codec::event_key(e), codec::write_event(e));
}

std::int64_t hand_log::report(model::event_body body) {
    const model::event e{at_, std::nullopt, std::move(body)};
    return append(status_topic, codec::event_key(e), codec::write_event(e));
}

void hand_log::raw_event(std::string value) {
    append(status_topic, "", std::move(value));
}

model::stored_task hand_log::stored(const model::record& where) const {
    const auto& r = topics_.at(task_topic).at(static_cast<std::size_t>(where.offset.value()));
    return codec::read_stored_task({.topic = task_topic,
                                    .partition = 0,
                                    .place = where,
                                    .timestamp = r.timestamp,
                                    .key = r.key,
                                    .value = r.value})
        .value();
}

model::task_id hand_log::id(const model::record& where) const {
    return stored(where).body.id;
}

model::task_intro hand_log::intro(const model::record& where) const {
    const auto t = stored(where);
    return {t.body.job, t.body.tags, t.submitted_at, t.body.limits};
}

model::lease_token hand_log::lease_for(const model::record& where, std::uint32_t attempt) {
    return model::encode_lease({.shard = model::shard_id{0},
                                .epoch = epoch_,
                                .sequence = ++sequence_,
                                .place = where,
                                .attempt = attempt,
                                .random = 7});
}

model::allocated hand_log::allocation(const model::record& where, const model::lease_token& lease,
                                      std::uint32_t attempt) {
    return {where,   id(where),
            lease,   model::worker_name{"w"},
            attempt, attempt == 1 ? std::optional(intro(where)) : std::nullopt};
}

model::lease_token hand_log::allocate(const model::record& where) {
    const auto attempt = ++attempts_[where];
    auto lease = lease_for(where, attempt);
    owner(allocation(where, lease, attempt));
    return lease;
}

void hand_log::complete(const model::record& where, const model::lease_token& lease,
                        std::vector<model::task> then) {
    report(model::complete{where, id(where), lease, "", std::move(then)});
}

check_report check(hand_log& log) {
    return check_log(log, {}).value();
}

check_report check(hand_log& log, const std::string& history) {
    std::istringstream lines(history);
    return check_log(log, {.history = &lines}).value();
}

std::string first_finding(const check_report& report) {
    if (report.found.clean()) {
        return "clean";
    }
    const auto& v = report.found.first_ones().front();
    return std::string(id_of(v.broken)) + " " + v.event + "@" + std::to_string(v.where.at);
}

}  // namespace kwq::check::test
