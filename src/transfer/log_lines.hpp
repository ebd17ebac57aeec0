// log_lines: a log as text, one JSON object a line, in this order:
//
//   {"kwq_log":1,"topics":[{"name":"kwq-status","partitions":1}, …]}
//   {"topic":"kwq-status","partition":0,"first":0}     then its records:
//   {"offset":0,"at":1700000000000,"key":"…","value":{…},"headers":[["name","text"]]}
//   {"end":true,"records":12345,"checksum":"…"}        of all lines before it
//
// `value` holds a record's JSON byte for byte; bytes that are no JSON of a single line are
// `value_base64url`, a key that is no UTF-8 is `key_base64url`. Fields without a value are left
// out.
#pragma once

#include "transfer/log_target.hpp"

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::transfer {

/// Writes what it is given as lines.
class line_writer final : public log_target {
public:
    /// `out` outlives it.
    explicit line_writer(std::ostream& out) : out_(out) {}

    /// All topics come before the first begin().
    eventlog::result<void> add_topic(const topic_plan& topic) override;
    eventlog::result<void> begin(const eventlog::topic_partition& where,
                                 model::offset first) override;
    eventlog::result<void> add(eventlog::log_record record) override;
    /// Whether the bytes are on a disk is up to whoever made `out`.
    eventlog::result<void> finish() override;

private:
    void write_topics();
    eventlog::result<void> put(std::string line);

    std::ostream& out_;
    std::vector<topic_plan> topics_;
    bool topics_written_ = false;
    std::uint64_t checksum_ = 0;
    std::int64_t records_ = 0;
};

/// Reads lines into a target. errc::corrupt names the line that is not as described, or says that
/// the end is missing or the checksum another. Gives the number of records.
eventlog::result<std::int64_t> read_lines(std::istream& in, log_target& to);

}  // namespace kwq::transfer
