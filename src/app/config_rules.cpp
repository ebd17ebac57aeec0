// config_rules: see the header. Each rule is one function that answers with the sentence to print.
#include "app/config_rules.hpp"

#include "base/assert.hpp"
#include "cli/quantity.hpp"
#include "cli/suggestion.hpp"
#include "net/server_url.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <fstream>
#include <sstream>

namespace kwq::app {

namespace {

constexpr std::int32_t partitions_on_kafka = 16;

const std::string& text_of(const resolved_config& c, std::string_view name) {
    const auto at = std::find_if(c.chosen.begin(), c.chosen.end(),
                                 [&](const chosen_value& v) { return v.of->name == name; });
    KWQ_ASSERT(at != c.chosen.end());
    return at->value;
}

std::int64_t number_of(const resolved_config& c, std::string_view name) {
    const auto n = cli::parse_integer(text_of(c, name));
    KWQ_ASSERT(n.has_value());
    return *n;
}

std::size_t bytes_of(const resolved_config& c, std::string_view name) {
    const auto n = cli::parse_bytes(text_of(c, name));
    KWQ_ASSERT(n.has_value());
    return static_cast<std::size_t>(*n);
}

milliseconds time_of(const resolved_config& c, std::string_view name) {
    const auto d = cli::parse_duration(text_of(c, name));
    KWQ_ASSERT(d.has_value());
    return *d;
}

std::string take_token(resolved_config& c) {
    const std::string& path = text_of(c, "token-file");
    std::string token = text_of(c, "token");
    if (!path.empty() && !token.empty()) {
        return "token and token-file are both given: keep one";
    }
    if (!path.empty()) {
        std::ifstream in(path);
        std::ostringstream read;
        if (!in || !(read << in.rdbuf())) {
            return "token-file " + path + " cannot be read, or is empty";
        }
        token = read.str();
        token.erase(token.find_last_not_of(" \t\r\n") + 1);
    } else if (token.empty()) {
        return "";
    }
    const auto plain = [](char ch) { return ch > ' ' && ch < '\x7f'; };
    if (token.size() < 16 || token.size() > 1'024 ||
        !std::all_of(token.begin(), token.end(), plain)) {
        return "the token must be 16 to 1024 characters of ASCII without spaces: "
               "openssl rand -hex 32 makes one";
    }
    c.values.token = token;
    return "";
}

/// `name=value` lines; empty ones and those that begin with # are passed by.
std::string read_properties(const std::string& path, eventlog::kafka_config& kafka) {
    std::ifstream in(path);
    if (!in) {
        return "kafka-properties-file " + path + " cannot be read";
    }
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        line.erase(line.find_last_not_of(" \t\r") + 1);
        line.erase(0, line.find_first_not_of(" \t"));
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto equals = line.find('=');
        if (equals == 0 || equals == std::string::npos) {
            return path + ":" + std::to_string(number) + ": not name=value";
        }
        kafka.properties.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    return "";
}

std::string take_log(resolved_config& c) {
    config& v = c.values;
    v.log_kind = text_of(c, "log");
    if (v.log_kind != "kafka") {
        return "";
    }
    for (const std::string& broker : split_list(text_of(c, "kafka-brokers"))) {
        v.kafka.brokers += (v.kafka.brokers.empty() ? "" : ",") + broker;
    }
    if (v.kafka.brokers.empty()) {
        return "log = kafka needs kafka-brokers, such as kafka-1:9092,kafka-2:9092";
    }
    v.kafka.replication = static_cast<int>(number_of(c, "kafka-replication"));
    v.kafka.min_insync = static_cast<int>(number_of(c, "kafka-min-insync"));
    if (v.kafka.min_insync > v.kafka.replication) {
        return "kafka-min-insync cannot be more than kafka-replication: nothing could be written";
    }
    v.kafka.start_patience = time_of(c, "kafka-start-timeout");
    v.session_timeout = time_of(c, "kafka-session-timeout");
    v.advertise = text_of(c, "advertise");
    if (!v.advertise.empty() && !net::parse_server_url(v.advertise)) {
        return "advertise must be a URL such as http://kwq-1:8080, not `" + v.advertise + "`";
    }
    const std::string& path = text_of(c, "kafka-properties-file");
    return path.empty() ? "" : read_properties(path, v.kafka);
}

std::string take_queues(resolved_config& c) {
    auto& queues = c.values.scheduler.queues;
    const auto default_count = static_cast<std::int32_t>(number_of(c, "priorities"));
    queues.push_back({model::queue_name{"default"}, default_count});
    for (const std::string& item : split_list(text_of(c, "queues"))) {
        const auto colon = item.find(':');
        const std::string name = item.substr(0, colon);
        const auto count = colon == std::string::npos ? std::optional<std::int64_t>(9)
                                                      : cli::parse_integer(item.substr(colon + 1));
        if (!model::valid_queue(name) || !count || *count < 1 || *count > 100) {
            return "queues: `" + item +
                   "` is not NAME:N, with a name of a-z, 0-9 and `-` and 1 to 100 priorities";
        }
        const model::queue_defined q{model::queue_name{name}, static_cast<std::int32_t>(*count)};
        const bool again = std::any_of(queues.begin(), queues.end(),
                                       [&](const auto& known) { return known.queue == q.queue; });
        if (again) {
            return name == "default" ? "queues: `default` has its number in priorities"
                                     : "queues: `" + name + "` is named twice";
        }
        queues.push_back(q);
    }
    return "";
}

std::string take_retention(resolved_config& c) {
    auto& keep = c.values.tracker.keep;
    keep.usual = time_of(c, "retention");
    c.values.trim_log = text_of(c, "log-trim") == "on";
    for (const std::string& item : split_list(text_of(c, "retention-by-job"))) {
        const auto colon = item.rfind(':');
        const std::string job = item.substr(0, colon);
        const auto time =
            colon == std::string::npos ? std::nullopt : cli::parse_duration(item.substr(colon + 1));
        if (!model::valid_label(job) || !time || *time < milliseconds{0}) {
            return "retention-by-job: `" + item + "` is not JOB:TIME, with a time such as 30d";
        }
        if (!keep.by_job.emplace(model::job_name{job}, *time).second) {
            return "retention-by-job: `" + job + "` is named twice";
        }
    }
    return "";
}

std::string take_server(resolved_config& c) {
    net::server_config& s = c.values.server;
    s.address = text_of(c, "address");
    s.port = static_cast<std::uint16_t>(number_of(c, "port"));
    s.threads = static_cast<int>(number_of(c, "http-threads"));
    s.max_connections = static_cast<std::size_t>(number_of(c, "max-connections"));
    s.max_connections_per_peer = static_cast<std::size_t>(number_of(c, "max-connections-per-peer"));
    s.base_path = text_of(c, "base-path");
    while (s.base_path.ends_with('/')) {
        s.base_path.pop_back();
    }
    const auto unreserved = [](char ch) {
        return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
               ch == '-' || ch == '.' || ch == '_' || ch == '~' || ch == '/';
    };
    if (!s.base_path.empty() &&
        (!s.base_path.starts_with('/') || s.base_path.find("//") != std::string::npos ||
         !std::all_of(s.base_path.begin(), s.base_path.end(), unreserved))) {
        return "base-path must look like /kwq or /tools/kwq, not `" + s.base_path + "`";
    }
    s.allowed_hosts = split_list(text_of(c, "allowed-hosts"));
    if (is_loopback(s.address)) {
        // A page in a browser must not reach this server through a name of its own (DNS rebinding).
        for (const char* name : {"localhost", "127.0.0.1", "::1", "[::1]"}) {
            s.allowed_hosts.emplace_back(name);
        }
        s.allowed_hosts.push_back(s.address);
    } else if (!c.values.token) {
        return "address " + s.address +
               " is not loopback: set token-file, so that not everybody may use this server";
    }
    return "";
}

void take_rest(resolved_config& c) {
    config& v = c.values;
    v.data = text_of(c, "data");
    v.port_file = text_of(c, "port-file");
    v.ui_read_only = text_of(c, "ui") == "read-only";
    v.drain_timeout = time_of(c, "drain-timeout");
    const std::string& level = text_of(c, "log-level");
    v.log.at_least = level == "debug"  ? observe::level::debug
                     : level == "info" ? observe::level::info
                     : level == "warn" ? observe::level::warn
                                       : observe::level::error;
    v.log.json = text_of(c, "log-format") == "json";
    v.log.file = text_of(c, "log-file");
    v.scheduler.owner = v.instance;
    const auto partitions = static_cast<std::int32_t>(number_of(c, "partitions"));
    v.scheduler.partitions = partitions > 0          ? partitions
                             : v.log_kind == "kafka" ? partitions_on_kafka
                                                     : 1;
    v.scheduler.owns_all = v.log_kind != "kafka";
    v.scheduler.directory = v.data + "/scheduler";
    v.scheduler.ready_buffer_bytes = bytes_of(c, "ready-buffer");
    v.scheduler.max_waiting_polls = static_cast<std::size_t>(number_of(c, "max-waiting-polls"));
    v.scheduler.horizon = time_of(c, "horizon");
    v.tracker.directory = v.data + "/tracker";
    v.tracker.cache_bytes = bytes_of(c, "tracker-cache");
}

}  // namespace

std::string derive_config(resolved_config& config, const std::string& host_name) {
    if (text_of(config, "data").empty()) {
        return "data must name a directory";
    }
    const std::string& prefix = text_of(config, "topic-prefix");
    if (!model::valid_queue(prefix)) {
        return "topic-prefix must be 1 to 63 characters of a-z, 0-9 and `-`, not `" + prefix + "`";
    }
    config.values.topic_prefix = prefix;
    config.values.host = host_name;
    const std::string& instance = text_of(config, "instance");
    config.values.instance = instance.empty() ? host_name : instance;
    if (!model::valid_label(config.values.instance)) {
        return "instance must be 1 to 200 bytes of UTF-8 without control characters";
    }
    for (const auto rule : {take_token, take_queues, take_retention, take_server, take_log}) {
        if (auto why = rule(config); !why.empty()) {
            return why;
        }
    }
    take_rest(config);
    return "";
}

std::vector<std::string> remarks_on_environment(
    const std::vector<std::pair<std::string, std::string>>& environment) {
    std::vector<std::string> names;
    for (const setting& s : settings()) {
        names.push_back(environment_name(s));
    }
    std::vector<std::string> out;
    for (const auto& [name, value] : environment) {
        // Clients read KWQ_URL; workers give KWQ_QUEUE to what they run, perhaps a server.
        const bool known = name == "KWQ_URL" || name == "KWQ_QUEUE" ||
                           std::find(names.begin(), names.end(), name) != names.end();
        const auto nearest = known ? std::nullopt : cli::nearest_name(name, names);
        // Only near misses: KWQ_* is shared with clients, workers and orchestrators.
        if (nearest && name.size() + 2 >= nearest->size() && name.size() <= nearest->size() + 2) {
            out.push_back(name + " is not a setting, did you mean " + *nearest + "?");
        }
    }
    return out;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto item = text.substr(0, comma);
        const auto first = item.find_first_not_of(' ');
        if (first != std::string_view::npos) {
            item = item.substr(first, item.find_last_not_of(' ') - first + 1);
            out.emplace_back(item);
        }
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return out;
}

bool is_loopback(const std::string& address) {
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) {
        return ntohl(v4.s_addr) >> 24U == 127;
    }
    if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return address == "localhost";
}

}  // namespace kwq::app
