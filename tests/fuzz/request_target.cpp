// A whole request through the API, over stand-ins for log, scheduler and tracker: `METHOD TARGET`
// on the first line, the body behind it.
#include "target.hpp"

#include "../unit/rest/api_fixture.hpp"
#include "codec/json.hpp"
#include "net/target.hpp"

#include <memory>
#include <string>

namespace kwq::fuzz {

namespace {

constexpr int requests_of_a_fixture = 2'000;  // its log keeps what is submitted

net::request made(std::string_view method, std::string_view target, net::split_target parts,
                  std::string_view body) {
    net::request r;
    r.method = std::string(method);
    r.target = std::string(target);
    r.path = std::move(parts.path);
    r.query = std::move(parts.query);
    r.headers = {{"content-length", std::to_string(body.size())},
                 {"content-type", "application/json"}};
    r.body = std::string(body);
    return r;
}

void check(const net::response& r) {
    must(r.status != 500, "bad input is never our own fault");
    must(r.status >= 200 && r.status < 600, "a status is one");
    const bool problem = r.content_type == "application/problem+json";
    must(r.status < 400 || problem || r.content_type.starts_with("text/"), "a refusal says why");
    if (problem || r.content_type == "application/json") {
        const std::string& text = r.shared_body ? *r.shared_body : r.body;
        const auto parsed = codec::json_document::parse(text);
        must(parsed.has_value(), "what is answered is JSON");
        must(!problem || parsed->root().find("code") != nullptr, "a problem has a code");
    }
}

}  // namespace

void request(std::string_view input) {
    static std::unique_ptr<rest::testing::api_fixture> fixture;
    static int used = 0;
    if (!fixture || ++used % requests_of_a_fixture == 0) {
        fixture = std::make_unique<rest::testing::api_fixture>();
    }
    pieces p(input);
    const std::string_view line = p.line();
    const auto space = std::min(line.find(' '), line.size());
    const std::string_view target = line.substr(std::min(space + 1, line.size()));
    net::split_target parts;
    // A simulation goes on by itself; its body is read by the same readers as the others.
    if (net::split(target, parts) || parts.path == "/kwq/v1/simulations") {
        return;
    }
    auto asked = made(line.substr(0, space), target, std::move(parts), p.rest());
    auto admission = fixture->api->admit(asked);
    if (admission.refuse) {
        check(*admission.refuse);
        return;
    }
    if (admission.streamed || asked.body.size() > admission.max_body) {
        return;
    }
    // Shared with the api, as the server's are.
    const auto kept = std::make_shared<rest::testing::kept_answer>();
    fixture->api->handle(std::move(asked), kept);
    check(kept->wait());
}

}  // namespace kwq::fuzz
