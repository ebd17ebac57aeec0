#include "rest/bulk_actions.hpp"

#include "rest/bulk_count.hpp"
#include "rest/context.hpp"
#include "rest/steering.hpp"

#include <algorithm>
#include <utility>

namespace kwq::rest {

using model::errc;
using model::task_state;

namespace {

constexpr std::uint32_t changed_rows = 50;
constexpr milliseconds pause{10};  // after each page: at most 5,000 tasks a second
constexpr milliseconds not_ready_pause{500};
constexpr milliseconds save_every{2'000};
constexpr std::size_t changes_remembered = 100;
constexpr std::size_t most_active = 8;
constexpr std::size_t most_errors = 100;
/// A task that is handed out while the list is walked may pass from what is still to be read to
/// what has been read: so a cancel looks again, until it finds nothing more.
constexpr int most_rounds = 10;

/// It may be done later, or may have been done: the task is looked at again.
bool passes(errc code) {
    return code == errc::stopping || code == errc::not_owner || code == errc::overloaded ||
           code == errc::outcome_unknown || code == errc::tracker_behind ||
           code == errc::storage_full;
}

/// What came to be as it is after the change began is none of its business.
bool was_there(const bulk_view& v, const tracker::task_view& t) {
    return v.verb == bulk_verb::retry ? t.ended_at.value_or(instant{0}) <= v.started_at
                                      : t.submitted_at <= v.started_at;
}

std::string_view why_none(bulk_verb v) {
    switch (v) {
        case bulk_verb::retry: return "only tasks in state error can be retried";
        case bulk_verb::cancel: return "tasks that have ended cannot be cancelled";
        case bulk_verb::reprioritise: return "only tasks that wait can be moved";
    }
    return {};
}

bool is_whole_job(const bulk_view& v) {
    const tracker::task_filter& f = v.filter;
    return v.verb != bulk_verb::reprioritise && f.job && !f.tag && !f.queue && !f.worker &&
           !f.error && f.state == changeable_states(v.verb, {});
}

}  // namespace

std::optional<tracker::state_set> changeable_states(bulk_verb verb,
                                                    const tracker::state_set& wanted) {
    std::vector<task_state> able = {task_state::error};
    if (verb == bulk_verb::reprioritise) {
        able = {task_state::scheduled, task_state::pending};
    } else if (verb == bulk_verb::cancel) {
        able = {task_state::scheduled, task_state::pending, task_state::allocated,
                task_state::running};
    }
    tracker::state_set found;
    for (const task_state s : able) {
        if (wanted.holds(s)) {
            found.add(s);
        }
    }
    return found.is_any() ? std::nullopt : std::optional(found);
}

/// Shared by the callbacks of its questions and commands, all on the context's loop.
struct bulk_actions::run {
    bulk_view view;
    std::string cursor;
    std::string next_cursor;
    std::size_t in_flight = 0;
    bool passing = false;            // something of this page must be looked at again
    bool changed_something = false;  // in this round
    int rounds = 0;
    mono_time saved_at{};
    std::map<std::uint64_t, answer> waiting;
    std::uint64_t next_waiting = 0;

