// A job's tasks as one byte each, for heat maps, and the task behind a byte.

#include "base/hash.hpp"
#include "rest/handlers.hpp"
#include "rest/problems.hpp"
#include "rest/readers.hpp"
#include "rest/task_answer.hpp"

namespace kwq::rest {

namespace {

constexpr std::uint32_t most_cells = 1'000'000;
constexpr std::uint32_t last_index = 0xffffffffU;

std::string tag_of(const tracker::state_map_view& map, std::uint32_t from) {
    const auto hash = hash64(map.cells, (std::uint64_t{from} << 32U) | map.total);
    return '"' + std::to_string(hash) + '"';
}

}  // namespace

void get_state_map(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const tracker::state_map_question question{model::job_name{p.path_label(0, "job")},
                                               p.index("from", 0, last_index),
                                               p.number("count", most_cells, most_cells)};
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    const std::string known(q.request.header("if-none-match").value_or(""));
    auto done = [to, known, from = question.from](model::result<tracker::state_map_view> found) {
        if (!found) {
            to.fail(found.error());
            return;
        }
        net::response r;
        const auto tag = tag_of(*found, from);
        add_api_headers(r);
        r.headers.front().second = "no-cache";  // kept, but asked about each time
        r.headers.emplace_back("ETag", tag);
        r.headers.emplace_back("KWQ-Total", std::to_string(found->total));
        r.status = known.find(tag) == std::string::npos ? 200 : 304;
        if (r.status == 200) {
            r.content_type = "application/octet-stream";
            r.body = std::move(found->cells);
        }
        to.send(std::move(r));
    };
    c.services.tracker.state_map(
        question, std::move(after),
        c.loop.then<model::result<tracker::state_map_view>>(std::move(done)));
}

void get_task_at(context& c, const call& q, reply to) {
    parameter_reader p(q);
    model::job_name job{p.path_label(0, "job")};
    const auto index = p.index("index", 0, last_index);
    auto after = p.after();
    if (p.ok() && !p.given("index")) {
        p.refuse({model::errc::bad_field, "index: which task of the job", "index"});
    }
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.task_at(std::move(job), index, std::move(after),
                               c.loop.then<model::result<tracker::task_view>>(
                                   [&c, to](model::result<tracker::task_view> found) {
                                       if (!found) {
                                           to.fail(found.error());
                                           return;
                                       }
                                       answer_task(c, std::move(*found), true, to);
                                   }));
}

}  // namespace kwq::rest
