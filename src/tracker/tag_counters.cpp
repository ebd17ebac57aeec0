#include "tracker/tag_counters.hpp"

#include "tracker/bytes.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_held = 200'000;   // some 100 bytes each
constexpr std::size_t most_full_jobs = 500;  // some 40 KB each

std::uint64_t pair_of(name_number job, name_number tag) {
    return (std::uint64_t{job} << 32U) | tag;
}

std::string key_of(std::uint64_t pair) {
    return keys::job_tag(static_cast<name_number>(pair >> 32U), static_cast<name_number>(pair));
}

void move_in_tag(group& g, const listing& as, std::int64_t by) {
    switch (as.as) {
        case standing::absent: return;
        case standing::duplicate: g.duplicates += by; return;
        case standing::rejected: g.rejected += by; return;
        case standing::task: break;
    }
    g.counts.at(static_cast<std::size_t>(as.state)) += by;
    g.submitted += by;
}

bool same_groups(const listing& a, const listing& b) {
    return a.as != standing::absent && b.as != standing::absent && a.job == b.job &&
           a.tags == b.tags;
}

}  // namespace

bool tag_effects::add(std::optional<instant> at, const event_effects& effects) {
    const bool finishes = effects.finished && at;
    if ((waited && effects.waited) || (ran && effects.ran) || (finished && finishes)) {
        return false;
    }
    if (at) {
        last_at = last_at ? std::max(*last_at, *at) : at;
    }
    waited = effects.waited ? effects.waited : waited;
    ran = effects.ran ? effects.ran : ran;
    finished = finishes ? at : finished;
    retries += effects.retried ? 1 : 0;
    return true;
}

void tag_counters::move(const listing& before, const listing& after) {
    const bool stays = same_groups(before, after);
    if (stays && before.as == after.as && before.state == after.state) {
        return;
    }
    for (const auto tag : before.tags) {
        move_in_tag(groups_.change(keys::tag(tag)), before, -1);
        move_in_job(before.job, tag, before, -1);
    }
    for (const auto tag : after.tags) {
        group& g = groups_.change(keys::tag(tag));
        move_in_tag(g, after, 1);
        if (!stays) {
            g.submitted_at(after.submitted_at);
        }
        move_in_job(after.job, tag, after, 1);
    }
}

void tag_counters::count(const std::vector<name_number>& tags, const tag_effects& effects) {
    if (!effects.last_at) {
        return;  // no event: as when a row is let go
    }
    for (const auto tag : tags) {
        group& g = groups_.change(keys::tag(tag));
        g.changed_at(*effects.last_at);
        if (effects.waited) {
            g.wait.add(*effects.waited);
        }
        if (effects.ran) {
            g.run.add(*effects.ran);
        }
        if (effects.finished) {
            g.finished.add(*effects.finished);
        }
        g.retries += effects.retries;
    }
}

void tag_counters::move_in_job(name_number job, name_number tag, const listing& as,
                               std::int64_t by) {
    if (as.as == standing::task) {
        of(job, tag).counts.at(static_cast<std::size_t>(as.state)) += by;
    }
}

/// To change it.
tag_counters::held& tag_counters::of(name_number job, name_number tag) {
    const auto key = key_for(job, tag);
    held* const there = find(key);
    held& found = there == nullptr ? held_[key] : *there;
    if (!found.changed) {
        found.changed = true;
        changed_.push_back(key);
    }
    return found;
}

/// The first max_tags_of_job tags of a job have names, later ones are counted as other_tags.
tag_counters::job_and_tag tag_counters::key_for(name_number job, name_number tag) {
    const auto key = pair_of(job, tag);
    if (held_.contains(key)) {
        return key;
    }
    group& of_job = groups_.change(keys::job(job));
    if (of_job.tags >= max_tags_of_job) {
        return named_in(job).contains(tag) ? key : pair_of(job, other_tags);
    }
    if (of_job.tags == 0 || find(key) == nullptr) {
        ++of_job.tags;
        held_.try_emplace(key);
    }
    return key;
}

const tag_counters::names& tag_counters::named_in(name_number full_job) {
    if (full_.size() > most_full_jobs) {
        full_.clear();
    }
    const auto [found, made] = full_.try_emplace(full_job);
    if (made) {
        each_of_job(full_job, [&](name_number tag, const state_counts&) {
            if (tag != other_tags) {
                found->second.insert(tag);
            }
        });
    }
    return found->second;
}

tag_counters::held* tag_counters::find(job_and_tag key) {
    if (const auto found = held_.find(key); found != held_.end()) {
        return &found->second;
    }
    const auto stored = state_.get(key_of(key));
    return stored ? &held_.emplace(key, held{read_counts(*stored), false}).first->second : nullptr;
}

void tag_counters::each_of_job(name_number job, const visitor& see) {
    write_changed();
    state_.scan(keys::job_tags(job), {}, [&](std::string_view key, std::string_view value) {
        see(keys::tag_in_job_tag(key), read_counts(value));
        return true;
    });
}

void tag_counters::write_changed() {
    for (const auto key : changed_) {
        held& h = held_.find(key)->second;
        state_.put(key_of(key), write_counts(h.counts));
        h.changed = false;
    }
    changed_.clear();
}

void tag_counters::forget_some() {
    if (held_.size() > most_held && changed_.empty()) {
        held_.clear();
    }
}

void tag_counters::forget_all() {
    changed_.clear();
    held_.clear();
    full_.clear();
}

}  // namespace kwq::tracker
