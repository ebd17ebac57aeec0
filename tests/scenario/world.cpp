#include "world.hpp"

#include "codec/task_codec.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kwq::scenario {

using namespace scheduler;
using model::offset;
using moment_of_step = kwq::scheduler::moment;

world::world() {
    kv_ = store::make_memory_kv();
    add_queue("default", 9);
    open(true);
}

moment_of_step world::moment() const {
    return {now_, mono_};
}

void world::print(const std::string& line) {
    output_ += line + "\n";
}

std::string world::take_output() {
    return std::exchange(output_, {});
}

void world::add_queue(const std::string& queue, int priorities) {
    for (int p = 1; p <= priorities; ++p) {
        const lane_key lane{model::queue_name{queue}, model::priority{p}};
        topics_[lane];
        if (shard_) {
            shard_->on_lane_end(lane, offset{0});
        }
    }
}

void world::open(bool keep_state) {
    if (!keep_state) {
        kv_->clear();
    }
    shard_ = std::make_unique<shard>(shard::options{model::shard_id{0}, "s"}, *kv_, random_);
    invariants_ = {};
    const auto applied = shard_->state().applied_offset();
    for (auto i = static_cast<std::size_t>(applied.value() + 1); i < status_.size(); ++i) {
        shard_->on_event({offset{static_cast<std::int64_t>(i)}, status_[i]}, 0, moment());
    }
    shard_->take_effects();
    control_read_ = 0;
    for (const auto& [lane, t] : topics_) {
        shard_->on_lane_end(lane, offset{static_cast<std::int64_t>(t.tasks.size())});
    }
    shard_->claim(moment(), std::to_string(status_.size()));
    settle();
    shard_->open_doors(moment());
}

