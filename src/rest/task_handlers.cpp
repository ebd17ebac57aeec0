#include "codec/task_codec.hpp"
#include "rest/handlers.hpp"
#include "rest/intake.hpp"
#include "rest/limits.hpp"
#include "rest/readers.hpp"
#include "rest/task_answer.hpp"
#include "rest/task_body.hpp"
#include "rest/task_query.hpp"
#include "rest/views.hpp"

namespace kwq::rest {

using model::errc;

namespace {

struct submission {
    std::vector<prepared_task> tasks;
    bool is_array = false;
};

/// Names the item of an array that an error is about.
model::error within(const model::error& e, bool is_array, std::size_t i) {
    if (!is_array) {
        return e;
    }
    const std::string at = "/" + std::to_string(i);
    return {e.code, "task " + std::to_string(i) + ": " + e.detail, at + e.field};
}

model::result<submission> read_submission(context& c, const call& q, std::string_view key) {
    auto parsed = codec::json_document::parse_view(q.request.body, codec::opaque_task_fields);
    if (!parsed) {
        return parsed.error();
    }
    const codec::json_value& root = parsed->root();
    submission all;
    all.is_array = root.is_array();
    if (!all.is_array && q.request.body.size() > limits::submit_bytes) {
        return model::error{errc::payload_too_large, "a single task is at most 1.5 MiB", {}};
    }
    const std::size_t count = all.is_array ? root.items().size() : 1;
    if (count == 0 || count > limits::array_tasks) {
        return model::error{errc::bad_field, "an array of 1 to 1,000 tasks", {}};
    }
    const auto run = count > 1 ? std::optional(c.runs++) : std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        auto task = codec::read_task(all.is_array ? root.items()[i] : root);
        if (!task) {
            return within(task.error(), all.is_array, i);
        }
        auto ready = prepare_task(c, std::move(*task), {.key = key, .index = i, .run = run});
        if (!ready) {
            return within(ready.error(), all.is_array, i);
        }
        all.tasks.push_back(std::move(*ready));
    }
    return all;
}

/// One error for all: when some are in and some are not, only a repeat tells.
std::optional<model::error> refusal_of(const std::vector<placed_task>& placed) {
    std::optional<model::error> first;
    std::size_t refused = 0;
    for (const placed_task& one : placed) {
        if (one.refused) {
            first = first ? first : one.refused;
            ++refused;
        }
    }
    if (refused > 0 && refused < placed.size()) {
        return model::error{errc::outcome_unknown,
                            "some of the tasks may be in; the same request again is safe with ids "
                            "or an Idempotency-Key",
                            {}};
    }
    return first;
}

void answer_submit(const reply& to, bool is_array, const std::vector<placed_task>& placed) {
    if (const auto refused = refusal_of(placed)) {
        to.fail(*refused);
        return;
    }
    std::string body;
    codec::json_writer w(body);
    if (is_array) {
        w.begin_object().key("tasks").begin_array();
    }
    for (const placed_task& one : placed) {
        write_placed(w, one);
    }
    if (is_array) {
        w.end_array().end_object();
    }
    to.json(201, std::move(body));
}

}  // namespace

void submit_tasks(context& c, const call& q, reply to) {
    const auto key = q.request.header("idempotency-key");
    if (key && !valid_idempotency_key(*key)) {
        to.fail({errc::bad_field, "Idempotency-Key: 1 to 200 printable ASCII characters",
                 "Idempotency-Key"});
        return;
    }
    auto all = read_submission(c, q, key.value_or(""));
    if (!all) {
        to.fail(all.error());
        return;
    }
    if (key && !c.keys.remember(std::string(*key), q.request.body)) {
        to.fail({errc::idempotency_conflict, "this Idempotency-Key came with another body", {}});
        return;
    }
    append_tasks(c, std::move(all->tasks),
                 to.then<std::vector<placed_task>>(
                     [to, is_array = all->is_array](const std::vector<placed_task>& placed) {
                         answer_submit(to, is_array, placed);
                     }));
}

