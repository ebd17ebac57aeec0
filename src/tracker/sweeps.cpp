#include "tracker/sweeps.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <vector>

namespace kwq::tracker {

namespace {

constexpr std::size_t rows_read_ahead = 4'096;

}  // namespace

sweeps::sweeps(tables& t) : tables_(t) {
    reload();
}

void sweeps::reload() {
    open_.clear();
    const auto prefix = keys::sweeps();
    tables_.state.scan(prefix, {}, [&](std::string_view key, std::string_view value) {
        store::byte_reader r(value);
        open_sweep s;
        s.next = std::string(r.text());
        s.rows = r.signed_number();
        open_[std::string(key.substr(prefix.size()))] = std::move(s);
        return true;
    });
}

void sweeps::start(const std::string& list, std::int64_t rows) {
    open_sweep& s = open_[list];
    s.next.clear();
    s.ahead.clear();
    s.is_read = false;
    s.rows += rows;
    keep(list, s);
}

void sweeps::keep(const std::string& list, const open_sweep& s) {
    std::string out;
    store::byte_writer w(out);
    w.text(s.next);
    w.signed_number(s.rows);
    tables_.state.put(keys::sweep(list), out);
}

/// Many at a time: of a list half a second is read and put in order for each look at it.
void sweeps::read_ahead(const std::string& list, open_sweep& s) const {
    const auto visit = [&](std::string_view at, const row_place& place) {
        s.ahead.emplace_back(at, place);
        return s.ahead.size() < rows_read_ahead;
    };
    if (list.starts_with(keys::all_rows())) {
        tables_.state.scan(list, s.next, [&](std::string_view key, std::string_view) {
            return visit(key, keys::place_in_row(key));
        });
    } else {
        tables_.lists.walk(list, s.next, [&](std::string_view order, std::string_view) {
            return visit(order, keys::place_in_submit_order(order));
        });
    }
    s.is_read = s.ahead.size() < rows_read_ahead;
}

bool sweeps::advance(std::size_t rows) {
    if (open_.empty()) {
        return false;
    }
    const std::string list = open_.begin()->first;
    open_sweep& s = open_.begin()->second;
    if (s.ahead.empty()) {
        tables_.rows.write();
        read_ahead(list, s);
    }
    for (; rows > 0 && !s.ahead.empty(); --rows, s.ahead.pop_front()) {
        auto& [at, place] = s.ahead.front();
        if (correct(place)) {
            s.rows = std::max<std::int64_t>(s.rows - 1, 1);
        }
        s.next = std::move(at) + '\0';  // the first behind it
    }
    if (s.ahead.empty() && s.is_read) {
        tables_.state.erase(keys::sweep(list));
        open_.erase(list);
    } else {
        keep(list, s);
    }
    return !open_.empty();
}

bool sweeps::correct(const row_place& place) {
    kept_row& kept = tables_.rows.at(place);
    if (kept.value() == nullptr) {
        return false;
    }
    const counted before = tables_.count_of(place, kept.value());
    if (before.as != standing::task || before.effective == before.listed) {
        return false;
    }
    instant commanded_at{0};
    tables_.effective(place, *kept.value(), &commanded_at);
    tables_.rows.change(kept).listed = before.effective;
    const counted after = tables_.count_of(place, kept.value());
    tables_.counters.apply({before, after, commanded_at, {}});
    tables_.rows.note(kept, commanded_at, {});
    return true;
}

std::int64_t sweeps::settling() const {
    std::int64_t rows = 0;
    for (const auto& [list, s] : open_) {
        rows += s.rows;
    }
    return rows;
}

std::int64_t sweeps::settling_of_job(name_number job) const {
    const auto of_job = keys::lists_of_job(job);
    std::int64_t rows = 0;
    for (const auto& [list, s] : open_) {
        const bool of_other_job = list.starts_with("Lj") && !list.starts_with(of_job);
        rows += of_other_job ? 0 : s.rows;
    }
    return rows;
}

}  // namespace kwq::tracker
