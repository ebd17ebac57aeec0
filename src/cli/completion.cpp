// completion: see the header. Only names, flags, fixed choices and files are completed: nothing
// asks a server while somebody types.
#include "cli/completion.hpp"

#include "cli/terminal.hpp"

#include <algorithm>

namespace kwq::cli {

namespace {

std::vector<std::string> split_flags(const std::string& flags) {
    const auto comma = flags.find(',');
    if (comma == std::string::npos) {
        return {flags};
    }
    return {flags.substr(0, comma), flags.substr(comma + 1)};
}

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : between) + word;
    }
    return out;
}

std::string first_word(const std::string& name) {
    return name.substr(0, name.find(' '));
}

std::string last_words(const std::string& name) {
    const auto space = name.find(' ');
    return space == std::string::npos ? "" : name.substr(space + 1);
}

std::vector<option> options_of(const description& d) {
    static client_options ignored;
    std::vector<option> out = d.options;
    if (d.client) {
        const auto common = client_option_list(ignored);
        out.insert(out.end(), common.begin(), common.end());
    }
    out.push_back({"-h,--help", "", "Print this help and exit", static_cast<bool*>(nullptr), {}});
    return out;
}

/// Names of the first level, each once.
std::vector<std::string> first_names(const std::vector<description>& commands) {
    std::vector<std::string> out;
    for (const description& d : commands) {
        const std::string name = first_word(d.name);
        if (std::find(out.begin(), out.end(), name) == out.end()) {
            out.push_back(name);
        }
    }
    return out;
}

bool takes_file(const std::vector<std::string>& choices) {
    return choices == std::vector<std::string>{"file"};
}

std::vector<std::string> argument_choices(const description& d) {
    for (const argument& a : d.arguments) {
        if (!a.choices.empty()) {
            return a.choices;
        }
    }
    return {};
}

// ---- bash ---------------------------------------------------------------------------------------

/// `case` arms for the values of options: the word before the cursor decides.
std::string bash_values(const std::vector<option>& options) {
    std::string arms;
    for (const option& o : options) {
        if (o.value.empty()) {
            continue;
        }
        arms += "            " + joined(split_flags(o.flags), "|") + ") ";
        arms += takes_file(o.choices)
                    ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                    : "COMPREPLY=($(compgen -W \"" + joined(o.choices) + "\" -- \"$cur\"))";
        arms += "; return;;\n";
    }
    return arms;
}

std::string bash_arm(const description& d) {
    std::vector<std::string> words;
    for (const option& o : options_of(d)) {
        for (const std::string& flag : split_flags(o.flags)) {
            words.push_back(flag);
        }
    }
    auto choices = argument_choices(d);
    const bool files = takes_file(choices);
    if (!files) {
        words.insert(words.end(), choices.begin(), choices.end());
    }
    std::string arm = "    \"" + d.name + "\")\n        case $prev in\n";
    arm += bash_values(options_of(d)) + "        esac\n        words=\"" + joined(words) + "\"";
    arm += files
               ? "\n        [[ $cur == -* ]] || { COMPREPLY=($(compgen -f -- \"$cur\")); return; }"
               : "";
    return arm + ";;\n";
}

std::string bash_script(const std::vector<description>& commands) {
    std::string out =
        "# bash completion of kwq; `kwq completion bash` writes it\n"
        "_kwq() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= command=\n"
        "    COMPREPLY=()\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"" +
        joined(first_names(commands)) +
        " --help --version\" -- \"$cur\"))\n        return\n    fi\n"
        "    command=${COMP_WORDS[1]}\n";
    for (const description& d : commands) {
        if (const auto second = last_words(d.name); !second.empty()) {
            out += "    if [ \"$command\" = " + first_word(d.name) +
                   " ]; then\n        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                   "            COMPREPLY=($(compgen -W \"" +
                   second +
                   "\" -- \"$cur\"))\n            return\n        fi\n"
                   "        command=\"$command ${COMP_WORDS[2]}\"\n    fi\n";
        }
    }
    out += "    case $command in\n";
    for (const description& d : commands) {
        out += bash_arm(d);
    }
    return out +
           "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
           "complete -F _kwq kwq\n";
}

// ---- zsh ----------------------------------------------------------------------------------------

/// Within single quotes and within _arguments' brackets.
std::string zsh_text(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c == '[' || c == ']' || c == ':' || c == '\\' ? std::string("\\") + c
                                                                 : std::string(1, c);
        }
    }
    return out;
}

std::string zsh_action(const std::vector<std::string>& choices) {
    return takes_file(choices) ? "_files" : choices.empty() ? " " : "(" + joined(choices) + ")";
}

std::string zsh_arm(const description& d) {
    std::string arm = "    '" + d.name + "') _arguments -s";
    for (const option& o : options_of(d)) {
        const bool many = std::holds_alternative<std::vector<std::string>*>(o.to);
        for (const std::string& flag : split_flags(o.flags)) {
            arm += " \\\n        '" + std::string(many ? "*" : "") + flag + "[" + zsh_text(o.help) +
                   "]";
            arm +=
                o.value.empty() ? "'" : ":" + zsh_text(o.value) + ":" + zsh_action(o.choices) + "'";
        }
    }
    for (const argument& a : d.arguments) {
        const bool many = std::holds_alternative<std::vector<std::string>*>(a.to);
        arm += " \\\n        '" + std::string(many ? "*" : "") + ":" + zsh_text(a.name) + ":" +
               zsh_action(a.choices) + "'";
    }
    return arm + ";;\n";
}

