#include "rest/context.hpp"

#include "rest/bulk_actions.hpp"
#include "rest/event_hub.hpp"
#include "rest/problems.hpp"
#include "rest/simulation.hpp"

namespace kwq::rest {

context::context(const api_config& c, const api_services& s)
    : config(c),
      services(s),
      request_prefix([&s] {
          id_source source(s.time, s.random);
          return source.hex().substr(0, 8);
      }()),
      ids(s.time, s.random),
      loop("rest", s.time),
      simulations(std::make_unique<rest::simulations>(*this)),
      events(std::make_unique<event_hub>(*this)),
      bulk(std::make_unique<bulk_actions>(*this, c.bulk_directory)) {}

context::~context() {
    loop.stop();
}

std::string context::next_request_id() {
    return request_prefix + "-" + std::to_string(++requests);
}

std::string context::status_end(model::shard_id shard) const {
    const auto range = services.log.range({services.topics.status(), shard.value()});
    if (!range || range->end.value() == 0) {
        return {};
    }
    const model::position last{.shard = shard,
                               .status = true,
                               .place = {.queue = model::queue_name{},
                                         .priority = model::priority{},
                                         .offset = model::offset{range->end.value() - 1}}};
    return to_string(last);
}

std::string context::status_ends() const {
    std::string all;
    for (std::int32_t shard = 0; shard < config.partitions; ++shard) {
        const std::string one = status_end(model::shard_id{shard});
        if (!one.empty()) {
            all += (all.empty() ? "" : ",") + one;
        }
    }
    return all;
}

void reply::send(net::response r) const {
    if (!route_.empty()) {  // else it is the server's own question
        // tidy: words, because it is the other end of asked_
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked_;
        context_->http.count(route_, r.status, took.count());
    }
    to_->send(std::move(r));
}

void reply::json(int status, std::string body) const {
    net::response r;
    r.status = status;
    r.body = std::move(body);
    add_api_headers(r);
    send(std::move(r));
}

void reply::fail(const model::error& e) const {
    if (e.code == model::errc::internal) {
        context_->services.logger.log(observe::level::error, "rest", "a request failed",
                                      {{"request", request_id_}, {"detail", e.detail}});
    }
    send(problem_response(e, request_id_));
}

}  // namespace kwq::rest
