#include "tracker/tag_counters.hpp"

#include "store/bytes.hpp"
#include "store/merging.hpp"
#include "tracker/group_tally.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

namespace {

/// The tags of a job together, behind all of them.
constexpr name_number every_tag = no_name;

void add_listed(state_counts& counts, const listing& as, std::int64_t by) {
    if (as.as == standing::task) {
        counts.at(static_cast<std::size_t>(as.state)) += by;
    }
}

state_counts counts_in(std::string_view stored) {
    state_counts counts{};
    const auto numbers = store::read_sum(stored, counts.size());
    std::copy(numbers.begin(), numbers.end(), counts.begin());
    return counts;
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

void add_effects(group& g, const tag_effects& effects) {
    if (!effects.last_at) {
        return;  // no event: as when a row is let go
    }
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

bool same_groups(const listing& a, const listing& b) {
    return a.as != standing::absent && b.as != standing::absent && a.job == b.job &&
           a.tags == b.tags;
}

}  // namespace

std::string write_tags(const std::vector<name_number>& tags) {
    std::string out;
    store::byte_writer w(out);
    for (const auto tag : tags) {
        w.number(tag);
    }
    return out;
}

bool has_tag(std::string_view written, name_number tag) {
    store::byte_reader tags(written);
    while (!tags.at_end()) {
        if (tags.number() == tag) {
            return true;
        }
    }
    return false;
}

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

void tag_counters::move(const listing& before, const listing& after, const tag_effects& effects) {
    const bool stays = same_groups(before, after);
    group change;
    move_in_tag(change, before, -1);
    if (!stays) {
        add_to_tags(before.tags, std::exchange(change, {}));
        change.submitted_at(after.submitted_at);
    }
    move_in_tag(change, after, 1);
    add_effects(change, effects);
    add_to_tags(after.tags, change);
    move_in_job(before, after, stays);
}

void tag_counters::count(const std::vector<name_number>& tags, const tag_effects& effects) {
    group change;
    add_effects(change, effects);
    add_to_tags(tags, change);
}

void tag_counters::add_to_tags(const std::vector<name_number>& tags, const group& change) {
    const auto operand = tags.empty() ? std::string() : write_group(change);
    if (tags.empty() || is_empty(operand)) {
        return;
    }
    for (const auto tag : tags) {
        totals_.add(tag, change);
        state_.merge(keys::tag(tag), operand);
    }
}

group tag_counters::of_tag(name_number tag) const {
    return std::move(of_tags({tag}).front());
}

std::vector<group> tag_counters::of_tags(const std::vector<name_number>& tags) const {
    std::vector<std::string> wanted;
    wanted.reserve(tags.size());
    for (const auto tag : tags) {
        wanted.push_back(keys::tag(tag));
    }
    std::vector<group> found;
    found.reserve(tags.size());
    for (const auto& stored : state_.get_many(wanted)) {
        found.push_back(stored ? read_group(*stored) : group{});
    }
    return found;
}

void tag_counters::let_go(const listing& was) {
    state_counts counts{};
    add_listed(counts, was, 1);
    if (counts != state_counts{} && !was.tags.empty() && !has_counters(was.job)) {
        add_to_job(was.job, was.tags, counts);
    }
}

void tag_counters::move_in_job(const listing& before, const listing& after, bool stays) {
    if (stays && before.as == after.as && before.state == after.state) {
        return;
    }
    state_counts moved{};
    add_listed(moved, before, -1);
    if (!stays) {
        move_in_job(before.job, before.tags, std::exchange(moved, {}));
    }
    add_listed(moved, after, 1);
    move_in_job(after.job, after.tags, moved);
}

void tag_counters::move_in_job(name_number job, const std::vector<name_number>& tags,
                               const state_counts& moved) {
    if (!tags.empty() && moved != state_counts{} && has_counters(job)) {
        add_to_job(job, tags, moved);
    }
}

void tag_counters::add_to_job(name_number job, const std::vector<name_number>& tags,
                              const state_counts& counts) {
    const auto operand = store::sum_operand(counts);
    for (const auto tag : tags) {
        state_.merge(keys::job_tag(job, tag), operand);
    }
    state_counts of_all = counts;
    for (auto& n : of_all) {
        n *= static_cast<std::int64_t>(tags.size());
    }
    state_.merge(keys::job_tag(job, every_tag), store::sum_operand(of_all));
}

bool tag_counters::has_counters(name_number job) const {
    return jobs_.has_tag_counters(job);
}

/// What rows are listed as is what was counted of them so far.
void tag_counters::grown(name_number job) {
    if (jobs_.has_tag_counters(job) || jobs_.ordinals(job) <= most_uncounted_) {
        return;
    }
    jobs_.give_tag_counters(job);
    state_counts of_all{};
    for (const auto& [tag, counts] : count_lists(job)) {
        state_.merge(keys::job_tag(job, tag), store::sum_operand(counts));
        add_counts(of_all, counts);
    }
    state_.merge(keys::job_tag(job, every_tag), store::sum_operand(of_all));
}

tag_counters::counts_by_tag tag_counters::count_lists(name_number job) const {
    std::vector<std::pair<name_number, unsigned char>> seen;  // and the state of its task
    const auto lists = keys::lists_of_job(job);
    lists_.each_value(lists, [&](std::string_view rest, std::string_view value) {
        const auto state = static_cast<unsigned char>(rest.front());
        store::byte_reader tags(value);
        while (!tags.at_end()) {
            seen.emplace_back(static_cast<name_number>(tags.number()), state);
        }
    });
    std::sort(seen.begin(), seen.end());
    counts_by_tag counts;
    for (const auto& [tag, state] : seen) {
        if (counts.empty() || counts.back().first != tag) {
            counts.emplace_back(tag, state_counts{});
        }
        ++counts.back().second.at(state);
    }
    return counts;
}

void tag_counters::each_of_job(name_number job, const visitor& see) const {
    if (has_counters(job)) {
        each_counter(job, see);
    } else {
        each_counted(job, see);
    }
}

void tag_counters::each_counter(name_number job, const visitor& see) const {
    std::uint32_t named = 0;
    bool has_more = false;
    state_counts others{};
    state_.scan(keys::job_tags(job), {}, [&](std::string_view key, std::string_view value) {
        const auto tag = keys::tag_in_job_tag(key);
        has_more = tag != every_tag && named == max_tags_of_job;
        if (tag == every_tag || has_more) {
            return false;
        }
        const auto counts = counts_in(value);
        for (std::size_t s = 0; s < counts.size(); ++s) {
            others.at(s) -= counts.at(s);
        }
        ++named;
        see(tag, counts);
        return true;
    });
    if (has_more) {
        if (const auto all = state_.get(keys::job_tag(job, every_tag))) {
            add_counts(others, counts_in(*all));
        }
        see(other_tags, others);
    }
}

/// Without counters of their own: those on the lists, and those that retention let go of.
void tag_counters::each_counted(name_number job, const visitor& see) const {
    const auto listed = count_lists(job);
    counts_by_tag counts;
    auto next = listed.begin();
    const auto take_below = [&](name_number tag) {
        const auto from = next;
        next = std::find_if(from, listed.end(), [&](const auto& one) { return one.first >= tag; });
        counts.insert(counts.end(), from, next);
    };
    state_.scan(keys::job_tags(job), {}, [&](std::string_view key, std::string_view value) {
        const auto tag = keys::tag_in_job_tag(key);
        if (tag != every_tag) {
            take_below(tag);
            const bool is_listed = next != listed.end() && next->first == tag;
            counts.push_back(is_listed ? *next++ : std::pair(tag, state_counts{}));
            add_counts(counts.back().second, counts_in(value));
        }
        return true;
    });
    counts.insert(counts.end(), next, listed.end());
    std::uint32_t named = 0;
    state_counts others{};
    for (const auto& [tag, of_tag] : counts) {
        if (named++ < max_tags_of_job) {
            see(tag, of_tag);
        } else {
            add_counts(others, of_tag);
        }
    }
    if (counts.size() > max_tags_of_job) {
        see(other_tags, others);
    }
}

}  // namespace kwq::tracker
