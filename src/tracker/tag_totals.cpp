#include "tracker/tag_totals.hpp"

#include "store/merging.hpp"
#include "tracker/group_tally.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

tag_totals::total& tag_totals::at(name_number tag) {
    const std::size_t n = tag / tags_a_page;
    if (n >= pages_.size()) {
        pages_.resize(std::max(n + 1, 2 * pages_.size()));
    }
    if (!pages_[n]) {
        pages_[n] = std::make_unique<page>();
        ++kept_pages_;
    }
    pages_[n]->was_used = true;
    return pages_[n]->totals.at(tag % tags_a_page);
}

void tag_totals::read(name_number tag, total& t) const {
    if (const auto stored = state_.get(keys::tag(tag))) {
        t.values = values_of(read_tally(store::read_tally(*stored)));
    }
    t.is_known = true;
}

void tag_totals::add(name_number tag, const group& change) {
    total& t = at(tag);
    if (!t.is_known) {
        read(tag, t);
    }
    const auto more = values_of(change);
    for (std::size_t by = 0; by < more.size(); ++by) {
        t.values.at(by) =
            by == by_last ? std::max(t.values.at(by), more.at(by)) : t.values.at(by) + more.at(by);
    }
    if (!t.is_changed) {
        t.is_changed = true;
        changed_.push_back(tag);
    }
}

void tag_totals::forget_some() {
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

void tag_totals::forget_all() {
    pages_.clear();
    kept_pages_ = 0;
    changed_.clear();
}

}  // namespace kwq::tracker