    bool over() const { return view.ended_at.has_value(); }
};

bulk_actions::bulk_actions(context& c, const std::string& directory)
    : context_(c), records_(directory) {}

bulk_actions::~bulk_actions() = default;

bulk_actions::run_ptr bulk_actions::add(bulk_view v) {
    // Shared: see run.
    auto r = std::make_shared<run>();
    r->view = std::move(v);
    all_[r->view.id] = r;
    order_.push_back(r->view.id);
    const auto oldest = std::find_if(order_.begin(), order_.end(),
                                     [this](const std::string& id) { return all_[id]->over(); });
    if (order_.size() > changes_remembered && oldest != order_.end()) {
        records_.remove(*oldest);
        all_.erase(*oldest);
        order_.erase(oldest);
    }
    return r;
}

void bulk_actions::resume() {
    context_.loop.post([this] {
        for (bulk_view& v : records_.load()) {
            const auto r = add(std::move(v));
            if (!r->over()) {
                ++active_;
                next_page(r);
            }
        }
    });
}

void bulk_actions::release() {
    context_.loop.post([this] {
        for (const auto& [id, r] : all_) {
            for (const auto& [key, tell] : std::exchange(r->waiting, {})) {
                tell(r->view);
            }
        }
    });
}

void bulk_actions::start(bulk_wish wish, answer done) {
    const auto states = changeable_states(wish.verb, wish.filter.state);
    if (!states) {
        done(model::error{errc::bad_field, std::string(why_none(wish.verb)), "state"});
        return;
    }
    bulk_view v;
    v.verb = wish.verb;
    v.priority = wish.priority;
    v.filter = std::move(wish.filter);
    v.filter.state = *states;
    v.filter.newest_first = false;
    v.started_at = context_.now();
    auto counted = [this, v, dry = wish.dry_run,
                    done = std::move(done)](const model::result<bulk_total>& total) mutable {
        if (!total) {
            done(total.error());
            return;
        }
        v.matched = total->matched;
        v.exact = total->exact;
        if (dry) {
            done(std::move(v));
            return;
        }
        if (active_ >= most_active) {
            done(model::error{errc::too_many_requests, "8 bulk changes run already", {}});
            return;
        }
        v.id = context_.ids.hex();
        const auto r = add(std::move(v));
        begin(r);
        done(r->view);
    };
    const tracker::task_filter filter = v.filter;
    count_tasks(context_, filter, std::move(wish.after), std::move(counted));
}

void bulk_actions::begin(const run_ptr& r) {
    ++active_;
    records_.save(r->view);
    r->saved_at = context_.services.time.monotonic();
    if (is_whole_job(r->view)) {
        command(r);
    } else {
        next_page(r);
    }
}

/// One record for each shard, whatever the number of tasks. After a restart it is not given again,
/// since it would take in what came meanwhile: what it has not changed is changed task by task.
void bulk_actions::command(const run_ptr& r) {
    const auto action = r->view.verb == bulk_verb::retry ? model::control_action::retry_job
                                                         : model::control_action::cancel_job;
    ends_of_all(context_, [this, r, action](std::vector<std::vector<model::topic_end>> ends) {
        context_.services.scheduler.give_command(
            {.action = action,
             .job = *r->view.filter.job,
             .queue = {},
             .priority = {},
             .ends = std::move(ends)},
            context_.loop.then<model::result<scheduler::command_receipt>>(
                [this, r](const model::result<scheduler::command_receipt>& given) {
                    if (!given) {
                        end(r, bulk_state::error, given.error().detail);
                        return;
                    }
                    r->view.done = r->view.matched;
                    end(r, bulk_state::complete);
                }));
    });
}

void bulk_actions::again_later(const run_ptr& r, milliseconds delay) {
    context_.loop.after(delay, [this, r] { next_page(r); });
}

void bulk_actions::next_page(const run_ptr& r) {
    if (r->over() || context_.stopping) {
        return;  // stopping: the next start goes on
    }
    if (!context_.services.tracker.is_ready() || !context_.services.scheduler.is_ready()) {
        again_later(r, not_ready_pause);
        return;
    }
    tracker::task_filter filter = r->view.filter;
    filter.limit = changed_rows;
    filter.cursor = r->cursor;
    context_.services.tracker.tasks(
        std::move(filter), {},
        context_.loop.then<model::result<tracker::task_page>>(
            [this, r](const model::result<tracker::task_page>& page) { take_page(r, page); }));
}

void bulk_actions::take_page(const run_ptr& r, const model::result<tracker::task_page>& page) {
    if (r->over()) {
        return;
    }
    if (!page) {
        if (passes(page.error().code)) {
            again_later(r, not_ready_pause);
        } else {
            end(r, bulk_state::error, page.error().detail);
        }
        return;
    }
    r->next_cursor = page->next_cursor;
    r->passing = false;
    r->in_flight = 1;  // until all are asked for
    for (const tracker::task_view& t : page->items) {
        if (was_there(r->view, t)) {
            change(r, t);
        }
    }
    changed(r, {}, std::nullopt);
}

void bulk_actions::reprioritise(const run_ptr& r, const tracker::task_view& t) {
    context_.services.scheduler.reprioritise_task(
        {.shard = t.shard, .place = t.place, .id = t.id}, r->view.priority,
        context_.loop.then<model::result<scheduler::reprioritised>>(
            [this, r, id = t.id.value()](const model::result<scheduler::reprioritised>& answer) {
                const bool left =
                    answer ? !answer->moved : answer.error().code == errc::not_waiting;
                r->view.left += left ? 1 : 0;
                r->view.done += answer && answer->moved ? 1 : 0;
                changed(r, id, answer || left ? std::nullopt : std::optional(answer.error()));
            }));
}

void bulk_actions::change(const run_ptr& r, const tracker::task_view& t) {
    ++r->in_flight;
    if (r->view.verb == bulk_verb::reprioritise) {
        reprioritise(r, t);
        return;
    }
    const auto verb = r->view.verb == bulk_verb::retry ? &scheduler::scheduler::retry_task
                                                       : &scheduler::scheduler::cancel_task;
    (context_.services.scheduler.*verb)(
        {.shard = t.shard, .place = t.place, .id = t.id},
        context_.loop.then<model::result<model::offset>>(
            [this, r, id = t.id.value()](const model::result<model::offset>& at) {
                if (at) {
                    ++r->view.done;
                    r->changed_something = true;
                    changed(r, id, std::nullopt);
                } else {
                    changed(r, id, at.error());
                }
            }));
}

/// One answer is there; the last of the page goes on with the next.
void bulk_actions::changed(const run_ptr& r, const std::string& id,
                           const std::optional<model::error>& refused) {
    if (refused && passes(refused->code)) {
        r->passing = true;
    } else if (refused && r->rounds == 0) {
        ++r->view.failed;
        if (r->view.errors.size() < most_errors) {
            r->view.errors.push_back({.id = id,
                                      .code = std::string(to_string(refused->code)),
                                      .detail = refused->detail});
        }
    }
    if (--r->in_flight == 0 && !r->over()) {
        page_done(r);
    }
}

void bulk_actions::page_done(const run_ptr& r) {
    const mono_time now = context_.services.time.monotonic();
    if (now - r->saved_at >= save_every) {
        records_.save(r->view);
        r->saved_at = now;
    }
    if (r->passing) {
        again_later(r, not_ready_pause);
        return;
    }
    r->cursor = r->next_cursor;
    if (!r->cursor.empty()) {
        again_later(r, pause);
        return;
    }
    const bool once_more = r->view.verb == bulk_verb::cancel &&
                           std::exchange(r->changed_something, false) && ++r->rounds < most_rounds;
    if (once_more) {
        again_later(r, not_ready_pause);  // until the tracker knows what was done
        return;
    }
    end(r, bulk_state::complete);
}

void bulk_actions::end(const run_ptr& r, bulk_state state, const std::string& reason) {
    if (r->over()) {
        return;
    }
    r->view.state = state;
    r->view.reason = reason;
    r->view.ended_at = context_.now();
    --active_;
    records_.save(r->view);
    for (const auto& [key, tell] : std::exchange(r->waiting, {})) {
        tell(r->view);
    }
}

void bulk_actions::cancel(const std::string& id, answer done) {
    context_.loop.post([this, id, done = std::move(done)] {
        const auto found = all_.find(id);
        if (found == all_.end()) {
            done(model::error{errc::job_unknown, "there is no such bulk change", {}});
            return;
        }
        const run_ptr r = found->second;
        end(r, bulk_state::cancelled);
        done(r->view);
    });
}

void bulk_actions::list(std::function<void(std::vector<bulk_view>)> done) {
    context_.loop.post([this, done = std::move(done)] {
        std::vector<bulk_view> views;
        for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
            views.push_back(all_[*id]->view);
        }
        done(std::move(views));
    });
}

void bulk_actions::look(const std::string& id, milliseconds wait, answer done) {
    context_.loop.post([this, id, wait, done = std::move(done)]() mutable {
        const auto found = all_.find(id);
        if (found == all_.end()) {
            done(model::error{errc::job_unknown, "there is no such bulk change", {}});
            return;
        }
        wait_for(found->second, wait, std::move(done));
    });
}

void bulk_actions::wait_for(const run_ptr& r, milliseconds wait, answer done) {
    if (r->over() || wait <= milliseconds{0}) {
        done(r->view);
        return;
    }
    const std::uint64_t key = r->next_waiting++;
    r->waiting.emplace(key, std::move(done));
    context_.loop.after(wait, [r, key] {
        const auto found = r->waiting.find(key);
        if (found != r->waiting.end()) {
            const answer tell = std::move(found->second);
            r->waiting.erase(found);
            tell(r->view);
        }
    });
}

}  // namespace kwq::rest
