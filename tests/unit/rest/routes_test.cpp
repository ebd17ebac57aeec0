#include "rest/routes.hpp"
#include "api_fixture.hpp"
#include "rest/assets.hpp"
#include "rest/problems.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

using namespace kwq;
using namespace kwq::rest::testing;

namespace {

/// Without the dots of `{file...}`, which OpenAPI has no word for.
std::string as_documented(std::string_view pattern) {
    std::string text(pattern);
    if (const std::size_t dots = text.find("..."); dots != std::string::npos) {
        text.erase(dots, 3);
    }
    return text;
}

std::string target_of(const rest::route& r) {
    std::string path;
    bool in_name = false;
    for (const char c : r.pattern) {
        if (c == '{') {
            in_name = true;
            path += "x";
        } else if (c == '}') {
            in_name = false;
        } else if (!in_name) {
            path += c;
        }
    }
    return path;
}

std::set<std::string> documented_operations() {
    const rest::asset* file = rest::find_asset("openapi.json");
    REQUIRE(file != nullptr);
    const auto parsed = codec::json_document::parse(*file->bytes);
    REQUIRE(parsed.has_value());
    std::set<std::string> found;
    for (const auto& [path, operations] : parsed->root().find("paths")->members()) {
        for (const auto& [method, operation] : operations.members()) {
            std::string upper(method);
            for (char& c : upper) {
                c = static_cast<char>(c - 'a' + 'A');
            }
            found.insert(upper + " " + std::string(path) + " " +
                         std::string(operation.find("operationId")->string()));
        }
    }
    return found;
}

}  // namespace

TEST_CASE("every route is in the description, and everything described is a route") {
    std::set<std::string> served;
    for (const rest::route& r : rest::routes()) {
        served.insert(std::string(r.method) + " " + as_documented(r.pattern) + " " +
                      std::string(r.name));
    }
    CHECK(served == documented_operations());
    CHECK(served.size() == rest::routes().size());
}

TEST_CASE("names in a path are percent-decoded, whole segments at a time") {
    const auto job = rest::match_route("GET", "/kwq/v1/jobs/a%2Fb%20c");
    REQUIRE(job.found != nullptr);
    CHECK(job.found->name == "get_job");
    CHECK(job.path == std::vector<std::string>{"a/b c"});
    CHECK(rest::match_route("GET", "/kwq/v1/jobs/a%2").malformed);
    CHECK(rest::match_route("GET", "/kwq/v1/jobs/").found == nullptr);
    CHECK(rest::match_route("GET", "/kwq/v1/jobs/a/b").found == nullptr);
    CHECK(rest::match_route("GET", "/ui/").found->name == "get_ui");
    CHECK(rest::match_route("GET", "/ui").found->name == "get_ui_folder");
}

TEST_CASE("a wrong method is told the right ones") {
    api_fixture f;
    const auto r = f.ask("DELETE", "/kwq/v1/tasks");
    CHECK(r.status == 405);
    CHECK(code_of(r) == "method_not_allowed");
    CHECK(header_of(r, "Allow") == "POST, GET");
    CHECK(f.ask("GET", "/nowhere").status == 404);
    CHECK(f.ask("GET", "/kwq/v1/jobs/%zz").status == 400);
}

TEST_CASE("with a token every route but the open ones wants it") {
    api_fixture f(std::string("secret"));
    for (const rest::route& r : rest::routes()) {
        INFO(r.method << " " << r.pattern);
        const std::string method(r.method);
        const std::string target = target_of(r);
        const auto without = f.api->admit(f.make(method, target));
        const auto wrong =
            f.api->admit(f.make(method, target, "", {{"authorization", "Bearer secreT"}}));
        const auto right =
            f.api->admit(f.make(method, target, "", {{"authorization", "Bearer secret"}}));
        CHECK_FALSE(right.refuse.has_value());
        if (r.name == "livez" || r.name == "readyz" || r.name == "get_sign_in_style") {
            CHECK_FALSE(without.refuse.has_value());
            continue;
        }
        if (r.name == "sign_in") {  // the token is in its body
            CHECK(f.ask("POST", "/ui/login").status == 401);
            CHECK(f.ask("POST", "/ui/login", R"({"token":"wrong"})").status == 403);
            continue;
        }
        REQUIRE(without.refuse.has_value());
        CHECK(without.refuse->status == 401);
        REQUIRE(wrong.refuse.has_value());
        CHECK(wrong.refuse->status == 403);
    }
    CHECK(f.ask("GET", "/nowhere").status == 401);
}

