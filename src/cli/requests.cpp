// requests: see the header.
#include "cli/requests.hpp"

#include "cli/fields.hpp"
#include "cli/patience.hpp"
#include "cli/quantity.hpp"
#include "cli/terminal.hpp"
#include "net/http.hpp"

#include <algorithm>

namespace kwq::cli {

namespace {

std::string filled(std::string text, std::int64_t count) {
    if (const auto at = text.find('#'); at != std::string::npos) {
        text.replace(at, 1, human_count(count));
    }
    return text;
}

}  // namespace

look look_now() {
    return {system_clock().wall(), colours_wanted()};
}

std::string query_string(const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (!value.empty()) {
            out += (out.empty() ? "?" : "&") + name + "=" + net::percent_encode(value);
        }
    }
    return out;
}

std::string segment(const std::string& name) {
    return net::percent_encode(name);
}

outcome<exit_code> show(session& s, const std::string& target,
                        const std::function<std::string(const reply&)>& view) {
    const auto answer = s.ask({.target = target});
    if (!answer) {
        return answer.error();
    }
    if (s.json()) {
        s.print_json(*answer);
    } else {
        s.print(view(*answer));
    }
    return exit_code::ok;
}

outcome<exit_code> make_change(session& s, const change& c) {
    const auto answer = s.ask({.method = c.method, .target = c.target, .body = c.body});
    if (!answer) {
        return answer.error();
    }
    if (s.json()) {
        s.print_json(*answer);
    } else {
        s.print(filled(c.done, integer_field(answer->root(), "affected")) + "\n");
    }
    return exit_code::ok;
}

outcome<exit_code> make_changes(session& s, const std::vector<change>& all) {
    std::size_t failed = 0;
    outcome<exit_code> first = exit_code::ok;
    for (const change& c : all) {
        auto done = make_change(s, c);
        if (!done) {
            first = failed == 0 ? done : first;
            ++failed;
            if (all.size() > 1) {
                write_stderr("kwq: " + c.of + ": " + done.error().message + "\n");
            }
        }
    }
    if (failed != 0 && failed != all.size()) {
        return exit_code::partial;
    }
    return failed == 0 || all.size() == 1 ? first : outcome<exit_code>(first.error().code);
}

outcome<reply> follow(session& s, const followed& f) {
    const auto start = system_clock().monotonic();
    const auto left = [&] {
        const auto gone = system_clock().monotonic() - start;
        return f.most ? std::max(milliseconds{0}, *f.most - gone) : f.longest;
    };
    const std::string joint = f.target.find('?') == std::string::npos ? "?" : "&";
    std::uint32_t failures = 0;
    for (;;) {
        const auto wait = std::min(left(), f.longest);
        auto answer = s.ask({.target = f.target + joint + f.wait + "&wait_s=" + write_seconds(wait),
                             .timeout = wait + milliseconds{15'000}});
        if (!answer && (!answer.error().may_pass || failures == 8 || left().count() == 0)) {
            return answer;
        }
        if (!answer) {
            // A server that restarts is no reason to stop following.
            wait_for(pause_after(failures++));
        } else {
            failures = 0;
            if (f.on_look) {
                f.on_look(*answer);
            }
            if (f.ended(answer->root())) {
                return answer;
            }
            if (left().count() == 0) {
                return failure{exit_code::timeout, "not done after " + human_duration(*f.most)};
            }
        }
        if (interrupted()) {
            return failure{exit_code::interrupted, ""};
        }
    }
}

std::string pause_body(const std::optional<milliseconds>& how_long, const std::string& reason) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object();
    if (how_long) {
        w.key("for_s").raw(write_seconds(*how_long));
    }
    if (!reason.empty()) {
        w.field("reason", reason);
    }
    w.end_object();
    return out;
}

}  // namespace kwq::cli
