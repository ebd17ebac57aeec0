// The configuration: which source wins, what is refused and how it is said, and what is hidden.
#include "app/config.hpp"
#include "app/config_rules.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

namespace kwq::app {

namespace {

using test::temporary_directory;

config_sources nothing() {
    config_sources s;
    s.usual_files.clear();
    s.host_name = "host-a";
    return s;
}

resolved_config accepted(const config_sources& s) {
    const auto c = read_config(s);
    INFO((c ? "" : c.error().message));
    REQUIRE(c.has_value());
    return *c;
}

std::string refused(const config_sources& s) {
    const auto c = read_config(s);
    REQUIRE_FALSE(c.has_value());
    CHECK(c.error().message.find('\n') == std::string::npos);
    return c.error().message;
}

std::string refused_flag(const std::string& name, const std::string& value) {
    config_sources s = nothing();
    s.flags = {{name, value}};
    return refused(s);
}

const chosen_value& chosen(const resolved_config& c, const std::string& name) {
    for (const chosen_value& v : c.chosen) {
        if (v.of->name == name) {
            return v;
        }
    }
    throw std::out_of_range(name);
}

}  // namespace

TEST_CASE("K22: every setting has a default that it accepts itself") {
    for (const setting& s : settings()) {
        INFO(s.name);
        CHECK(why_refused(s, s.fallback).empty());
        CHECK_FALSE(s.help.empty());
        CHECK(s.help.find('\n') == std::string_view::npos);
    }
    const auto c = accepted(nothing());
    CHECK(c.values.server.port == 8'080);
    CHECK(c.values.server.address == "127.0.0.1");
    CHECK(c.values.instance == "host-a");
    CHECK(c.values.drain_timeout == milliseconds{10'000});
    CHECK(c.values.scheduler.horizon == milliseconds{7LL * 24 * 3'600 * 1'000});
    CHECK(c.values.scheduler.ready_buffer_bytes == 64U << 20U);
    CHECK_FALSE(c.values.token);
    REQUIRE(c.values.scheduler.queues.size() == 1);
    CHECK(c.values.scheduler.queues[0].queue.value() == "default");
    CHECK(c.values.scheduler.queues[0].priorities == 9);
}

TEST_CASE("K22: a flag beats the environment, which beats the file, which beats the default") {
    const temporary_directory dir;
    config_sources s = nothing();
    CHECK(chosen(accepted(s), "port").origin == "default");
    s.file = dir.write("kwq.toml", "port = 1001\n");
    CHECK(accepted(s).values.server.port == 1'001);
    CHECK(chosen(accepted(s), "port").origin == "file " + dir.file("kwq.toml"));
    s.environment = {{"KWQ_PORT", "1002"}};
    CHECK(accepted(s).values.server.port == 1'002);
    CHECK(chosen(accepted(s), "port").origin == "environment KWQ_PORT");
    s.flags = {{"port", "1003"}};
    CHECK(accepted(s).values.server.port == 1'003);
    CHECK(chosen(accepted(s), "port").origin == "flag --port");
}

TEST_CASE("of the usual files the first that exists is read, and none need exist") {
    const temporary_directory dir;
    config_sources s = nothing();
    s.usual_files = {dir.file("missing.toml"), dir.write("second.toml", "port = 7\n"),
                     dir.write("third.toml", "port = 8\n")};
    CHECK(accepted(s).values.server.port == 7);
    s.usual_files = {dir.file("missing.toml")};
    CHECK(accepted(s).values.server.port == 8'080);
    s.file = dir.file("missing.toml");
    CHECK(refused(s) == dir.file("missing.toml") + ": cannot be read");
}

TEST_CASE("K22: an unknown key is refused with the name that was probably meant") {
    const temporary_directory dir;
    config_sources s = nothing();
    s.file = dir.write("kwq.toml", "address = \"127.0.0.1\"\nprot = 80\n");
    CHECK(refused(s) == dir.file("kwq.toml") + ":2: unknown key `prot`, did you mean `port`?");
    s.file = dir.write("kwq.toml", "colour = 1\n");
    CHECK(refused(s) == dir.file("kwq.toml") + ":1: unknown key `colour`");
    s.file = dir.write("kwq.toml", "[server]\nport = 80\n");
    CHECK(refused(s).find("unknown key `server`") != std::string::npos);
}

TEST_CASE("a file that is no TOML is refused with the line") {
    const temporary_directory dir;
    config_sources s = nothing();
    s.file = dir.write("kwq.toml", "port = 1\nport = = 2\n");
    CHECK(refused(s).starts_with(dir.file("kwq.toml") + ":2: "));
    s.file = dir.write("kwq.toml", "port = [1]\n");
    CHECK(refused(s) == dir.file("kwq.toml") + ":1: `port` is not a plain value");
}

TEST_CASE("characters beyond ASCII stand in quotes and comments, and nowhere else") {
    const temporary_directory dir;
    config_sources s = nothing();
    const std::string good[] = {"instance = \"b\\\"\u00fc\" # \u00fc\n",
                                "instance = '\u00fc' # '\n",
                                "# \"\u00fc\ninstance = '\u00fc\"'\n",
                                "\xef\xbb\xbfport = 1\n",
                                "log-file = \"\"\"\n\u00fc\"\u00fc\"\"\"\n",
                                "allowed-hosts = [\"\"\"a\"\"\"\", '''\u00fc''', \"\u00fc\"]\r\n"};
    for (const std::string& text : good) {
        s.file = dir.write("kwq.toml", text);
        INFO(text);
        CHECK(read_config(s).has_value());
    }
    const std::string bad[] = {"\nport\u00fc = 1\n",  "\nport =\ufebf 1\n",
                               "#\n\xe9\n",           "'\n\xef\xbb\xbf",
                               std::string("[\0", 2), "\x7f",
                               "\x1b[31mport = 1\n",  "[,\n"};
    for (const std::string& text : bad) {
        s.file = dir.write("kwq.toml", text);
        INFO(text);
        CHECK(refused(s).starts_with(dir.file("kwq.toml") + ":"));
    }
    s.file = dir.write("kwq.toml", "port = 1\ndata = \u00fc\n");
    CHECK(refused(s) ==
          dir.file("kwq.toml") + ":2: a character that must be in quotes, or is none");
}

TEST_CASE("values outside their bounds are refused, with bounds and origin") {
    CHECK(refused_flag("port", "65536") ==
          "port must be 0 to 65535, not `65536` (from flag --port)");
    CHECK(refused_flag("port", "http") ==
          "port must be a whole number, not `http` (from flag --port)");
    CHECK(refused_flag("priorities", "0").find("1 to 100") != std::string::npos);
    CHECK(refused_flag("ready-buffer", "1KiB").find("1MiB to") != std::string::npos);
    CHECK(refused_flag("horizon", "500ms").find("1s to 366d") != std::string::npos);
    CHECK(refused_flag("drain-timeout", "soon").find("a duration such as") != std::string::npos);
    CHECK(refused_flag("log-level", "loud").find("debug, info, warn, error") != std::string::npos);
    CHECK(refused_flag("base-path", "kwq").find("base-path must look like") != std::string::npos);
    CHECK(refused_flag("topic-prefix", "A B").find("topic-prefix must be") != std::string::npos);
    CHECK(refused_flag("log", "kafka").find("needs kafka-brokers") != std::string::npos);
}

TEST_CASE("what Kafka needs to be told is in settings of its own, or in a table") {
    const temporary_directory dir;
    config_sources s = nothing();
    s.file = dir.write(
        "kwq.toml",
        "log = \"kafka\"\n[kafka]\nbrokers = [\"a:1\", \"b:2\"]\nreplication = 1\n"
        "min-insync = 1\nproperties-file = \"" +
            dir.write("p", "# secret\n\n security.protocol=ssl \nsasl.password=a=b\n") + "\"\n");
    const auto kafka = accepted(s).values.kafka;
    CHECK(accepted(s).values.log_kind == "kafka");
    CHECK(kafka.brokers == "a:1,b:2");
    CHECK(kafka.replication == 1);
    CHECK(kafka.min_insync == 1);
    CHECK(kafka.properties == std::vector<std::pair<std::string, std::string>>{
                                  {"security.protocol", "ssl"}, {"sasl.password", "a=b"}});
    dir.write("p", "no equals\n");
    CHECK(refused(s) == dir.file("p") + ":1: not name=value");
    s.file =
        dir.write("kwq.toml", "log = \"kafka\"\n[kafka]\nbrokers = \"a:1\"\nreplication = 1\n");
    CHECK(refused(s).starts_with("kafka-min-insync cannot be more"));
    s.file = dir.write("kwq.toml", "[kafka]\nbroker = \"a:1\"\n");
    CHECK(refused(s) ==
          dir.file("kwq.toml") + ":2: unknown key `kafka-broker`, did you mean `kafka-brokers`?");
}

TEST_CASE("K22: queues are given with their priorities, as text or as an array") {
    config_sources s = nothing();
    s.flags = {{"queues", "mail:3, reports"}, {"priorities", "5"}};
    const auto c = accepted(s).values.scheduler.queues;
    REQUIRE(c.size() == 3);
    CHECK(c[0].priorities == 5);
    CHECK(c[1].queue.value() == "mail");
    CHECK(c[1].priorities == 3);
    CHECK(c[2].queue.value() == "reports");
    CHECK(c[2].priorities == 9);
    const temporary_directory dir;
    config_sources file = nothing();
    file.file = dir.write("kwq.toml", "queues = [\"mail:3\", \"reports:2\"]\n");
    CHECK(accepted(file).values.scheduler.queues.size() == 3);
    CHECK(refused_flag("queues", "Mail:3").find("`Mail:3` is not NAME:N") != std::string::npos);
    CHECK(refused_flag("queues", "mail:0").find("is not NAME:N") != std::string::npos);
    CHECK(refused_flag("queues", "a:1,a:2").find("named twice") != std::string::npos);
    CHECK(refused_flag("retention-by-job", "nightly").find("is not JOB:TIME") != std::string::npos);
    CHECK(refused_flag("retention-by-job", "a:1d,a:2d").find("named twice") != std::string::npos);
    CHECK(refused_flag("queues", "default:3").find("in priorities") != std::string::npos);
}

TEST_CASE("an address other than loopback wants a token") {
    for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "192.168.1.4"}) {
        CHECK(refused_flag("address", address).find("set token-file") != std::string::npos);
    }
    const temporary_directory dir;
    config_sources s = nothing();
    s.flags = {{"address", "0.0.0.0"},
               {"token-file", dir.write("token", "0123456789abcdef0123\n")}};
    const auto c = accepted(s);
    CHECK(c.values.token == "0123456789abcdef0123");
    CHECK(c.values.server.allowed_hosts.empty());
    s.flags.emplace_back("allowed-hosts", "kwq.example.org");
    CHECK(accepted(s).values.server.allowed_hosts == std::vector<std::string>{"kwq.example.org"});
}

TEST_CASE("on loopback only its own names and the configured ones are answered") {
    config_sources s = nothing();
    s.flags = {{"allowed-hosts", "kwq.internal"}};
    const auto hosts = accepted(s).values.server.allowed_hosts;
    for (const char* name : {"localhost", "127.0.0.1", "::1", "kwq.internal"}) {
        CHECK(std::find(hosts.begin(), hosts.end(), name) != hosts.end());
    }
    CHECK(is_loopback("127.8.9.1"));
    CHECK(is_loopback("::1"));
    CHECK_FALSE(is_loopback("128.0.0.1"));
}

TEST_CASE("a token that is weak, missing or given twice is refused") {
    const temporary_directory dir;
    CHECK(refused_flag("token-file", dir.file("none")).find("cannot be read") != std::string::npos);
    CHECK(refused_flag("token-file", dir.write("short", "abc\n")).find("16 to 1024") !=
          std::string::npos);
    config_sources s = nothing();
    s.environment = {{"KWQ_TOKEN", "0123456789abcdef"},
                     {"KWQ_TOKEN_FILE", dir.write("token", "0123456789abcdef")}};
    CHECK(refused(s) == "token and token-file are both given: keep one");
}

TEST_CASE("secrets are masked wherever the configuration is shown") {
    config_sources s = nothing();
    s.environment = {{"KWQ_TOKEN", "very-secret-token-1"}};
    const auto c = accepted(s);
    CHECK(c.values.token == "very-secret-token-1");
    const auto text = print_config(c);
    CHECK(text.find("very-secret") == std::string::npos);
    CHECK(text.find("token = \"********\"") != std::string::npos);
    CHECK(text.find("# environment KWQ_TOKEN") != std::string::npos);
}

TEST_CASE("what --print-config prints can be read as a file again") {
    const temporary_directory dir;
    config_sources s = nothing();
    s.flags = {{"queues", "mail:3,reports:2"}, {"instance", "a \"b\" \\c"}, {"port", "81"}};
    const auto first = accepted(s);
    config_sources again = nothing();
    again.file = dir.write("kwq.toml", print_config(first));
    const auto second = accepted(again);
    for (std::size_t i = 0; i < first.chosen.size(); ++i) {
        INFO(first.chosen[i].of->name);
        CHECK(second.chosen[i].value == first.chosen[i].value);
    }
}

TEST_CASE("what orchestrators and clients put in the environment does no harm") {
    config_sources s = nothing();
    s.environment = {{"KWQ_PORT", "tcp://10.0.0.1:8080"},
                     {"KWQ_URL", "http://x"},
                     {"KWQ_SERVICE_HOST", "10.0.0.1"},
                     {"KWQ_PRIORITES", "3"}};
    const auto c = accepted(s);
    CHECK(c.values.server.port == 8'080);
    CHECK(c.remarks ==
          std::vector<std::string>{"KWQ_PRIORITES is not a setting, did you mean KWQ_PRIORITIES?"});
}

TEST_CASE("K22: docs/configuration.md has every setting with its default") {
    const std::string page = test::read_text(KWQ_CONFIGURATION_PAGE);
    for (const setting& s : settings()) {
        INFO(s.name);
        const std::string fallback = s.fallback.empty() ? "" : "`" + std::string(s.fallback) + "`";
        CHECK(page.find("| `" + std::string(s.name) + "` | " + fallback) != std::string::npos);
        CHECK(page.find(environment_name(s)) != std::string::npos);
    }
}

}  // namespace kwq::app
