#include "tracker/queries.hpp"

#include "tracker/list_merge.hpp"
#include "tracker/page_cursor.hpp"

#include <algorithm>
#include <set>

namespace kwq::tracker {

namespace {

constexpr std::size_t least_read_at_once = 16;

template <class Visit>
void for_each_state(const state_set& states, const Visit& visit) {
    for (int s = 0; s < model::task_state_count; ++s) {
        if (const auto state = static_cast<model::task_state>(s); states.holds(state)) {
            visit(state);
        }
    }
}

std::string question_of(const task_filter& f) {
    std::string q = f.newest_first ? "tasks,newest" : "tasks,oldest";
    const auto add = [&q](std::string_view name, std::string_view value) {
        q.append(1, '\0').append(name).append(1, '\0').append(value);
    };
    if (f.job) {
        add("job", f.job->value());
    }
    if (!f.state.is_any()) {
        for_each_state(f.state, [&](auto s) { add("state", to_string(s)); });
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

}  // namespace

/// The fewest rows that hold all that match; no list when a name was never seen.
std::vector<std::string> queries::lists_for(const task_filter& f) {
    list_choice best;
    if (f.tag) {
        const auto n = tables_.names.find(name_kind::tag, f.tag->value());
        if (!n) {
            return {};
        }
        best.consider({keys::list_of_tag(*n)}, counted_in(tables_.tags.of_tag(*n).counts, {}));
    }
    // An error group is of tasks in state error.
    const bool of_error = f.error && f.state.holds(model::task_state::error);
    const auto states = of_error ? state_set(model::task_state::error) : f.state;
    if (f.job) {
        const auto n = tables_.names.find(name_kind::job, f.job->value());
        if (!n) {
            return {};
        }
        std::vector<std::string> lists;
        for_each_state(states, [&](auto s) { lists.push_back(keys::list_of_job(*n, s)); });
        const auto of_job = tables_.jobs.of_job(*n);
        best.consider(std::move(lists), of_job ? counted_in(of_job->counts, states) : 0);
    }
    if (of_error) {
        const auto sums = tables_.errors.sums(error_groups::everything, *f.error);
        best.consider({keys::list_of_error(*f.error)}, sums ? sums->tasks : 0);
    }
    // All queues together are no shorter than what is there already.
    if (best.lists.empty() || !states.is_any() || f.queue) {
        consider_queues(f, states, best);
    }
    // How many tasks a worker had is not counted.
    if (f.worker && best.rows > static_cast<std::int64_t>(max_rows_a_page)) {
        const auto n = tables_.names.find(name_kind::worker, f.worker->value());
        return n ? std::vector{keys::list_of_worker(*n)} : std::vector<std::string>{};
    }
    return std::move(best.lists);
}

std::int64_t queries::counted_rows(const std::string& group_key, const state_set& states) {
    const group* g = tables_.groups.find(group_key);
    return g == nullptr ? 0 : counted_in(g->counts, states);
}

void queries::consider_queues(const task_filter& f, const state_set& states, list_choice& best) {
    std::int64_t rows = 0;
    std::set<model::queue_name> queues;
    const auto prefix = f.queue ? keys::queues(*f.queue) : keys::queues();
    tables_.state.scan(prefix, {}, [&](std::string_view key, std::string_view) {
        rows += counted_rows(std::string(key), states);
        queues.insert(keys::queue_in(key).queue);
        return true;
    });
    std::vector<std::string> lists;
    for (const auto& queue : queues) {
        for_each_state(states, [&](auto s) { lists.push_back(keys::list_of_state(s, queue)); });
    }
    best.consider(std::move(lists), rows);
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
           (!f.error || (state == model::task_state::error && row.error_group == *f.error));
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
    list_merge merged(tables_.lists, lists_for(f), last, f.newest_first);
    const std::size_t limit = page_limit(f.limit);
    std::size_t looked_at = 0;
    while (looked_at < max_rows_a_page && page.items.size() < limit) {
        const auto wanted = std::max(limit - page.items.size(), least_read_at_once);
        const auto rows = next_rows(merged, std::min(wanted, max_rows_a_page - looked_at));
        for (const auto& r : rows) {
            if (page.items.size() == limit) {
                page.next_cursor = write_cursor(question, last);
                return page;
            }
            ++looked_at;
            last = r.order;
            if (r.row && matches(f, r.place, *r.row)) {
                page.items.push_back(view(r.place, *r.row, false));
            }
        }
        if (rows.empty()) {
            return page;
        }
    }
    if (merged.next()) {
        page.next_cursor = write_cursor(question, last);
    }
    return page;
}

/// Rows and names are mostly on the disk, each at another place: they are waited for side by side.
std::vector<queries::listed_row> queries::next_rows(list_merge& list, std::size_t most) {
    std::vector<listed_row> found;
    std::vector<row_place> places;
    while (found.size() < most) {
        auto order = list.next();
        if (!order) {
            break;
        }
        places.push_back(keys::place_in_submit_order(*order));
        found.push_back({*std::move(order), places.back(), {}});
    }
    auto rows = tables_.rows.look(places);
    std::vector<name_number> jobs;
    std::vector<name_number> tags;
    for (std::size_t n = 0; n < found.size(); ++n) {
        found[n].row = std::move(rows[n]);
        if (const auto& row = found[n].row; row && row->known) {
            jobs.push_back(row->job);
            tags.insert(tags.end(), row->tags.begin(), row->tags.end());
        }
    }
    tables_.names.read_names(name_kind::job, std::move(jobs));
    tables_.names.read_names(name_kind::tag, std::move(tags));
    return found;
}

}  // namespace kwq::tracker
