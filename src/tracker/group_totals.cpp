#include "tracker/group_totals.hpp"

#include "tracker/group_tally.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

group_totals::total& group_totals::at(name_number n) {
    const std::size_t in = n / names_a_page;
    if (in >= pages_.size()) {
        pages_.resize(std::max(in + 1, 2 * pages_.size()));
    }
    if (!pages_[in]) {
        pages_[in] = std::make_unique<page>();
        ++kept_pages_;
    }
    pages_[in]->was_used = true;
    return pages_[in]->totals.at(n % names_a_page);
}

group_totals::total& group_totals::of(name_number n) {
    total& t = at(n);
    if (!t.is_known) {
        read(n, t);
    }
    return t;
}

void group_totals::read(name_number n, total& t) const {
    if (const auto stored = state_.get(kind_ == name_kind::job ? keys::job(n) : keys::tag(n))) {
        const auto g = read_group(*stored);
        t.values = values_of(g);
        t.ordinals = g.ordinals;
        t.tags_counted = g.tags_counted;
    }
    t.is_known = true;
}

void group_totals::add(name_number n, const group& change) {
    total& t = of(n);
    const auto more = values_of(change);
    for (std::size_t by = 0; by < more.size(); ++by) {
        t.values.at(by) =
            by == by_last ? std::max(t.values.at(by), more.at(by)) : t.values.at(by) + more.at(by);
    }
    if (!t.is_changed) {
        t.is_changed = true;
        changed_.push_back(n);
    }
}

void group_totals::forget_some() {
    if (kept_pages_ <= most_pages_ || !changed_.empty()) {
        return;
    }
    for (auto& p : pages_) {
        if (p && !std::exchange(p->was_used, false)) {
            p.reset();
            --kept_pages_;
        }
    }
}

void group_totals::forget_all() {
    pages_.clear();
    kept_pages_ = 0;
    changed_.clear();
}

}  // namespace kwq::tracker
