// `kwq top`: the overview, drawn again every second or two.
#include "cli/command.hpp"
#include "cli/overview.hpp"
#include "cli/quantity.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

#include <optional>

namespace kwq::cli {

namespace {

/// The screen of a full-page view: its own buffer, no cursor; given back at the end.
class page {
public:
    page() { write_stdout("\x1b[?1049h\x1b[?25l"); }
    ~page() { write_stdout("\x1b[?25h\x1b[?1049l"); }
    page(const page&) = delete;
    page& operator=(const page&) = delete;

    /// Draws over what was there, cut to the window, so that nothing flickers or scrolls.
    static bool draw(const std::string& text) {
        const std::size_t columns = terminal_columns();
        std::size_t rows = terminal_rows();
        std::string out = "\x1b[H";
        for (std::size_t at = 0; at < text.size() && rows > 1; --rows) {
            const auto end = std::min(text.find('\n', at), text.size());
            out += shortened(text.substr(at, end - at), columns) + "\x1b[K\r\n";
            at = end + 1;
        }
        return write_stdout(out + "\x1b[J");
    }
};

class top_command : public command {
public:
    description describe() override {
        return {.name = "top",
                .summary = "Watch the system: dispatch, depths, workers, jobs",
                .details = "Ends with Ctrl-C.",
                .options =
                    {{"--once", "", "Print it once, for scripts", &once_, {}},
                     {"-i,--interval", "TIME", "Time between looks; default: 1s", &interval_, {}}},
                .arguments = {},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        if (once_ || s->json() || !stdout_is_terminal()) {
            const auto seen = read_overview(*s);
            if (!seen) {
                return seen.error();
            }
            s->print(s->json() ? overview_json(*seen) : overview_text(*seen, look_now()));
            return exit_code::ok;
        }
        catch_interrupts();
        return watch(*s);
    }

private:
    outcome<exit_code> watch(session& s) {
        const auto interval = std::max(interval_.value_or(milliseconds{1'000}), milliseconds{100});
        const page screen;
        std::optional<std::int64_t> ended;
        mono_time last{};
        do {
            const auto seen = read_overview(s);
            const auto now = system_clock().monotonic();
            const look how{system_clock().wall(), false};  // cutting lines would cut codes
            std::string text =
                "kwq top  " + s.server().url + "  " + write_instant(how.now) + "\n\n";
            if (!seen) {
                text += seen.error().message + "\n";
                ended.reset();
            } else {
                if (ended && now > last) {
                    const auto rate = (ended_count(*seen) - *ended) * 1'000 / (now - last).count();
                    text += "rate        " + human_count(rate) + " tasks/s ended\n";
                }
                ended = ended_count(*seen);
                text += overview_text(*seen, how);
            }
            last = now;
            if (!page::draw(text)) {
                break;
            }
        } while (wait_for(interval));
        return exit_code::ok;
    }

    bool once_ = false;
    std::optional<milliseconds> interval_;
};

}  // namespace

std::unique_ptr<command> make_top_command() {
    return std::make_unique<top_command>();
}

}  // namespace kwq::cli
