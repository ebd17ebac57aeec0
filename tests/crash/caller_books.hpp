// caller_books: what the callers of one life write down. Lines of a history, in the order in which
// they happened, and at the end of a life the leases they still hold, for the next one to go on
// with: callers do not lose power.
#pragma once

#include "base/clock.hpp"
#include "model/event.hpp"

#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::crash {

enum class answered : std::uint8_t { ok, fail, info };

struct held_lease {
    model::lease_token lease;
    model::task_id id;
    std::uint32_t attempt = 1;
    milliseconds backoff{0};  // not kept over lives
};

class caller_books {
public:
    /// Goes on in `folder`; callers of life `number` have numbers of their own.
    caller_books(const std::string& folder, std::uint64_t number);

    using args = std::function<void(std::string&)>;  // appends JSON
    std::uint64_t invoke(std::string_view op, const args& write);
    void end(std::uint64_t proc, std::string_view op, answered how, const args& body = {});
    void power_cut();

    std::vector<held_lease> read_held() const;
    void write_held(const std::vector<held_lease>& held) const;
    /// Ids of tasks are unlike in all lives.
    model::task_id next_id();

private:
    const std::string folder_;
    const std::uint64_t number_;
    std::ofstream history_;
    std::uint64_t procs_ = 0;
    std::uint64_t ids_ = 0;
};

}  // namespace kwq::crash
