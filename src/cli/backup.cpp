// `kwq backup`: the log of a server, at work or not, as a data directory of its own.
#include "check/checker.hpp"
#include "check/summary.hpp"
#include "cli/command.hpp"
#include "cli/sync_path.hpp"
#include "cli/terminal.hpp"
#include "transfer/copy_log.hpp"

#include <filesystem>
#include <system_error>

namespace kwq::cli {

namespace {

namespace fs = std::filesystem;

failure failed(const std::string& why) {
    return {exit_code::error, why};
}

class backup_command : public command {
public:
    description describe() override {
        return {
            .name = "backup",
            .summary = "Copy the log of a server, also while it runs, and check the copy",
            .details =
                "DIR is the server's data directory. What had been acknowledged when the command "
                "began is in the copy; what comes later may not be. The log is all there is to "
                "keep: the rest of a data directory is made from it. To restore, give TO as "
                "--data to a server, or copy it to where its data was.\n\nThe copy is checked as "
                "`kwq check` does, and on the disk when the command ends. Exit code 1: it could "
                "not be made, and is removed; or it could not be synced, or the log breaks a rule, "
                "which is said, and the copy stays.",
            .options = {{"--prefix",
                         "WORD",
                         "What the names of the topics begin with; default: kwq",
                         &prefix_,
                         {}}},
            .arguments = {{"DIR", "The data directory", true, &directory_, {"file"}},
                          {"TO", "The directory to make", true, &to_, {"file"}}},
            .examples = {"kwq backup /var/lib/kwq /backup/kwq-monday"},
            .client = false};
    }

    outcome<exit_code> run(session*) override {
        std::error_code error;
        const auto there = folder_there(to_);
        if (!fs::create_directories(to_, error) && (error || !fs::is_empty(to_, error) || error)) {
            return failed(error ? to_ + " cannot be made: " + error.message()
                                : to_ + " is not empty; a backup goes into a new directory");
        }
        fs::permissions(to_, fs::perms::owner_all, error);
        const auto records = copy();
        if (!records) {
            fs::remove_all(to_, error);
            return records.error();
        }
        if (!sync_folders(to_, there)) {
            return failed(to_ +
                          " is there, but perhaps not after a power cut: the folders to it "
                          "could not be synced");
        }
        return check_copy(*records);
    }

private:
    outcome<std::int64_t> copy() {
        const auto scratch = to_ + "/scratch";
        std::error_code ignored;
        fs::create_directory(scratch, ignored);
        const auto from = check::open_log_beside_server(directory_, scratch);
        if (from.has_error()) {
            return failed(from.error().detail);
        }
        const auto target = transfer::make_storage_target(to_ + "/log");
        if (target.has_error()) {
            return failed(target.error().detail);
        }
        const auto records = transfer::copy_log(**from, **target);
        if (records.has_error()) {
            return failed(records.error().detail);
        }
        fs::remove_all(scratch, ignored);
        return *records;
    }

    outcome<exit_code> check_copy(std::int64_t records) {
        const auto copied = check::open_log_directory(to_);
        if (copied.has_error()) {
            return failed(copied.error().detail);
        }
        const auto report = check::check_log(**copied, {.prefix = prefix_.value_or("kwq")});
        if (report.has_error()) {
            return failed(report.error().detail);
        }
        if (!report->found.clean()) {
            write_stdout(check::write_text(*report));
            return exit_code::error;
        }
        write_stdout(std::to_string(records) + " records, " + std::to_string(report->tasks) +
                     " tasks in " + to_ + "; no rule is broken\n");
        return exit_code::ok;
    }

    std::string directory_;
    std::string to_;
    std::optional<std::string> prefix_;
};

}  // namespace

std::unique_ptr<command> make_backup_command() {
    return std::make_unique<backup_command>();
}

}  // namespace kwq::cli
