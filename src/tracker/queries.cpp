#include "tracker/queries.hpp"

#include "tracker/list_merge.hpp"
#include "tracker/page_cursor.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace kwq::tracker {

namespace {

constexpr std::uint32_t largest_page = 1'000;

std::uint32_t page_limit(std::uint32_t wanted) {
    return std::clamp<std::uint32_t>(wanted, 1, largest_page);
}

std::string question_of(const task_filter& f) {
    std::string q = f.newest_first ? "tasks,newest" : "tasks,oldest";
    const auto add = [&q](std::string_view name, std::string_view value) {
        q.append(1, '\0').append(name).append(1, '\0').append(value);
    };
    if (f.job) {
        add("job", f.job->value());
    }
    for (int s = 0; s < model::task_state_count && !f.state.is_any(); ++s) {
        const auto state = static_cast<model::task_state>(s);
        if (f.state.holds(state)) {
            add("state", to_string(state));
        }
    }
    if (f.tag) {
        add("tag", f.tag->value());
    }
    if (f.queue) {
        add("queue", f.queue->value());
    }
    if (f.worker) {
        add("worker", f.worker->value());
    }
    if (f.error) {
        add("error", to_string(*f.error));
    }
    return q;
}

std::int64_t counted_in(const state_counts& counts, const state_set& states) {
    std::int64_t n = 0;
    for (std::size_t s = 0; s < counts.size(); ++s) {
        n += states.holds(static_cast<model::task_state>(s)) ? counts.at(s) : 0;
    }
    return n;
}

std::int64_t live_and_ended(const state_counts& counts) {
    return counted_in(counts, {});
}

error_fingerprint row_error(const task_row& row) {
    return fingerprint_of(row.last_error);
}

}  // namespace

/// The fewest rows that hold all that match; no list when a name was never seen.
std::vector<std::string> queries::lists_for(const task_filter& f) {
    std::vector<std::string> best;
    std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
    const auto consider = [&](std::string list, const std::string& counters) {
        const group* g = tables_.groups.find(counters);
        const auto size = g == nullptr ? 0 : live_and_ended(g->counts);
        if (size < shortest) {
            shortest = size;
            best = {std::move(list)};
        }
    };
    if (f.tag) {
        const auto n = tables_.names.find(name_kind::tag, f.tag->value());
        if (!n) {
            return {};
        }
        consider(keys::list_of_tag(*n), keys::tag(*n));
    }
    if (f.job) {
        const auto n = tables_.names.find(name_kind::job, f.job->value());
        if (!n) {
            return {};
        }
        consider(keys::list_of_job(*n), keys::job(*n));
    }
    if (!best.empty() && f.state.is_any() && !f.queue && !f.error) {
        return best;  // all queues together are no shorter
    }
    auto of_states = state_lists_for(f);
    return of_states.rows < shortest ? std::move(of_states.lists) : best;
}

queries::state_lists queries::state_lists_for(const task_filter& f) {
    state_lists out;
    // An error group is of tasks in state error.
    const auto wanted = f.error && f.state.holds(model::task_state::error)
                            ? state_set(model::task_state::error)
                            : f.state;
    std::set<model::queue_name> queues;
    const auto prefix = f.queue ? keys::queues(*f.queue) : keys::queues();
    tables_.state.scan(prefix, {}, [&](std::string_view key, std::string_view) {
        if (const group* g = tables_.groups.find(std::string(key))) {
            out.rows += counted_in(g->counts, wanted);
        }
        queues.insert(keys::queue_in(key).queue);
        return true;
    });
    for (const auto& queue : queues) {
        for (int s = 0; s < model::task_state_count; ++s) {
            const auto state = static_cast<model::task_state>(s);
            if (wanted.holds(state)) {
                out.lists.push_back(keys::list_of_state(state, queue));
            }
        }
    }
    return out;
}

