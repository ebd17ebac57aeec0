// A log as lines: what goes in comes out, and what was changed on the way is refused by its line.
#include "transfer/log_lines.hpp"
#include "base/base64.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <sstream>
#include <utility>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::transfer;

namespace {

/// Keeps what it is given.
struct kept_log final : log_target {
    std::vector<std::pair<std::string, std::int32_t>> topics;
    std::map<topic_partition, std::vector<log_record>> records;
    std::map<topic_partition, model::offset> firsts;
    topic_partition at;
    bool finished = false;

    result<void> add_topic(const topic_plan& topic) override {
        topics.emplace_back(topic.name, topic.partitions);
        return {};
    }
    result<void> begin(const topic_partition& where, model::offset first) override {
        at = where;
        firsts[where] = first;
        return {};
    }
    result<void> add(log_record record) override {
        records[at].push_back(std::move(record));
        return {};
    }
    result<void> finish() override {
        finished = true;
        return {};
    }
};

log_record record(std::int64_t at, std::string key, std::string value) {
    return {.offset = model::offset{at},
            .timestamp = instant{1'700'000'000'000 + at},
            .key = std::move(key),
            .value = std::move(value),
            .headers = {}};
}

std::string deep(int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
}

/// Every kind of record that a topic may hold.
std::vector<log_record> samples() {
    std::vector<log_record> all{
        record(7, "a", R"({"payload": 1.50, "x":"\u00e9 \/"})"),
        record(8, "", "null"),
        record(9, std::string("\xff\0k", 3), "no json"),
        record(10, "k", ""),
        record(11, "k", "{\n\"payload\": 1\n}"),
        record(12, "k", deep(32)),
        record(13, "k", std::string("\0\xfe", 2)),
        record(14, "k", "  {} "),
    };
    all[2].headers = {{"reason", "bad json"}, {"origin", "kwq-mail-3 \"x\""}};
    return all;
}

std::string exported() {
    std::ostringstream out;
    line_writer lines(out);
    REQUIRE(lines.add_topic({"kwq-mail-1", 1}).has_value());
    REQUIRE(lines.add_topic({"kwq-status", 2}).has_value());
    REQUIRE(lines.begin({"kwq-mail-1", 0}, model::offset{7}).has_value());
    for (auto& one : samples()) {
        REQUIRE(lines.add(one).has_value());
    }
    REQUIRE(lines.begin({"kwq-status", 0}, model::offset{0}).has_value());
    REQUIRE(lines.begin({"kwq-status", 1}, model::offset{0}).has_value());
    REQUIRE(lines.add(record(0, "t", "{}")).has_value());
    REQUIRE(lines.finish().has_value());
    return out.str();
}

std::string refusal(const std::string& text) {
    std::istringstream in(text);
    kept_log to;
    const auto read = read_lines(in, to);
    REQUIRE(read.has_error());
    CHECK_FALSE(to.finished);
    CHECK(read.error().code == errc::corrupt);
    return read.error().detail;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("Whatever a record holds comes back from its line, byte for byte") {
    std::istringstream in(exported());
    kept_log to;
    const auto read = read_lines(in, to);
    REQUIRE(read.has_value());
    CHECK(*read == 9);
    CHECK(to.finished);
    CHECK(to.topics ==
          std::vector<std::pair<std::string, std::int32_t>>{{"kwq-mail-1", 1}, {"kwq-status", 2}});
    CHECK(to.firsts.at({"kwq-mail-1", 0}) == model::offset{7});
    CHECK(to.firsts.at({"kwq-status", 0}) == model::offset{0});
    const auto& mail = to.records.at({"kwq-mail-1", 0});
    const auto wanted = samples();
    REQUIRE(mail.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        CAPTURE(i);
        CHECK(mail[i].offset == wanted[i].offset);
        CHECK(mail[i].timestamp == wanted[i].timestamp);
        CHECK(mail[i].key == wanted[i].key);
        CHECK(mail[i].value == wanted[i].value);
        CHECK(mail[i].headers == wanted[i].headers);
    }
    CHECK(to.records.at({"kwq-status", 1}).size() == 1);
}

TEST_CASE("The example of docs/event-log.md is such a log") {
    const auto page = test::read_text(KWQ_LOG_PAGE);
    const auto begin = page.find("{\"kwq_log\"");
    REQUIRE(begin != std::string::npos);
    std::istringstream in(page.substr(begin, page.find("```", begin) - begin));
    kept_log to;
    const auto read = read_lines(in, to);
    CHECK((read.has_value() && *read == 1));
    CHECK(to.finished);
}

TEST_CASE("JSON stays readable in its line") {
    CHECK(exported().find(R"("value":{"payload": 1.50, "x":"\u00e9 \/"})") != std::string::npos);
}

TEST_CASE("A log that was cut short or changed is refused, by its line") {
    const auto good = exported();
    CHECK(refusal("") == "the lines stop before their end, after line 0");
    CHECK(refusal(good.substr(0, good.rfind("{\"end\""))) ==
          "the lines stop before their end, after line 13");
    CHECK(refusal(replaced(good, "1.50", "1.51")) ==
          "line 14: number of records or checksum differ from those before it");
    CHECK(refusal(replaced(good, "\"kwq_log\":1", "\"kwq_log\":2")) ==
          "line 1: not an exported log of version 1");
    CHECK(refusal(replaced(good, "\"partitions\":1", "\"partitions\":0")) ==
          "line 1: a topic without a name or partitions");
    CHECK(refusal(replaced(good, "{\"topic\":\"kwq-mail-1\"", "{\"topic\":\"kwq-post-1\"")) ==
          "line 2: a partition that the first line does not name");
    CHECK(refusal(replaced(good, "\"offset\":8", "\"offset\":9")) ==
          "line 4: a record at another offset than the next one");
    CHECK(refusal(replaced(good, "\"at\":1700000000008", "\"at\":\"x\"")) ==
          "line 4: `at` is missing or ill-formed");
    CHECK(refusal(replaced(good, base64url_encode("no json"), "%")) ==
          "line 5: `value_base64url` is missing or ill-formed");
    CHECK(refusal(replaced(good, "{\"offset\":8", "[\"offset\":8")).starts_with("line 4: "));
}
