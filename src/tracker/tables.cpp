#include "tracker/tables.hpp"

#include "store/bytes.hpp"
#include "store/merging.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace kwq::tracker {

namespace {

std::string write_facts(const model::partition_facts& f) {
    std::string out;
    store::byte_writer w(out);
    w.signed_number(f.epoch);
    w.signed_number(f.t.count());
    w.signed_number(f.control_seen);
    w.signed_number(f.horizon);
    return out;
}

model::partition_facts read_facts(std::string_view bytes) {
    store::byte_reader r(bytes);
    model::partition_facts f;
    f.epoch = r.named_number<model::offset>();
    f.t = milliseconds{r.signed_number()};
    f.control_seen = r.named_number<model::offset>();
    f.horizon = r.named_number<instant>();
    return f;
}

std::string write_command(instant at, const model::control& c) {
    std::string out;
    store::byte_writer w(out);
    w.signed_number(at);
    w.signed_number(c.control_offset);
    w.u8(static_cast<std::uint8_t>(c.action));
    w.text(c.job);
    w.text(c.queue);
    w.signed_number(c.priority ? c.priority->value() : -1);
    w.number(c.ends.size());
    for (const auto& e : c.ends) {
        w.text(e.queue);
        w.signed_number(e.priority);
        w.signed_number(e.end);
    }
    return out;
}

model::control read_command(std::string_view bytes, instant& at) {
    store::byte_reader r(bytes);
    at = r.named_number<instant>();
    model::control c;
    c.control_offset = r.named_number<model::offset>();
    c.action = static_cast<model::control_action>(r.u8());
    c.job = r.named_text<model::job_name>();
    c.queue = r.named_text<model::queue_name>();
    const auto priority = r.signed_number();
    if (priority >= 0) {
        c.priority = model::priority{static_cast<std::int32_t>(priority)};
    }
    c.ends.resize(r.number());
    for (auto& e : c.ends) {
        e.queue = r.named_text<model::queue_name>();
        e.priority = r.named_number<model::priority>();
        e.end = r.named_number<model::offset>();
    }
    return c;
}

id_entry read_id(std::string_view bytes) {
    store::byte_reader r(bytes);
    id_entry e;
    e.bound = r.u8() != 0;
    e.record.queue = r.named_text<model::queue_name>();
    e.record.priority = r.named_number<model::priority>();
    e.record.offset = r.named_number<model::offset>();
    if (!r.at_end()) {
        e.gone = r.named_number<instant>();
    }
    return e;
}

/// Should `a` be shown for an id rather than `b`?
bool shown_before(const id_entry& a, bool a_bound, const id_entry& b, bool b_bound) {
    const bool a_gone = a.gone > instant{0};
    if (const bool b_gone = b.gone > instant{0}; a_gone != b_gone) {
        return b_gone;
    }
    if (a_bound != b_bound) {
        return a_bound;
    }
    const auto rank = [](const model::record& r) {
        return std::tuple(-r.priority.value(), r.offset.value(), r.queue.value());
    };
    return rank(a.record) < rank(b.record);
}

}  // namespace

tables::tables(store::kv& s, std::uint32_t most_uncounted)
    : state(s),
      names(s),
      groups(s),
      jobs(s),
      errors(s),
      counters(groups, jobs, errors),
      lists(s, names),
      tags(s, jobs, lists, most_uncounted),
      cells(s),
      rows(s, tags, cells, lists),
      windows(s),
      tops(s) {
    reload();
}

void tables::reload() {
    names.forget_cached();
    groups.forget_all();
    jobs.forget_all();
    tags.totals().forget_all();
    rows.forget_all();
    errors.reload();
    windows.reload();
    tops.reload();
    partitions_.clear();
    totals = {};
    read_greatest_id();
    read_partitions();
    read_following();
    if (const auto stored = state.get(keys::totals())) {
        store::byte_reader r(*stored);
        for (auto* n : {&totals.events, &totals.void_events, &totals.undecodable_events,
                        &totals.task_records}) {
            *n = r.number();
        }
    }
}

void tables::read_greatest_id() {
    newest_ids_.begin("");
    state.scan_back(keys::all_ids(), {}, [this](std::string_view key, std::string_view) {
        newest_ids_.begin(std::string(key));
        return false;
    });
}

void tables::read_partitions() {
    state.scan(keys::partitions(), {}, [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        const model::shard_id shard{static_cast<std::int32_t>(store::take_u32(key))};
        partitions_[shard].facts = read_facts(value);
        return true;
    });
    for (auto& [shard, p] : partitions_) {
        read_commands(shard, p);
    }
}

