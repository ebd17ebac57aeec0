// Everything together, and who serves it.

#include "rest/handlers.hpp"
#include "rest/readers.hpp"
#include "rest/views.hpp"

#include <map>
#include <utility>

namespace kwq::rest {

namespace {

void write_scheduler(codec::json_writer& w, const scheduler::scheduler_stats& s) {
    w.key("scheduler").begin_object();
    w.field("allocated", s.allocated).field("completed", s.completed).field("errors", s.errors);
    w.field("released", s.released).field("expired", s.expired).field("timed_out", s.timed_out);
    w.field("retries", s.retries).field("dead", s.dead).field("cancelled", s.cancelled);
    w.field("duplicates", s.duplicates).field("rejected", s.rejected);
    w.field("void_events", s.void_events).field("heartbeats", s.heartbeats);
    w.field("polls", s.polls).field("polls_empty", s.polls_empty).field("leases", s.leases);
    w.field("waiting_polls", s.waiting_polls).field("scheduled", s.scheduled);
    w.field("ready_buffer_tasks", s.ready_buffer_tasks);
    w.field("ready_buffer_bytes", s.ready_buffer_bytes).field("unapplied", s.unapplied);
    w.field("undecodable_events", s.undecodable_events).end_object();
}

void write_tracker(codec::json_writer& w, const tracker::tracker_stats& t) {
    w.key("tracker").begin_object();
    w.field("events", t.events).field("void_events", t.void_events);
    w.field("undecodable_events", t.undecodable_events).field("task_records", t.task_records);
    w.field("lag", t.lag).end_object();
}

struct stats_parts {
    tracker::tracker_stats tracker;
    scheduler::scheduler_stats scheduler;
};

void answer_stats(context& c, const reply& to, const stats_parts& parts,
                  const scheduler::dispatch_info& dispatch) {
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("now_at", c.now().value());
    w.key("overall").begin_object();
    write_group_fields(w, "", parts.tracker.overall, c.now());
    w.end_object();
    w.key("dispatch");
    write_dispatch(w, dispatch);
    write_scheduler(w, parts.scheduler);
    write_tracker(w, parts.tracker);
    w.end_object();
    to.json(200, std::move(body));
}

}  // namespace

void get_stats(context& c, const call& q, reply to) {
    parameter_reader p(q);
    auto after = p.after();
    if (!p.ok()) {
        to.fail(p.error());
        return;
    }
    auto with_tracker = [&c, to](const model::result<tracker::tracker_stats>& found) {
        if (!found) {
            to.fail(found.error());
            return;
        }
        c.services.scheduler.stats(c.loop.then<scheduler::scheduler_stats>(
            [&c, to, t = *found](const scheduler::scheduler_stats& s) {
                c.services.scheduler.dispatch(c.loop.then<scheduler::dispatch_info>(
                    [&c, to, t, s](const scheduler::dispatch_info& d) {
                        answer_stats(c, to, {.tracker = t, .scheduler = s}, d);
                    }));
            }));
    };
    c.services.tracker.stats(std::move(after), c.loop.then<model::result<tracker::tracker_stats>>(
                                                   std::move(with_tracker)));
}

namespace {

void write_shards(codec::json_writer& w, const std::vector<const scheduler::shard_info*>& shards) {
    w.key("shards").begin_array();
    for (const auto* s : shards) {
        w.begin_object().field("shard", s->shard.value()).field("epoch", s->epoch.value());
        w.field("applied", s->applied.value());
        w.field("lag", s->end.value() - s->applied.value() - 1).end_object();
    }
    w.end_array();
}

/// This instance first, then the others that the newest claims name.
std::string render_cluster(const context& c, const std::vector<scheduler::shard_info>& shards) {
    using owned = std::vector<const scheduler::shard_info*>;
    owned mine;
    std::map<std::pair<std::string, std::string>, owned> others;
    for (const auto& s : shards) {
        if (s.owned) {
            mine.push_back(&s);
        } else if (s.epoch.value() >= 0) {
            others[{s.owner, s.url}].push_back(&s);
        }
    }
    std::string body;
    codec::json_writer w(body);
    w.begin_object().field("log", c.config.log_kind);
    w.field("partitions", c.config.partitions);
    w.field("token", c.config.token.has_value());
    w.field("read_only", c.config.ui_read_only);
    w.key("instances").begin_array().begin_object();
    w.field("instance", c.config.instance).field("version", c.config.version);
    w.field("ready", c.services.scheduler.is_ready() && c.services.tracker.is_ready());
    write_shards(w, mine);
    w.end_object();
    for (const auto& [who, theirs] : others) {
        w.begin_object().field("instance", who.first).field("url", who.second);
        write_shards(w, theirs);
        w.end_object();
    }
    w.end_array().end_object();
    return body;
}

}  // namespace

void get_cluster(context& c, const call&, reply to) {
    c.services.scheduler.shards(c.loop.then<std::vector<scheduler::shard_info>>(
        [&c, to](const std::vector<scheduler::shard_info>& shards) {
            to.json(200, render_cluster(c, shards));
        }));
}

void get_cluster_ready(context& c, const call&, reply to) {
    if (!c.services.scheduler.is_in_touch()) {
        to.fail({model::errc::out_of_touch, "what it decides would not count", {}});
        return;
    }
    std::string body;
    codec::json_writer w(body);
    w.begin_object().key("queues").begin_object();
    for (const auto& [name, levels] : c.services.scheduler.ready_tasks()) {
        w.key(name.value()).begin_object();
        for (const auto& [priority, tasks] : levels) {
            w.field(std::to_string(priority.value()), static_cast<std::uint64_t>(tasks));
        }
        w.end_object();
    }
    w.end_object().end_object();
    to.json(200, std::move(body));
}

}  // namespace kwq::rest
