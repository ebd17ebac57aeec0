// See outcome.hpp.
#include "worker/outcome.hpp"

#include "base/base64.hpp"
#include "codec/json.hpp"
#include "model/ids.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <utility>

namespace kwq::worker {

namespace {

// sysexits.h: what the numbers have meant to mailers and init scripts for decades.
constexpr int data_error = 65;
constexpr int try_later = 75;
constexpr int configuration_error = 78;

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// How many bytes the UTF-8 character at the front has; 0 when there is none.
std::size_t character_length(std::string_view text) {
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (model::valid_utf8(text.substr(0, length))) {
            return length;
        }
    }
    return 0;
}

std::string describe(const process_end& end) {
    if (!end.by_signal) {
        return "exit code " + std::to_string(end.code);
    }
    const char* name = sigabbrev_np(end.code);
    return "killed by signal " + std::to_string(end.code) +
           (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
}

report failure(const process_end& end, bool retry) {
    std::string message = describe(end);
    const std::string said = printable_tail(trimmed(end.log_tail), max_message_bytes - 64);
    if (!said.empty()) {
        message += ": " + said;
    }
    return {.what = report::kind::error, .message = std::move(message), .retry = retry};
}

report completion(const process_end& end) {
    std::string result = end.output_cut ? std::string() : result_json(end.output);
    if (end.output_cut || result.size() > max_result_bytes) {
        return {.what = report::kind::error,
                .message = "result_too_large: stdout makes a result of more than " +
                           std::to_string(max_result_bytes) + " bytes",
                .retry = false};
    }
    return {.what = report::kind::complete, .result_json = std::move(result)};
}

}  // namespace

std::string result_json(std::string_view output) {
    const auto text = trimmed(output);
    if (text.empty()) {
        return "null";
    }
    if (!codec::check_json(text).has_error()) {
        return std::string(text);
    }
    std::string out;
    codec::json_writer json(out);
    if (model::valid_utf8(output)) {
        json.value(output.back() == '\n' ? output.substr(0, output.size() - 1) : output);
    } else {
        json.begin_object().field("base64", base64_encode(output)).end_object();
    }
    return out;
}

report outcome_of(const process_end& end, milliseconds backoff) {
    if (end.by_signal) {
        return failure(end, true);
    }
    switch (end.code) {
        case 0: return completion(end);
        case try_later: return {.what = report::kind::release, .delay = backoff};
        case data_error:
        case configuration_error: return failure(end, false);
        default: return failure(end, true);
    }
}

report outcome_of_failed_start(const std::string& reason) {
    return {.what = report::kind::error, .message = printable_tail(reason), .retry = true};
}

std::string printable_tail(std::string_view text, std::size_t most) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = character_length(text);
        out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    if (out.size() > most) {
        auto start = out.size() - most;
        while (start < out.size() && (static_cast<unsigned char>(out[start]) & 0xC0U) == 0x80U) {
            ++start;  // not into the middle of a character
        }
        out.erase(0, start);
    }
    return out;
}

}  // namespace kwq::worker