void tables::read_commands(model::shard_id shard, partition_state& p) {
    const auto prefix = keys::commands(shard);
    state.scan(prefix, {}, [&](std::string_view key, std::string_view value) {
        key.remove_prefix(prefix.size());
        const model::offset at{static_cast<std::int64_t>(store::take_u64(key))};
        instant given{0};
        const auto c = read_command(value, given);
        p.ledger.apply(at, given, c);
        return true;
    });
}

std::optional<id_entry> tables::find_id(const model::task_id& id, model::shard_id shard) const {
    const auto key = keys::id(id, shard);
    if (newest_ids_.is_new(key)) {
        return std::nullopt;
    }
    const auto stored = state.get(key);
    return stored ? std::optional(read_id(*stored)) : std::nullopt;
}

void tables::put_id(const model::task_id& id, model::shard_id shard, const id_entry& e) {
    std::string out;
    store::byte_writer w(out);
    w.u8(e.bound ? 1 : 0);
    w.text(e.record.queue);
    w.signed_number(e.record.priority);
    w.signed_number(e.record.offset);
    if (e.gone > instant{0}) {
        w.signed_number(e.gone);
    }
    const auto key = keys::id(id, shard);
    newest_ids_.add(key);
    state.put(key, out);
}

bool tables::is_bound(const id_entry& e, model::shard_id shard) const {
    if (e.gone > instant{0}) {
        return e.bound;
    }
    const auto row = rows.look({shard, e.record});
    return row && row->claim == id_claim::bound;
}

void tables::bind_id(const model::task_id& id, kept_row& kept) {
    if (kept.value() == nullptr || kept.value()->claim == id_claim::none) {
        claim_id(id, kept, find_id(id, kept.place().shard));
    }
    rows.change(kept).claim = id_claim::bound;
}

void tables::offer_id(const model::task_id& id, kept_row& kept) {
    const auto shard = kept.place().shard;
    const auto known = find_id(id, shard);
    const id_entry offered{kept.place().record, instant{0}};
    const bool free = !known || (known->gone > instant{0} ? is_forgotten(*known, shard)
                                                          : shown_before(offered, false, *known,
                                                                         is_bound(*known, shard)));
    if (free) {
        claim_id(id, kept, known);
    }
}

/// The id means this record from here on, and no other.
void tables::claim_id(const model::task_id& id, kept_row& kept,
                      const std::optional<id_entry>& known) {
    if (known && known->gone == instant{0}) {
        kept_row& other = rows.at({kept.place().shard, known->record});
        if (other.value() != nullptr) {
            rows.change(other).claim = id_claim::none;
        }
    }
    put_id(id, kept.place().shard, {kept.place().record, instant{0}});
    rows.change(kept).claim = id_claim::offered;
}

void tables::remove_row(const row_place& place, instant ended_at) {
    kept_row& kept = rows.at(place);
    if (kept.value() == nullptr) {
        return;
    }
    if (const auto claim = kept.value()->claim; claim != id_claim::none) {
        put_id(kept.value()->id, place.shard, {place.record, ended_at, claim == id_claim::bound});
    }
    rows.remove(kept);
}

bool tables::is_forgotten(const id_entry& e, model::shard_id shard) const {
    const auto p = partitions_.find(shard);
    return e.gone > instant{0} && p != partitions_.end() && e.gone < p->second.facts.horizon;
}

instant tables::horizon_of_all() const {
    std::optional<instant> least;
    for (const auto& [shard, p] : partitions_) {
        least = least ? std::min(*least, p.facts.horizon) : p.facts.horizon;
    }
    return least.value_or(instant{0});
}

bool may_drop(std::string_view key, std::string_view value, instant horizon) {
    if (key.starts_with(keys::all_lists())) {
        return store::is_empty_list(value);
    }
    if (!key.starts_with(keys::all_ids()) || horizon == instant{0}) {
        return false;
    }
    const auto e = read_id(value);
    return e.gone > instant{0} && e.gone < horizon;
}

std::optional<row_place> tables::place_of(const model::task_id& id) const {
    const auto in = shards();
    std::vector<std::string> ids;
    ids.reserve(in.size());
    for (const auto shard : in) {
        ids.push_back(keys::id(id, shard));
    }
    const auto stored = state.get_many(ids);
    std::vector<std::pair<model::shard_id, id_entry>> all;
    for (std::size_t n = 0; n < in.size(); ++n) {
        if (stored[n]) {
            all.emplace_back(in[n], read_id(*stored[n]));
        }
    }
    if (all.empty()) {
        return std::nullopt;
    }
    auto best = all.front();
    for (const auto& [shard, e] : all) {
        const bool is_better =
            shard != best.first &&
            shown_before(e, is_bound(e, shard), best.second, is_bound(best.second, best.first));
        best = is_better ? std::pair(shard, e) : best;
    }
    return row_place{best.first, best.second.record};
}