void world::restart() {
    shard_.reset();
    mono_ += milliseconds{10'000};  // another process: its clock starts elsewhere
    open(true);
}

void world::rebuild() {
    shard_.reset();
    open(false);
}

model::record world::submit(const model::task& t) {
    const lane_key lane{t.queue, t.priority};
    auto& topic = topics_.at(lane);
    const model::record place{t.queue, t.priority,
                              offset{static_cast<std::int64_t>(topic.tasks.size())}};
    topic.tasks.push_back({place, now_, t});
    topic.raw.emplace_back();
    places_[t.id.value()] = place;
    shard_->on_lane_end(lane, offset{place.offset.value() + 1});
    return place;
}

model::record world::submit_raw(const std::string& queue, int priority, const std::string& value) {
    const lane_key lane{model::queue_name{queue}, model::priority{priority}};
    auto& topic = topics_.at(lane);
    const model::record place{lane.queue, lane.topic,
                              offset{static_cast<std::int64_t>(topic.tasks.size())}};
    topic.tasks.emplace_back();
    topic.raw.push_back(value);
    shard_->on_lane_end(lane, offset{place.offset.value() + 1});
    return place;
}

void world::poll(poll_request p) {
    shard_->poll(next_ticket_++, std::move(p), moment());
}

void world::abandon(poll_ticket ticket) {
    shard_->abandon(ticket, moment());
}

void world::report(const lease_report& r) {
    shard_->report(next_request_++, r, moment());
}

void world::heartbeat(const model::lease_token& lease, const std::string& progress) {
    for (const auto& a : shard_->heartbeats({{lease, progress}}, moment())) {
        const char* is = !a.known ? "unknown" : a.live ? "live" : "lost";
        print(std::string("heartbeat ") + is +
              (a.directive == lease_directive::cancel ? " cancel" : " continue"));
    }
}

void world::control(model::control_body body) {
    control_.push_back({now_, std::move(body)});
}

void world::cancel(const std::string& id) {
    const auto place = place_of(id);
    const auto& t =
        topics_.at(lane_of(place)).tasks.at(static_cast<std::size_t>(place.offset.value()));
    shard_->cancel(next_request_++, std::make_shared<const model::stored_task>(t), moment());
}

void world::reprioritise(const std::string& id, model::priority to) {
    const auto place = place_of(id);
    const auto& t =
        topics_.at(lane_of(place)).tasks.at(static_cast<std::size_t>(place.offset.value()));
    shard_->reprioritise(next_request_++, std::make_shared<const model::stored_task>(t), to,
                         moment());
}

void world::retry(const std::string& id) {
    shard_->retry(next_request_++, place_of(id), moment());
}

void world::advance(milliseconds by) {
    // In the steps that the core asks for, as a runner would.
    const auto until = mono_ + by;
    while (mono_ < until) {
        const auto wake = shard_->next_wake(moment());
        const auto next = wake ? std::clamp(*wake, mono_ + milliseconds{1}, until) : until;
        now_ = now_ + (next - mono_);
        mono_ = next;
        settle();
    }
}

void world::append_foreign(model::event_body body, std::optional<model::owner_stamp> stamp) {
    status_.push_back({now_, stamp, std::move(body)});
}

void world::lose_appends() {
    status_.resize(static_cast<std::size_t>(shard_->state().applied_offset().value() + 1));
    shard_->lose_ownership(moment());
    shard_->claim(moment(), std::to_string(status_.size()));
}

bool world::read_back() {
    const auto applied = shard_->state().applied_offset();
    const auto next = static_cast<std::size_t>(applied.value() + 1);
    if (next >= status_.size() || may_read_ == 0U) {
        return false;
    }
    may_read_ = may_read_ ? std::optional(*may_read_ - 1) : std::nullopt;
    const model::logged_event logged{offset{static_cast<std::int64_t>(next)}, status_[next]};
    const auto a = shard_->on_event(logged, 0, moment());
    print("  " + std::to_string(next) + " " + describe(*this, logged.event) + describe(a.verdict));
    check();
    return true;
}

void world::check() {
    if (const auto broken = invariants_.broken_since(*shard_)) {
        throw std::runtime_error("invariant broken: " + *broken + "\n" + output_);
    }
}

bool world::turn() {
    bool moved = false;
    while (read_back()) {
        moved = true;
    }
    while (control_read_ < control_.size()) {
        const offset at{static_cast<std::int64_t>(control_read_)};
        shard_->on_control(at, control_[control_read_++], moment());
        moved = true;
    }
    shard_->decide(moment());
    check();
    for (const auto& e : shard_->take_effects()) {
        perform(e);
        moved = true;
    }
    return moved;
}

void world::settle() {
    while (turn()) {
    }
    shard_->state().commit();
}

void world::perform(const effect& e) {
    std::visit([this](const auto& what) { perform_one(what); }, e);
}

void world::perform_one(const emit& e) {
    status_.push_back(e.event);
    if (leaving_ && std::holds_alternative<model::allocated>(e.event.body)) {
        abandon(*std::exchange(leaving_, std::nullopt));
    }
}

void world::perform_one(const answer_poll& a) {
    std::string line = "answer poll " + std::to_string(a.ticket) + ":";
    for (const auto& s : a.answer.settled) {
        line += " " + lease_name(s.lease) + "=" + std::string(to_string(s.status));
    }
    for (const auto& l : a.answer.leases) {
        line += " " + l.task->body.id.value() + "(" + lease_name(l.lease) + ", attempt " +
                std::to_string(l.attempt) + ")";
    }
    if (a.answer.leases.empty()) {
        line += " nothing";
    }
    if (a.answer.directive != directive::run) {
        line += " directive=" + std::string(to_string(a.answer.directive));
    }
    print(line);
}

void world::perform_one(const reply& r) {
    print("reply: " + std::string(to_string(r.status)) +
          (r.verdict.accepted() ? "" : " (" + std::string(to_string(r.verdict.reason)) + ")"));
}

void world::perform_one(const read_lane& r) {
    const auto& t = topics_.at(lane_key{r.lane.queue, r.lane.topic});
    std::vector<met_record> met;
    for (auto o = r.from; o < r.to; o = offset{o.value() + 1}) {
        const model::record place{r.lane.queue, r.lane.topic, o};
        const auto i = static_cast<std::size_t>(o.value());
        if (!shard_->wants(place)) {
            continue;
        }
        if (t.raw[i].empty()) {
            met.push_back({place, std::make_shared<const model::stored_task>(t.tasks[i])});
        } else {
            met.push_back({place, std::string("unreadable")});
        }
    }
    shard_->on_records(r, std::move(met), r.to, moment());
}

void world::perform_one(const set_aside& s) {
    print("set aside " + to_string(s.place) + ": " + s.reason);
}

void world::perform_one(const append_follow_ups& f) {
    const auto& done =
        std::get<model::complete>(status_.at(static_cast<std::size_t>(f.of.value())).body);
    if (follow_loss_ == follow_loss::all) {
        print("follow-ups of " + done.id.value() + " lost");
        return;
    }
    for (const auto& t : done.then) {
        print("submitted " + t.id.value() + " at " + to_string(submit(t)));
    }
    if (follow_loss_ == follow_loss::none) {
        shard_->on_followed(f.of, moment());
    }
}

void world::perform_one(const control_done& c) {
    print("control " + std::to_string(c.control_offset.value()) + " done");
}

std::vector<model::topic_end> world::ends_of(const std::string& queue) const {
    std::vector<model::topic_end> ends;
    for (const auto& [lane, t] : topics_) {
        if (lane.queue.value() == queue && !t.tasks.empty()) {
            ends.push_back(
                {lane.queue, lane.topic, offset{static_cast<std::int64_t>(t.tasks.size())}});
        }
    }
    return ends;
}

std::vector<model::topic_end> world::all_ends() const {
    std::vector<model::topic_end> ends;
    for (const auto& [lane, t] : topics_) {
        if (!t.tasks.empty()) {
            ends.push_back(
                {lane.queue, lane.topic, offset{static_cast<std::int64_t>(t.tasks.size())}});
        }
    }
    return ends;
}

std::string world::lease_name(const model::lease_token& token) {
    const auto [found, is_new] =
        names_.try_emplace(token.value(), "L" + std::to_string(names_.size() + 1));
    if (is_new) {
        leases_[found->second] = token.value();
    }
    return found->second;
}

model::lease_token world::lease(const std::string& name) const {
    const auto found = leases_.find(name);
    return model::lease_token{found == leases_.end() ? name : found->second};
}

model::record world::place_of(const std::string& id) const {
    const auto found = places_.find(id);
    if (found == places_.end()) {
        throw std::runtime_error("no task " + id + " was submitted");
    }
    return found->second;
}

}  // namespace kwq::scenario