TEST_CASE("signing in leads to the page that was asked for, and nowhere else") {
    api_fixture f(std::string("secret"));
    const header_list form{{"content-type", "application/x-www-form-urlencoded"},
                           {"accept", "text/html"}};
    const auto leads_to = [&](const std::string& to) {
        return header_of(f.ask("POST", "/ui/login", "token=secret&to=" + to, form), "Location");
    };
    CHECK(leads_to("/ui/tasks%3Fstate=error") == "/ui/tasks?state=error");
    CHECK(leads_to("/swagger/") == "/swagger/");
    for (const std::string elsewhere :
         {"", "https://a.example/", "//a.example/ui/", "/ui//a.example", "/ui/%5Ca.example",
          "/kwq/v1/tasks", "/ui/%0d%0aSet-Cookie:a=b", "/ui/logout"}) {
        CHECK(leads_to(elsewhere) == "/ui/");
    }

    const auto asked =
        f.api->admit(f.make("GET", "/ui/tasks?q=%22a&b=%3Cb%3E\"<", "", {{"accept", "text/html"}}));
    REQUIRE(asked.refuse.has_value());
    CHECK(asked.refuse->body.find("value=\"/ui/tasks?q=%22a&amp;b=%3Cb%3E&quot;&lt;\"") !=
          std::string::npos);
    CHECK(asked.refuse->body.find("wants its token") != std::string::npos);
    const auto wrong = f.ask("POST", "/ui/login", "token=wrong&to=/ui/jobs", form);
    CHECK(wrong.status == 403);
    CHECK(wrong.body.find("not the token") != std::string::npos);
    CHECK(wrong.body.find("value=\"/ui/jobs\"") != std::string::npos);
}

TEST_CASE("the page's cookie stands for the token, for this origin only") {
    api_fixture f(std::string("secret"));
    const auto in = f.ask("POST", "/ui/login", "token=secret",
                          {{"content-type", "application/x-www-form-urlencoded"}});
    CHECK(in.status == 303);
    const std::string set = header_of(in, "Set-Cookie");
    CHECK(set.find("HttpOnly") != std::string::npos);
    CHECK(set.find("SameSite=Strict") != std::string::npos);
    CHECK(set.find("secret") == std::string::npos);
    const std::string cookie = set.substr(0, set.find(';'));
    CHECK(f.ask("GET", "/kwq/v1/limits", "", {{"cookie", "a=b; " + cookie}}).status == 200);
    const auto pause = [&](const header_list& more) {
        header_list headers{{"cookie", cookie}, {"host", "127.0.0.1:8080"}};
        headers.insert(headers.end(), more.begin(), more.end());
        return f.ask("PUT", "/kwq/v1/dispatch", R"({"state":"paused"})", headers).status;
    };
    CHECK(pause({{"sec-fetch-site", "same-origin"}}) == 200);
    CHECK(pause({{"origin", "http://127.0.0.1:8080"}}) == 200);
    CHECK(pause({{"sec-fetch-site", "cross-site"}}) == 403);
    CHECK(pause({{"origin", "http://evil.example"}}) == 403);
    CHECK(f.ask("GET", "/kwq/v1/limits", "", {{"cookie", cookie + "x"}}).status == 403);
}

TEST_CASE("without a token a page of another origin still changes nothing") {
    api_fixture f;
    CHECK(f.ask("PUT", "/kwq/v1/dispatch", R"({"state":"paused"})",
                {{"sec-fetch-site", "cross-site"}})
              .status == 403);
    CHECK(f.scheduler.switches.empty());
    CHECK(f.ask("PUT", "/kwq/v1/dispatch", R"({"state":"paused"})").status == 200);
}

TEST_CASE("a body of another kind is refused before it is read") {
    api_fixture f;
    const auto r =
        f.api->admit(f.make("POST", "/kwq/v1/tasks", "x", {{"content-type", "text/plain"}}));
    REQUIRE(r.refuse.has_value());
    CHECK(r.refuse->status == 415);
    CHECK(f.api
              ->admit(f.make("POST", "/kwq/v1/tasks", "{}",
                             {{"content-type", "application/json; charset=utf-8"}}))
              .max_body == 8U << 20U);
}

