// man_page: see the header. Plain man(7) macros, so that any roff reads it.
#include "cli/man_page.hpp"

#include "cli/completion.hpp"
#include "cli/terminal.hpp"

#include <algorithm>
#include <cctype>

namespace kwq::cli {

namespace {

/// Text as roff takes it: backslashes and hyphens escaped, no line that begins with a control.
std::string roff(const std::string& text) {
    std::string out;
    bool line_start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.compare(i, 3, "…") == 0) {
            out += line_start ? "\\&..." : "...";  // groff reads Latin-1 unless somebody tells it
            i += 2;
            line_start = false;
            continue;
        }
        const char c = text[i];
        if (line_start && (c == '.' || c == '\'')) {
            out += "\\&";
        }
        out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
        line_start = c == '\n';
    }
    return out;
}

std::string paragraphs(const std::string& text) {
    std::string out = roff(text);
    for (std::size_t at = out.find("\n\n"); at != std::string::npos; at = out.find("\n\n", at)) {
        out.replace(at, 2, "\n.PP\n");
    }
    return out.empty() ? "" : ".PP\n" + out + "\n";
}

std::string entry(const option& o) {
    std::string flags = roff(o.flags);
    const auto comma = flags.find(',');
    if (comma != std::string::npos) {
        flags.replace(comma, 1, "\\fR, \\fB");
    }
    const std::string value = o.value.empty() ? "" : " \\fI" + roff(o.value) + "\\fR";
    return ".TP\n\\fB" + flags + "\\fR" + value + "\n" + roff(o.help) + "\n";
}

std::string synopsis(const description& d) {
    std::string out = "\\fBkwq " + roff(d.name) + "\\fR";
    out += d.options.empty() ? "" : " [\\fIoptions\\fR]";
    for (const argument& a : d.arguments) {
        const bool many = std::holds_alternative<std::vector<std::string>*>(a.to);
        const std::string name = "\\fI" + roff(a.name) + "\\fR" + (many ? "..." : "");
        out += a.required ? " " + name : " [" + name + "]";
    }
    return out;
}

std::string command_section(const description& d) {
    std::string out = ".SS " + synopsis(d) + "\n" + roff(d.summary) + ".\n";
    out += paragraphs(d.details);
    for (const argument& a : d.arguments) {
        out += ".TP\n\\fI" + roff(a.name) + "\\fR\n" + roff(a.help) + "\n";
    }
    for (const option& o : d.options) {
        out += entry(o);
    }
    for (const std::string& example : d.examples) {
        out += ".PP\n.RS 4\n.nf\n" + roff(example) + "\n.fi\n.RE\n";
    }
    return out;
}

constexpr const char* exit_codes = R"(.SH EXIT STATUS
.TP
0
Done.
.TP
1
Refused, or the server cannot be reached.
.TP
2
The command line is wrong.
.TP
3
No such task, job, tag or queue.
.TP
4
It is in a state that does not allow this.
.TP
5
Not done within the time given.
.TP
6
Some of it failed; what failed was said.
.TP
130
Interrupted.
.PP
\fBkwq serve\fR exits 0 when it was asked to stop, 1 for a configuration it cannot use, 2 when it
could not start, 3 when it had to stop: the log failed or another process owns it.
\fBkwq work\fR exits 0 when the queues are empty or it was asked to stop and finished its tasks,
2 when it cannot start, 3 when dispatch was stopped before the queues were empty, 130 when it was
made to stop at once.
)";

class man_command : public command {
public:
    explicit man_command(const command_list& commands) : commands_(commands) {}

    description describe() override {
        return {.name = "man",
                .summary = "Print the manual page, in roff",
                .details = "",
                .options = {},
                .arguments = {},
                .examples = {"kwq man | man -l -"},
                .client = false};
    }

    outcome<exit_code> run(session*) override {
        std::vector<description> all;
        for (const auto& c : commands_) {
            all.push_back(c->describe());
        }
        write_stdout(man_page(all));
        return exit_code::ok;
    }

private:
    const command_list& commands_;
};

}  // namespace

std::string man_page(const std::vector<description>& commands) {
    std::string out = ".TH KWQ 1 \"\" \"kwq " + version_text() + "\" \"KWQ\"\n.SH NAME\n";
    out += "kwq \\- work\\-queue scheduler and task tracker\n.SH SYNOPSIS\n";
    out += "\\fBkwq\\fR \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n.SH DESCRIPTION\n";
    out +=
        "Producers put tasks on queues, workers take them, highest priority first, under leases, "
        "and every task can be followed to its end. \\fBkwq serve\\fR is the server; all other "
        "commands are clients of one.\n.SH COMMANDS\n";
    for (const description& d : commands) {
        out += command_section(d);
    }
    out += ".SH COMMON OPTIONS\nAll commands that talk to a server take these.\n";
    client_options ignored;
    for (const option& o : client_option_list(ignored)) {
        out += entry(o);
    }
    out += exit_codes;
    out +=
        ".SH ENVIRONMENT\n.TP\nKWQ_URL\nThe server that clients talk to.\n.TP\nKWQ_TOKEN_FILE\n"
        "File with the token.\n.TP\nNO_COLOR\nWhen set, nothing is coloured.\n.PP\n"
        "\\fBkwq serve\\fR takes each of its options from KWQ_NAME too, in upper case with "
        "underscores.\n.SH FILES\n.TP\n\\&./kwq.toml, /etc/kwq/kwq.toml\n"
        "Configuration of \\fBkwq serve\\fR; the first that exists is read.\n.TP\n"
        "\\fIfile\\fR.kwq\\-progress\nHow far \\fBkwq submit \\-\\-file\\fR has come.\n";
    return out;
}

std::unique_ptr<command> make_man_command(const command_list& commands) {
    return std::make_unique<man_command>(commands);
}

}  // namespace kwq::cli
