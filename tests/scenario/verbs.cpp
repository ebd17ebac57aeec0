// The verbs of transcripts: one small handler each. README.md lists them.
#include "world.hpp"

#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

namespace kwq::scenario {

using namespace scheduler;

namespace {

/// `verb word word key=value …`
struct words {
    std::string verb;
    std::vector<std::string> plain;
    std::map<std::string, std::string> named;

    explicit words(const std::string& line) {
        std::istringstream in(line);
        in >> verb;
        for (std::string w; in >> w;) {
            const auto eq = w.find('=');
            if (eq == std::string::npos) {
                plain.push_back(w);
            } else {
                named[w.substr(0, eq)] = w.substr(eq + 1);
            }
        }
    }
    std::string get(const std::string& name, const std::string& otherwise = "") const {
        const auto found = named.find(name);
        return found == named.end() ? otherwise : found->second;
    }
    bool has(const std::string& name) const { return named.count(name) > 0; }
    milliseconds seconds(const std::string& name, double otherwise = 0) const {
        return to_ms(has(name) ? std::stod(get(name)) : otherwise);
    }
    static milliseconds to_ms(double s) {
        return milliseconds{static_cast<std::int64_t>(s * 1'000)};
    }
    const std::string& first() const { return plain.at(0); }
};

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> out;
    std::istringstream in(list);
    for (std::string item; std::getline(in, item, ',');) {
        out.push_back(item);
    }
    return out;
}

model::task task_of(const world& w, const words& a) {
    model::task t;
    t.id = model::task_id{a.first()};
    t.payload = a.get("payload", "null");
    t.queue = model::queue_name{a.get("queue", "default")};
    t.job = model::job_name{a.get("job", "default")};
    t.priority = model::priority{std::stoi(a.get("priority", "5"))};
    t.affinity = split(a.get("affinity"));
    t.limits.max_attempts = static_cast<std::uint32_t>(std::stoul(a.get("max_attempts", "4")));
    t.limits.backoff = a.seconds("backoff", 5);
    t.limits.lease = a.seconds("lease", 60);
    if (a.has("timeout")) {
        t.limits.timeout = a.seconds("timeout");
    }
    if (a.has("not_before")) {
        t.not_before = w.now() + a.seconds("not_before");
    }
    if (a.has("expires")) {
        t.expires_at = w.now() + a.seconds("expires");
    }
    return t;
}

report_kind report_of(world& w, const std::string& what, const words& a) {
    if (what == "running") {
        return report_running{};
    }
    if (what == "complete") {
        report_complete r{a.get("result"), {}};
        for (const auto& id : split(a.get("then"))) {
            words child("submit " + id);
            r.then.push_back(task_of(w, child));
        }
        return r;
    }
    if (what == "error") {
        return report_error{a.get("message", "failed"), a.get("retry", "true") == "true"};
    }
    return report_release{a.seconds("delay")};
}

void do_poll(world& w, const words& a) {
    poll_request p;
    p.worker = model::worker_name{a.first()};
    for (const auto& q : split(a.get("queues", "default"))) {
        p.queues.emplace_back(q);
    }
    p.max = static_cast<std::uint32_t>(std::stoul(a.get("max", "1")));
    p.wait = a.seconds("wait");
    p.affinity = split(a.get("affinity"));
    for (const auto& item : split(a.get("settle"))) {
        const auto colon = item.find(':');
        p.settle.push_back(
            {w.lease(item.substr(0, colon)), report_of(w, item.substr(colon + 1), words("x"))});
    }
    w.poll(std::move(p));
}

void do_report(world& w, const words& a) {
    w.report({w.lease(a.first()), report_of(w, a.verb, a)});
}

void do_gate(world& w, const words& a) {
    model::gate g;
    g.paused = a.verb == "pause";
    g.scope = model::gate_scope::all;
    if (a.has("job")) {
        g.scope = model::gate_scope::job;
        g.job = model::job_name{a.get("job")};
    } else if (a.has("queue")) {
        g.scope = a.has("priority") ? model::gate_scope::priority : model::gate_scope::queue;
        g.queue = model::queue_name{a.get("queue")};
        g.priority = model::priority{std::stoi(a.get("priority", "0"))};
    }
    if (a.has("for")) {
        g.until = w.now() + a.seconds("for");
    }
    w.control(g);
}

void do_command(world& w, const words& a) {
    model::command c;
    if (a.verb == "empty") {
        c.action = model::control_action::empty_queue;
        c.queue = model::queue_name{a.first()};
        if (a.has("priority")) {
            c.priority = model::priority{std::stoi(a.get("priority"))};
        }
        c.ends = {w.ends_of(a.first())};
    } else {
        c.action = a.verb == "cancel-job" ? model::control_action::cancel_job
                                          : model::control_action::retry_job;
        c.job = model::job_name{a.first()};
        c.ends = {w.all_ends()};
    }
    w.control(c);
}

void do_dispatch(world& w, const words& a) {
    const auto state = model::parse_dispatch_state(a.first());
    if (!state) {
        throw std::runtime_error("no dispatch state " + a.first());
    }
    w.control(model::dispatch{*state, std::nullopt, ""});
}

/// An event that somebody else appended: a scheduler that believes it owns the shard.
void do_zombie(world& w, const words& a) {
    const model::owner_stamp stamp{model::offset{std::stoll(a.get("epoch"))},
                                   milliseconds{900'000}};
    const auto place = w.place_of(a.plain.at(1));
    const model::task_id id{a.plain.at(1)};
    if (a.first() == "expire") {
        w.append_foreign(model::lease_expired{place, id, w.lease(a.get("lease"))}, stamp);
    } else {
        w.append_foreign(model::allocated{place, id, w.lease("stolen"), model::worker_name{"z"}, 1,
                                          model::task_intro{}},
                         stamp);
    }
}

using handler = std::function<void(world&, const words&)>;

const std::map<std::string, handler>& handlers() {
    static const std::map<std::string, handler> all{
        {"queue",
         [](world& w, const words& a) {
             w.add_queue(a.first(), std::stoi(a.get("priorities", "9")));
         }},
        {"submit", [](world& w, const words& a) { w.submit(task_of(w, a)); }},
        {"garbage",
         [](world& w, const words& a) {
             w.submit_raw("default", std::stoi(a.get("priority", "5")), "{");
         }},
        {"poll", do_poll},
        {"abandon", [](world& w, const words& a) { w.abandon(std::stoull(a.first())); }},
        {"abandon-late",
         [](world& w, const words& a) { w.abandon_when_allocated(std::stoull(a.first())); }},
        {"running", do_report},
        {"complete", do_report},
        {"error", do_report},
        {"release", do_report},
        {"heartbeat",
         [](world& w, const words& a) { w.heartbeat(w.lease(a.first()), a.get("progress")); }},
        {"pause", do_gate},
        {"resume", do_gate},
        {"cancel", [](world& w, const words& a) { w.cancel(a.first()); }},
        {"retry", [](world& w, const words& a) { w.retry(a.first()); }},
        {"reprioritise",
         [](world& w, const words& a) {
             w.reprioritise(a.first(), model::priority{std::stoi(a.get("to"))});
         }},
        {"cancel-job", do_command},
        {"retry-job", do_command},
        {"empty", do_command},
        {"dispatch", do_dispatch},
        {"advance",
         [](world& w, const words& a) { w.advance(words::to_ms(std::stod(a.first()))); }},
        {"restart", [](world& w, const words&) { w.restart(); }},
        {"rebuild", [](world& w, const words&) { w.rebuild(); }},
        {"lose-follow-ups",
         [](world& w, const words& a) {
             w.lose_follow_ups(a.first() == "all"    ? world::follow_loss::all
                               : a.first() == "note" ? world::follow_loss::note
                                                     : world::follow_loss::none);
         }},
        {"read",
         [](world& w, const words& a) {
             w.read_back_only(a.first() == "all" ? std::nullopt
                                                 : std::optional(std::stoul(a.first())));
         }},
        {"lose-appends", [](world& w, const words&) { w.lose_appends(); }},
        {"zombie", do_zombie},
        {"claim",
         [](world& w, const words& a) {
             w.append_foreign(model::claim{a.first(), "foreign"}, std::nullopt);
         }},
        {"place",
         [](world& w, const words& a) {
             const auto where = w.place_of(a.first());
             const auto facts =
                 w.core().state().effective(where, model::job_name{a.get("job", "default")});
             w.print(a.first() + " is " + std::string(to_string(facts.place)) + ", attempt " +
                     std::to_string(facts.attempt) + ", spent " + std::to_string(facts.spent) +
                     (facts.priority == model::priority{0}
                          ? ""
                          : ", at priority " + std::to_string(facts.priority.value())));
         }},
    };
    return all;
}

}  // namespace

void run_verb(world& w, const std::string& line) {
    const words a(line);
    const auto found = handlers().find(a.verb);
    if (found == handlers().end()) {
        throw std::runtime_error("no verb " + a.verb);
    }
    found->second(w, a);
    w.settle();
}

}  // namespace kwq::scenario
