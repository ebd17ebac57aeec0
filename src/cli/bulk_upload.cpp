// bulk_upload: see the header.
#include "cli/bulk_upload.hpp"

#include "cli/fields.hpp"
#include "codec/json.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace kwq::cli {

namespace {

/// The same line may get another answer later.
bool may_pass(std::string_view code) {
    constexpr std::array<std::string_view, 6> passing{"overloaded",        "stopping",
                                                      "outcome_unknown",   "storage_full",
                                                      "too_many_requests", "not_owner"};
    return std::find(passing.begin(), passing.end(), code) != passing.end();
}

/// One batch on its way: what of it has no answer yet.
class batch_in_flight {
public:
    batch_in_flight(line_batch batch, const upload_hooks& hooks, upload_account& account)
        : batch_(std::move(batch)), hooks_(hooks), account_(account) {}

    bool done() const { return batch_.lines.empty(); }
    const std::string& body() const { return batch_.body; }

    void on_answer(std::string_view text) {
        const auto parsed = codec::json_document::parse(std::string(text));
        if (!parsed || !parsed->root().is_object()) {
            return;
        }
        const auto& answer = parsed->root();
        const auto at = integer_field(answer, "line");
        if (at < 1 || at > static_cast<std::int64_t>(batch_.lines.size())) {
            return;
        }
        answered_.resize(batch_.lines.size());
        const auto index = static_cast<std::size_t>(at - 1);
        if (text_field(answer, "status") == "ok") {
            ++account_.submitted;
            answered_[index] = true;
        } else if (const auto code = text_field(answer, "code"); !may_pass(code)) {
            answered_[index] = true;
            refuse(index, reason(answer));
        } else {
            passing_ = reason(answer);
        }
        hooks_.on_line(account_);
    }

    /// Leaves only the lines that were not answered for good; says whether that is progress.
    bool keep_unanswered() {
        line_batch left;
        std::size_t start = 0;
        answered_.resize(batch_.lines.size());
        for (std::size_t i = 0; i < batch_.lines.size(); ++i) {
            const auto end = batch_.body.find('\n', start) + 1;
            if (!answered_[i]) {
                left.body += batch_.body.substr(start, end - start);
                left.lines.push_back(batch_.lines[i]);
            }
            start = end;
        }
        const bool moved = left.lines.size() < batch_.lines.size();
        batch_ = std::move(left);
        answered_.clear();
        return moved;
    }

    /// Nobody waits any longer: what is left has failed.
    void give_up() {
        for (std::size_t i = 0; i < batch_.lines.size(); ++i) {
            refuse(i, passing_.empty() ? "no answer" : passing_);
        }
        batch_.lines.clear();
    }

    const std::string& passing() const { return passing_; }

private:
    static std::string reason(const codec::json_value& answer) {
        const auto detail = text_field(answer, "detail");
        const auto field = text_field(answer, "field");
        return (detail.empty() ? text_field(answer, "code") : detail) +
               (field.empty() ? "" : " (" + field + ")");
    }

    void refuse(std::size_t index, const std::string& why) {
        ++account_.failed;
        hooks_.on_bad({batch_.lines[index], why});
    }

    line_batch batch_;
    const upload_hooks& hooks_;
    upload_account& account_;
    std::vector<bool> answered_;
    std::string passing_;  // why lines were refused that may pass later
};

outcome<void> send_batch(line_batch batch, const upload_hooks& hooks, upload_account& account) {
    batch_in_flight flight(std::move(batch), hooks, account);
    for (std::uint32_t failures = 0; !flight.done();) {
        auto sent =
            hooks.send(flight.body(), [&](std::string_view line) { flight.on_answer(line); });
        if (flight.keep_unanswered()) {
            failures = 0;
        }
        if (flight.done()) {
            break;
        }
        if (!sent && !sent.error().may_pass) {
            return sent;
        }
        const failure why =
            sent ? failure{exit_code::error, flight.passing(), true, ""} : sent.error();
        if (!hooks.again(failures++, why)) {
            if (!sent) {
                return sent;
            }
            flight.give_up();
        }
    }
    return {};
}

}  // namespace

outcome<void> upload(line_reader& from, const upload_hooks& hooks, upload_account& account) {
    for (;;) {
        line_batch batch = from.next();
        if (batch.lines.empty() && batch.bad.empty() && from.at_end()) {
            account.offset = batch.end_offset;
            account.line = batch.end_line;
            if (from.broken()) {
                return failure{exit_code::error, "the file cannot be read behind line " +
                                                     std::to_string(batch.end_line)};
            }
            return {};
        }
        const auto offset = batch.end_offset;
        const auto line = batch.end_line;
        for (const bad_line& bad : batch.bad) {
            ++account.failed;
            hooks.on_bad(bad);
        }
        if (auto sent = send_batch(std::move(batch), hooks, account); !sent) {
            return sent;
        }
        account.offset = offset;
        account.line = line;
        if (!hooks.on_batch(account)) {
            return failure{exit_code::interrupted, "interrupted"};
        }
    }
}

}  // namespace kwq::cli
