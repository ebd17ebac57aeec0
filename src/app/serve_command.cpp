// serve_command: see the header.
#include "app/serve_command.hpp"

#include "app/application.hpp"
#include "app/config.hpp"
#include "app/data_directory.hpp"
#include "app/setting_flags.hpp"
#include "app/signals.hpp"
#include "cli/terminal.hpp"

#include <unistd.h>
#include <optional>

namespace kwq::app {

namespace {

constexpr milliseconds stop_reserve{5'000};  // for what follows the draining

/// An address that a browser on this machine, or another one, can open.
std::string url_of(const config& c, std::uint16_t port) {
    std::string host = c.server.address;
    if (host == "0.0.0.0" || host == "::") {
        host = host_name();
    } else if (host.find(':') != std::string::npos) {
        host = "[" + host + "]";
    }
    return "http://" + host + ":" + std::to_string(port) + c.server.base_path + "/";
}

std::string greeting(const std::string& url) {
    return "KWQ is running at " + url + "\n  UI       " + url + "ui/\n  Swagger  " + url +
           "swagger/\n  API      " + url + "kwq/v1\n  metrics  " + url +
           "metrics\nCtrl-C stops it.\n";
}

cli::outcome<cli::exit_code> leave(serve_exit code) {
    return static_cast<cli::exit_code>(code);
}

cli::failure failed(serve_exit code, std::string why) {
    return {static_cast<cli::exit_code>(code), std::move(why)};
}

class serve_command : public cli::command {
public:
    cli::description describe() override {
        auto options = flags_.options();
        options.insert(options.begin() + 1,
                       {{"--print-config",
                         "",
                         "Print every setting and where it comes from, then exit",
                         &print_,
                         {}},
                        {"--check-config",
                         "",
                         "Say whether the settings can be used, then exit",
                         &check_,
                         {}}});
        return {.name = "serve",
                .summary = "Run the server",
                .details =
                    "Each option can also be given as an environment variable (--log-level "
                    "as KWQ_LOG_LEVEL) or as a key of the settings file; an option beats the "
                    "environment, which beats the file.\n\nSIGTERM or SIGINT: hands out "
                    "nothing more, answers what is in flight, and exits 0. A second one: "
                    "ends at once.",
                .options = std::move(options),
                .arguments = {},
                .examples = {"kwq serve --data /var/lib/kwq",
                             "kwq serve --address 0.0.0.0 --token-file /etc/kwq/token"},
                .client = false};
    }

    cli::outcome<cli::exit_code> run(cli::session*) override {
        const auto config = read_config(flags_.sources());
        if (!config) {
            return failed(serve_exit::config, config.error().message);
        }
        if (print_) {
            cli::write_stdout(print_config(*config));
            return leave(serve_exit::stopped);
        }
        if (check_) {
            cli::write_stdout("The configuration can be used.\n");
            return leave(serve_exit::stopped);
        }
        return serve(*config);
    }

private:
    static cli::outcome<cli::exit_code> serve(const resolved_config& config) {
        block_stop_signals();
        std::optional<application> app;
        try {
            app.emplace(config);
        } catch (const cannot_start& e) {
            return failed(serve_exit::could_not_start, e.what());
        }
        cli::write_stdout(greeting(url_of(config.values, app->port())));
        wait_for_stop_signal();
        observe::logger& logger = app->logger();
        logger.log(observe::level::info, "app", "stopping");
        const stop_watch watch(config.values.drain_timeout + stop_reserve, [] {
            cli::write_stderr("kwq: did not stop in time; ending at once\n");
            ::_exit(static_cast<int>(serve_exit::lost));
        });
        app->stop();
        logger.log(observe::level::info, "app", "stopped");
        return leave(serve_exit::stopped);
    }

    setting_flags flags_;
    bool print_ = false, check_ = false;
};

}  // namespace

std::unique_ptr<cli::command> make_serve_command() {
    return std::make_unique<serve_command>();
}

}  // namespace kwq::app
