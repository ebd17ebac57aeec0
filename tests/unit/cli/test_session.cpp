// A session with a server: what its answers mean to a person and to a script.
#include "cli/patience.hpp"
#include "cli/requests.hpp"
#include "cli/session.hpp"
#include "net/http.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

namespace kwq::cli {

namespace {

/// Answers every request alike and remembers the last one.
class fixed_server : public net::request_handler {
public:
    fixed_server(int status, std::string body) : status_(status), body_(std::move(body)) {
        net::server_config config;
        config.port = 0;
        server_ = net::start_server(config, *this);
    }
    ~fixed_server() override { server_->stop(milliseconds{0}); }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    net::request last;

    admission admit(const net::request&) override { return {.max_body = 1'000, .refuse = {}}; }
    void handle(net::request r, net::responder_ptr to) override {
        last = std::move(r);
        net::response answer;
        answer.status = status_;
        answer.body = body_;
        to->send(std::move(answer));
    }
    net::body_stream open_stream(net::request, net::stream_responder_ptr) override { return {}; }
    net::response problem(int status, std::string_view, std::string detail) override {
        net::response answer;
        answer.status = status;
        answer.body = std::move(detail);
        return answer;
    }

private:
    int status_;
    std::string body_;
    std::unique_ptr<net::server> server_;
};

failure refused(int status, const std::string& body) {
    fixed_server server(status, body);
    auto s = session::open({.url = server.url(), .token_file = "", .json = false, .quiet = true});
    REQUIRE(s.has_value());
    const auto answer = s->ask({.target = "/x"});
    REQUIRE_FALSE(answer.has_value());
    return answer.error();
}

}  // namespace

TEST_CASE("an answer is parsed, and the request carries token, key and path") {
    const test::temporary_directory dir;
    fixed_server server(200, R"({"id":"t1","payload":{"deep":[1]}})");
    auto s = session::open({.url = server.url(),
                            .token_file = dir.write("token", "  secret-token \n"),
                            .json = false,
                            .quiet = true});
    REQUIRE(s.has_value());
    const auto answer =
        s->ask({.method = "POST", .target = "/tasks", .body = "{}", .idempotency_key = "k"});
    REQUIRE(answer.has_value());
    CHECK(answer->root().find("id")->string() == "t1");
    CHECK(answer->root().find("payload")->raw() == R"({"deep":[1]})");
    CHECK(server.last.path == "/kwq/v1/tasks");
    CHECK(server.last.header("authorization") == "Bearer secret-token");
    CHECK(server.last.header("idempotency-key") == "k");
    CHECK(server.last.header("content-type") == "application/json");
}

TEST_CASE("refusals become an exit code and one line with the server's detail and field") {
    const auto not_found =
        refused(404, R"({"status":404,"code":"task_unknown","detail":"There is no task x."})");
    CHECK(not_found.code == exit_code::not_found);
    CHECK(not_found.message == "There is no task x.");
    CHECK(not_found.server_code == "task_unknown");
    CHECK_FALSE(not_found.may_pass);
    CHECK(refused(409, "{}").code == exit_code::conflict);
    CHECK(refused(400, R"({"code":"bad_field","detail":"Too long.","errors":[{"pointer":"/job"}]})")
              .message == "Too long. (/job)");
    const auto behind = refused(503, R"({"code":"tracker_behind","detail":"Behind."})");
    CHECK(behind.code == exit_code::timeout);
    CHECK(behind.may_pass);
    CHECK(refused(500, "not json").message == "the server answered 500");
}

TEST_CASE("an answer that is no JSON is an error, not a crash") {
    const auto e = refused(200, "<html>");
    CHECK(e.code == exit_code::error);
    CHECK(e.message.find("not JSON") != std::string::npos);
}

TEST_CASE("a server that is not there is said with its address and how to start one") {
    std::string url;
    {
        const fixed_server gone(200, "{}");
        url = gone.url();
    }
    auto s = session::open({.url = url, .token_file = "", .json = false, .quiet = true});
    REQUIRE(s.has_value());
    const auto answer = s->ask({.target = "/stats"});
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == exit_code::error);
    CHECK(answer.error().may_pass);
    CHECK(answer.error().message.find(url) != std::string::npos);
    CHECK(answer.error().message.find("kwq serve") != std::string::npos);
}

TEST_CASE("a token file that is not there is said before anything is sent") {
    const auto s =
        session::open({.url = "", .token_file = "/nowhere/token", .json = false, .quiet = true});
    REQUIRE_FALSE(s.has_value());
    CHECK(s.error().message.find("/nowhere/token") != std::string::npos);
}

TEST_CASE("names become safe parts of a path and a query") {
    CHECK(segment("a/b c?") == "a%2Fb%20c%3F");
    CHECK(query_string({{"job", "x&y"}, {"state", ""}, {"limit", "5"}}) == "?job=x%26y&limit=5");
    CHECK(query_string({}).empty());
    CHECK(pause_body({}, "") == "{}");
    CHECK(pause_body(milliseconds{90'500}, "why") == R"({"for_s":90.5,"reason":"why"})");
}

TEST_CASE("pauses between tries grow to ten seconds") {
    CHECK(pause_after(0) == milliseconds{250});
    CHECK(pause_after(2) == milliseconds{1'000});
    CHECK(pause_after(1'000) == milliseconds{10'000});
    CHECK(random_hex().size() == 32);
    CHECK(random_hex() != random_hex());
}

}  // namespace kwq::cli