partition_state& tables::partition(model::shard_id shard) {
    const auto [found, made] = partitions_.try_emplace(shard);
    found->second.changed |= made;  // ids are looked for in each that is known
    return found->second;
}

void tables::add_command(model::shard_id shard, const model::logged_event& logged) {
    const auto& c = std::get<model::control>(logged.event.body);
    partition(shard).ledger.apply(logged.offset, logged.event.at, c);
    state.put(keys::command(shard, logged.offset), write_command(logged.event.at, c));
}

void tables::read_following() {
    following_.clear();
    state.scan(keys::followings(), {}, [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        const model::shard_id shard{static_cast<std::int32_t>(store::take_u32(key))};
        const model::offset at{static_cast<std::int64_t>(store::take_u64(key))};
        following_[{shard, at}] = store::take_u32(value);
        return true;
    });
}

void tables::put_following(model::shard_id shard, model::offset at, name_number job) {
    following_[{shard, at}] = job;
    std::string value;
    store::append_u32(value, job);
    state.put(keys::following(shard, at), value);
}

std::optional<name_number> tables::erase_following(model::shard_id shard, model::offset at) {
    const auto found = following_.find({shard, at});
    if (found == following_.end()) {
        return std::nullopt;
    }
    const auto job = found->second;
    following_.erase(found);
    state.erase(keys::following(shard, at));
    return job;
}

bool tables::is_following(name_number job) const {
    return std::any_of(following_.begin(), following_.end(),
                       [&](const auto& waiting) { return waiting.second == job; });
}

std::optional<model::offset> tables::oldest_following(model::shard_id shard) const {
    const auto found = following_.lower_bound({shard, model::offset{0}});
    return found == following_.end() || found->first.first != shard
               ? std::nullopt
               : std::optional(found->first.second);
}

void tables::put_cursor(model::shard_id shard, const model::cursor& c) {
    if (c.next) {
        std::string out;
        store::byte_writer(out).signed_number(*c.next);
        state.put(keys::cursor(shard, c.queue, c.priority), out);
    }
}

model::offset tables::cursor(model::shard_id shard, const model::queue_name& queue,
                             model::priority p) const {
    const auto stored = state.get(keys::cursor(shard, queue, p));
    return stored ? store::byte_reader(*stored).named_number<model::offset>() : model::offset{0};
}

std::vector<model::shard_id> tables::shards() const {
    std::vector<model::shard_id> all;
    all.reserve(partitions_.size());
    for (const auto& [shard, p] : partitions_) {
        all.push_back(shard);
    }
    return all;
}

model::task_facts tables::effective(const row_place& place, const task_row& row, instant* at) {
    const auto& ledger = partition(place.shard).ledger;
    if (ledger.empty() || !row.known) {
        return row.facts;
    }
    const model::job_name job{names.name_of(name_kind::job, row.job)};
    return ledger.effective(place.record, job, row.facts, at);
}

counted tables::count_of(const row_place& place, const task_row* row) {
    counted c;
    c.place = &place;
    if (row == nullptr) {
        return c;
    }
    c.known = row->known;
    c.lane = row->known ? rows.lane_of(place) : no_name;
    c.level = model::priority_of(place.record, row->facts);
    c.job = row->job;
    c.submitted_at = row->submitted_at;
    c.listed = row->listed;
    if (c.listed == model::task_state::error && !is_dropped(*row)) {
        c.error = row->error_group;
    }
    c.as = standing_of(row);
    if (c.as == standing::task) {
        c.ended_at = row->ended_at;
        c.effective = model::state_of(effective(place, *row, &c.ended_at));
    }
    return c;
}

void tables::write_groups() {
    rows.write();
    groups.write_changed();
    jobs.write();
    jobs.totals().each_changed([this](name_number job, const sort_values& values) {
        tops.update(name_kind::job, job, values);
    });
    tags.totals().each_changed([this](name_number tag, const sort_values& values) {
        tops.update(name_kind::tag, tag, values);
    });
    tops.write_changed();
}

void tables::commit(instant now) {
    for (auto& [shard, p] : partitions_) {
        if (p.changed) {
            state.put(keys::partition(shard), write_facts(p.facts));
            p.changed = false;
        }
    }
    std::string out;
    store::byte_writer w(out);
    for (const auto n :
         {totals.events, totals.void_events, totals.undecodable_events, totals.task_records}) {
        w.number(n);
    }
    state.put(keys::totals(), out);
    write_groups();
    errors.write_changed();
    windows.write(now);
    state.begin_commit();
    errors.forget_some();
    rows.forget_some();
    jobs.totals().forget_some();
    tags.totals().forget_some();
}

}  // namespace kwq::tracker
