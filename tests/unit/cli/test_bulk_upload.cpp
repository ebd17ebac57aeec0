// The account of a file that is being submitted: answers, refusals, servers that go away.
#include "cli/bulk_upload.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <sstream>

namespace kwq::cli {

namespace {

/// A server that takes each line once, with the faults a test asks for.
struct fake_server {
    std::set<std::string> taken;
    std::vector<std::string> requests;
    std::int64_t refuse_for_good = 0;  // lines with "bad" in them
    int lose_answers = 0;              // of so many requests: takes the lines, then goes away
    int answer_half = 0;               // of so many requests: answers only the first line
    int overloaded = 0;                // of so many requests: every line, for now
    bool down = false;

    outcome<void> operator()(const std::string& body,
                             const std::function<void(std::string_view)>& on_line) {
        requests.push_back(body);
        if (down) {
            return failure{exit_code::error, "down", true};
        }
        std::istringstream in(body);
        std::string line;
        for (int n = 1; std::getline(in, line); ++n) {
            const std::string number = "{\"line\":" + std::to_string(n);
            if (line.find("bad") != std::string::npos) {
                on_line(number +
                        R"(,"status":"error","code":"bad_field","detail":"no","field":"/x"})");
            } else if (overloaded > 0) {
                on_line(number + R"(,"status":"error","code":"overloaded","detail":"later"})");
            } else {
                taken.insert(line);
                if (lose_answers == 0 && (answer_half == 0 || n == 1)) {
                    on_line(number + R"(,"status":"ok","id":"x"})");
                }
            }
        }
        return end_of_request();
    }

    outcome<void> end_of_request() {
        overloaded -= overloaded > 0 ? 1 : 0;
        if (lose_answers > 0 || answer_half > 0) {
            lose_answers -= lose_answers > 0 ? 1 : 0;
            answer_half -= answer_half > 0 ? 1 : 0;
            return failure{exit_code::error, "went away", true};
        }
        return {};
    }
};

struct upload_run {
    upload_account account;
    std::vector<bad_line> bad;
    std::vector<std::int64_t> kept;  // offsets at which a batch was done
    int asked_again = 0;
    outcome<void> done;
};

upload_run run_upload(const std::string& text, fake_server& server, int patience,
                      std::size_t request_bytes = 64, std::size_t stop_after = 1'000) {
    std::istringstream in(text);
    line_reader reader(in, {.ids = "f", .request_bytes = request_bytes});
    upload_run out;
    const upload_hooks hooks{
        .send = [&](const std::string& body, const auto& on_line) { return server(body, on_line); },
        .again = [&](std::uint32_t, const failure&) { return ++out.asked_again <= patience; },
        .on_bad = [&](const bad_line& b) { out.bad.push_back(b); },
        .on_line = [](const upload_account&) {},
        .on_batch =
            [&](const upload_account& a) {
                out.kept.push_back(a.offset);
                return out.kept.size() < stop_after;
            }};
    out.done = upload(reader, hooks, out.account);
    return out;
}

const std::string four = "{\"payload\":1}\n{\"payload\":2}\n{\"payload\":3}\n{\"payload\":4}\n";

}  // namespace

namespace {

/// A disk that fails once what it has is read.
struct failing_disk : std::stringbuf {
    using std::stringbuf::stringbuf;
    int underflow() override {
        const int c = std::stringbuf::underflow();
        return c == traits_type::eof() ? throw std::runtime_error("input/output error") : c;
    }
};

}  // namespace

TEST_CASE("a file that cannot be read to its end is not taken for a shorter one") {
    failing_disk disk("{\"payload\":1}\n{\"payload\":2}\n{\"pay");
    std::istream in(&disk);
    line_reader reader(in, {.ids = "f"});
    fake_server server;
    upload_account account;
    const upload_hooks hooks{
        .send = [&](const std::string& body, const auto& on_line) { return server(body, on_line); },
        .again = [](std::uint32_t, const failure&) { return false; },
        .on_bad = [](const bad_line&) {},
        .on_line = [](const upload_account&) {},
        .on_batch = [](const upload_account&) { return true; }};
    const auto done = upload(reader, hooks, account);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().message == "the file cannot be read behind line 2");
    CHECK(account.submitted == 2);
    CHECK(server.taken.size() == 2);
}

