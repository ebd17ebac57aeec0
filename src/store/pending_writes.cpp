#include "store/pending_writes.hpp"

#include <algorithm>

namespace kwq::store {

namespace {

constexpr std::size_t slot_bytes = 32;  // what an entry costs besides its texts, roughly

std::size_t cost(std::string_view key, const std::optional<std::string>& value) {
    return key.size() + slot_bytes + (value ? value->size() : 0);
}

bool by_key(const pending_writes::entry* a, const pending_writes::entry* b) {
    return a->first < b->first;
}

}  // namespace

const pending_writes::slot* pending_writes::find(std::string_view key) const {
    if (is_hashed(key)) {
        const auto found = points_.find(key);
        return found == points_.end() ? nullptr : &found->second;
    }
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
}

pending_writes::slot& pending_writes::at(std::string_view key, bool& made) {
    if (is_hashed(key)) {
        const auto found = points_.find(key);
        made = found == points_.end();
        return made ? points_.try_emplace(std::string(key)).first->second : found->second;
    }
    const auto found = rows_.lower_bound(key);
    made = found == rows_.end() || found->first != key;
    return made ? rows_.try_emplace(found, std::string(key))->second : found->second;
}

void pending_writes::write(std::string_view key, std::string_view value, bool fresh) {
    bool made = false;
    slot& s = at(key, made);
    if (made) {
        s.fresh = fresh;
        bytes_ += cost(key, std::nullopt);
    } else if (s.value) {
        bytes_ -= s.value->size();
    }
    if (s.value) {
        s.value->assign(value);
    } else {
        s.value.emplace(value);
    }
    bytes_ += value.size();
}

void pending_writes::erase(std::string_view key) {
    bool made = false;
    slot& s = at(key, made);
    if (made) {
        bytes_ += cost(key, std::nullopt);
        return;
    }
    bytes_ -= s.value ? s.value->size() : 0;
    s.value.reset();
    if (!s.fresh) {
        return;
    }
    bytes_ -= cost(key, std::nullopt);
    if (is_hashed(key)) {
        points_.erase(points_.find(key));
    } else {
        rows_.erase(rows_.find(key));
    }
}

void pending_writes::clear() {
    rows_.clear();
    points_.clear();
    bytes_ = 0;
}

std::vector<const pending_writes::entry*> pending_writes::all() const {
    std::vector<const entry*> out;
    out.reserve(rows_.size() + points_.size());
    for (const auto& e : points_) {
        out.push_back(&e);
    }
    std::sort(out.begin(), out.end(), by_key);
    const auto middle = static_cast<std::ptrdiff_t>(out.size());
    for (const auto& e : rows_) {
        out.push_back(&e);
    }
    std::inplace_merge(out.begin(), out.begin() + middle, out.end(), by_key);
    return out;
}

pending_writes::walk::walk(const pending_writes& of, std::string_view from, std::string_view to,
                           bool down)
    : down_(down),
      in_map_(!from.empty() && !of.is_hashed(from)),
      first_(of.rows_.lower_bound(from)),
      last_(to.empty()  ? of.rows_.end()
            : to < from ? first_
                        : of.rows_.lower_bound(to)) {
    if (!in_map_) {
        const auto take = [&](const entry& e) {
            if (e.first >= from && (to.empty() || e.first < to)) {
                sorted_.push_back(&e);
            }
        };
        std::for_each(of.points_.begin(), of.points_.end(), take);
        if (from.empty()) {  // over all tables
            std::for_each(of.rows_.begin(), of.rows_.end(), take);
        }
        std::sort(sorted_.begin(), sorted_.end(), by_key);
        if (down_) {
            std::reverse(sorted_.begin(), sorted_.end());
        }
    }
    settle();
}

void pending_writes::walk::next() {
    if (!in_map_) {
        ++at_;
    } else if (!down_) {
        ++first_;
    } else {
        --last_;
    }
    settle();
}

void pending_writes::walk::settle() {
    if (!in_map_) {
        now_ = at_ < sorted_.size() ? sorted_[at_] : nullptr;
    } else if (first_ == last_) {
        now_ = nullptr;
    } else {
        now_ = down_ ? &*std::prev(last_) : &*first_;
    }
}

}  // namespace kwq::store
