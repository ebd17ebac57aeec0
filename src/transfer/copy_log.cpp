#include "transfer/copy_log.hpp"

#include <utility>

namespace kwq::transfer {

namespace {

constexpr std::size_t read_bytes = 4U << 20U;

eventlog::result<std::int64_t> copy_partition(check::record_source& from, log_target& to,
                                              const eventlog::topic_partition& where) {
    const auto range = from.range(where);
    if (range.has_error()) {
        return range.error();
    }
    if (auto begun = to.begin(where, range->first); !begun) {
        return begun.error();
    }
    auto at = range->first;
    while (at < range->end) {
        auto records = from.read(where, at, read_bytes);
        if (records.has_error()) {
            return records.error();
        }
        for (auto& record : *records) {
            at = model::offset{record.offset.value() + 1};
            if (auto added = to.add(std::move(record)); !added) {
                return added.error();
            }
        }
    }
    return range->end.value() - range->first.value();
}

}  // namespace

eventlog::result<std::int64_t> copy_log(check::record_source& from, log_target& to) {
    const auto topics = from.topics();
    if (topics.has_error()) {
        return topics.error();
    }
    for (const auto& topic : *topics) {
        if (auto added = to.add_topic({topic.name, topic.partitions}); !added) {
            return added.error();
        }
    }
    std::int64_t records = 0;
    for (const auto& topic : *topics) {
        for (std::int32_t p = 0; p < topic.partitions; ++p) {
            auto copied = copy_partition(from, to, {topic.name, p});
            if (copied.has_error()) {
                return copied;
            }
            records += *copied;
        }
    }
    if (auto finished = to.finish(); !finished) {
        return finished.error();
    }
    return records;
}

}  // namespace kwq::transfer