TEST_CASE("all lines of a file are submitted, in several requests") {
    fake_server server;
    const auto r = run_upload(four, server, 0);
    REQUIRE(r.done.has_value());
    CHECK(r.account.submitted == 4);
    CHECK(r.account.failed == 0);
    CHECK(r.account.offset == static_cast<std::int64_t>(four.size()));
    CHECK(server.requests.size() == 2);
    CHECK(server.taken.size() == 4);
}

TEST_CASE("a line that is refused fails alone and is named by its number in the file") {
    fake_server server;
    const auto r =
        run_upload("{\"payload\":1}\n\n{\"payload\":\"bad\"}\n{\"payload\":3}\n", server, 0);
    REQUIRE(r.done.has_value());
    CHECK(r.account.submitted == 2);
    CHECK(r.account.failed == 1);
    REQUIRE(r.bad.size() == 1);
    CHECK(r.bad[0].line == 3);
    CHECK(r.bad[0].why == "no (/x)");
}

TEST_CASE("a lost answer is asked for again with the same ids, so that nothing is there twice") {
    fake_server server;
    server.lose_answers = 2;
    const auto r = run_upload(four, server, 5);
    REQUIRE(r.done.has_value());
    CHECK(r.account.submitted == 4);
    CHECK(server.taken.size() == 4);
    CHECK(server.requests[0] == server.requests[1]);
}

TEST_CASE("after half an answer only the other half is sent again") {
    fake_server server;
    server.answer_half = 1;
    const auto r = run_upload(four, server, 5);
    REQUIRE(r.done.has_value());
    CHECK(r.account.submitted == 4);
    CHECK(server.requests[1].find("\"f-1\"") == std::string::npos);
    CHECK(server.requests[1].find("\"f-2\"") != std::string::npos);
}

TEST_CASE("lines that the server cannot take now are sent again, and fail when nobody waits") {
    fake_server server;
    server.overloaded = 1;
    const auto patient = run_upload(four, server, 5);
    REQUIRE(patient.done.has_value());
    CHECK(patient.account.submitted == 4);
    CHECK(patient.account.failed == 0);
    fake_server busy;
    busy.overloaded = 1'000;
    const auto hasty = run_upload(four, busy, 0);
    REQUIRE(hasty.done.has_value());
    CHECK(hasty.account.submitted == 0);
    CHECK(hasty.account.failed == 4);
    REQUIRE(hasty.bad.size() == 4);
    CHECK(hasty.bad[3].why == "later");
}

TEST_CASE("when the server stays away the account says from where to go on") {
    fake_server server;
    server.down = true;
    const auto r = run_upload(four, server, 3);
    REQUIRE_FALSE(r.done.has_value());
    CHECK(r.asked_again == 4);
    CHECK(r.account.offset == 0);
    CHECK(r.kept.empty());
}

TEST_CASE("a run that stops between two requests goes on where it was, without a gap") {
    for (std::size_t stop = 1; stop <= 4; ++stop) {
        fake_server server;
        const auto first = run_upload(four, server, 0, 30, stop);
        std::istringstream in(four);
        in.seekg(first.account.offset);
        line_reader rest(in, {.offset = first.account.offset,
                              .line = first.account.line,
                              .ids = "f",
                              .request_bytes = 64});
        upload_account account = first.account;
        const upload_hooks hooks{
            .send = [&](const std::string& b, const auto& l) { return server(b, l); },
            .again = [](std::uint32_t, const failure&) { return false; },
            .on_bad = [](const bad_line&) {},
            .on_line = [](const upload_account&) {},
            .on_batch = [](const upload_account&) { return true; }};
        INFO(stop);
        REQUIRE(upload(rest, hooks, account).has_value());
        CHECK(account.submitted == 4);
        CHECK(account.line == 4);
        CHECK(server.taken.size() == 4);
    }
}

}  // namespace kwq::cli
