// command_line: the one place that builds the tree of subcommands, and that knows CLI11.
#include "cli/command_line.hpp"

#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "cli/quantity.hpp"
#include "cli/suggestion.hpp"
#include "cli/terminal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>

namespace kwq::cli {

namespace {

template <class... F>
struct overloaded : F... {
    using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

CLI::Option* add_number(CLI::App& app, const std::string& name, const std::string& help,
                        std::optional<std::int64_t>* to) {
    const auto take = [to, name](const std::string& text) {
        *to = parse_integer(text);
        if (!*to) {
            throw CLI::ValidationError(name, "`" + text + "` is not a whole number");
        }
    };
    return app.add_option_function<std::string>(name, take, help);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, const std::string& help,
                          std::optional<milliseconds>* to) {
    const auto take = [to, name](const std::string& text) {
        *to = parse_duration(text);
        if (!*to) {
            throw CLI::ValidationError(name,
                                       "`" + text + "` is not a duration such as 30s, 5m or 1h30m");
        }
    };
    return app.add_option_function<std::string>(name, take, help);
}

CLI::Option* add_target(CLI::App& app, const std::string& name, const std::string& help,
                        const target& to) {
    return std::visit(
        overloaded{
            [&](bool* flag) { return app.add_flag(name, *flag, help); },
            [&](std::string* text) { return app.add_option(name, *text, help); },
            [&](std::optional<std::string>* text) {
                const auto take = [text](const std::string& given) { *text = given; };
                return app.add_option_function<std::string>(name, take, help);
            },
            [&](std::vector<std::string>* list) { return app.add_option(name, *list, help); },
            [&](std::optional<std::int64_t>* number) {
                return add_number(app, name, help, number);
            },
            [&](std::optional<milliseconds>* duration) {
                return add_duration(app, name, help, duration);
            }},
        to);
}

bool is_list(const target& to) {
    return std::holds_alternative<std::vector<std::string>*>(to);
}

void add_option(CLI::App& app, const option& o, const std::string& group) {
    CLI::Option* added = add_target(app, o.flags, o.help, o.to);
    added->group(group);
    if (!o.value.empty()) {
        added->type_name(o.value);
    }
    if (is_list(o.to)) {
        added->allow_extra_args(false);
    }
}

/// The subcommand for `queue add`: below `queue`, which is made when missing.
CLI::App& subcommand(CLI::App& root, const std::string& path, const std::string& summary) {
    const auto space = path.find(' ');
    if (space == std::string::npos) {
        return *root.add_subcommand(path, summary);
    }
    const std::string group = path.substr(0, space);
    const auto there = root.get_subcommands([&](CLI::App* a) { return a->get_name() == group; });
    CLI::App* parent = there.empty() ? root.add_subcommand(group, summary) : there.front();
    parent->require_subcommand(1);
    return subcommand(*parent, path.substr(space + 1), summary);
}

CLI::App& add_command(CLI::App& root, const description& d, client_options& client) {
    CLI::App& app = subcommand(root, d.name, d.summary);
    std::string footer = d.details;
    for (const std::string& example : d.examples) {
        footer += (&example == d.examples.data() ? "\n\nExamples:\n  " : "\n  ") + example;
    }
    app.footer(footer);
    if (!d.alias.empty()) {
        app.alias(d.alias);
    }
    for (const argument& a : d.arguments) {
        add_target(app, a.name, a.help, a.to)->type_name("");
    }
    for (const option& o : d.options) {
        add_option(app, o, "Options");
    }
    if (d.client) {
        for (const option& o : client_option_list(client)) {
            add_option(app, o, "Server and output");
        }
    }
    return app;
}

bool is_empty(const target& to) {
    return std::visit(overloaded{[](const bool* flag) { return !*flag; },
                                 [](const auto* value) {
                                     if constexpr (requires { value->has_value(); }) {
                                         return !value->has_value();
                                     } else {
                                         return value->empty();
                                     }
                                 }},
                      to);
}

/// What stands behind `--` goes to the arguments as it is: a task's command has flags of its own.
/// Empty when it fits, else what is too much.
std::string take_rest(const description& d, std::vector<std::string> rest) {
    for (const argument& a : d.arguments) {
        if (rest.empty()) {
            break;
        }
        if (is_list(a.to)) {
            auto& list = *std::get<std::vector<std::string>*>(a.to);
            list.insert(list.end(), rest.begin(), rest.end());
            rest.clear();
        } else if (is_empty(a.to)) {
            if (const auto* text = std::get_if<std::string*>(&a.to)) {
                **text = rest.front();
            } else if (const auto* maybe = std::get_if<std::optional<std::string>*>(&a.to)) {
                **maybe = rest.front();
            }
            rest.erase(rest.begin());
        }
    }
    return rest.empty() ? "" : rest.front();
}

/// For the error line: the nearest command or flag to what was not understood.
std::string suggestion(const command_list& commands, const std::vector<std::string>& arguments,
                       const std::string& chosen) {
    std::vector<std::string> names;
    std::vector<std::string> flags;
    for (const auto& c : commands) {
        const description d = c->describe();
        names.push_back(d.name.substr(0, d.name.find(' ')));
        if (d.name == chosen) {
            client_options ignored;
            auto options = d.options;
            const auto common = client_option_list(ignored);
            options.insert(options.end(), common.begin(), common.end());
            for (const option& o : options) {
                flags.push_back(o.flags.substr(o.flags.rfind(',') + 1));
            }
        }
    }
    if (chosen.empty() && !arguments.empty()) {
        const auto name = nearest_name(arguments.front(), names);
        return name && *name != arguments.front() ? ", did you mean `" + *name + "`?" : "";
    }
    for (const std::string& argument : arguments) {
        const std::string flag = argument.substr(0, argument.find('='));
        const bool known = std::find(flags.begin(), flags.end(), flag) != flags.end();
        if (flag.starts_with("--") && !known && flag != "--help") {
            const auto nearest = nearest_name(flag, flags);
            return nearest ? ", did you mean `" + *nearest + "`?" : "";
        }
    }
    return "";
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

/// The deepest subcommand that was named, as its path.
std::string named_path(const CLI::App& app) {
    const auto below = app.get_subcommands();
    if (below.empty()) {
        return "";
    }
    const auto deeper = named_path(*below.front());
    return below.front()->get_name() + (deeper.empty() ? "" : " " + deeper);
}

command* find_command(command_list& commands, const std::string& name) {
    for (auto& c : commands) {
        if (c->describe().name == name) {
            return c.get();
        }
    }
    return nullptr;
}

parse_answer usage_error(std::string message, const std::string& path) {
    parse_answer out;
    out.code = static_cast<int>(exit_code::usage);
    out.error = "kwq: " + std::move(message) + "\nTry `kwq " + (path.empty() ? "" : path + " ") +
                "--help`.\n";
    return out;
}

parse_answer check_arguments(command& chosen, const std::vector<std::string>& rest) {
    const description d = chosen.describe();
    if (const auto extra = take_rest(d, rest); !extra.empty()) {
        return usage_error("`" + extra + "` is one argument too many", d.name);
    }
    for (const argument& a : d.arguments) {
        if (a.required && is_empty(a.to)) {
            return usage_error(a.name + " is missing: " + a.help, d.name);
        }
    }
    parse_answer out;
    out.chosen = &chosen;
    return out;
}

}  // namespace

parse_answer parse(command_list& commands, const std::vector<std::string>& arguments) {
    CLI::App root("KWQ, a work-queue scheduler and task tracker", "kwq");
    client_options client;
    bool version = false;
    root.add_flag("--version", version, "Print the version and exit");
    root.require_subcommand(0, 1);
    for (const auto& c : commands) {
        add_command(root, c->describe(), client);
    }
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    std::vector<std::string> reversed(arguments.begin(), dashes);
    const std::vector<std::string> given = reversed;
    const std::vector<std::string> rest(dashes == arguments.end() ? dashes : dashes + 1,
                                        arguments.end());
    std::reverse(reversed.begin(), reversed.end());
    try {
        root.parse(reversed);
    } catch (const CLI::ParseError& e) {
        std::ostringstream help;
        std::ostringstream ignored;
        if (root.exit(e, help, ignored) == 0) {
            parse_answer out;
            out.output = help.str();
            return out;
        }
        const std::string path = named_path(root);
        return usage_error(first_line(e.what()) + suggestion(commands, given, path), path);
    }
    const std::string path = named_path(root);
    command* chosen = find_command(commands, version ? "version" : path);
    if (chosen == nullptr) {
        return usage_error("which command?", path);
    }
    parse_answer out = check_arguments(*chosen, rest);
    out.client = client;
    return out;
}

command_list all_commands(std::unique_ptr<command> serve) {
    command_list all;
    all.push_back(std::move(serve));
    for (const auto make : {make_submit_command,       make_work_command,     make_task_command,
                            make_tasks_command,        make_job_command,      make_jobs_command,
                            make_tag_command,          make_tags_command,     make_queues_command,
                            make_queue_add_command,    make_workers_command,  make_leases_command,
                            make_errors_command,       make_export_command,   make_info_command,
                            make_top_command,          make_cancel_command,   make_retry_command,
                            make_reprioritise_command, make_pause_command,    make_resume_command,
                            make_empty_command,        make_dispatch_command, make_simulate_command,
                            make_bench_command,        make_check_command,    make_backup_command,
                            make_export_log_command,   make_version_command}) {
        all.push_back(make());
    }
    return all;
}

namespace {

int run_chosen(const parse_answer& parsed) {
    outcome<exit_code> done = exit_code::ok;
    if (parsed.chosen->describe().client) {
        auto opened = session::open(parsed.client);
        done = opened ? parsed.chosen->run(&*opened) : outcome<exit_code>(opened.error());
    } else {
        done = parsed.chosen->run(nullptr);
    }
    if (done) {
        return static_cast<int>(*done);
    }
    if (!done.error().message.empty()) {
        write_stderr("kwq: " + done.error().message + "\n");
    }
    return static_cast<int>(done.error().code);
}

}  // namespace

int run(command_list commands, const std::vector<std::string>& arguments) {
    commands.push_back(make_completion_command(commands));
    commands.push_back(make_man_command(commands));
    const parse_answer parsed = parse(commands, arguments);
    write_stdout(parsed.output);
    write_stderr(parsed.error);
    return parsed.chosen == nullptr ? parsed.code : run_chosen(parsed);
}

}  // namespace kwq::cli
