#include "tracker/error_groups.hpp"

#include "store/bytes.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_groups_held = 5'000;

// Keys: 'E' 'c', scope, group: sums. 'E' 'd', scope, group: detail. 'E' 'j', group, job: nothing.
// 'E' 'n': how many groups there are.

std::string key_of(char table, name_number scope, error_fingerprint group) {
    std::string key{'E', table};
    store::append_u32(key, scope);
    store::append_u64(key, group.value());
    return key;
}

std::string jobs_key(error_fingerprint group) {
    std::string key = "Ej";
    store::append_u64(key, group.value());
    return key;
}

std::string write_sums(const error_sums& s) {
    std::string out;
    store::byte_writer w(out);
    w.signed_number(s.count);
    w.signed_number(s.tasks);
    w.signed_number(s.first_at);
    w.signed_number(s.last_at);
    return out;
}

error_sums read_sums(std::string_view bytes) {
    store::byte_reader r(bytes);
    error_sums s;
    s.count = r.signed_number();
    s.tasks = r.signed_number();
    s.first_at = r.named_number<instant>();
    s.last_at = r.named_number<instant>();
    return s;
}

std::string write_detail(const error_detail& d) {
    std::string out;
    store::byte_writer w(out);
    w.text(d.message);
    w.number(d.samples.size());
    for (const auto& s : d.samples) {
        w.text(s.id);
        w.signed_number(s.at);
        w.text(s.worker);
        w.text(s.message);
    }
    w.signed_number(d.newest_minute);
    for (const auto n : d.minutes) {
        w.number(n);
    }
    return out;
}

error_detail read_detail(std::string_view bytes) {
    store::byte_reader r(bytes);
    error_detail d;
    d.message = std::string(r.text());
    d.samples.resize(r.number());
    for (auto& s : d.samples) {
        s.id = r.named_text<model::task_id>();
        s.at = r.named_number<instant>();
        s.worker = r.named_text<model::worker_name>();
        s.message = std::string(r.text());
    }
    d.newest_minute = r.signed_number();
    for (auto& n : d.minutes) {
        n = static_cast<std::uint32_t>(r.number());
    }
    return d;
}

}  // namespace

void error_groups::reload() {
    held_.clear();
    changed_.clear();
    const auto stored = state_.get("En");
    groups_ = stored ? static_cast<std::uint32_t>(store::byte_reader(*stored).number()) : 0;
}

error_groups::held* error_groups::load(const key& k) {
    if (const auto found = held_.find(k); found != held_.end()) {
        return &found->second;
    }
    const auto stored = state_.get(key_of('c', k.first, k.second));
    if (!stored) {
        return nullptr;
    }
    held& h = held_[k];
    h.sums = read_sums(*stored);
    return &h;
}

error_groups::held& error_groups::change(const key& k) {
    held* h = load(k);
    if (h == nullptr) {
        h = &held_[k];
        state_.put(key_of('c', k.first, k.second), write_sums({}));  // so that walks find it
        h->detail.emplace();
        if (k.first != everything) {
            std::string of_job = jobs_key(k.second);
            store::append_u32(of_job, k.first);
            state_.put(of_job, {});
        } else {
            std::string n;
            store::byte_writer(n).number(++groups_);
            state_.put("En", n);
        }
    }
    if (!h->changed) {
        h->changed = true;
        changed_.push_back(k);
    }
    return *h;
}

error_fingerprint error_groups::add(std::optional<name_number> job, const failure& f) {
    auto normalised = normalised_error(f.message);
    auto group = fingerprint_of_normalised(normalised);
    if (groups_ >= max_error_groups && load({everything, group}) == nullptr) {
        group = other_errors;
        normalised = "other errors";
    }
    add_to({everything, group}, f, normalised);
    if (job) {
        add_to({*job, group}, f, normalised);
    }
    return group;
}

void error_groups::add_to(const key& k, const failure& f, std::string_view normalised) {
    held& h = change(k);
    if (!h.detail) {
        h.detail = detail(k.first, k.second);
    }
    h.sums.first_at = h.sums.count == 0 ? f.at : std::min(h.sums.first_at, f.at);
    h.sums.last_at = std::max(h.sums.last_at, f.at);
    ++h.sums.count;
    if (h.detail->message.empty()) {
        h.detail->message = normalised;
    }
    h.detail->add(f);
}

void error_groups::move_tasks(std::optional<name_number> job, error_fingerprint group,
                              std::int64_t by) {
    change({everything, group}).sums.tasks += by;
    if (job) {
        change({*job, group}).sums.tasks += by;
    }
}

std::optional<error_sums> error_groups::sums(scope of, error_fingerprint group) {
    const held* h = load({of, group});
    return h == nullptr ? std::nullopt : std::optional(h->sums);
}

std::vector<std::pair<error_fingerprint, error_sums>> error_groups::all(scope of) {
    std::vector<std::pair<error_fingerprint, error_sums>> out;
    std::string prefix = "Ec";
    store::append_u32(prefix, of);
    state_.scan(prefix, {}, [&](std::string_view k, std::string_view value) {
        k.remove_prefix(prefix.size());
        const error_fingerprint group{store::take_u64(k)};
        const auto found = held_.find({of, group});
        out.emplace_back(group, found == held_.end() ? read_sums(value) : found->second.sums);
        return true;
    });
    return out;
}

error_detail error_groups::detail(scope of, error_fingerprint group) {
    const auto found = held_.find({of, group});
    if (found != held_.end() && found->second.detail) {
        return *found->second.detail;
    }
    const auto stored = state_.get(key_of('d', of, group));
    return stored ? read_detail(*stored) : error_detail{};
}

std::vector<name_number> error_groups::jobs_of(error_fingerprint group, std::size_t most) const {
    std::vector<name_number> jobs;
    const auto prefix = jobs_key(group);
    state_.scan(prefix, {}, [&](std::string_view k, std::string_view) {
        k.remove_prefix(prefix.size());
        jobs.push_back(store::take_u32(k));
        return jobs.size() < most;
    });
    return jobs;
}

void error_groups::write_changed() {
    for (const auto& k : changed_) {
        held& h = held_.at(k);
        h.changed = false;
        state_.put(key_of('c', k.first, k.second), write_sums(h.sums));
        if (h.detail) {
            state_.put(key_of('d', k.first, k.second), write_detail(*h.detail));
        }
    }
    changed_.clear();
}

void error_groups::forget_some() {
    if (changed_.empty() && held_.size() > most_groups_held) {
        held_.clear();
    }
}

}  // namespace kwq::tracker
