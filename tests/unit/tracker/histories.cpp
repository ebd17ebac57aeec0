#include "histories.hpp"

#include "base/random.hpp"
#include "recount.hpp"

#include <algorithm>
#include <set>

namespace kwq::tracker {

namespace {

using model::place;

class generator {
public:
    explicit generator(std::uint64_t seed) : random_(seed) { log(events_.claim()); }

    void step() {
        events_.pass(static_cast<std::int64_t>(random_.below(2'000)));
        const auto drawn = random_.below(100);
        if (drawn < 25 || known_.records().empty()) {
            submit();
        } else if (drawn < 85) {
            touch(pick());
        } else if (drawn < 90) {
            drop(repeats_.empty() || chance(30) ? pick()
                                                : repeats_[random_.below(repeats_.size())]);
        } else if (drawn < 94) {
            command();
        } else if (drawn < 96) {
            log(events_.claim());
        } else if (drawn < 98) {
            late_report();
        } else {
            const auto before = events_.now() - static_cast<std::int64_t>(random_.below(60'000));
            log(events_.owner(model::horizon{instant{before}}));
        }
    }
    random_history take() { return std::move(history_); }

private:
    bool chance(std::uint64_t of_100) { return random_.below(100) < of_100; }

    void log(const model::logged_event& e) {
        known_.add(e);
        history_.status.push_back(e);
    }

    void submit() {
        task_spec t;
        t.queue = chance(20) ? "other" : "default";
        t.priority = static_cast<std::int32_t>(4 + random_.below(3));
        auto& topic = history_.topics[t.queue + std::to_string(t.priority)];
        t.offset = static_cast<std::int64_t>(topic.size());
        t.id = "t" + std::to_string(chance(10) ? random_.below(ids_ + 1) : ids_++);
        t.job = "job" + std::to_string(random_.below(3));
        for (std::uint64_t n = random_.below(3); n > 0; --n) {
            t.tags.push_back("tag" + std::to_string(random_.below(4)));
        }
        t.submitted_at = events_.now();
        t.max_attempts = static_cast<std::uint32_t>(1 + random_.below(3));
        topic.push_back(record_of(t));
        known_.add(topic.back());
        specs_.push_back(t);
        if (!seen_ids_.insert(t.id).second) {
            repeats_.push_back(t);
        }
    }

    const task_spec& pick() { return specs_[random_.below(specs_.size())]; }

    /// Something that may happen to a task where it is now; now and then something that may not.
    void touch(const task_spec& t) {
        const auto facts = known_.facts(place_of(t), t.job);
        const auto id = model::task_id{t.id};
        if (facts.place == place::leased) {
            report(t, facts.lease.value());
        } else if (chance(12)) {
            const model::priority to{static_cast<std::int32_t>(4 + random_.below(3))};
            log(events_.owner(model::moved{place_of(t), id, to, intro_of(t)}));
        } else if (facts.place == place::scheduled && chance(80)) {
            log(events_.owner(model::ready{place_of(t), id, model::ready_reason::due}));
        } else if (facts.place == place::dead && chance(50)) {
            log(events_.owner(model::ready{place_of(t), id, model::ready_reason::retry}));
        } else if (chance(10)) {
            log(events_.owner(
                model::cancelled{place_of(t), id, model::cancel_reason::requested, intro_of(t)}));
        } else if (chance(10)) {
            log(events_.owner(
                model::parked{place_of(t), id, instant{events_.now() + 5'000}, intro_of(t)}));
        } else {
            allocate(t, facts.attempt + 1);
        }
    }

    void allocate(const task_spec& t, std::uint32_t attempt) {
        auto a = allocation(t, "lease" + std::to_string(leases_++), attempt);
        a.intro = intro_of(t);
        log(events_.owner(a));
    }

    void report(const task_spec& t, const std::string& lease) {
        const auto id = model::task_id{t.id};
        const model::lease_token token{lease};
        last_lease_[t.id + "@" + std::to_string(t.offset)] = {t, lease};
        switch (random_.below(8)) {
            case 0: log(events_.lease(model::running{place_of(t), id, token})); break;
            case 1: log(events_.lease(model::progress{place_of(t), id, token, "7"})); break;
            case 2: log(events_.lease(failure(t, lease, "broken", chance(80)))); break;
            case 3:
                log(events_.lease(
                    model::released{place_of(t), id, token, milliseconds{chance(50) ? 0 : 1'000}}));
                break;
            case 4:
                events_.pass(70'000);
                log(events_.owner(model::lease_expired{place_of(t), id, token}));
                break;
            case 5:
                log(events_.owner(model::cancelled{place_of(t), id, model::cancel_reason::expired,
                                                   std::nullopt}));
                break;
            default: log(events_.lease(completion(t, lease))); break;
        }
    }

    void drop(const task_spec& t) {
        if (chance(20)) {
            log(events_.owner(model::rejected{place_of(t), "unreadable"}));
        } else {
            log(events_.owner(model::duplicate{place_of(t), model::task_id{t.id}, at_place(0)}));
        }
    }

    void command() {
        model::control c;
        c.control_offset = model::offset{commands_};
        commands_ += chance(90) ? 1 : 0;  // else the same one is copied again
        c.action = static_cast<model::control_action>(random_.below(3));
        c.job = model::job_name{"job" + std::to_string(random_.below(3))};
        c.queue = model::queue_name{chance(50) ? "default" : "other"};
        if (chance(50)) {
            c.priority = model::priority{static_cast<std::int32_t>(4 + random_.below(3))};
        }
        for (const auto& [name, records] : history_.topics) {
            const auto size = static_cast<std::int64_t>(records.size());
            const auto end =
                std::max<std::int64_t>(size - static_cast<std::int64_t>(random_.below(4)), 0);
            const auto& p = records.front().place;
            c.ends.push_back({p.queue, p.priority, model::offset{end}});
        }
        log(events_.owner(c));
    }

    void late_report() {
        for (const auto& [key, who] : last_lease_) {
            if (chance(20)) {
                log(events_.lease(completion(who.first, who.second)));
                return;
            }
        }
    }

    seeded_random random_;
    event_maker events_;
    recount known_;
    random_history history_;
    std::vector<task_spec> specs_;
    std::vector<task_spec> repeats_;  // of an id that was submitted before
    std::set<std::string> seen_ids_;
    std::map<std::string, std::pair<task_spec, std::string>> last_lease_;
    std::uint64_t ids_ = 0;
    std::uint64_t leases_ = 0;
    std::int64_t commands_ = 0;
};

}  // namespace

random_history make_history(std::uint64_t seed, int steps) {
    generator g(seed);
    for (int i = 0; i < steps; ++i) {
        g.step();
    }
    return g.take();
}

}  // namespace kwq::tracker
