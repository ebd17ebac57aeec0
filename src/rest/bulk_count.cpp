#include "rest/bulk_count.hpp"

#include <algorithm>
#include <memory>

namespace kwq::rest {

namespace {

constexpr std::uint32_t counted_rows = 500;
constexpr int most_pages = 40;

using answer = std::function<void(model::result<bulk_total>)>;

bulk_total sum(const tracker::state_counts& counts, const tracker::state_set& states) {
    std::int64_t all = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all += states.holds(static_cast<model::task_state>(i)) ? counts[i] : 0;
    }
    return {.matched = static_cast<std::uint64_t>(std::max<std::int64_t>(all, 0))};
}

/// A set of tasks that has counters: how many names narrow the filter, and which.
bool is_only(const tracker::task_filter& f, bool job, bool tag, bool queue) {
    return f.job.has_value() == job && f.tag.has_value() == tag && f.queue.has_value() == queue &&
           !f.worker && !f.error;
}

/// Looks at rows, a page after the other. Shared by the questions under way.
struct row_count {
    context& c;
    tracker::task_filter filter;
    answer done;
    bulk_total total{};
    int pages = 0;
};

// Shared: see row_count.
void ask_rows(const std::shared_ptr<row_count>& r, tracker::positions after) {
    r->c.services.tracker.tasks(r->filter, std::move(after),
                                r->c.loop.then<model::result<tracker::task_page>>(
                                    [r](const model::result<tracker::task_page>& page) {
                                        if (!page) {
                                            r->done(page.error());
                                            return;
                                        }
                                        r->total.matched += page->items.size();
                                        r->filter.cursor = page->next_cursor;
                                        r->total.exact = page->next_cursor.empty();
                                        if (r->total.exact || ++r->pages == most_pages) {
                                            r->done(r->total);
                                        } else {
                                            ask_rows(r, {});
                                        }
                                    }));
}

/// A job or tag that nobody has seen counts nothing.
tracker::callback<tracker::group_view> from_group(context& c, const tracker::state_set& states,
                                                  answer done) {
    return c.loop.then<model::result<tracker::group_view>>(
        [states, done = std::move(done)](const model::result<tracker::group_view>& found) {
            if (found) {
                bulk_total total = sum(found->counts, states);
                total.exact = found->settling == 0;
                done(total);
            } else if (found.error().code == model::errc::job_unknown ||
                       found.error().code == model::errc::tag_unknown) {
                done(bulk_total{});
            } else {
                done(found.error());
            }
        });
}

void count_queue(context& c, const tracker::task_filter& f, tracker::positions after, answer done) {
    using views = std::vector<tracker::queue_view>;
    c.services.tracker.queues(
        std::move(after), c.loop.then<model::result<views>>([f, done = std::move(done)](
                                                                const model::result<views>& found) {
            if (!found) {
                done(found.error());
                return;
            }
            bulk_total total;
            for (const tracker::queue_view& v : *found) {
                total.matched +=
                    !f.queue || v.queue == *f.queue ? sum(v.counts, f.state).matched : 0;
            }
            done(total);
        }));
}

}  // namespace

void count_tasks(context& c, const tracker::task_filter& filter, tracker::positions after,
                 std::function<void(model::result<bulk_total>)> done) {
    if (is_only(filter, true, false, false)) {
        c.services.tracker.job({*filter.job}, std::move(after),
                               from_group(c, filter.state, std::move(done)));
    } else if (is_only(filter, false, true, false)) {
        c.services.tracker.tag(*filter.tag, std::move(after),
                               from_group(c, filter.state, std::move(done)));
    } else if (is_only(filter, false, false, true) || is_only(filter, false, false, false)) {
        count_queue(c, filter, std::move(after), std::move(done));
    } else {
        // Shared: see row_count.
        const auto r = std::make_shared<row_count>(row_count{c, filter, std::move(done)});
        r->filter.limit = counted_rows;
        r->filter.cursor.clear();
        ask_rows(r, std::move(after));
    }
}

}  // namespace kwq::rest
