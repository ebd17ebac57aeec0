// `kwq export-log`: the log of a stopped server as lines of JSON, for `kwq import-log` and for any
// other program.
#include "check/record_source.hpp"
#include "cli/command.hpp"
#include "cli/sync_path.hpp"
#include "cli/terminal.hpp"
#include "transfer/copy_log.hpp"
#include "transfer/log_lines.hpp"

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace kwq::cli {

namespace {

failure failed(const std::string& why) {
    return {exit_code::error, why};
}

class export_log_command : public command {
public:
    description describe() override {
        return {
            .name = "export-log",
            .summary = "Write the log of a stopped server as lines of JSON",
            .details =
                "DIR is the server's data directory, or the log in it. Every record of every topic "
                "is a line, with its offset, its time and its value byte for byte; the last line "
                "has the number of records and a checksum. docs/event-log.md describes the lines. "
                "A directory that a server uses is refused: export a backup of it.",
            .options = {{"--to",
                         "FILE",
                         "Write here, complete or not at all; default: standard output",
                         &to_,
                         {"file"}}},
            .arguments = {{"DIR", "The data directory", true, &directory_, {"file"}}},
            .examples = {"kwq export-log ./data --to kwq.ndjson",
                         "kwq export-log ./data | kwq import-log - --log kafka --kafka-brokers b1"},
            .client = false};
    }

    outcome<exit_code> run(session*) override {
        const auto from = check::open_log_directory(directory_);
        if (from.has_error()) {
            return failed(from.error().detail);
        }
        return to_ ? write_file(**from, *to_) : write(**from, std::cout);
    }

private:
    static outcome<exit_code> write_file(check::record_source& from, const std::string& path) {
        const std::string part = path + ".part";
        std::ofstream out(part, std::ios::binary | std::ios::trunc);
        auto written = write(from, out);
        out.close();
        const auto folder = std::filesystem::absolute(path).parent_path().string();
        if (written && (!out || !sync_path(part) || std::rename(part.c_str(), path.c_str()) != 0 ||
                        !sync_path(folder))) {
            written = failed(path + " cannot be written");
        }
        if (!written) {
            ::unlink(part.c_str());
        }
        return written;
    }

    static outcome<exit_code> write(check::record_source& from, std::ostream& out) {
        transfer::line_writer lines(out);
        const auto records = transfer::copy_log(from, lines);
        if (records.has_error()) {
            return failed(records.error().detail);
        }
        write_stderr("kwq: " + std::to_string(*records) + " records\n");
        return exit_code::ok;
    }

    std::string directory_;
    std::optional<std::string> to_;
};

}  // namespace

std::unique_ptr<command> make_export_log_command() {
    return std::make_unique<export_log_command>();
}

}  // namespace kwq::cli
