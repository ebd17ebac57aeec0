// kv on two maps, for tests and the simulator: what is committed, and the batch laid over it. It
// merges the two on every scan as the RocksDB one does, so that both show a fold the same thing.
#include "store/kv.hpp"

#include <map>

namespace kwq::store {

namespace {

using rows = std::map<std::string, std::string, std::less<>>;
using overlay = std::map<std::string, std::optional<std::string>, std::less<>>;

class memory_kv final : public kv {
public:
    std::optional<std::string> get(std::string_view key) const override {
        if (const auto changed = batch_.find(key); changed != batch_.end()) {
            return changed->second;
        }
        const auto row = committed_.find(key);
        return row == committed_.end() ? std::nullopt : std::optional(row->second);
    }

    void put(std::string_view key, std::string_view value) override {
        batch_.insert_or_assign(std::string(key), std::string(value));
        batch_bytes_ += key.size() + value.size();
    }

    void erase(std::string_view key) override {
        batch_.insert_or_assign(std::string(key), std::nullopt);
        batch_bytes_ += key.size();
    }

    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        const auto start = from < prefix ? prefix : from;
        auto row = committed_.lower_bound(start);
        auto changed = batch_.lower_bound(start);
        while (row != committed_.end() || changed != batch_.end()) {
            const bool take_changed = changed != batch_.end() &&
                                      (row == committed_.end() || changed->first <= row->first);
            if (take_changed && row != committed_.end() && row->first == changed->first) {
                ++row;  // hidden by the batch
            }
            const auto& key = take_changed ? changed->first : row->first;
            const auto* value =
                take_changed ? (changed->second ? &*changed->second : nullptr) : &row->second;
            if (!key.starts_with(prefix) || (value != nullptr && !visit(key, *value))) {
                return;
            }
            take_changed ? static_cast<void>(++changed) : static_cast<void>(++row);
        }
    }

    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        // Few rows and no hurry: collect upwards, then call downwards.
        std::map<std::string, std::string, std::greater<>> found;
        scan(prefix, {}, [&](std::string_view key, std::string_view value) {
            if (!before.empty() && key >= before) {
                return false;
            }
            found.emplace(key, value);
            return true;
        });
        for (const auto& [key, value] : found) {
            if (!visit(key, value)) {
                return;
            }
        }
    }

    void commit() override {
        for (auto& [key, value] : batch_) {
            if (value) {
                committed_.insert_or_assign(key, std::move(*value));
            } else {
                committed_.erase(key);
            }
        }
        drop_batch();
    }

    std::size_t uncommitted_bytes() const override { return batch_bytes_; }

    void clear() override {
        drop_batch();
        committed_.clear();
    }

private:
    void drop_batch() {
        batch_.clear();
        batch_bytes_ = 0;
    }

    rows committed_;
    overlay batch_;
    std::size_t batch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<kv> make_memory_kv() {
    return std::make_unique<memory_kv>();
}

}  // namespace kwq::store
