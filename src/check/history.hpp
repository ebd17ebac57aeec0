// history: what clients did and were told, line by line as docs/check.md describes it, gathered by
// task and by lease. Says nothing of right and wrong, but for what two lines say of each other.
#pragma once

#include "check/findings.hpp"
#include "check/shard_reader.hpp"
#include "codec/json.hpp"

#include <cstdint>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::check {

/// How often something was tried, by what came of it; and the first line that said so.
struct answers {
    std::uint32_t ok = 0;
    std::uint32_t failed = 0;
    std::uint32_t unknown = 0;
    std::int64_t ok_line = -1;
    std::int64_t failed_line = -1;
};

struct submit_story : answers {
    std::string id;
    std::optional<std::uint32_t> payload;  // checksum; none when it was not told, or in two forms
    bool two_payloads = false;
    std::vector<std::pair<std::string, std::int64_t>> positions;  // as answered, with the line
};

struct told_lease {
    std::string id;
    std::uint32_t attempt = 0;
    std::optional<std::uint32_t> payload;
    std::int64_t line = 0;
    bool may_be_lost = false;  // the power was cut after it
};

enum class report_outcome : std::uint8_t { running, complete, error, release };
std::string_view to_string(report_outcome o);

struct job_reading {
    std::string job;
    std::map<std::string, std::uint64_t> counts;
    std::int64_t line = 0;
};

class history {
public:
    explicit history(findings& found) : found_(found) {}

    /// errc::corrupt with the line when one cannot be read; a torn last line is left out.
    eventlog::result<void> read(std::istream& in);

    std::uint64_t operations() const { return operations_; }
    const std::unordered_map<std::uint64_t, submit_story>& submits() const { return submits_; }
    const std::unordered_map<std::uint64_t, told_lease>& told() const { return told_; }
    /// By lease, and what was reported on it.
    const std::map<std::pair<std::uint64_t, report_outcome>, answers>& reports() const {
        return reports_;
    }
    const std::unordered_map<std::uint64_t, answers>& cancels() const { return cancels_; }
    const std::unordered_map<std::uint64_t, answers>& retries() const { return retries_; }
    const std::vector<job_reading>& final_jobs() const { return final_jobs_; }

private:
    enum class ending : std::uint8_t { ok, fail, info };
    struct open_operation {
        std::string op;
        std::int64_t line = 0;
        std::unique_ptr<codec::json_document> text;  // of the invoke line
    };
    struct reading {
        std::uint32_t attempt = 0;
        bool over = false;
    };

    bool read_line(const std::string& text);
    void end(const open_operation& begun, ending how, const codec::json_value* body);
    void end_submit(const codec::json_value& args, ending how, const codec::json_value* body);
    void end_take(const codec::json_value& args, ending how, const codec::json_value* body);
    void end_report(std::string_view lease, std::string_view outcome, ending how);
    void end_look(const std::string& proc, const codec::json_value& args,
                  const codec::json_value* body);
    void end_job(const codec::json_value& args, const codec::json_value* body);
    void tell(const codec::json_value& lease);
    void power_cut();
    void add(answers& to, ending how) const;

    findings& found_;
    std::int64_t line_ = 0;
    std::uint64_t operations_ = 0;
    std::string proc_;  // of the operation that ends
    std::unordered_map<std::string, open_operation> open_;
    std::unordered_map<std::uint64_t, submit_story> submits_;
    std::unordered_map<std::uint64_t, told_lease> told_;
    std::vector<std::uint64_t> told_since_cut_;
    std::map<std::pair<std::uint64_t, report_outcome>, answers> reports_;
    std::unordered_map<std::uint64_t, answers> cancels_;
    std::unordered_map<std::uint64_t, answers> retries_;
    std::map<std::pair<std::string, std::uint64_t>, reading> readings_;
    std::vector<job_reading> final_jobs_;
};

/// Reads it and compares it with the log.
eventlog::result<void> check_history(std::istream& in,
                                     const std::vector<std::unique_ptr<checked_shard>>& shards,
                                     check_report& report);

}  // namespace kwq::check
