// bulk_upload: sends the batches of a file one after the other and keeps the account: what is
// submitted, what was refused, how far the file is answered for. Knows no network and no terminal:
// both are passed in, which is also how it is tested.
#pragma once

#include "cli/bulk_lines.hpp"
#include "cli/failure.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::cli {

struct upload_account {
    std::int64_t submitted = 0;
    std::int64_t failed = 0;
    std::int64_t offset = 0;
    std::int64_t line = 0;
};

struct upload_hooks {
    /// Sends one body; each line of the answer goes to `on_line`. A failure that `may_pass` is
    /// tried again when `again` says so.
    std::function<outcome<void>(const std::string& body,
                                const std::function<void(std::string_view)>& on_line)>
        send;
    /// After failure or refusal number `n` (from 0) in a row: waits, and says whether to go on.
    std::function<bool(std::uint32_t n, const failure& why)> again;
    std::function<void(const bad_line&)> on_bad;
    std::function<void(const upload_account&)> on_line;  // while answers come
    /// A batch is answered in full. False: stop here (exit_code::interrupted).
    std::function<bool(const upload_account&)> on_batch;
};

/// Until the end of the reader or a failure. `account` is right in both cases.
outcome<void> upload(line_reader& from, const upload_hooks& hooks, upload_account& account);

}  // namespace kwq::cli
