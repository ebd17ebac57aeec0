#include "sim/final_checks.hpp"

#include "scheduler/shard.hpp"

#include <optional>
#include <set>

namespace kwq::sim {

namespace {

constexpr int tasks_asked_for = 20;
constexpr int most_steps = 100'000;
constexpr std::uint32_t most_cells = 1'000'000;

model::task_state state_of(const naive_task& t) {
    switch (t.place) {
        case place::complete: return model::task_state::complete;
        case place::dead: return model::task_state::error;
        case place::cancelled: return model::task_state::cancelled;
        case place::scheduled: return model::task_state::scheduled;
        case place::leased:
            return t.running ? model::task_state::running : model::task_state::allocated;
        default: return model::task_state::pending;
    }
}

}  // namespace

std::string final_checks::sum::text() const {
    std::string out;
    for (const auto n : counts) {
        out += std::to_string(n) + " ";
    }
    return out + "submitted " + std::to_string(submitted) + " retries " + std::to_string(retries) +
           " duplicates " + std::to_string(duplicates) + " rejected " + std::to_string(rejected);
}

void final_checks::run() {
    check_scheduler();
    check_follow_ups();
    add_up();
    check_groups();
    check_tasks();
    check_maps();
    if (world_.may_go_wrong.wall_stepped == 0) {  // else windows of wrong times are not kept
        check_windows();
    }
    check_errors();
    world_.counts.happened("check: at rest");
}

void final_checks::check_scheduler() {
    const auto* core = host_.reach()->core();
    world::demand(core != nullptr, "the scheduler has read nothing");
    const auto& state = core->state();
    world::demand(state.leases().empty(), "at rest there are leases");
    for (const auto& [where, t] : host_.model().tasks()) {
        if (host_.model().is_forgotten(t)) {
            continue;
        }
        const auto facts = state.effective(where, t.job);
        // What is settled needs no count of attempts spent any more.
        const bool same_spent = facts.spent == t.spent || t.place != place::dead;
        if (facts.place != t.place || facts.attempt != t.attempt || !same_spent ||
            model::priority_of(where, facts) != served_at(where, t)) {
            world::broken("the scheduler has " + to_string(where) + " as " +
                          std::string(to_string(facts.place)) + " attempt " +
                          std::to_string(facts.attempt) + " spent " + std::to_string(facts.spent) +
                          ", the model as " + std::string(to_string(t.place)) + " attempt " +
                          std::to_string(t.attempt) + " spent " + std::to_string(t.spent));
        }
    }
}

/// Every child of a completion that counts is in a topic.
void final_checks::check_follow_ups() {
    const auto& m = host_.model();
    std::set<std::string> ids;
    for (const auto& [where, t] : m.tasks()) {
        ids.insert(t.id.value());
    }
    for (model::offset at{0}; at < m.status_end(); at = model::offset{at.value() + 1}) {
        const auto* e = m.event_at(at);
        const auto* done = e == nullptr ? nullptr : std::get_if<model::complete>(&e->body);
        if (done == nullptr || m.verdict(at)->reason != void_reason::none) {
            continue;
        }
        for (const auto& child : done->then) {
            if (m.queues().count(child.queue) > 0 && ids.count(child.id.value()) == 0) {
                world::broken("the follow-up " + child.id.value() + " is nowhere");
            }
        }
    }
}

void final_checks::add_up() {
    for (const auto& [where, t] : host_.model().tasks()) {
        if (!t.body && t.place == place::cancelled) {
            continue;  // emptied with its queue before anybody saw that it is no task
        }
        const auto add = [&t = t](sum& s) {
            if (t.place == place::duplicate) {
                ++s.duplicates;
            } else if (t.place == place::rejected) {
                ++s.rejected;
            } else {
                ++s.submitted;
                ++s.counts.at(static_cast<std::size_t>(state_of(t)));
                s.retries += t.retries;
            }
        };
        add(overall_);
        if (!t.body) {
            continue;
        }
        add(jobs_[t.job.value()]);
        std::set<std::string> tags;
        for (const auto& tag : t.body->body.tags) {
            if (tags.insert(tag.value()).second) {
                add(tags_[tag.value()]);
            }
        }
    }
}

template <class T>
T final_checks::ask(const std::function<void(tracker::tracker&, tracker::callback<T>)>& question) {
    std::optional<model::result<T>> heard;
    question(host_.reach()->tracker(), [&heard](model::result<T> r) { heard = std::move(r); });
    for (int i = 0; !heard && i < most_steps; ++i) {
        step_();
    }
    world::demand(heard.has_value(), "the tracker does not answer");
    if (!*heard) {
        world::broken("the tracker refuses: " + heard->error().detail);
    }
    return std::move(**heard);
}

void final_checks::compare(const std::string& name, const sum& mine,
                           const tracker::group_view& theirs) {
    sum other{theirs.counts, theirs.submitted, theirs.retries, mine.duplicates, mine.rejected};
    if (name == "overall") {
        other.duplicates = theirs.duplicates;
        other.rejected = theirs.rejected;
    }
    if (mine.text() != other.text()) {
        world::broken("the tracker counts " + name + ": " + other.text() + "; there are " +
                      mine.text());
    }
}

void final_checks::check_groups() {
    // All that was written is folded first: status is waited for, tasks by looking again.
    const tracker::positions after{
        {model::shard_id{0},
         true,
         {{}, {}, model::offset{host_.model().status_end().value() - 1}}}};
    const auto look = [&] {
        return ask<tracker::tracker_stats>(
            [&](tracker::tracker& t, auto done) { t.stats(after, std::move(done)); });
    };
    auto stats = look();
    for (int i = 0; stats.lag > 0 && i < most_steps; ++i) {
        stats = look();
    }
    world::demand(stats.lag == 0, "the tracker lags at rest");
    compare("overall", overall_, stats.overall);
    const auto jobs = ask<tracker::group_page>([](tracker::tracker& t, auto done) {
        t.jobs({.prefix = "", .limit = 1'000, .cursor = ""}, {}, std::move(done));
    });
    for (const auto& g : jobs.items) {
        compare("job " + g.name, jobs_[g.name], g);
    }
    world::demand(jobs.items.size() == jobs_.size(), "the tracker does not know every job");
    const auto tags = ask<tracker::group_page>([](tracker::tracker& t, auto done) {
        t.tags({.prefix = "", .limit = 1'000, .cursor = ""}, {}, std::move(done));
    });
    for (const auto& g : tags.items) {
        compare("tag " + g.name, tags_[g.name], g);
    }
    world::demand(tags.items.size() == tags_.size(), "the tracker does not know every tag");
}

/// A job as a map of bytes has as many of each state as its counters say.
void final_checks::check_maps() {
    for (const auto& [name, sum] : jobs_) {
        const tracker::state_map_question whole{model::job_name{name}, 0, most_cells};
        const auto map = ask<tracker::state_map_view>(
            [&](tracker::tracker& t, auto done) { t.state_map(whole, {}, std::move(done)); });
        tracker::state_counts counts{};
        for (const char cell : map.cells) {
            const auto state = static_cast<unsigned char>(cell) & 0x0fU;
            if (state < counts.size()) {
                ++counts.at(state);
            }
        }
        if (counts != sum.counts) {
            world::broken("the map of job " + name + " is not what its counters say");
        }
    }
}

/// What windows of time count adds up to what is counted overall.
void final_checks::check_windows() {
    tracker::series_question q;
    q.resolution = tracker::resolutions.size() - 1;
    const auto& [step_s, kept_s] = tracker::resolutions.back();
    const auto now_s = world_.time.wall().value() / 1'000;
    q.to_s = (now_s / step_s + 1) * step_s + kept_s;
    q.from_s = q.to_s - 2 * kept_s;
    const auto windows = ask<std::vector<tracker::window_view>>(
        [&](tracker::tracker& t, auto done) { t.windows(q, {}, std::move(done)); });
    std::array<std::int64_t, tracker::window_count_kinds> sums{};
    for (const auto& w : windows) {
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums.at(i) += w.counts.at(i);
        }
    }
    const auto check = [&](tracker::window_count what, std::int64_t wanted) {
        if (sums.at(static_cast<std::size_t>(what)) != wanted) {
            world::broken("windows of time have " +
                          std::to_string(sums.at(static_cast<std::size_t>(what))) + " " +
                          std::string(to_string(what)) + ", there are " + std::to_string(wanted));
        }
    };
    const auto in = [&](model::task_state s) {
        return overall_.counts.at(static_cast<std::size_t>(s));
    };
    check(tracker::window_count::submitted, overall_.submitted);
    check(tracker::window_count::complete, in(model::task_state::complete));
    check(tracker::window_count::cancelled, in(model::task_state::cancelled));
    check(tracker::window_count::retries, overall_.retries);
}

void final_checks::check_errors() {
    const auto page = ask<tracker::error_page>([](tracker::tracker& t, auto done) {
        tracker::error_query all;
        all.limit = 1'000;
        t.errors(all, {}, std::move(done));
    });
    std::int64_t tasks = 0;
    for (const auto& g : page.items) {
        tasks += g.sums.tasks;
        world::demand(g.sums.tasks <= g.sums.count, "an error group has more tasks than failures");
    }
    world::demand(tasks == overall_.counts.at(static_cast<std::size_t>(model::task_state::error)),
                  "error groups have other tasks than those in state error");
}

void final_checks::check_tasks() {
    const auto& tasks = host_.model().tasks();
    for (int i = 0; i < tasks_asked_for && !tasks.empty(); ++i) {
        auto t = tasks.begin();
        std::advance(t, static_cast<std::ptrdiff_t>(world_.below(tasks.size())));
        if (host_.model().bound(t->second.id) != t->first) {
            continue;
        }
        const auto view = ask<tracker::task_view>(
            [&](tracker::tracker& of, auto done) { of.task(t->second.id, {}, std::move(done)); });
        if (view.place != t->first || view.state != state_of(t->second) ||
            view.attempt != t->second.attempt || view.spent != t->second.spent) {
            world::broken("the tracker shows " + t->second.id.value() + " as " +
                          std::string(to_string(view.state)) + " attempt " +
                          std::to_string(view.attempt) + " at " + to_string(view.place) +
                          ", it is " + std::string(to_string(state_of(t->second))) + " attempt " +
                          std::to_string(t->second.attempt) + " at " + to_string(t->first));
        }
    }
}

}  // namespace kwq::sim