std::string zsh_script(const std::vector<description>& commands) {
    std::string out =
        "#compdef kwq\n# zsh completion of kwq; `kwq completion zsh` writes it\n_kwq() {\n"
        "    local -a commands=(\n";
    std::string second_level;
    for (const description& d : commands) {
        const auto second = last_words(d.name);
        out += "        '" + first_word(d.name) + ":" + zsh_text(d.summary) + "'\n";
        if (!second.empty()) {
            second_level += "    if [[ $command = " + first_word(d.name) +
                            " ]]; then\n        if (( CURRENT == 3 )); then compadd " + second +
                            "; return; fi\n        command=\"$command $words[3]\"; shift words; "
                            "(( CURRENT-- ))\n    fi\n";
        }
    }
    out +=
        "    )\n    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
        "    local command=$words[2]\n" +
        second_level + "    shift words; (( CURRENT-- ))\n    case $command in\n";
    for (const description& d : commands) {
        out += zsh_arm(d);
    }
    return out +
           "    esac\n}\nif [ \"$funcstack[1]\" = _kwq ]; then _kwq \"$@\"; else compdef _kwq kwq; "
           "fi\n";
}

// ---- fish ---------------------------------------------------------------------------------------

std::string fish_text(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return "'" + out + "'";
}

std::string fish_lines(const description& d) {
    const auto second = last_words(d.name);
    std::string when = "__fish_seen_subcommand_from " + first_word(d.name);
    std::string out;
    if (!second.empty()) {
        out += "complete -c kwq -n " +
               fish_text(when + "; and not __fish_seen_subcommand_from " + second) + " -f -a " +
               second + "\n";
        when += "; and __fish_seen_subcommand_from " + second;
    }
    for (const option& o : options_of(d)) {
        out += "complete -c kwq -n " + fish_text(when) + " -f";
        for (const std::string& flag : split_flags(o.flags)) {
            out += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
        }
        if (!o.value.empty()) {
            out += takes_file(o.choices) ? " -r -F" : " -x";
            out += o.choices.empty() || takes_file(o.choices)
                       ? ""
                       : " -a " + fish_text(joined(o.choices));
        }
        out += " -d " + fish_text(o.help) + "\n";
    }
    const auto choices = argument_choices(d);
    if (takes_file(choices)) {
        out += "complete -c kwq -n " + fish_text(when) + " -F\n";
    } else if (!choices.empty()) {
        out +=
            "complete -c kwq -n " + fish_text(when) + " -f -a " + fish_text(joined(choices)) + "\n";
    }
    return out;
}

std::string fish_script(const std::vector<description>& commands) {
    std::string out =
        "# fish completion of kwq; `kwq completion fish` writes it\ncomplete -c kwq -f\n";
    for (const description& d : commands) {
        out += "complete -c kwq -n __fish_use_subcommand -a " + first_word(d.name) + " -d " +
               fish_text(d.summary) + "\n";
    }
    for (const description& d : commands) {
        out += fish_lines(d);
    }
    return out;
}

class completion_command : public command {
public:
    explicit completion_command(const command_list& commands) : commands_(commands) {}

    description describe() override {
        return {
            .name = "completion",
            .summary = "Print a completion script for a shell",
            .details =
                "`make install` and the Debian package install these scripts. By hand: "
                "source <(kwq completion bash)",
            .options = {},
            .arguments = {{"SHELL", "bash, zsh or fish", true, &shell_, {"bash", "zsh", "fish"}}},
            .examples = {"source <(kwq completion bash)",
                         "kwq completion fish > ~/.config/fish/completions/kwq.fish"},
            .client = false};
    }

    outcome<exit_code> run(session*) override {
        std::vector<description> all;
        for (const auto& c : commands_) {
            all.push_back(c->describe());
        }
        const std::string script = completion_script(shell_, all);
        if (script.empty()) {
            return usage_failure("`" + shell_ + "` is none of bash, zsh and fish");
        }
        write_stdout(script);
        return exit_code::ok;
    }

private:
    const command_list& commands_;
    std::string shell_;
};

}  // namespace

std::string completion_script(std::string_view shell, const std::vector<description>& commands) {
    return shell == "bash"   ? bash_script(commands)
           : shell == "zsh"  ? zsh_script(commands)
           : shell == "fish" ? fish_script(commands)
                             : "";
}

std::vector<option> client_option_list(client_options& to) {
    return {
        {"--url", "URL", "The server; default: KWQ_URL, else http://127.0.0.1:8080", &to.url, {}},
        {"--token-file",
         "FILE",
         "File with the token to send; default: KWQ_TOKEN_FILE",
         &to.token_file,
         {"file"}},
        {"--json", "", "Print the server's JSON as it came, for scripts", &to.json, {}},
        {"--quiet", "", "No remarks and no progress on standard error", &to.quiet, {}},
    };
}

std::unique_ptr<command> make_completion_command(const command_list& commands) {
    return std::make_unique<completion_command>(commands);
}

}  // namespace kwq::cli
