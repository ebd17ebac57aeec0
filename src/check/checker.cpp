#include "check/checker.hpp"

#include "check/history.hpp"
#include "check/shard_reader.hpp"

#include <memory>
#include <vector>

namespace kwq::check {

eventlog::result<check_report> check_log(record_source& source, const check_options& options) {
    check_report report;
    shard_reader reader(source, options, report);
    for (const auto step :
         {&shard_reader::list_topics, &shard_reader::read_controls, &shard_reader::read_rejected}) {
        if (const auto done = (reader.*step)(); done.has_error()) {
            return done.error();
        }
    }
    std::vector<std::unique_ptr<checked_shard>> shards;
    for (std::int32_t p = 0; p < reader.shards(); ++p) {
        auto shard = reader.read_shard(p);
        if (shard.has_error()) {
            return shard.error();
        }
        if (options.history != nullptr) {
            shards.push_back(std::move(*shard));  // else its memory is free for the next
        }
    }
    report.jobs.erase("");
    if (options.history != nullptr) {
        if (const auto done = check_history(*options.history, shards, report); done.has_error()) {
            return done.error();
        }
    }
    return report;
}

}  // namespace kwq::check
