#include "app/import_log_command.hpp"

#include "app/application.hpp"
#include "app/data_directory.hpp"
#include "app/setting_flags.hpp"
#include "cli/terminal.hpp"
#include "transfer/log_lines.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace kwq::app {

namespace {

class import_log_command : public cli::command {
public:
    cli::description describe() override {
        return {
            .name = "import-log",
            .summary = "Fill an empty log from an exported one",
            .details =
                "FILE is what `kwq export-log` wrote; `-` is standard input. The settings are "
                "those "
                "of `kwq serve`, and so is the log: a new directory, or topics on Kafka that hold "
                "no records. Offsets and times are kept, so tasks keep their ids, their states and "
                "their history, and leases stay their workers'. The number of partitions is kept "
                "as well.\n\nRun it while no server uses that log. When it fails, a log in a "
                "directory is removed again; topics on Kafka stay, half filled, and have to be "
                "deleted before the next try.",
            .options = flags_.options(),
            .arguments = {{"FILE", "The exported log", true, &file_, {"file"}}},
            .examples = {"kwq import-log kwq.ndjson --data /var/lib/kwq",
                         "kwq export-log ./data | kwq import-log - --log kafka --kafka-brokers b1"},
            .client = false};
    }

    cli::outcome<cli::exit_code> run(cli::session*) override {
        const auto config = read_config(flags_.sources());
        if (!config) {
            return cli::usage_failure(config.error().message);
        }
        std::ifstream file;
        if (file_ != "-") {
            file.open(file_);
            if (!file) {
                return cli::failure{cli::exit_code::error, file_ + " cannot be read"};
            }
        }
        std::istream& in = file_ == "-" ? std::cin : file;
        try {
            prepare_data_directory(config->values.data);
        } catch (const cannot_start& e) {
            return cli::failure{cli::exit_code::error, e.what()};
        }
        const auto records = config->values.log_kind == "kafka"
                                 ? onto_kafka(config->values, in)
                                 : into_directory(config->values.data + "/log", in);
        if (records.has_error()) {
            return cli::failure{cli::exit_code::error, records.error().detail};
        }
        cli::write_stderr("kwq: " + std::to_string(*records) + " records\n");
        return cli::exit_code::ok;
    }

private:
    static eventlog::result<std::int64_t> into_directory(const std::string& directory,
                                                         std::istream& in) {
        auto target = transfer::make_storage_target(directory);  // refuses what is not new
        if (target.has_error()) {
            return target.error();
        }
        auto records = transfer::read_lines(in, **target);
        target->reset();
        if (records.has_error()) {
            std::error_code ignored;
            std::filesystem::remove_all(directory, ignored);
        }
        return records;
    }

    static eventlog::result<std::int64_t> onto_kafka(const config& c, std::istream& in) {
        auto kafka = kafka_settings(c);
        kafka.on_note = [](const std::string& what) { cli::write_stderr("kwq: " + what + "\n"); };
        try {
            const auto log = eventlog::open_kafka_log(kafka);
            return transfer::read_lines(in, *transfer::make_append_target(*log));
        } catch (const eventlog::log_failure& e) {
            return e.error();
        }
    }

    setting_flags flags_;
    std::string file_;
};

}  // namespace

std::unique_ptr<cli::command> make_import_log_command() {
    return std::make_unique<import_log_command>();
}

}  // namespace kwq::app