bool queries::matches(const task_filter& f, const row_place& place, const task_row& row) {
    if (is_dropped(row) || (f.queue && place.record.queue != *f.queue)) {
        return false;
    }
    if (f.job && tables_.names.find(name_kind::job, f.job->value()) != row.job) {
        return false;
    }
    if (f.tag) {
        const auto n = tables_.names.find(name_kind::tag, f.tag->value());
        if (!n || std::find(row.tags.begin(), row.tags.end(), *n) == row.tags.end()) {
            return false;
        }
    }
    if (f.worker && (row.attempts.empty() || row.attempts.back().worker != *f.worker)) {
        return false;
    }
    if (f.state.is_any() && !f.error) {
        return true;
    }
    const auto state = model::state_of(tables_.effective(place, row));
    return f.state.holds(state) &&
           (!f.error || (state == model::task_state::error && row_error(row) == *f.error));
}

result<task_page> queries::tasks(const task_filter& f) {
    const auto question = question_of(f);
    std::string last;
    if (!f.cursor.empty()) {
        auto read = read_cursor(question, f.cursor);
        if (!read) {
            return read.error();
        }
        last = *std::move(read);
    }
    task_page page;
    tables_.rows.write();
    list_merge merged(tables_.state, lists_for(f), last, f.newest_first);
    std::size_t looked_at = 0;
    while (const auto order = merged.next()) {
        if (looked_at == max_rows_a_page || page.items.size() == page_limit(f.limit)) {
            page.next_cursor = write_cursor(question, last);
            break;
        }
        ++looked_at;
        last = *order;
        const auto place = keys::place_in_submit_order(last);
        const auto row = tables_.rows.look(place);
        if (row && matches(f, place, *row)) {
            page.items.push_back(view(place, *row, false));
        }
    }
    return page;
}

std::vector<std::pair<std::string, state_counts>> queries::tags_of(name_number job) {
    std::vector<name_number> numbers;
    tables_.state.scan(keys::job_tags(job), {}, [&](std::string_view key, std::string_view) {
        numbers.push_back(keys::tag_in_job_tag(key));
        return true;
    });
    std::vector<std::pair<std::string, state_counts>> tags;
    for (const auto n : numbers) {
        if (const group* g = tables_.groups.find(keys::job_tag(job, n))) {
            tags.emplace_back(n == other_tags ? "other" : tables_.names.name_of(name_kind::tag, n),
                              g->counts);
        }
    }
    std::sort(tags.begin(), tags.end(), [](const auto& a, const auto& b) {
        const auto left = live_and_ended(a.second);
        const auto right = live_and_ended(b.second);
        return left != right ? left > right : a.first < b.first;
    });
    return tags;
}

result<group_view> queries::job(const model::job_name& job) {
    const auto n = tables_.names.find(name_kind::job, job.value());
    const group* g = n ? tables_.groups.find(keys::job(*n)) : nullptr;
    if (g == nullptr) {
        return model::error{model::errc::job_unknown, "no task of this job was submitted", "job"};
    }
    auto v = view_of(*g);
    v.name = job.value();
    v.settling = sweeps_.settling_of_job(*n);
    v.following = tables_.is_following(*n);
    v.tags = tags_of(*n);
    return v;
}

result<group_view> queries::tag(const model::tag_name& tag) {
    const auto n = tables_.names.find(name_kind::tag, tag.value());
    const group* g = n ? tables_.groups.find(keys::tag(*n)) : nullptr;
    if (g == nullptr) {
        return model::error{model::errc::tag_unknown, "no task with this tag was submitted", "tag"};
    }
    auto v = view_of(*g);
    v.name = tag.value();
    v.settling = sweeps_.settling();
    return v;
}

