// error_groups: failures by what their messages have in common (error_text), overall and for each
// job: how many, when, how many tasks are in state error because of them now, some samples, and a
// count for each minute of the last hour. Sums and details lie apart, so that all groups are sorted
// without reading what only one page shows.
//
// At most max_error_groups are counted by name; failures of further ones are `other_errors`.
#pragma once

#include "store/kv.hpp"
#include "tracker/error_detail.hpp"
#include "tracker/error_text.hpp"
#include "tracker/keys.hpp"
#include "tracker/views.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::tracker {

inline constexpr std::uint32_t max_error_groups = 10'000;

class error_groups {
public:
    /// A job, or all of them together.
    using scope = name_number;
    static constexpr scope everything = 0xffffffff;

    explicit error_groups(store::kv& state) : state_(state) { reload(); }
    void reload();

    /// Counts a failure; the group that it is counted in.
    error_fingerprint add(std::optional<name_number> job, const failure& f);
    /// Tasks came to state error by this group, or left it.
    void move_tasks(std::optional<name_number> job, error_fingerprint group, std::int64_t by);

    std::optional<error_sums> sums(scope of, error_fingerprint group);
    std::vector<std::pair<error_fingerprint, error_sums>> all(scope of);
    error_detail detail(scope of, error_fingerprint group);
    /// Jobs with failures of this group; looks at no more than `most`.
    std::vector<name_number> jobs_of(error_fingerprint group, std::size_t most) const;

    void write_changed();  // into the state's batch
    void forget_some();    // after the commit, when many are held

private:
    struct held {
        error_sums sums;
        std::optional<error_detail> detail;  // read when a failure is added
        bool changed = false;
    };
    using key = std::pair<scope, error_fingerprint>;
    struct hash {
        std::size_t operator()(const key& k) const {
            return static_cast<std::size_t>(k.second.value() ^ (std::uint64_t{k.first} << 20U));
        }
    };
    held* load(const key& k);
    held& change(const key& k);
    void add_to(const key& k, const failure& f, std::string_view normalised);

    store::kv& state_;
    std::unordered_map<key, held, hash> held_;
    std::vector<key> changed_;
    std::uint32_t groups_ = 0;
};

}  // namespace kwq::tracker
