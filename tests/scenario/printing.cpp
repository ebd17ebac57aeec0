// How events and verdicts read in a transcript.
#include "world.hpp"

#include <sstream>

namespace kwq::scenario {

namespace {

std::string seconds(milliseconds ms) {
    std::ostringstream out;
    out << static_cast<double>(ms.count()) / 1'000.0 << "s";
    return out.str();
}

std::string text(const std::vector<model::offset_range>& ranges) {
    std::string out;
    for (const auto& r : ranges) {
        out += " [" + std::to_string(r.first.value()) + "," + std::to_string(r.last.value()) + ")";
    }
    return out;
}

struct printer {
    world& w;
    instant at;

    std::string task(const model::record& place, const model::task_id& id) const {
        return " " + id.value() + " " + to_string(place);
    }
    std::string lane(const model::queue_name& q, model::priority p) const {
        return " " + q.value() + "/" + std::to_string(p.value());
    }
    template <class E>
    std::string leased(const E& e) const {
        return task(e.place, e.id) + " " + w.lease_name(e.lease);
    }
    static std::string intro(const std::optional<model::task_intro>& i) {
        return i ? " job=" + i->job.value() : "";
    }

    std::string operator()(const model::claim& e) const { return " by " + e.owner; }
    std::string operator()(const model::cursor& e) const {
        return lane(e.queue, e.priority) +
               (e.next ? " next=" + std::to_string(e.next->value()) : "") +
               (e.done.empty() ? "" : " done" + text(e.done));
    }
    std::string operator()(const model::allocated& e) const {
        return leased(e) + " worker=" + e.worker.value() + " attempt=" + std::to_string(e.attempt) +
               intro(e.intro);
    }
    std::string operator()(const model::parked& e) const {
        return task(e.place, e.id) + " for " + seconds(e.until - at) + intro(e.intro);
    }
    std::string operator()(const model::parked_ranges& e) const {
        return lane(e.queue, e.priority) + " job=" + e.job.value() + text(e.ranges);
    }
    std::string operator()(const model::ready& e) const {
        return task(e.place, e.id) + (e.reason == model::ready_reason::due ? " due" : " retry");
    }
    std::string operator()(const model::ready_ranges& e) const {
        return lane(e.queue, e.priority) + " job=" + e.job.value() + text(e.ranges);
    }
    std::string operator()(const model::lease_expired& e) const { return leased(e); }
    std::string operator()(const model::cancelled& e) const {
        return task(e.place, e.id) +
               (e.reason == model::cancel_reason::expired ? " expired" : " requested") +
               intro(e.intro);
    }
    std::string operator()(const model::duplicate& e) const {
        return task(e.place, e.id) + " of " + to_string(e.of);
    }
    std::string operator()(const model::rejected& e) const {
        return " " + to_string(e.place) + ": " + e.reason;
    }
    std::string operator()(const model::control& e) const {
        switch (e.action) {
            case model::control_action::cancel_job: return " cancel job " + e.job.value();
            case model::control_action::retry_job: return " retry job " + e.job.value();
            case model::control_action::empty_queue: return " empty queue " + e.queue.value();
        }
        return "";
    }
    std::string operator()(const model::followed& e) const {
        return " of " + std::to_string(e.of.value());
    }
    std::string operator()(const model::moved& e) const {
        return task(e.place, e.id) + " to " + std::to_string(e.to.value()) + intro(e.intro);
    }
    std::string operator()(const model::horizon&) const { return ""; }
    std::string operator()(const model::running& e) const { return leased(e); }
    std::string operator()(const model::progress& e) const {
        return leased(e) + " " + e.progress_json;
    }
    std::string operator()(const model::complete& e) const {
        std::string out = leased(e) + (e.result_json.empty() ? "" : " result=" + e.result_json);
        for (const auto& t : e.then) {
            out += " then " + t.id.value();
        }
        return out;
    }
    std::string operator()(const model::task_error& e) const {
        return leased(e) + " \"" + e.message + "\"" + (e.retry ? "" : " final");
    }
    std::string operator()(const model::released& e) const {
        return leased(e) + (e.delay.count() > 0 ? " for " + seconds(e.delay) : "");
    }
};

}  // namespace

std::string describe(world& w, const model::event& e) {
    return std::string(model::type_name(e.body)) + std::visit(printer{w, e.at}, e.body);
}

std::string describe(const model::verdict& v) {
    return v.accepted() ? "" : "  -> void: " + std::string(to_string(v.reason));
}

}  // namespace kwq::scenario