result<group_page> queries::page(name_kind kind, const name_page_query& q) {
    const bool jobs = kind == name_kind::job;
    const std::string question = (jobs ? "jobs" : "tags") + std::string(1, '\0') + q.prefix;
    std::string from;
    if (!q.cursor.empty()) {
        auto last = read_cursor(question, q.cursor);
        if (!last) {
            return last.error();
        }
        from = keys::name(kind, *last) + '\0';
    }
    std::vector<std::string> found;
    group_page page;
    tables_.state.scan(keys::names(kind, q.prefix), from,
                       [&](std::string_view key, std::string_view) {
                           if (found.size() == page_limit(q.limit)) {
                               page.next_cursor = write_cursor(question, found.back());
                               return false;
                           }
                           found.emplace_back(keys::name_in(key));
                           return true;
                       });
    for (const auto& name : found) {
        const auto n = tables_.names.find(kind, name).value_or(0);
        if (const group* g = tables_.groups.find(jobs ? keys::job(n) : keys::tag(n))) {
            page.items.push_back(view_of(*g));
            page.items.back().name = name;
            page.items.back().settling = jobs ? sweeps_.settling_of_job(n) : sweeps_.settling();
        }
    }
    return page;
}

group_view queries::overall() {
    const group* g = tables_.groups.find(keys::overall());
    auto v = g == nullptr ? group_view{} : view_of(*g);
    v.settling = sweeps_.settling();
    return v;
}

std::vector<queue_view> queries::queues(const std::map<model::queue_name, std::int32_t>& defined) {
    std::map<std::pair<model::queue_name, model::priority>, queue_view> all;
    const auto put = [&](const model::queue_name& q, model::priority p) {
        queue_view v;
        v.queue = q;
        v.priority = p;
        all.emplace(std::pair(q, p), v);
    };
    for (const auto& [queue, priorities] : defined) {
        for (std::int32_t p = 1; p <= priorities; ++p) {
            put(queue, model::priority{p});
        }
    }
    tables_.state.scan(keys::queues(), {}, [&](std::string_view key, std::string_view) {
        const auto q = keys::queue_in(key);
        put(q.queue, q.priority);
        return true;
    });
    std::vector<queue_view> out;
    for (auto& [name, v] : all) {
        if (const group* g = tables_.groups.find(keys::queue(v.queue, v.priority))) {
            v.counts = g->counts;
            v.oldest_pending_at = oldest_pending(v);
        }
        out.push_back(std::move(v));
    }
    return out;
}

/// From the scheduler's cursor on, or from where the last look ended. Tasks that came back to a
/// place below are not looked for: this is an estimate.
std::optional<instant> queries::oldest_pending(const queue_view& q) {
    std::optional<instant> oldest;
    tables_.rows.write();
    for (const auto shard : tables_.shards()) {
        const auto topic = keys::rows_of_topic(shard, q.queue, q.priority);
        std::string& from = looked_up_to_[topic];
        const row_place cursor{shard,
                               {q.queue, q.priority, tables_.cursor(shard, q.queue, q.priority)}};
        from = std::max(from, keys::row(cursor));
        std::size_t looked_at = 0;
        tables_.state.scan(topic, from, [&](std::string_view key, std::string_view value) {
            const auto row = read_row(value);
            const auto place = keys::place_in_row(key);
            from = std::string(key);
            const bool waits = !is_dropped(row) && model::state_of(tables_.effective(place, row)) ==
                                                       model::task_state::pending;
            if (waits) {
                oldest = oldest ? std::min(*oldest, row.submitted_at) : row.submitted_at;
            }
            return !waits && ++looked_at < max_rows_a_page;
        });
    }
    return oldest;
}

bool queries::is_idle(const group_view& job) {
    const auto n = [&](model::task_state s) { return job.counts.at(static_cast<std::size_t>(s)); };
    using model::task_state;
    return !job.following && n(task_state::scheduled) == 0 && n(task_state::pending) == 0 &&
           n(task_state::allocated) == 0 && n(task_state::running) == 0;
}

}  // namespace kwq::tracker
