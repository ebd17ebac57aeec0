// `kwq dispatch`: the switch for everything: running, paused, draining, stopped.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/table.hpp"

namespace kwq::cli {

namespace {

std::string dispatch_view(const reply& r) {
    const look how = look_now();
    const auto until = instant_field(r.root(), "until_at");
    const auto reason = printable(text_field(r.root(), "reason"));
    std::string out = "Dispatch is " + printable(text_field(r.root(), "state"));
    out += until ? ", running again " + human_age(*until, how.now) : "";
    out += reason.empty() ? "" : " (" + reason + ")";
    return out + "; " + human_count(integer_field(r.root(), "leases")) + " tasks are out.\n";
}

class dispatch_command : public command {
public:
    description describe() override {
        return {.name = "dispatch",
                .summary = "Show or set whether work is handed out at all",
                .details =
                    "running: as usual. paused: workers wait. draining: workers finish what "
                    "they have and end. stopped: workers end, tasks that run are released. "
                    "It holds across restarts.",
                .options =
                    {{"--for", "TIME", "Back to running by itself after this long", &how_long_, {}},
                     {"--reason", "TEXT", "Why, for whoever looks", &reason_, {}}},
                .arguments = {{"STATE",
                               "the new state; none: show it",
                               false,
                               &state_,
                               {"running", "paused", "draining", "stopped"}}},
                .examples = {"kwq dispatch stopped --reason incident"}};
    }

    outcome<exit_code> run(session* s) override {
        if (state_.empty()) {
            return show(*s, "/dispatch", dispatch_view);
        }
        std::string body = pause_body(how_long_, reason_);
        body = "{\"state\":" + state_json() + (body == "{}" ? "}" : "," + body.substr(1));
        const auto answer = s->ask({.method = "PUT", .target = "/dispatch", .body = body});
        if (!answer) {
            return answer.error();
        }
        if (s->json()) {
            s->print_json(*answer);
        } else {
            s->print(dispatch_view(*answer));
        }
        return exit_code::ok;
    }

private:
    std::string state_json() const {
        std::string out;
        codec::json_writer w(out);
        w.value(state_);
        return out;
    }

    std::string state_, reason_;
    std::optional<milliseconds> how_long_;
};

}  // namespace

std::unique_ptr<command> make_dispatch_command() {
    return std::make_unique<dispatch_command>();
}

}  // namespace kwq::cli
