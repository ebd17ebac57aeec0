// kv on two maps, for tests and the simulator: what is committed, and the batch laid over it. It
// merges the two on every scan as the RocksDB one does, so that both show a fold the same thing.
#include "store/memory_kv.hpp"

#include "store/merging.hpp"

#include <iterator>
#include <utility>

namespace kwq::store {

void memory_rows::commit(changes batch) {
    changes before;
    for (auto& [key, value] : batch) {
        const auto row = rows_.find(key);
        if (kept_commits_ > 0) {
            before.emplace(key, row == rows_.end() ? std::nullopt : std::optional(row->second));
        }
        if (value && row != rows_.end()) {
            row->second = std::move(*value);
        } else if (value) {
            rows_.emplace(key, std::move(*value));
        } else if (row != rows_.end()) {
            rows_.erase(row);
        }
    }
    if (kept_commits_ > 0) {
        undo_.push_back(std::move(before));
        if (undo_.size() > kept_commits_) {
            undo_.pop_front();
        }
    }
}

void memory_rows::clear() {
    rows_.clear();
    undo_.clear();
}

void memory_rows::lose_newest(std::size_t commits) {
    for (; commits > 0 && !undo_.empty(); --commits) {
        for (auto& [key, value] : undo_.back()) {
            if (value) {
                rows_.insert_or_assign(key, std::move(*value));
            } else {
                rows_.erase(key);
            }
        }
        undo_.pop_back();
    }
}

namespace {

class memory_kv final : public kv {
public:
    memory_kv() : own_(std::make_unique<memory_rows>()), rows_(*own_) {}
    explicit memory_kv(memory_rows& rows) : rows_(rows) {}

    std::optional<std::string> get(std::string_view key) const override {
        if (const auto changed = batch_.find(key); changed != batch_.end()) {
            return changed->second;
        }
        const auto row = rows_.all().find(key);
        return row == rows_.all().end() ? std::nullopt : std::optional(row->second);
    }

    void put(std::string_view key, std::string_view value) override {
        change(key) = std::string(value);
        batch_bytes_ += key.size() + value.size();
    }

    void merge(std::string_view key, std::string_view operand) override {
        const bool is_new = !batch_.contains(key);
        auto& value = change(key);
        if (const auto row = rows_.all().find(key); is_new && row != rows_.all().end()) {
            value = row->second;
        }
        merge_or_throw(value ? *value : value.emplace(), operand);
        batch_bytes_ += key.size() + operand.size();
    }

    void erase(std::string_view key) override {
        change(key) = std::nullopt;
        batch_bytes_ += key.size();
    }

    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        const auto start = from < prefix ? prefix : from;
        const auto& rows = rows_.all();
        auto row = rows.lower_bound(start);
        auto changed = batch_.lower_bound(start);
        while (row != rows.end() || changed != batch_.end()) {
            const bool take_changed =
                changed != batch_.end() && (row == rows.end() || changed->first <= row->first);
            if (take_changed && row != rows.end() && row->first == changed->first) {
                ++row;  // hidden by the batch
            }
            const auto& key = take_changed ? changed->first : row->first;
            const auto* value = take_changed ? value_of(changed) : &row->second;
            if (!key.starts_with(prefix) || (value != nullptr && !visit(key, *value))) {
                return;
            }
            take_changed ? static_cast<void>(++changed) : static_cast<void>(++row);
        }
    }

    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        const auto above = after_prefix(prefix);
        const auto start =
            before.empty() || (!above.empty() && above < before) ? std::string_view(above) : before;
        const auto& rows = rows_.all();
        auto row = std::make_reverse_iterator(start.empty() ? rows.end() : rows.lower_bound(start));
        auto changed =
            std::make_reverse_iterator(start.empty() ? batch_.end() : batch_.lower_bound(start));
        while (row != rows.rend() || changed != batch_.rend()) {
            const bool take_changed =
                changed != batch_.rend() && (row == rows.rend() || changed->first >= row->first);
            if (take_changed && row != rows.rend() && row->first == changed->first) {
                ++row;  // hidden by the batch
            }
            const auto& key = take_changed ? changed->first : row->first;
            const auto* value = take_changed ? value_of(changed) : &row->second;
            if (!key.starts_with(prefix) || (value != nullptr && !visit(key, *value))) {
                return;
            }
            take_changed ? static_cast<void>(++changed) : static_cast<void>(++row);
        }
    }

    void commit() override {
        rows_.commit(std::exchange(batch_, {}));
        batch_bytes_ = 0;
    }

    std::size_t uncommitted_bytes() const override { return batch_bytes_; }

    void clear() override {
        batch_.clear();
        batch_bytes_ = 0;
        rows_.clear();
    }

private:
    template <class Iterator>
    static const std::string* value_of(const Iterator& changed) {
        return changed->second ? &*changed->second : nullptr;
    }

    std::optional<std::string>& change(std::string_view key) {
        const auto at = batch_.lower_bound(key);
        return at != batch_.end() && at->first == key
                   ? at->second
                   : batch_.emplace_hint(at, std::string(key), std::nullopt)->second;
    }

    const std::unique_ptr<memory_rows> own_;
    memory_rows& rows_;
    memory_rows::changes batch_;
    std::size_t batch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<kv> make_memory_kv() {
    return std::make_unique<memory_kv>();
}

std::unique_ptr<kv> make_memory_kv(memory_rows& rows) {
    return std::make_unique<memory_kv>(rows);
}

}  // namespace kwq::store
