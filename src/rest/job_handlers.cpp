#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/steering.hpp"
#include "rest/task_query.hpp"

namespace kwq::rest {

using model::errc;

namespace {

constexpr std::uint32_t shown_tags = 100;

bool is_paused(const model::job_name& job, const std::vector<model::gate>& gates) {
    for (const model::gate& g : gates) {
        if (g.scope == model::gate_scope::all ||
            (g.scope == model::gate_scope::job && g.job == job)) {
            return true;
        }
    }
    return false;
}

void answer_job(context& c, const model::job_name& job, tracker::group_view group,
                const reply& to) {
    c.services.scheduler.gates(c.loop.then<std::vector<model::gate>>(
        [&c, job, group = std::move(group), to](const std::vector<model::gate>& gates) {
            std::string body;
            codec::json_writer w(body);
            w.begin_object();
            write_group_fields(w, "job", group, c.now());
            w.field("paused", is_paused(job, gates)).end_object();
            to.json(200, std::move(body));
        }));
}

}  // namespace

void list_jobs(context& c, const call& q, reply to) {
    parameter_reader p(q);
    auto query = read_name_page(p);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.jobs(std::move(query), std::move(after),
                            c.loop.then<model::result<tracker::group_page>>(
                                [&c, to](const model::result<tracker::group_page>& page) {
                                    if (!page) {
                                        to.fail(page.error());
                                        return;
                                    }
                                    to.json(200, render_group_page("job", *page, c.now()));
                                }));
}

void get_job(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::job_name job{p.path_label(0, "job")};
    auto after = p.after();
    const milliseconds wait = p.seconds("wait_s", limits::longest_wait);
    p.word("until", {"idle"});
    const auto most_tags = p.index("tags", shown_tags, tracker::max_tags_of_job);
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto done = c.loop.then<model::result<tracker::group_view>>(
        [&c, job, to](model::result<tracker::group_view> found) {
            if (!found) {
                to.fail(found.error());
                return;
            }
            answer_job(c, job, std::move(*found), to);
        });
    if (wait > milliseconds{0}) {
        c.services.tracker.job_until_idle({job, most_tags}, std::move(after), wait,
                                          std::move(done));
    } else {
        c.services.tracker.job({job, most_tags}, std::move(after), std::move(done));
    }
}

namespace {

/// What the counters say of a job now; a job nobody has seen yet counts nothing, so that a pause
/// may be there before its tasks.
void count_job(context& c, const model::job_name& job, bool must_exist, const reply& to,
               std::function<void(tracker::state_counts)> then) {
    c.services.tracker.job(
        {job}, {},
        c.loop.then<model::result<tracker::group_view>>(
            [must_exist, to,
             then = std::move(then)](const model::result<tracker::group_view>& found) {
                if (!found && (must_exist || found.error().code != errc::job_unknown)) {
                    to.fail(found.error());
                    return;
                }
                then(found ? found->counts : tracker::state_counts{});
            }));
}

void gate_job(context& c, const call& q, const reply& to, bool paused) {
    parameter_reader p(q);
    const model::job_name job{p.path_label(0, "job")};
    const auto wish = read_pause(c, q);
    if (!p.ok() || !wish) {
        to.fail(p.ok() ? wish.error() : p.error());
        return;
    }
    count_job(c, job, false, to,
              [&c, job, wish = *wish, paused, to](const tracker::state_counts& counts) {
                  c.services.scheduler.set_gate({.scope = model::gate_scope::job,
                                                 .queue = {},
                                                 .priority = {},
                                                 .job = job,
                                                 .paused = paused,
                                                 .until = paused ? wish.until : std::nullopt,
                                                 .reason = wish.reason},
                                                answer_steered(c, to, waiting(counts)));
              });
}

void command_job(context& c, const call& q, const reply& to, model::control_action action) {
    parameter_reader p(q);
    const model::job_name job{p.path_label(0, "job")};
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto counted = [&c, job, action, to](const tracker::state_counts& counts) {
        const auto dead = counts.at(static_cast<std::size_t>(model::task_state::error));
        const std::uint64_t affected = action == model::control_action::retry_job
                                           ? static_cast<std::uint64_t>(dead)
                                           : unfinished(counts);
        ends_of_all(
            c, [&c, job, action, to, affected](std::vector<std::vector<model::topic_end>> ends) {
                c.services.scheduler.give_command({.action = action,
                                                   .job = job,
                                                   .queue = {},
                                                   .priority = {},
                                                   .ends = std::move(ends)},
                                                  answer_steered(c, to, affected));
            });
    };
    count_job(c, job, action == model::control_action::retry_job, to, std::move(counted));
}

}  // namespace

void pause_job(context& c, const call& q, reply to) {
    gate_job(c, q, to, true);
}

void resume_job(context& c, const call& q, reply to) {
    gate_job(c, q, to, false);
}

void cancel_job(context& c, const call& q, reply to) {
    command_job(c, q, to, model::control_action::cancel_job);
}

void retry_job(context& c, const call& q, reply to) {
    command_job(c, q, to, model::control_action::retry_job);
}

}  // namespace kwq::rest
