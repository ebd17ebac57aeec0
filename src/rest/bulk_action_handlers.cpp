// Changes of many tasks at once, as a resource.

#include "rest/bulk_actions.hpp"
#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/problems.hpp"
#include "rest/readers.hpp"
#include "rest/task_query.hpp"

namespace kwq::rest {

using model::errc;

namespace {

model::result<tracker::task_filter> read_filter(field_reader& f) {
    tracker::task_filter filter;
    const codec::json_value* given = f.find("filter");
    if (given != nullptr && !given->is_object()) {
        return model::error{errc::bad_field, "filter: an object", "/filter"};
    }
    if (given != nullptr) {
        field_reader words(*given, "/filter");
        filter = read_task_filter(words);
        if (!words.ok()) {
            return words.error();
        }
    }
    const std::string text = f.text("q", 4'096);
    if (const auto added = add_text(filter, text); !added) {
        return added.error();
    }
    if (filter.is_everything() && !f.flag("all", false)) {
        return model::error{errc::bad_field,
                            "which tasks: a filter, or \"all\": true for every one", "/filter"};
    }
    return filter;
}

model::result<bulk_wish> read_wish(const call& q) {
    auto body = read_object(q, false);
    if (!body) {
        return body.error();
    }
    parameter_reader p(q);
    field_reader f(body->root());
    bulk_wish wish;
    const auto verb = parse_bulk_verb(f.text("action", 16, true));
    wish.dry_run = f.flag("dry_run", false);
    wish.priority = model::priority{
        static_cast<std::int32_t>(f.integer("priority", 1, limits::most_priorities).value_or(0))};
    wish.after = p.after();
    auto filter = read_filter(f);
    if (!f.ok() || !p.ok()) {
        return f.ok() ? p.error() : f.error();
    }
    if (!verb) {
        return model::error{errc::bad_field, "action: retry, cancel or reprioritise", "/action"};
    }
    if ((*verb == bulk_verb::reprioritise) != (wish.priority > model::priority{0})) {
        return model::error{errc::bad_field, "priority: with reprioritise, and only then",
                            "/priority"};
    }
    if (!filter) {
        return filter.error();
    }
    wish.verb = *verb;
    wish.filter = std::move(*filter);
    return wish;
}

bulk_actions::answer answer_view(const reply& to) {
    return [to](const model::result<bulk_view>& v) {
        if (!v) {
            to.fail(v.error());
            return;
        }
        std::string body;
        codec::json_writer w(body);
        write_bulk_view(w, *v);
        to.json(200, std::move(body));
    };
}

void answer_started(const context& c, const reply& to, const bulk_view& v, bool dry_run) {
    net::response r;
    codec::json_writer w(r.body);
    if (dry_run) {
        w.begin_object().field("matched", v.matched).field("exact", v.exact).end_object();
    } else {
        write_bulk_view(w, v);
        r.status = 202;
        r.headers.emplace_back("Location", c.config.base_path + "/kwq/v1/bulk/" + v.id);
    }
    add_api_headers(r);
    to.send(std::move(r));
}

}  // namespace

void start_bulk_action(context& c, const call& q, reply to) {
    auto wish = read_wish(q);
    if (!wish) {
        to.fail(wish.error());
        return;
    }
    const bool dry_run = wish->dry_run;
    c.bulk->start(std::move(*wish), [&c, to, dry_run](const model::result<bulk_view>& v) {
        if (v) {
            answer_started(c, to, *v, dry_run);
        } else {
            to.fail(v.error());
        }
    });
}

void list_bulk_actions(context& c, const call&, reply to) {
    c.bulk->list([to](const std::vector<bulk_view>& all) {
        std::string body;
        codec::json_writer w(body);
        w.begin_object().key("items").begin_array();
        for (const bulk_view& v : all) {
            write_bulk_view(w, v);
        }
        w.end_array().end_object();
        to.json(200, std::move(body));
    });
}

void get_bulk_action(context& c, const call& q, reply to) {
    parameter_reader p(q);
    const milliseconds wait = p.seconds("wait_s", limits::longest_wait);
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    c.bulk->look(q.named(0), wait, answer_view(to));
}

void cancel_bulk_action(context& c, const call& q, reply to) {
    c.bulk->cancel(q.named(0), answer_view(to));
}

}  // namespace kwq::rest
