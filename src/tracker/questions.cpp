// questions: how each question of the interface is put to the tracker's thread, now or once what it
// waits for is folded.
#include "tracker/runner.hpp"

#include "tracker/keys.hpp"

namespace kwq::tracker {

namespace {

model::error stopping() {
    return {model::errc::stopping, "the server is stopping", {}};
}

bool says_unknown(const model::error& e) {
    using model::errc;
    return e.code == errc::task_unknown || e.code == errc::job_unknown ||
           e.code == errc::tag_unknown || e.code == errc::error_unknown;
}

}  // namespace

template <class T>
void runner::ask(positions after, callback<T> done, std::function<void(callback<T>)> answer) {
    ++asked_;
    const bool posted = loop_.post([this, after = std::move(after), done, answer] {
        --asked_;
        if (failed_ || closed_) {
            done(stopping());
            return;
        }
        asked_at_ = deps_.time.monotonic();
        // What is in the log is not said to be unknown.
        answer_after<T>(after, done, [this, answer](const callback<T>& d) {
            answer([this, answer, d](result<T> found) {
                if (found || !says_unknown(found.error())) {
                    d(std::move(found));
                } else {
                    answer_after<T>(sources_->ends(), d, answer);
                }
            });
        });
    });
    if (!posted) {
        done(stopping());
    }
}

template <class T>
void runner::answer_after(positions after, const callback<T>& done,
                          const std::function<void(callback<T>)>& answer) {
    waiters::for_positions w;
    w.after = std::move(after);
    w.deadline = deps_.time.monotonic() + longest_after;
    w.then = [done, answer](const result<void>& reached) {
        if (reached) {
            answer(done);
        } else {
            done(reached.error());
        }
    };
    waiters_.add(std::move(w));
}

template <class T>
void runner::wait_until(milliseconds wait, waiters::for_change who, std::function<bool()> enough,
                        std::function<result<T>()> look, callback<T> done) {
    who.deadline = deps_.time.monotonic() + wait;
    who.attempt = [enough = std::move(enough), look = std::move(look),
                   done = std::move(done)](waiters::moment m) {
        if (m == waiters::moment::stopping) {
            done(stopping());
            return true;
        }
        if (m == waiters::moment::changed && !enough()) {
            return false;
        }
        done(look());
        return true;
    };
    if (!who.attempt(waiters::moment::changed)) {
        waiters_.add(std::move(who));
    }
}

void runner::task(model::task_id id, positions after, callback<task_view> done) {
    ask<task_view>(std::move(after), std::move(done),
                   [this, id = std::move(id)](const auto& d) { d(queries_->task(id)); });
}

void runner::task_until_terminal(model::task_id id, positions after, milliseconds wait,
                                 callback<task_view> done) {
    ask<task_view>(std::move(after), std::move(done),
                   [this, id = std::move(id), wait](const auto& d) {
                       waiters::for_change who;
                       who.task = id;
                       wait_until<task_view>(
                           wait, std::move(who), [this, id] { return queries_->is_over(id); },
                           [this, id] { return queries_->task(id); }, d);
                   });
}

void runner::tasks(task_filter f, positions after, callback<task_page> done) {
    ask<task_page>(std::move(after), std::move(done),
                   [this, f = std::move(f)](const auto& d) { d(queries_->tasks(f)); });
}

void runner::jobs(name_page_query q, positions after, callback<group_page> done) {
    ask<group_page>(std::move(after), std::move(done), [this, q = std::move(q)](const auto& d) {
        d(queries_->page(name_kind::job, q));
    });
}

void runner::job(job_question q, positions after, callback<group_view> done) {
    ask<group_view>(std::move(after), std::move(done),
                    [this, q = std::move(q)](const auto& d) { d(queries_->job(q)); });
}

void runner::job_until_idle(job_question q, positions after, milliseconds wait,
                            callback<group_view> done) {
    ask<group_view>(std::move(after), std::move(done),
                    [this, q = std::move(q), wait](const auto& d) {
                        waiters::for_change who;
                        who.job = tables_->names.find(name_kind::job, q.job.value());
                        wait_until<group_view>(
                            wait, std::move(who), [this, q] { return queries_->is_idle(q.job); },
                            [this, q] { return queries_->job(q); }, d);
                    });
}

void runner::tags(name_page_query q, positions after, callback<group_page> done) {
    ask<group_page>(std::move(after), std::move(done), [this, q = std::move(q)](const auto& d) {
        d(queries_->page(name_kind::tag, q));
    });
}

void runner::tag(model::tag_name tag, positions after, callback<group_view> done) {
    ask<group_view>(std::move(after), std::move(done),
                    [this, tag = std::move(tag)](const auto& d) { d(queries_->tag(tag)); });
}

void runner::errors(error_query q, positions after, callback<error_page> done) {
    ask<error_page>(std::move(after), std::move(done),
                    [this, q = std::move(q)](const auto& d) { d(queries_->errors(q)); });
}

void runner::error(error_fingerprint group, positions after, callback<error_view> done) {
    ask<error_view>(std::move(after), std::move(done),
                    [this, group](const auto& d) { d(queries_->error(group)); });
}

void runner::windows(series_question q, positions after, callback<std::vector<window_view>> done) {
    ask<std::vector<window_view>>(
        std::move(after), std::move(done),
        [this, q = std::move(q)](const auto& d) { d(queries_->windows(q)); });
}

void runner::state_map(state_map_question q, positions after, callback<state_map_view> done) {
    ask<state_map_view>(std::move(after), std::move(done),
                        [this, q = std::move(q)](const auto& d) { d(queries_->state_map(q)); });
}

void runner::task_at(model::job_name job, std::uint32_t index, positions after,
                     callback<task_view> done) {
    ask<task_view>(
        std::move(after), std::move(done),
        [this, job = std::move(job), index](const auto& d) { d(queries_->task_at(job, index)); });
}

void runner::queues(positions after, callback<std::vector<queue_view>> done) {
    ask<std::vector<queue_view>>(std::move(after), std::move(done),
                                 [this](const auto& d) { d(queries_->queues(defined_)); });
}

void runner::stats(positions after, callback<tracker_stats> done) {
    ask<tracker_stats>(std::move(after), std::move(done), [this](const auto& d) {
        tracker_stats s;
        if (trimmer_) {
            s.log = trimmer_->view();
        }
        s.events = tables_->totals.events;
        s.void_events = tables_->totals.void_events;
        s.undecodable_events = tables_->totals.undecodable_events;
        s.task_records = tables_->totals.task_records;
        s.lag = sources_->lag();
        s.overall = queries_->overall();
        if (const group* all = tables_->groups.find(keys::overall())) {
            s.wait = all->wait.buckets();
            s.run = all->run.buckets();
        }
        d(s);
    });
}

}  // namespace kwq::tracker
