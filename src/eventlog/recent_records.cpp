// The ring of recent records: whole appends, oldest dropped first.
#include "eventlog/recent_records.hpp"

#include <algorithm>

namespace kwq::eventlog {

void recent_records::add(std::vector<log_record> records, std::size_t limit_bytes) {
    std::size_t bytes = 0;
    for (const auto& r : records) {
        bytes += size_of(r) + sizeof(log_record);
    }
    entries_.push_back(
        {std::make_shared<const std::vector<log_record>>(std::move(records)), bytes});
    bytes_ += bytes;
    while (bytes_ > limit_bytes) {
        bytes_ -= entries_.front().bytes;
        entries_.pop_front();
    }
}

std::vector<recent_records::block> recent_records::from(offset from, std::size_t max_bytes) const {
    std::vector<block> found;
    if (entries_.empty() || from < entries_.front().records->front().offset) {
        return found;
    }
    auto at =
        std::upper_bound(entries_.begin(), entries_.end(), from,
                         [](offset o, const entry& e) { return o < e.records->front().offset; });
    --at;
    for (std::size_t bytes = 0; at != entries_.end(); ++at) {
        found.push_back(at->records);
        // The first block may hold mostly records before `from`: it does not count.
        if (found.size() > 1 && (bytes += at->bytes) > max_bytes) {
            break;
        }
    }
    return found;
}

std::vector<log_record> copy_from(const std::vector<recent_records::block>& blocks, offset from,
                                  std::size_t max_bytes) {
    std::vector<log_record> found;
    std::size_t bytes = 0;
    for (const auto& block : blocks) {
        for (const auto& r : *block) {
            if (r.offset < from) {
                continue;
            }
            bytes += size_of(r);
            if (!found.empty() && bytes > max_bytes) {
                return found;
            }
            found.push_back(r);
        }
    }
    return found;
}

}  // namespace kwq::eventlog
