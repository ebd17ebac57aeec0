// bulk_submit: see the header. Files and terminal; the account is bulk_upload's.
#include "cli/bulk_submit.hpp"

#include "cli/bulk_upload.hpp"
#include "cli/checkpoint.hpp"
#include "cli/patience.hpp"
#include "cli/progress_bar.hpp"
#include "cli/quantity.hpp"
#include "cli/terminal.hpp"

#include <sys/stat.h>
#include <fstream>
#include <iostream>

namespace kwq::cli {

namespace {

constexpr milliseconds request_timeout{300'000};

struct input {
    std::ifstream file;
    std::istream* stream = nullptr;
    std::int64_t bytes = 0;
    std::string hash;  // empty: standard input
    checkpoint from;
};

outcome<void> open_file(session& s, const bulk_job& job, input& in) {
    in.file.open(job.file, std::ios::binary);
    struct stat about {};
    if (!in.file || ::stat(job.file.c_str(), &about) != 0) {
        return failure{exit_code::error, job.file + " cannot be read"};
    }
    if (S_ISDIR(about.st_mode)) {
        return failure{exit_code::error, job.file + " is a directory"};
    }
    in.stream = &in.file;
    if (!S_ISREG(about.st_mode)) {
        return {};  // a pipe: no size, no second look
    }
    in.bytes = about.st_size;
    in.hash = content_hash(in.file);
    in.file.clear();
    const auto saved = load_checkpoint(checkpoint_path(job.file));
    if (!job.resume) {
        return {};
    }
    if (!saved) {
        s.say("kwq: nothing to resume: " + job.file + " is submitted from its beginning");
    } else if (saved->file_hash != in.hash || saved->file_bytes != in.bytes) {
        return failure{exit_code::conflict, job.file + " has changed since " +
                                                checkpoint_path(job.file) +
                                                " was written; submit it without --resume"};
    } else {
        in.from = *saved;
    }
    return {};
}

outcome<void> open_input(session& s, const bulk_job& job, input& in) {
    if (job.file == "-") {
        in.stream = &std::cin;
        return job.resume ? usage_failure("standard input cannot be resumed") : outcome<void>();
    }
    if (auto opened = open_file(s, job, in); !opened) {
        return opened;
    }
    if (in.hash.empty()) {
        return job.resume ? usage_failure(job.file + " is no regular file and cannot be resumed")
                          : outcome<void>();
    }
    in.file.seekg(in.from.offset);
    return {};
}

/// Shows and remembers what upload() tells it.
class upload_desk {
public:
    upload_desk(session& s, const bulk_job& job, const input& in)
        : session_(s),
          job_(job),
          in_(in),
          bar_(!s.options().quiet && stderr_is_terminal()),
          keeps_(!in.hash.empty()) {}

    upload_hooks hooks() {
        return {.send =
                    [this](const std::string& body, const auto& on_line) {
                        return session_.ask_lines({.method = "POST",
                                                   .target = "/tasks/bulk",
                                                   .body = body,
                                                   .content_type = "application/x-ndjson",
                                                   .timeout = request_timeout},
                                                  on_line);
                    },
                .again = [this](std::uint32_t n, const failure& why) { return again(n, why); },
                .on_bad = [this](const bad_line& b) { name(b); },
                .on_line = [this](const upload_account& a) { show(a); },
                .on_batch = [this](const upload_account& a) { return keep(a); }};
    }

    void clear() { bar_.clear(); }
    void forget() {
        if (keeps_) {
            remove_checkpoint(checkpoint_path(job_.file));
        }
    }
    bool keeps() const { return keeps_; }

private:
    bool again(std::uint32_t n, const failure& why) {
        if (!job_.retry || interrupted()) {
            return false;
        }
        if (n == 0) {
            bar_.clear();
            session_.say("kwq: " + why.message + "; trying again until it works");
        }
        return wait_for(pause_after(n));
    }

    void name(const bad_line& b) {
        bar_.clear();
        write_stderr(job_.file + ":" + std::to_string(b.line) + ": " + b.why + "\n");
    }

    void show(const upload_account& a) {
        const std::string remark = human_count(a.submitted) + " tasks" +
                                   (a.failed == 0 ? "" : ", " + human_count(a.failed) + " failed");
        bar_.show(a.offset, in_.bytes, remark);
    }

    bool keep(const upload_account& a) {
        show(a);
        if (keeps_ &&
            !save_checkpoint(checkpoint_path(job_.file),
                             {in_.bytes, in_.hash, a.offset, a.line, a.submitted, a.failed})) {
            keeps_ = false;
            session_.say("kwq: " + checkpoint_path(job_.file) +
                         " cannot be written: this run cannot be resumed");
        }
        return !interrupted();
    }

    session& session_;
    const bulk_job& job_;
    const input& in_;
    progress_bar bar_;
    bool keeps_;
};

void report(session& s, const upload_account& a) {
    if (s.json()) {
        s.print("{\"submitted\":" + std::to_string(a.submitted) + ",\"failed\":" +
                std::to_string(a.failed) + ",\"lines\":" + std::to_string(a.line) + "}\n");
    } else {
        s.print("Submitted " + human_count(a.submitted) + " tasks" +
                (a.failed == 0 ? "" : ", " + human_count(a.failed) + " failed") + ".\n");
    }
}

}  // namespace

outcome<exit_code> bulk_submit(session& s, const bulk_job& job) {
    input in;
    if (const auto opened = open_input(s, job, in); !opened) {
        return opened.error();
    }
    // Standard input has no second run; a prefix of its own still makes repeated requests harmless.
    const std::string ids = "f" + (in.hash.empty() ? random_hex().substr(0, 16) : in.hash);
    line_reader reader(
        *in.stream,
        {.offset = in.from.offset, .line = in.from.line, .ids = ids, .fields = job.fields});
    upload_account account{in.from.submitted, in.from.failed, in.from.offset, in.from.line};
    upload_desk desk(s, job, in);
    const auto done = upload(reader, desk.hooks(), account);
    desk.clear();
    report(s, account);
    if (!done) {
        failure why = done.error();
        why.code = interrupted() ? exit_code::interrupted : why.code;
        why.message +=
            desk.keeps() ? "; --resume goes on from line " + std::to_string(account.line + 1) : "";
        return why;
    }
    desk.forget();
    return account.failed == 0 ? exit_code::ok : exit_code::partial;
}

}  // namespace kwq::cli
