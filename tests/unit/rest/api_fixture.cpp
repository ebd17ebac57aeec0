#include "api_fixture.hpp"

#include <stdexcept>

namespace kwq::rest::testing {

namespace {

/// Far more than any answer takes; a test that reaches it has failed.
constexpr std::chrono::seconds patience{20};

}  // namespace

void kept_answer::send(net::response r) {
    {
        const std::lock_guard hold(mutex_);
        if (!answer_) {
            answer_ = std::move(r);
        }
    }
    come_.notify_all();
}

net::response kept_answer::wait() {
    std::unique_lock hold(mutex_);
    if (!come_.wait_for(hold, patience, [this] { return answer_.has_value(); })) {
        throw std::runtime_error("no answer came");
    }
    return *answer_;
}

bool kept_answer::answered() {
    const std::lock_guard hold(mutex_);
    return answer_.has_value();
}

void kept_stream::write(std::string bytes) {
    {
        const std::lock_guard hold(mutex_);
        text_ += bytes;
    }
    changed_.notify_all();
}

std::string kept_stream::wait_for(std::string_view what) {
    std::unique_lock hold(mutex_);
    if (!changed_.wait_for(hold, patience, [&] { return text_.find(what) != std::string::npos; })) {
        throw std::runtime_error("never came: " + std::string(what));
    }
    return text_;
}

void kept_stream::end() {
    {
        const std::lock_guard hold(mutex_);
        end_ = true;
    }
    changed_.notify_all();
}

std::string kept_stream::wait_for_end() {
    std::unique_lock hold(mutex_);
    if (!changed_.wait_for(hold, patience, [this] { return end_; })) {
        throw std::runtime_error("the answer did not end");
    }
    return text_;
}

api_fixture::api_fixture(std::optional<std::string> token)
    : logger(observe::make_null_logger()),
      api(make_api({.base_path = "",
                    .token = std::move(token),
                    .instance = "test",
                    .version = "0",
                    .log_kind = "simulated",
                    .partitions = 1},
                   {.log = log,
                    .topics = topics,
                    .scheduler = scheduler,
                    .tracker = tracker,
                    .time = time,
                    .random = random,
                    .logger = *logger,
                    .server = {}})) {}

net::request api_fixture::make(std::string method, const std::string& target, std::string body,
                               header_list headers) const {
    net::request r;
    r.method = std::move(method);
    r.target = target;
    const std::size_t mark = std::min(target.find('?'), target.size());
    r.path = target.substr(0, mark);
    std::string_view rest = std::string_view(target).substr(std::min(mark + 1, target.size()));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const std::size_t equals = std::min(pair.find('='), pair.size());
        r.query.emplace_back(*net::percent_decode(pair.substr(0, equals)),
                             *net::percent_decode(pair.substr(std::min(equals + 1, pair.size()))));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    r.headers = std::move(headers);
    const bool typed = std::any_of(r.headers.begin(), r.headers.end(),
                                   [](const auto& h) { return h.first == "content-type"; });
    if (!body.empty()) {
        r.headers.emplace_back("content-length", std::to_string(body.size()));
        if (!typed) {
            r.headers.emplace_back("content-type", "application/json");
        }
    }
    r.body = std::move(body);
    return r;
}

net::response api_fixture::ask(const std::string& method, const std::string& target,
                               const std::string& body, const header_list& headers) {
    net::request r = make(method, target, body, headers);
    if (auto admission = api->admit(r); admission.refuse) {
        return *admission.refuse;
    }
    // Shared with the api, as the server's are.
    const auto to = std::make_shared<kept_answer>();
    api->handle(std::move(r), to);
    return to->wait();
}

std::shared_ptr<kept_answer> api_fixture::begin(const std::string& method,
                                                const std::string& target,
                                                const std::string& body) {
    // Shared with the api, as the server's are.
    auto to = std::make_shared<kept_answer>();
    api->handle(make(method, target, body), to);
    return to;
}

std::string text_of(const net::response& r) {
    return r.shared_body ? *r.shared_body : r.body;
}

codec::json_document parse(const net::response& r) {
    auto parsed = codec::json_document::parse(text_of(r));
    if (!parsed) {
        throw std::runtime_error(parsed.error().detail + ": " + text_of(r));
    }
    return std::move(*parsed);
}

std::string code_of(const net::response& r) {
    const auto document = parse(r);
    const codec::json_value* code = document.root().find("code");
    return code == nullptr ? std::string() : std::string(code->string());
}

std::string header_of(const net::response& r, std::string_view name) {
    for (const auto& [key, value] : r.headers) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

}  // namespace kwq::rest::testing
