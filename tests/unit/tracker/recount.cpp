#include "recount.hpp"

#include <algorithm>
#include <sstream>

namespace kwq::tracker {

namespace {

std::string text(const std::optional<instant>& at) {
    return at ? std::to_string(at->value()) : "-";
}

std::string text(const state_counts& counts) {
    std::string out;
    for (const auto n : counts) {
        out += std::to_string(n) + " ";
    }
    return out;
}

std::string queue_at(const model::queue_name& queue, model::priority p) {
    return queue.value() + "/" + std::to_string(p.value());
}

std::int64_t mean_ms(std::int64_t sum, std::uint64_t n) {
    return n == 0 ? 0 : sum / static_cast<std::int64_t>(n);
}

/// Means are compared to the whole millisecond below; the fold's come as seconds.
std::int64_t to_ms(double seconds) {
    return static_cast<std::int64_t>(seconds * 1000 + 1e-6);
}

std::string line_of(const std::string& name, const group_view& g) {
    std::ostringstream out;
    out << name << ": " << text(g.counts) << "s" << g.submitted << " r" << g.retries << " d"
        << g.duplicates << " x" << g.rejected << " w" << g.wait.count << "/" << to_ms(g.wait.mean_s)
        << " e" << g.run.count << "/" << to_ms(g.run.mean_s) << " " << text(g.first_at) << ".."
        << text(g.last_at);
    return out.str();
}

}  // namespace

void recount::add(const model::stored_task& t) {
    records_[t.place] = t;
}

bool recount::taken(const model::task_id* id, const model::record& place) const {
    const auto found = id == nullptr ? bound_.end() : bound_.find(*id);
    if (found == bound_.end() || found->second == place) {
        return false;
    }
    const auto w = complete(found->second);
    const auto ended = w.effective.since == w.h.facts.since ? w.h.changed_at : w.commanded_at;
    const bool settled =
        w.effective.place == model::place::complete || w.effective.place == model::place::cancelled;
    return !(settled && ended < partition_.horizon);
}

void recount::add(const model::logged_event& e) {
    if (!model::step_partition(partition_, e).accepted()) {
        return;
    }
    if (const auto* c = std::get_if<model::control>(&e.event.body)) {
        ledger_.apply(e.offset, e.event.at, *c);
        return;
    }
    const auto* place = model::place_of(e.event.body);
    if (place == nullptr) {
        return;
    }
    const auto found = histories_.find(*place);
    history h = found == histories_.end() ? history{} : found->second;
    const auto* intro = model::intro_of(e.event.body);
    const bool first = h.facts.place == model::place::ahead;
    model::job_name job;
    if (h.intro) {
        job = h.intro->job;
    } else if (first && intro != nullptr) {
        job = intro->job;
    }
    instant commanded_at{0};
    const auto before = ledger_.effective(*place, job, h.facts, &commanded_at);
    const auto* id = model::id_of(e.event.body);
    const auto step = model::step(before, taken(id, *place), e);
    if (!step.verdict.accepted()) {
        return;
    }
    if (first && intro != nullptr) {
        h.intro = *intro;
        h.id = *id;
        h.ready_since = intro->submitted_at;
        bound_[*id] = *place;
    }
    if (h.facts.place == model::place::dead && before.place == model::place::pending) {
        h.ready_since = commanded_at;
    }
    h.facts = step.after;
    if (const auto* m = std::get_if<model::moved>(&e.event.body)) {
        h.levels.insert(m->to);
    }
    tell(h, before, e);
    histories_[*place] = h;
}

void recount::tell(history& h, const model::task_facts& before, const model::logged_event& e) {
    const auto at = e.event.at;
    if (std::holds_alternative<model::allocated>(e.event.body)) {
        h.waits.push_back(std::max<std::int64_t>((at - h.ready_since).count(), 0));
        h.allocated_at = at;
    } else if (std::holds_alternative<model::complete>(e.event.body)) {
        h.runs.push_back(std::max<std::int64_t>((at - h.allocated_at).count(), 0));
    } else if (std::holds_alternative<model::task_error>(e.event.body) ||
               std::holds_alternative<model::lease_expired>(e.event.body)) {
        h.retries += h.facts.place == model::place::dead ? 0 : 1;
    }
    if (h.facts.place == model::place::pending && before.place != model::place::pending &&
        before.place != model::place::ahead) {
        h.ready_since = at;
    }
    h.changed_at = at;
}

recount::whole recount::complete(const model::record& place) const {
    whole w;
    std::vector<model::tag_name> tags;
    if (const auto h = histories_.find(place); h != histories_.end()) {
        w.h = h->second;
    }
    if (w.h.intro) {
        w.known = true;
        w.job = w.h.intro->job.value();
        tags = w.h.intro->tags;
        w.submitted_at = w.h.intro->submitted_at;
    } else if (const auto r = records_.find(place); r != records_.end()) {
        w.known = true;
        w.job = r->second.body.job.value();
        tags = r->second.body.tags;
        w.submitted_at = r->second.submitted_at;
        w.h.id = r->second.body.id;
    }
    for (const auto& t : tags) {
        w.tags.insert(t.value());
    }
    w.effective = ledger_.effective(place, model::job_name{w.job}, w.h.facts, &w.commanded_at);
    return w;
}

void recount::count_in(sums& s, const whole& w) {
    if (w.known) {
        s.first = s.first ? std::min(*s.first, w.submitted_at) : w.submitted_at;
    }
    for (const auto at : {w.submitted_at, w.h.changed_at, w.commanded_at}) {
        s.last = s.last ? std::max(*s.last, at) : at;
    }
    if (w.effective.place == model::place::duplicate) {
        ++s.duplicates;
        return;
    }
    if (w.effective.place == model::place::rejected) {
        ++s.rejected;
        return;
    }
    ++s.submitted;
    ++s.counts.at(static_cast<std::size_t>(model::state_of(w.effective)));
    s.retries += w.h.retries;
    for (const auto ms : w.h.waits) {
        s.wait_ms += ms;
        ++s.waits;
    }
    for (const auto ms : w.h.runs) {
        s.run_ms += ms;
        ++s.runs;
    }
}

std::string recount::line(const std::string& name, const sums& s) {
    std::ostringstream out;
    out << name << ": " << text(s.counts) << "s" << s.submitted << " r" << s.retries << " d"
        << s.duplicates << " x" << s.rejected << " w" << s.waits << "/"
        << mean_ms(s.wait_ms, s.waits) << " e" << s.runs << "/" << mean_ms(s.run_ms, s.runs) << " "
        << text(s.first) << ".." << text(s.last);
    return out.str();
}

std::string recount::id_line(const std::string& id,
                             const std::vector<model::record>& places) const {
    const auto bound = bound_.find(model::task_id{id});
    const auto best = std::min_element(places.begin(), places.end(), [](auto& a, auto& b) {
        return a.priority != b.priority ? a.priority > b.priority : a.offset < b.offset;
    });
    const auto& place = bound == bound_.end() ? *best : bound->second;
    const auto w = complete(place);
    std::ostringstream out;
    out << "id " << id << ": " << to_string(place) << " " << to_string(model::state_of(w.effective))
        << " " << w.job << " a" << w.effective.attempt << " s" << w.effective.spent;
    return out.str();
}

std::vector<std::string> recount::lines() const {
    std::set<model::record> places;
    for (const auto& [place, r] : records_) {
        places.insert(place);
    }
    for (const auto& [place, h] : histories_) {
        places.insert(place);
    }
    std::map<std::string, sums> groups;
    std::map<std::string, state_counts> queues;
    std::map<std::string, state_counts> job_tags;
    std::map<std::string, std::vector<model::record>> ids;
    for (const auto& place : places) {
        const auto w = complete(place);
        sums one;
        count_in(one, w);
        count_in(groups["all"], w);
        queues[queue_at(place.queue, place.priority)];
        for (const auto p : w.h.levels) {
            queues[queue_at(place.queue, p)];
        }
        add_counts(queues[queue_at(place.queue, model::priority_of(place, w.effective))],
                   one.counts);
        if (!w.known) {
            continue;
        }
        count_in(groups["job " + w.job], w);
        for (const auto& t : w.tags) {
            count_in(groups["tag " + t], w);
            add_counts(job_tags[w.job + " " + t], one.counts);
        }
        ids[w.h.id.value()].push_back(place);
    }
    std::vector<std::string> out;
    for (const auto& [name, s] : groups) {
        out.push_back(line(name, s));
    }
    for (const auto& [name, counts] : queues) {
        out.push_back("queue " + name + ": " + text(counts));
    }
    for (const auto& [name, counts] : job_tags) {
        out.push_back("in job " + name + ": " + text(counts));
    }
    for (const auto& [id, of_id] : ids) {
        out.push_back(id_line(id, of_id));
    }
    std::sort(out.begin(), out.end());
    return out;
}

model::task_facts recount::facts(const model::record& place, const std::string& job) const {
    const auto found = histories_.find(place);
    return ledger_.effective(place, model::job_name{job},
                             found == histories_.end() ? model::task_facts{} : found->second.facts);
}

std::vector<std::string> lines_of(folding& f) {
    std::vector<std::string> out;
    out.push_back(line_of("all", f.ask->overall()));
    name_page_query all;
    all.limit = 1'000;
    for (const auto& g : f.ask->page(name_kind::job, all).value().items) {
        out.push_back(line_of("job " + g.name, g));
        for (const auto& [tag, counts] : f.job(g.name).tags) {
            out.push_back("in job " + g.name + " " + tag + ": " + text(counts));
        }
    }
    for (const auto& g : f.ask->page(name_kind::tag, all).value().items) {
        out.push_back(line_of("tag " + g.name, g));
    }
    for (const auto& q : f.ask->queues({})) {
        out.push_back("queue " + q.queue.value() + "/" + std::to_string(q.priority.value()) + ": " +
                      text(q.counts));
    }
    std::set<std::string> ids;
    f.state->scan("I", {}, [&](std::string_view key, std::string_view) {
        key.remove_prefix(1);
        ids.emplace(store::take_text(key));
        return true;
    });
    for (const auto& id : ids) {
        const auto v = f.task(id);
        std::ostringstream line;
        line << "id " << id << ": " << to_string(v.place) << " " << to_string(v.state) << " "
             << v.job.value() << " a" << v.attempt << " s" << v.spent;
        out.push_back(line.str());
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace kwq::tracker
