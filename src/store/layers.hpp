// layers: what is stored with what was written since over it, key by key. A layer's Lower is
// anything with valid(), key(), value() and next(), so layers stack.
#pragma once

#include "store/merging.hpp"
#include "store/pending_writes.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace kwq::store {

template <class Lower>
class layer {
public:
    /// Both stand on the first of their keys, and go the same way.
    layer(Lower lower, pending_writes::walk upper, bool down)
        : lower_(std::move(lower)), upper_(std::move(upper)), down_(down) {
        settle();
    }

    bool valid() const { return from_lower_ || from_upper_; }
    std::string_view key() const { return from_upper_ ? upper_.now()->key() : lower_.key(); }
    std::string_view value() const {
        if (!from_upper_) {
            return lower_.value();
        }
        return is_merged() ? std::string_view(merged_) : *upper_.now()->value();
    }
    void next() {
        step();
        settle();
    }

private:
    bool is_merged() const { return from_lower_ && upper_.now()->merges(); }

    void step() {
        if (from_lower_) {
            lower_.next();
        }
        if (from_upper_) {
            upper_.next();
        }
    }

    /// Decides who has the next key; where both do, the upper one counts.
    void look() {
        const auto* const above = upper_.now();
        from_upper_ = above != nullptr;
        from_lower_ = lower_.valid();
        if (from_upper_ && from_lower_) {
            const int order =
                down_ ? lower_.key().compare(above->key()) : above->key().compare(lower_.key());
            from_upper_ = order <= 0;
            from_lower_ = order >= 0;
        }
    }

    void settle() {
        for (look(); from_upper_ && !upper_.now()->value(); look()) {
            step();  // erased
        }
        if (from_upper_ && is_merged()) {
            merged_ = lower_.value();
            merge_or_throw(merged_, *upper_.now()->value());
        }
    }

    Lower lower_;
    pending_writes::walk upper_;
    const bool down_;
    bool from_lower_ = false;
    bool from_upper_ = false;
    std::string merged_;
};

}  // namespace kwq::store
