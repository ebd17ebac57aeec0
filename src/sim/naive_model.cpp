// The naive model's reading of the log.
#include "sim/naive_model.hpp"

#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "sim/naive_order.hpp"

#include <algorithm>
#include <utility>

namespace kwq::sim {

using model::offset;

namespace {

constexpr std::size_t read_bytes = 1U << 20U;

offset after(offset o) {
    return offset{o.value() + 1};
}

}  // namespace

naive_model::naive_model(world& w, const eventlog::topic_names& topics, eventlog::event_log& log,
                         bases& noted)
    : world_(w), topics_(topics), log_(log), noted_(noted) {}

void naive_model::configure_queue(const model::queue_name& queue, std::int32_t priorities) {
    configured_[queue] = priorities;
    add_queue(queue, priorities);
}

void naive_model::add_queue(const model::queue_name& queue, std::int32_t priorities) {
    queues_[queue] = priorities;
    for (std::int32_t p = 1; p <= priorities; ++p) {
        lane_next_.try_emplace({queue, model::priority{p}}, offset{0});
    }
}

void naive_model::catch_up() {
    read_controls();
    read_status();
}

void naive_model::read_again() {
    queues_.clear();  // one that was made may not be known any more
    lane_next_.clear();
    for (const auto& [queue, priorities] : configured_) {
        add_queue(queue, priorities);
    }
    tasks_.clear();
    control_next_ = offset{0};
    controls_.clear();
    verdicts_.clear();
    events_.clear();
    epoch_ = offset{-1};
    t_ = milliseconds{0};
    control_seen_ = offset{-1};
    horizon_ = instant{0};
    bound_.clear();
    leases_.clear();
    leased_.clear();
    waiting_.clear();
    moved_.clear();
    unfollowed_.clear();
    tries_.clear();
    reading_again_ = true;
    catch_up();
    read_lanes();
    reading_again_ = false;
}

void naive_model::read_lanes() {
    for (auto& [where, next] : lane_next_) {
        const eventlog::topic_partition from{topics_.tasks(where.first, where.second), 0};
        const auto range = log_.range(from);
        while (range && next < range->end) {
            const auto found = log_.read(from, next, read_bytes);
            for (const auto& r : *found) {
                take_task(where, r);
                next = after(r.offset);
            }
        }
    }
}

void naive_model::take_task(const lane& where, const eventlog::log_record& r) {
    const model::record place{where.first, where.second, r.offset};
    const auto topic = topics_.tasks(where.first, where.second);
    auto body = codec::read_stored_task({topic, 0, place, r.timestamp, r.key, r.value});
    naive_task& t = tasks_[place];
    waiting_[where].insert(r.offset);
    if (!body) {
        return;
    }
    const auto& mark = body->body.source;
    if (refused_tries_.count(mark) > 0) {
        world::broken("a refused submit is in the log: " + mark + " at " + to_string(place));
    }
    tries_.insert(mark);
    t.id = body->body.id;
    t.job = body->body.job;
    t.body = std::move(*body);
}

void naive_model::read_controls() {
    const eventlog::topic_partition from{topics_.control(), 0};
    const auto range = log_.range(from);
    if (!range || control_next_ >= range->end) {
        return;
    }
    for (const auto& r : *log_.read(from, control_next_, read_bytes)) {
        control_next_ = after(r.offset);
        auto c = codec::read_control(r.value);
        if (!c) {
            continue;
        }
        if (const auto* q = std::get_if<model::queue_defined>(&c->body)) {
            add_queue(q->queue, std::max(q->priorities, queues_[q->queue]));
        }
        controls_.emplace_back(r.offset, std::move(*c));
    }
}

void naive_model::read_status() {
    const eventlog::topic_partition from{topics_.status(), 0};
    const auto range = log_.range(from);
    if (!range || status_end() >= range->end) {
        return;
    }
    read_lanes();  // what an event names was there before it
    while (status_end() < range->end) {
        const auto found = log_.read(from, status_end(), read_bytes);
        for (const auto& r : *found) {
            auto e = codec::read_event(r.value);
            if (!e) {
                verdicts_.emplace_back();
                events_.emplace_back();
                world_.past.add("unreadable", r.offset.value());
                continue;
            }
            if (world_.past.is_recording() && !reading_again_) {
                world_.past.explain(r.value);
            }
            if (std::holds_alternative<model::allocated>(e->body) && !r.headers.empty() &&
                !reading_again_) {
                naive_order(*this).check(*e, r);
            }
            const auto v = judge(r.offset, *e);
            world_.past.add(model::type_name(e->body), r.offset.value(),
                            std::string_view(model::to_string(v.reason)));
            if (!reading_again_) {
                world_.counts.event(*e, v.before, v.reason);
            }
            verdicts_.emplace_back(v);
            events_.emplace_back(std::move(*e));
        }
    }
}

const naive_lease* naive_model::lease(const model::lease_token& token) const {
    const auto found = leases_.find(token.value());
    return found == leases_.end() ? nullptr : &found->second;
}

bool naive_model::is_live(const model::lease_token& token) const {
    const auto* l = lease(token);
    if (l == nullptr) {
        return false;
    }
    const auto& t = tasks_.at(l->where);
    return t.place == place::leased && t.lease == token;
}

const std::optional<naive_verdict>& naive_model::verdict(offset at) const {
    return verdicts_.at(static_cast<std::size_t>(at.value()));
}

const model::event* naive_model::event_at(offset at) const {
    const auto i = static_cast<std::size_t>(at.value());
    return at.value() >= 0 && i < events_.size() && events_[i] ? &*events_[i] : nullptr;
}

offset naive_model::status_end() const {
    return offset{static_cast<std::int64_t>(verdicts_.size())};
}

std::vector<model::lease_token> naive_model::live_leases() const {
    std::vector<model::lease_token> out;
    out.reserve(leased_.size());
    for (const auto& where : leased_) {
        out.push_back(tasks_.at(where).lease);
    }
    return out;
}

std::optional<model::record> naive_model::bound(const model::task_id& id) const {
    const auto found = bound_.find(id.value());
    if (found == bound_.end()) {
        return std::nullopt;
    }
    return is_forgotten(tasks_.at(found->second)) ? std::nullopt : std::optional(found->second);
}

void naive_model::refuse_try(const std::string& mark) {
    refused_tries_.insert(mark);
    if (has_try(mark)) {
        world::broken("a submit was refused though it is in the log: " + mark);
    }
}

void naive_model::promise_lease(const model::lease_token& token, mono_time until) {
    auto& promised = promised_[token.value()];
    promised = std::max(promised, until);
}

void naive_model::know_affinity(const model::worker_name& worker, std::vector<std::string> keys) {
    affinity_[worker] = std::move(keys);
}

}  // namespace kwq::sim
