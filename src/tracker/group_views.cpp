// group_views: what is counted of jobs, tags, queues and of everything.
#include "tracker/page_cursor.hpp"
#include "tracker/queries.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace kwq::tracker {

namespace {

/// On the way to the oldest one that waits, for one question.
constexpr std::size_t most_rows_passed = 200;

std::int64_t live_and_ended(const state_counts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

/// Where a page by value ended: the value, then the number of the name.
std::string write_place(const std::pair<std::int64_t, name_number>& at) {
    std::string out;
    store::append_u64(out, static_cast<std::uint64_t>(at.first));
    store::append_u32(out, at.second);
    return out;
}

std::pair<std::int64_t, name_number> read_place(std::string_view bytes) {
    const auto value = static_cast<std::int64_t>(store::take_u64(bytes));
    return {value, store::take_u32(bytes)};
}

std::string question_of(name_kind kind, const name_page_query& q) {
    std::string question = kind == name_kind::job ? "jobs" : "tags";
    question.append(1, static_cast<char>(q.sort)).append(q.prefix);
    return question;
}

using counted_tag = std::pair<name_number, state_counts>;

/// The names of a thousand tags are most of what they cost: only those that are shown are read.
std::vector<counted_tag> largest_tags(const tag_counters& tags, name_number job, std::size_t most) {
    std::vector<counted_tag> counted;
    std::optional<state_counts> others;
    tags.each_of_job(job, [&](name_number n, const state_counts& counts) {
        if (n == other_tags) {
            others = counts;
        } else {
            counted.emplace_back(n, counts);
        }
    });
    if (counted.size() > most) {
        const auto last = counted.begin() + static_cast<std::ptrdiff_t>(most);
        std::nth_element(counted.begin(), last, counted.end(),
                         [](const counted_tag& a, const counted_tag& b) {
                             const auto left = live_and_ended(a.second);
                             const auto right = live_and_ended(b.second);
                             return left != right ? left > right : a.first < b.first;
                         });
        others = others.value_or(state_counts{});
        std::for_each(last, counted.end(),
                      [&](const counted_tag& one) { add_counts(*others, one.second); });
        counted.erase(last, counted.end());
    }
    if (others) {
        counted.emplace_back(other_tags, *others);
    }
    return counted;
}

}  // namespace

std::vector<std::pair<std::string, state_counts>> queries::tags_of(name_number job,
                                                                   std::size_t most) {
    if (most == 0) {
        return {};
    }
    tables_.rows.write();
    auto counted = largest_tags(tables_.tags, job, most);
    std::vector<name_number> numbers;
    numbers.reserve(counted.size());
    for (const auto& [n, counts] : counted) {
        if (n != other_tags) {
            numbers.push_back(n);
        }
    }
    tables_.names.read_names(name_kind::tag, std::move(numbers));
    std::vector<std::pair<std::string, state_counts>> tags;
    tags.reserve(counted.size());
    for (const auto& [n, counts] : counted) {
        tags.emplace_back(n == other_tags ? "other" : tables_.names.name_of(name_kind::tag, n),
                          counts);
    }
    std::sort(tags.begin(), tags.end(), [](const auto& a, const auto& b) {
        const auto left = live_and_ended(a.second);
        const auto right = live_and_ended(b.second);
        return left != right ? left > right : a.first < b.first;
    });
    return tags;
}

result<group_view> queries::job(const job_question& q) {
    const auto n = tables_.names.find(name_kind::job, q.job.value());
    const auto g = n ? tables_.jobs.of_job(*n) : std::nullopt;
    if (!g) {
        return model::error{model::errc::job_unknown, "no task of this job was submitted", "job"};
    }
    auto v = view_of(*g);
    v.name = q.job.value();
    v.settling = sweeps_.settling_of_job(*n);
    v.following = tables_.is_following(*n);
    v.oldest_pending_at = oldest_pending(*n, v);
    v.tags = tags_of(*n, q.most_tags);
    return v;
}

result<group_view> queries::tag(const model::tag_name& tag) {
    tables_.rows.write();
    const auto n = tables_.names.find(name_kind::tag, tag.value());
    if (!n) {
        return model::error{model::errc::tag_unknown, "no task with this tag was submitted", "tag"};
    }
    auto v = std::move(items_of_tags({*n}).front());
    v.name = tag.value();
    v.oldest_pending_at = oldest_pending_of_tag(*n, v);
    return v;
}

result<group_page> queries::page(name_kind kind, const name_page_query& q) {
    const auto question = question_of(kind, q);
    std::string last;
    if (!q.cursor.empty()) {
        auto read = read_cursor(question, q.cursor);
        if (!read) {
            return read.error();
        }
        last = *std::move(read);
    }
    group_page page;
    tables_.rows.write();
    const auto found = q.sort == sorting::name ? by_name(kind, q, last) : by_value(kind, q, last);
    page.items = kind == name_kind::job ? items_of_jobs(found.names) : items_of_tags(found.names);
    tables_.names.read_names(kind, found.names);
    for (std::size_t n = 0; n < found.names.size(); ++n) {
        page.items[n].name = tables_.names.name_of(kind, found.names[n]);
    }
    if (!found.next.empty()) {
        page.next_cursor = write_cursor(question, found.next);
    }
    return page;
}

std::vector<group_view> queries::items_of_jobs(const std::vector<name_number>& jobs) {
    const auto found = tables_.jobs.of_jobs(jobs);
    std::vector<group_view> items;
    items.reserve(jobs.size());
    for (std::size_t n = 0; n < jobs.size(); ++n) {
        auto& v = items.emplace_back(found[n] ? view_of(*found[n]) : group_view{});
        v.settling = sweeps_.settling_of_job(jobs[n]);
        v.oldest_pending_at = oldest_pending(jobs[n], v);
    }
    return items;
}

std::vector<group_view> queries::items_of_tags(const std::vector<name_number>& tags) {
    std::vector<group_view> items;
    items.reserve(tags.size());
    for (const auto& g : tables_.tags.of_tags(tags)) {
        items.push_back(view_of(g));
        items.back().settling = sweeps_.settling();
    }
    return items;
}

queries::names_found queries::by_name(name_kind kind, const name_page_query& q,
                                      const std::string& last) {
    names_found found;
    std::vector<std::string> names;
    const std::string from = last.empty() ? last : keys::name(kind, last) + '\0';
    tables_.state.scan(keys::names(kind, q.prefix), from,
                       [&](std::string_view key, std::string_view) {
                           if (names.size() == page_limit(q.limit)) {
                               found.next = names.back();
                               return false;
                           }
                           names.emplace_back(keys::name_in(key));
                           return true;
                       });
    for (const auto& name : names) {
        found.names.push_back(tables_.names.find(kind, name).value_or(0));
    }
    return found;
}

queries::names_found queries::by_value(name_kind kind, const name_page_query& q,
                                       const std::string& last) {
    names_found found;
    tables_.write_groups();
    std::pair<std::int64_t, name_number> newest;
    for (const auto& at : tables_.tops.best(kind, q.sort)) {
        if (!last.empty() && at >= read_place(last)) {
            continue;
        }
        if (!q.prefix.empty() && !tables_.names.name_of(kind, at.second).starts_with(q.prefix)) {
            continue;
        }
        if (found.names.size() == page_limit(q.limit)) {
            found.next = write_place(newest);
            break;
        }
        found.names.push_back(at.second);
        newest = at;
    }
    return found;
}

/// The first on the job's list of those; right as soon as no sweep is under way.
std::optional<instant> queries::oldest_pending(name_number job, const group_view& g) {
    if (g.counts.at(static_cast<std::size_t>(model::task_state::pending)) == 0) {
        return std::nullopt;
    }
    tables_.rows.write();
    return tables_.lists.first_submitted(keys::list_of_job(job, model::task_state::pending));
}

/// Among the oldest that are pending, of each queue; of a tag that few tasks have, among those.
std::optional<instant> queries::oldest_pending_of_tag(name_number tag, const group_view& g) {
    constexpr std::int64_t few = 100;
    constexpr std::size_t most_looked_at = 10'000;
    if (g.counts.at(static_cast<std::size_t>(model::task_state::pending)) == 0) {
        return std::nullopt;
    }
    tables_.rows.write();
    if (live_and_ended(g.counts) <= few) {
        return oldest_pending_with_tag(tag);
    }
    std::optional<instant> oldest;
    for (const auto& queue : queues_known()) {
        std::size_t looked_at = 0;
        const auto list = keys::list_of_state(model::task_state::pending, queue);
        tables_.lists.walk(list, {}, [&](std::string_view order, std::string_view tags) {
            const auto at = keys::submitted_at_in_submit_order(order);
            if ((oldest && at >= *oldest) || ++looked_at > most_looked_at) {
                return false;
            }
            if (has_tag(tags, tag)) {
                oldest = at;
            }
            return true;
        });
    }
    return oldest;
}

std::set<model::queue_name> queries::queues_known() const {
    std::set<model::queue_name> known;
    tables_.state.scan(keys::queues(), {}, [&](std::string_view key, std::string_view) {
        known.insert(keys::queue_in(key).queue);
        return true;
    });
    return known;
}

std::optional<instant> queries::oldest_pending_with_tag(name_number tag) {
    task_filter waiting;
    waiting.tag = model::tag_name{tables_.names.name_of(name_kind::tag, tag)};
    waiting.state = model::task_state::pending;
    waiting.newest_first = false;
    waiting.limit = 1;
    const auto page = tasks(waiting);
    if (!page || page->items.empty()) {
        return std::nullopt;
    }
    return page->items.front().submitted_at;
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
    if (q.counts.at(static_cast<std::size_t>(model::task_state::pending)) == 0) {
        return std::nullopt;
    }
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
            const bool waits =
                !is_dropped(row) && model::priority_of(place.record, row.facts) == q.priority &&
                model::state_of(tables_.effective(place, row)) == model::task_state::pending;
            if (waits) {
                oldest = oldest ? std::min(*oldest, row.submitted_at) : row.submitted_at;
            }
            return !waits && ++looked_at < most_rows_passed;
        });
    }
    return oldest;
}

bool queries::is_idle(const model::job_name& job) {
    const auto number = tables_.names.find(name_kind::job, job.value());
    const auto g = number ? tables_.jobs.of_job(*number) : std::nullopt;
    if (!g) {
        return true;
    }
    const auto n = [&](model::task_state s) { return g->counts.at(static_cast<std::size_t>(s)); };
    using model::task_state;
    return !tables_.is_following(*number) && n(task_state::scheduled) == 0 &&
           n(task_state::pending) == 0 && n(task_state::allocated) == 0 &&
           n(task_state::running) == 0;
}

}  // namespace kwq::tracker