TEST_CASE("every error code has a status of its kind and a line in the docs") {
    std::ifstream file(std::string(KWQ_SOURCE_DIR) + "/docs/api-errors.md");
    std::stringstream docs;
    docs << file.rdbuf();
    REQUIRE(!docs.str().empty());
    for (int i = 0; i <= static_cast<int>(model::errc::internal); ++i) {
        const auto code = static_cast<model::errc>(i);
        const std::string row = "| `" + std::string(to_string(code)) + "` | " +
                                std::to_string(rest::status_of(code)) + " |";
        INFO(row);
        CHECK(docs.str().find(row) != std::string::npos);
        CHECK(rest::status_of(code) >= 400);
    }
}

TEST_CASE("a problem names the field, and an internal one names nothing") {
    const auto field = rest::problem_response({model::errc::bad_field, "too long", "/job"}, "r-1");
    CHECK(field.content_type == "application/problem+json");
    CHECK(field.body ==
          R"({"type":"urn:kwq:error:bad_field","title":"A field or parameter has a wrong value",)"
          R"("status":400,"detail":"too long","code":"bad_field",)"
          R"("errors":[{"pointer":"/job","detail":"too long"}],"request_id":"r-1"})");
    const auto internal = rest::problem_response({model::errc::internal, "a secret", {}}, "r-2");
    CHECK(internal.body.find("secret") == std::string::npos);
    const auto busy = rest::problem_response({model::errc::overloaded, "", {}}, "r-3");
    CHECK(header_of(busy, "Retry-After") == "1");
}

TEST_CASE("pages come with a type, an ETag and a strict policy") {
    api_fixture f;
    const auto page = f.ask("GET", "/ui/");
    CHECK(page.status == 200);
    CHECK(page.content_type == "text/html; charset=utf-8");
    CHECK(header_of(page, "Content-Security-Policy").find("default-src 'none'") == 0);
    const std::string etag = header_of(page, "ETag");
    CHECK(f.ask("GET", "/ui/", "", {{"if-none-match", etag}}).status == 304);
    CHECK(f.ask("GET", "/ui/%2e%2e/%2e%2e/etc/passwd").status == 404);
    CHECK(f.ask("GET", "/swagger/index.html").status == 200);
    CHECK(header_of(f.ask("GET", "/"), "Location") == "/ui/");
    CHECK(f.ask("GET", "/openapi.json").content_type == "application/json");
}

TEST_CASE("a page is sent compressed to who takes it, under an ETag of its own") {
    api_fixture f;
    const auto plain = f.ask("GET", "/openapi.json");
    const auto packed = f.ask("GET", "/openapi.json", "", {{"accept-encoding", "br, gzip"}});
    CHECK(header_of(plain, "Content-Encoding").empty());
    CHECK(header_of(packed, "Content-Encoding") == "gzip");
    CHECK(header_of(packed, "Vary") == "Accept-Encoding");
    CHECK(header_of(packed, "ETag") != header_of(plain, "ETag"));
    CHECK(packed.shared_body->size() < plain.shared_body->size() / 3);
    for (const char* refused : {"gzip;q=0", "gzip; q=0.0", "identity", "xgzip"}) {
        const auto whole = f.ask("GET", "/openapi.json", "", {{"accept-encoding", refused}});
        CHECK(header_of(whole, "Content-Encoding").empty());
    }
    CHECK(f.ask("GET", "/ui/index.html.gz").status == 404);
}

TEST_CASE("each view of the admin UI is the one document, with its base above it") {
    api_fixture f;
    for (const char* view : {"/ui/", "/ui/jobs", "/ui/jobs/a%2Fb", "/ui/tasks/x", "/ui/errors/"}) {
        const auto page = f.ask("GET", view);
        CHECK(page.status == 200);
        CHECK(page.content_type == "text/html; charset=utf-8");
        const std::string& text = page.shared_body ? *page.shared_body : page.body;
        const bool deep = std::count(view, view + std::strlen(view), '/') > 2;
        CHECK((text.find("<base href=\"../\">") != std::string::npos) == deep);
    }
    CHECK(f.ask("GET", "/ui/nothing").status == 404);
    CHECK(f.ask("GET", "/ui/jobs/a/b").status == 404);
}
