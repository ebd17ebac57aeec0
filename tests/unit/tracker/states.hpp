// States of a tracker in memory that differ from others in one thing.
#pragma once

#include "store/kv.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::tracker {

/// A state in memory, for others that differ from it in something.
class plain_state : public store::kv {
public:
    std::optional<std::string> get(std::string_view key) const override { return rows_->get(key); }
    void put(std::string_view key, std::string_view value) override { rows_->put(key, value); }
    void erase(std::string_view key) override { rows_->erase(key); }
    void merge(std::string_view key, std::string_view operand) override {
        rows_->merge(key, operand);
    }
    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        rows_->scan(prefix, from, visit);
    }
    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        rows_->scan_back(prefix, before, visit);
    }
    void commit() override { rows_->commit(); }
    std::size_t uncommitted_bytes() const override { return rows_->uncommitted_bytes(); }
    void clear() override { rows_->clear(); }

private:
    std::unique_ptr<store::kv> rows_ = store::make_memory_kv();
};

/// A state whose commit goes on until it fails, and is heard of only by who asks.
class failing_state final : public plain_state {
public:
    void begin_commit() override { asked_ = 1; }
    bool is_committing() override {
        if (asked_ > 0 && ++asked_ > 4) {
            throw store::storage_failure("the disk is full");
        }
        return asked_ > 0;
    }

private:
    int asked_ = 0;
};

/// A state in which little is already as much as may wait for a commit.
class heavy_state final : public plain_state {
public:
    std::size_t uncommitted_bytes() const override {
        return plain_state::uncommitted_bytes() << 30U;
    }
};

/// A state that counts its commits, and how often it was told to rest.
class resting_state final : public plain_state {
public:
    struct counts {
        std::atomic<int> commits = 0;
        std::atomic<int> rests = 0;
    };
    explicit resting_state(counts& c) : counts_(c) {}
    void commit() override {
        plain_state::commit();
        ++counts_.commits;
    }
    void rest() override { ++counts_.rests; }

private:
    counts& counts_;
};

}  // namespace kwq::tracker
