#include "cluster/passed_polls.hpp"

#include "cluster/passed_on.hpp"
#include "model/lease.hpp"

#include <algorithm>
#include <utility>

namespace kwq::cluster {

using scheduler::settle_status;

namespace {

constexpr std::chrono::milliseconds take_timeout{5'000};
constexpr std::chrono::milliseconds report_timeout{10'000};
constexpr const char* leases_target = "/kwq/v1/leases";

model::result<scheduler::poll_answer> read_answer(const net::client_result& answer) {
    if (answer && answer->status == 200) {
        return read_poll_answer(answer->body);
    }
    return answer ? read_problem(answer->status, answer->body) : read_problem(0, "");
}

}  // namespace

// ---- owners -------------------------------------------------------------------------------------

std::optional<std::string> owners::elsewhere(model::shard_id shard) const {
    const auto info = local_.shard(shard);
    if (!info || info->owned || info->url.empty() || info->mine) {
        return std::nullopt;
    }
    return info->url;
}

std::optional<std::string> owners::elsewhere(const model::lease_token& lease) const {
    const auto parts = model::decode_lease(lease);
    return parts ? elsewhere(parts->shard) : std::nullopt;
}

bool owners::here(const model::lease_token& lease) const {
    const auto parts = model::decode_lease(lease);
    const auto info = parts ? local_.shard(parts->shard) : std::nullopt;
    return !info || info->owned;  // of what is no lease of ours the local scheduler says so
}

// ---- one report ---------------------------------------------------------------------------------

passed_polls::passed_polls(scheduler::local_scheduler& local, const owners& who, peers& others,
                           const clock& time)
    : local_(local), owners_(who), peers_(others), time_(time), loop_("kwq-passed", time) {}

void passed_polls::start() {
    loop_.start([] { return std::nullopt; });
}

void passed_polls::stop() {
    loop_.post([this] {
        for (const auto& [_, p] : std::exchange(polls_, {})) {
            p->done(model::error{model::errc::stopping, "the server is stopping", ""});
        }
    });
    loop_.stop();
}

void passed_polls::report(scheduler::lease_report r, settled_callback done) {
    if (owners_.here(r.lease)) {
        local_.report(std::move(r), std::move(done));
        return;
    }
    const auto url = owners_.elsewhere(r.lease);
    if (!url) {
        local_.append_report(std::move(r), std::move(done));
        return;
    }
    scheduler::poll_request only;
    only.worker = model::worker_name{"passed-on"};
    only.queues = {model::queue_name{"default"}};
    only.max = 0;
    only.settle = {r};
    auto body = write_poll(only);
    peers_.call(*url, {"POST", leases_target, std::move(body), report_timeout},
                [this, r = std::move(r), done](const net::client_result& answer) {
                    const auto read = read_answer(answer);
                    const auto status = read && read->settled.size() == 1
                                            ? read->settled.front().status
                                            : settle_status::unknown;
                    if (status == settle_status::unknown) {
                        local_.append_report(r, done);  // its owner cannot say
                    } else if (status == settle_status::lease_lost) {
                        done(model::error{model::errc::lease_lost,
                                          "the lease is not the live one any more", "lease"});
                    } else if (status == settle_status::conflict) {
                        done(model::error{model::errc::outcome_conflict,
                                          "the lease was settled with another outcome", "lease"});
                    } else {
                        done(status);
                    }
                });
}

// ---- polls --------------------------------------------------------------------------------------

scheduler::poll_ticket passed_polls::poll(scheduler::poll_request p, answer_callback done) {
    const auto ticket = next_ticket_.fetch_add(1);
    // Shared by the answers it waits for.
    const auto one = std::make_shared<passing>();
    const bool settles = !p.settle.empty();
    one->deadline = time_.monotonic() + (settles ? milliseconds{0} : p.wait);
    one->request = std::move(p);
    one->done = std::move(done);
    if (!loop_.post([this, ticket, one] { begin(ticket, one); })) {
        one->done(model::error{model::errc::stopping, "the server is stopping", ""});
    }
    return ticket;
}

void passed_polls::abandon(scheduler::poll_ticket ticket) {
    loop_.post([this, ticket] {
        if (const auto found = polls_.find(ticket); found != polls_.end()) {
            found->second->gone = true;
            if (found->second->local != 0) {
                local_.abandon(found->second->local);
            }
        }
    });
}

void passed_polls::begin(scheduler::poll_ticket ticket, const passing_ptr& p) {
    polls_.emplace(ticket, p);
    std::map<std::string, members> away;
    std::vector<scheduler::lease_report> mine;
    members which;
    for (std::size_t i = 0; i < p->request.settle.size(); ++i) {
        const auto& r = p->request.settle[i];
        p->answer.settled.push_back({r.lease, settle_status::unknown});
        if (p->request.passed_on || owners_.here(r.lease)) {
            mine.push_back(r);
            which.push_back(i);
        } else {
            away[owners_.elsewhere(r.lease).value_or("")].push_back(i);
        }
    }
    p->out = 1;  // until all is sent
    for (const auto& [url, some] : away) {
        settle_elsewhere(p, ticket, url, some);
    }
    ask_here(ticket, p, std::move(mine), which);
    --p->out;
    step(ticket, p);
}

/// An empty `url`: nobody is known to own these. What an owner does not judge goes into the log.
void passed_polls::settle_elsewhere(const passing_ptr& p, scheduler::poll_ticket ticket,
                                    const std::string& url, const members& which) {
    if (url.empty()) {
        for (const auto i : which) {
            settle_in_log(p, ticket, i);
        }
        return;
    }
    auto only = p->request;
    only.max = 0;
    only.settle.clear();
    for (const auto i : which) {
        only.settle.push_back(p->request.settle[i]);
    }
    ++p->out;
    peers_.call(url, {"POST", leases_target, write_poll(only), report_timeout},
                [this, p, ticket, which](const net::client_result& answer) {
                    loop_.post([this, p, ticket, which, read = read_answer(answer)] {
                        for (std::size_t i = 0; i < which.size(); ++i) {
                            const auto status = read && i < read->settled.size()
                                                    ? read->settled[i].status
                                                    : settle_status::unknown;
                            p->answer.settled[which[i]].status = status;
                            if (status == settle_status::unknown) {
                                settle_in_log(p, ticket, which[i]);
                            }
                        }
                        --p->out;
                        step(ticket, p);
                    });
                });
}

void passed_polls::settle_in_log(const passing_ptr& p, scheduler::poll_ticket ticket,
                                 std::size_t i) {
    ++p->out;
    local_.append_report(p->request.settle[i],
                         [this, p, ticket, i](const model::result<settle_status>& status) {
                             loop_.post([this, p, ticket, i, status] {
                                 if (status) {
                                     p->answer.settled[i].status = *status;
                                 }
                                 --p->out;
                                 step(ticket, p);
                             });
                         });
}

void passed_polls::ask_here(scheduler::poll_ticket ticket, const passing_ptr& p,
                            std::vector<scheduler::lease_report> settle, const members& which) {
    auto request = p->request;
    request.settle = std::move(settle);
    request.wait = std::max(milliseconds{0}, p->deadline - time_.monotonic());
    p->asked_elsewhere = false;
    ++p->out;
    p->local =
        local_.poll(std::move(request),
                    [this, p, ticket, which](const model::result<scheduler::poll_answer>& answer) {
                        loop_.post([this, p, ticket, which, answer] {
                            p->local = 0;
                            --p->out;
                            if (!answer) {
                                p->refused = answer.error();
                                step(ticket, p);
                                return;
                            }
                            p->answer.directive = answer->directive;
                            for (const auto& lease : answer->leases) {
                                p->answer.leases.push_back(lease);
                            }
                            for (std::size_t i = 0; i < which.size(); ++i) {
                                p->answer.settled[which[i]].status = answer->settled[i].status;
                            }
                            if (!answer->elsewhere.empty()) {
                                ask_elsewhere(ticket, p, answer->elsewhere);
                            }
                            step(ticket, p);
                        });
                    });
}

void passed_polls::ask_elsewhere(scheduler::poll_ticket ticket, const passing_ptr& p,
                                 const std::string& url) {
    auto request = p->request;
    request.settle.clear();
    p->asked_elsewhere = true;
    ++p->out;
    peers_.call(url, {"POST", leases_target, write_poll(request), take_timeout},
                [this, p, ticket](const net::client_result& answer) {
                    const auto read = read_answer(answer);
                    const bool posted = loop_.post([this, p, ticket, read] {
                        --p->out;
                        for (std::size_t i = 0; read && i < read->leases.size(); ++i) {
                            p->answer.leases.push_back(read->leases[i]);
                        }
                        step(ticket, p);
                    });
                    if (!posted && read) {
                        give_back(*read);
                    }
                });
}

/// Answers when nothing is out any more, or asks again while there is time.
void passed_polls::step(scheduler::poll_ticket ticket, const passing_ptr& p) {
    if (p->out > 0) {
        return;
    }
    const bool again = p->answer.leases.empty() && p->asked_elsewhere && !p->refused && !p->gone &&
                       p->request.settle.empty();
    if (again) {
        ask_here(ticket, p, {}, {});
        return;
    }
    if (polls_.erase(ticket) == 0) {
        return;
    }
    if (p->gone || p->refused) {
        give_back(p->answer);
    }
    if (p->refused) {
        p->done(*p->refused);
    } else {
        p->done(p->gone ? scheduler::poll_answer{} : std::move(p->answer));
    }
}

void passed_polls::give_back(const scheduler::poll_answer& answer) {
    for (const auto& lease : answer.leases) {
        report({lease.lease, scheduler::report_release{}},
               [](const model::result<settle_status>&) {});
    }
}

}  // namespace kwq::cluster