void get_task(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const model::task_id id = p.path_task(0);
    auto after = p.after();
    const milliseconds wait = p.seconds("wait_s", limits::longest_wait);
    p.word("until", {"terminal"});
    const bool with_payload = p.flag("payload", true);
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto done = c.loop.then<model::result<tracker::task_view>>(
        [&c, with_payload, to](model::result<tracker::task_view> found) {
            if (!found) {
                to.fail(found.error());
                return;
            }
            answer_task(c, std::move(*found), with_payload, to);
        });
    if (wait > milliseconds{0}) {
        c.services.tracker.task_until_terminal(id, std::move(after), wait, std::move(done));
    } else {
        c.services.tracker.task(id, std::move(after), std::move(done));
    }
}

void list_tasks(context& c, const call& q, reply to) {
    parameter_reader p(q);
    auto filter = read_task_page(p);
    p.word("format", {"json", "ndjson", "csv"});  // the latter two: export_tasks()
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.services.tracker.tasks(std::move(filter), std::move(after),
                             c.loop.then<model::result<tracker::task_page>>(
                                 [to](const model::result<tracker::task_page>& page) {
                                     if (!page) {
                                         to.fail(page.error());
                                         return;
                                     }
                                     to.json(200, render_task_page(*page));
                                 }));
}

namespace {

using task_command = void (scheduler::scheduler::*)(
    scheduler::task_place, scheduler::callback<model::result<model::offset>>);

/// Finds the task, then asks for the change where it is.
void with_place(context& c, const call& q, const reply& to,
                std::function<void(scheduler::task_place)> change) {
    parameter_reader p(q);
    const model::task_id id = p.path_task(0);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto found = [to, change = std::move(change),
                  passed_on = q.passed_on()](const model::result<tracker::task_view>& task) {
        if (!task) {
            to.fail(task.error());
            return;
        }
        change(
            {.shard = task->shard, .place = task->place, .id = task->id, .passed_on = passed_on});
    };
    c.services.tracker.task(id, std::move(after),
                            c.loop.then<model::result<tracker::task_view>>(std::move(found)));
}

void answer_changed(context& c, const reply& to, const model::task_id& id, int affected) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("id", id.value()).field("affected", affected);
    w.field("position", c.status_end(shard_of_task(c, id))).end_object();
    to.json(200, std::move(body));
}

void change_task(context& c, const call& q, const reply& to, task_command command) {
    with_place(c, q, to, [&c, to, command](scheduler::task_place task) {
        const auto id = task.id;
        (c.services.scheduler.*command)(std::move(task),
                                        c.loop.then<model::result<model::offset>>(
                                            [&c, to, id](const model::result<model::offset>& at) {
                                                if (at) {
                                                    answer_changed(c, to, id, 1);
                                                } else {
                                                    to.fail(at.error());
                                                }
                                            }));
    });
}

}  // namespace

void reprioritise_task(context& c, const call& q, reply to) {
    const auto body = read_object(q, false);
    if (!body) {
        to.fail(body.error());
        return;
    }
    field_reader f(body->root());
    const auto given = f.integer("priority", 1, limits::most_priorities);
    if (!f.ok() || !given) {
        to.fail(f.ok() ? model::error{errc::bad_field, "priority: wanted", "/priority"}
                       : f.error());
        return;
    }
    const model::priority wanted{static_cast<std::int32_t>(*given)};
    with_place(c, q, to, [&c, to, wanted](scheduler::task_place task) {
        const auto id = task.id;
        c.services.scheduler.reprioritise_task(
            std::move(task), wanted,
            c.loop.then<model::result<scheduler::reprioritised>>(
                [&c, to, id](const model::result<scheduler::reprioritised>& answer) {
                    if (answer) {
                        answer_changed(c, to, id, answer->moved ? 1 : 0);
                    } else {
                        to.fail(answer.error());
                    }
                }));
    });
}

void cancel_task(context& c, const call& q, reply to) {
    change_task(c, q, to, &scheduler::scheduler::cancel_task);
}

void retry_task(context& c, const call& q, reply to) {
    change_task(c, q, to, &scheduler::scheduler::retry_task);
}

}  // namespace kwq::rest
