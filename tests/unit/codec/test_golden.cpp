// The stored form, byte for byte: each golden file is what the writer writes and reads back as the
// very value.
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "printing.hpp"
#include "samples.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace kwq::codec {

namespace {

const std::filesystem::path golden = KWQ_GOLDEN_DIR;

std::string whole_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file.is_open());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string golden_text(const std::string& name) {
    std::string line = whole_file(golden / (name + ".json"));
    REQUIRE(line.ends_with('\n'));
    line.pop_back();
    return line;
}

}  // namespace

TEST_CASE("every task is written as its golden file says, and read back from it") {
    for (const auto& [name, task] : sample_tasks()) {
        INFO(name);
        const std::string text = golden_text(name);
        CHECK(write_task(task) == text);
        const auto read = read_task(text);
        REQUIRE(read);
        CHECK(*read == task);
    }
}

TEST_CASE("every event is written as its golden file says, and read back from it") {
    for (const auto& [name, event] : sample_events()) {
        INFO(name);
        const std::string text = golden_text(name);
        CHECK(write_event(event) == text);
        const auto read = read_event(text);
        REQUIRE(read);
        CHECK(*read == event);
    }
}

TEST_CASE("every control record is written as its golden file says, and read back from it") {
    for (const auto& [name, record] : sample_controls()) {
        INFO(name);
        const std::string text = golden_text(name);
        CHECK(write_control(record) == text);
        const auto read = read_control(text);
        REQUIRE(read);
        CHECK(*read == record);
    }
}

TEST_CASE("no alternative of an event or a control record is without a golden file") {
    std::set<std::size_t> events;
    for (const auto& [name, event] : sample_events()) {
        events.insert(event.body.index());
    }
    CHECK(events.size() == std::variant_size_v<model::event_alternatives>);
    std::set<std::size_t> controls;
    for (const auto& [name, record] : sample_controls()) {
        controls.insert(record.body.index());
    }
    CHECK(controls.size() == std::variant_size_v<model::control_body>);
}

TEST_CASE("no golden file is without a value that is compared with it") {
    std::set<std::string> named;
    for (const auto& sample : sample_tasks()) {
        named.insert(sample.first + ".json");
    }
    for (const auto& sample : sample_events()) {
        named.insert(sample.first + ".json");
    }
    for (const auto& sample : sample_controls()) {
        named.insert(sample.first + ".json");
    }
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(golden)) {
        files.insert(entry.path().filename().string());
    }
    CHECK(files == named);
}

TEST_CASE("docs/event-log.md shows every golden file as it is") {
    const std::string page = whole_file(KWQ_EVENT_LOG_PAGE);
    std::size_t shown = 0;
    for (const auto& entry : std::filesystem::directory_iterator(golden)) {
        INFO(entry.path().filename());
        CHECK(page.find("\n" + whole_file(entry.path())) != std::string::npos);
        ++shown;
    }
    CHECK(shown > 30);
}

}  // namespace kwq::codec
