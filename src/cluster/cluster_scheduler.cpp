#include "cluster/cluster_scheduler.hpp"

#include "cluster/passed_on.hpp"
#include "net/http.hpp"

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>

namespace kwq::cluster {

using model::errc;

namespace {

constexpr milliseconds exchange_interval{100};
constexpr milliseconds confirm_interval{300};
constexpr milliseconds depth_interval{2'000};
constexpr milliseconds patience_with_silent{2'000};
/// It says itself that the log does not answer it.
constexpr milliseconds patience_with_cut_off{500};
constexpr milliseconds longest_patience{60'000};
constexpr int most_doublings = 7;
/// A question waits three seconds for brokers of which one has died, and then has the others'
/// answers: that must not look like a cut, or instances that are well would take over from each
/// other.
constexpr milliseconds out_of_touch_after{4'000};
constexpr std::chrono::milliseconds exchange_timeout{500};
constexpr std::chrono::milliseconds task_timeout{10'000};
constexpr std::chrono::milliseconds beat_timeout{3'000};

}  // namespace

cluster_scheduler::cluster_scheduler(const cluster_config& config,
                                     kwq::scheduler::local_scheduler& local, const clock& time)
    : config_(config),
      local_(local),
      time_(time),
      owners_(local),
      peers_(config.token, config.instance),
      polls_(local, owners_, peers_, time),
      log_answered_at_(time.monotonic()),
      loop_("kwq-peers", time),
      fresh_loop_("kwq-fresh", time),
      depth_loop_("kwq-depths", time) {}

void cluster_scheduler::start() {
    polls_.start();
    loop_.start([this] { return exchange(); });
    fresh_loop_.start([this] { return confirm_ends(); });
    if (config_.publish_depths) {
        depth_loop_.start([this] { return publish_depths(); });
    }
}

void cluster_scheduler::stop() {
    depth_loop_.stop();
    fresh_loop_.stop();
    loop_.stop();
    peers_.stop();
    polls_.stop();
}

// ---- what others have ready ---------------------------------------------------------------------

std::set<std::string> cluster_scheduler::others() const {
    std::set<std::string> urls;
    for (std::int32_t p = 0; p < config_.shards; ++p) {
        if (const auto url = owners_.elsewhere(model::shard_id{p})) {
            urls.insert(*url);
        }
    }
    return urls;
}

std::optional<mono_time> cluster_scheduler::exchange() {
    if (time_.monotonic() < next_exchange_) {
        return next_exchange_;
    }
    next_exchange_ = time_.monotonic() + exchange_interval;
    const auto urls = others();
    const auto gone =
        std::erase_if(ready_, [&](const auto& r) { return urls.count(r.first) == 0; });
    if (gone > 0) {
        local_.set_others(ready_);
    }
    for (const auto& url : urls) {
        if (!asked_.insert(url).second) {
            continue;  // has not answered yet
        }
        peers_.call(url, {"GET", "/kwq/v1/cluster/ready", "", exchange_timeout},
                    [this, url](const net::client_result& answer) {
                        loop_.post([this, url, answer] { take_ready(url, answer); });
                    });
    }
    return next_exchange_;
}

void cluster_scheduler::take_ready(const std::string& url, const net::client_result& answer) {
    asked_.erase(url);
    auto read = answer && answer->status == 200
                    ? read_ready(answer->body)
                    : read_problem(answer ? answer->status : 0, answer ? answer->body : "");
    if (read) {
        ready_[url] = std::move(*read);
        silent_.erase(url);
    } else {
        ready_.erase(url);
        const bool says_so = read.error().code == errc::out_of_touch;
        note_silence(url, says_so ? patience_with_cut_off : patience_with_silent);
    }
    local_.set_others(ready_);
}

/// The group needs its session timeout to notice that a member is gone. A claim is safe at any
/// time, so those who miss it take over earlier. An owner that is alive for the group claims again,
/// so the next time is later.
void cluster_scheduler::note_silence(const std::string& url, milliseconds patience) {
    const auto now = time_.monotonic();
    if (!is_in_touch()) {
        silent_.erase(url);  // perhaps it is like this one, and the log back for both soon
        return;
    }
    auto& s = silent_.try_emplace(url, silence{now}).first->second;
    const auto doubled = patience * (1 << std::min(s.takeovers, most_doublings));
    if (now - s.since >= std::min<mono_time::duration>(doubled, longest_patience)) {
        s = {now, s.takeovers + 1};
        take_over_from(url);
    }
}

/// Each its part: all agree on it if they see the same.
void cluster_scheduler::take_over_from(const std::string& url) {
    std::set<std::string> alive;
    std::string here;
    std::vector<model::shard_id> orphans;
    for (std::int32_t p = 0; p < config_.shards; ++p) {
        const auto info = local_.shard(model::shard_id{p});
        if (info && info->url == url) {
            orphans.emplace_back(p);
        } else if (info && info->mine) {
            here = info->url;
        } else if (info && silent_.count(info->url) == 0) {
            alive.insert(info->url);
        }
    }
    if (here.empty()) {
        return;  // has no shard yet: the group gives it some
    }
    alive.insert(here);
    const auto part = static_cast<std::size_t>(std::distance(alive.begin(), alive.find(here)));
    std::vector<model::shard_id> mine;
    for (std::size_t i = 0; i < orphans.size(); ++i) {
        if (i % alive.size() == part) {
            mine.push_back(orphans[i]);
        }
    }
    local_.take_over(mine);
}

bool cluster_scheduler::is_in_touch() const {
    return time_.monotonic() - log_answered_at_.load() < out_of_touch_after;
}

std::optional<mono_time> cluster_scheduler::confirm_ends() {
    std::vector<model::shard_id> asked;
    for (std::int32_t p = 0; p < config_.shards; ++p) {
        const auto info = local_.shard(model::shard_id{p});
        if (info && info->owned) {
            asked.push_back(info->shard);
        }
    }
    const bool owns_some = !asked.empty();
    if (!owns_some) {
        asked.emplace_back(0);  // whether the log answers at all
    }
    const auto asked_at = time_.monotonic();
    const auto ends = config_.ask_ends(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (!ends[i]) {
            continue;
        }
        log_answered_at_ = time_.monotonic();
        if (owns_some) {
            local_.confirm_end(asked[i], *ends[i], asked_at);
        }
    }
    return time_.monotonic() + confirm_interval;
}

std::optional<mono_time> cluster_scheduler::publish_depths() {
    using depths = std::vector<kwq::scheduler::lane_depth>;
    // Shared with the shards' answer, which may come after this has stopped waiting.
    const auto answer = std::make_shared<std::promise<depths>>();
    auto asked = answer->get_future();
    local_.depths([answer](depths d) { answer->set_value(std::move(d)); });
    if (asked.wait_for(depth_interval) == std::future_status::ready) {
        config_.publish_depths(asked.get());
    }
    return time_.monotonic() + depth_interval;
}

// ---- passing on ---------------------------------------------------------------------------------

kwq::scheduler::poll_ticket cluster_scheduler::poll(
    kwq::scheduler::poll_request p, callback<model::result<kwq::scheduler::poll_answer>> done) {
    return polls_.poll(std::move(p), std::move(done));
}

void cluster_scheduler::give_back(std::vector<model::lease_token> leases) {
    for (auto& lease : leases) {
        polls_.report({std::move(lease), kwq::scheduler::report_release{}}, [](const settled&) {});
    }
}

void cluster_scheduler::report(kwq::scheduler::lease_report r, callback<settled> done) {
    polls_.report(std::move(r), std::move(done));
}

void cluster_scheduler::pass_beats(const std::string& url, beats some,
                                   callback<beat_answers> done) {
    peers_.call(url, {"POST", "/kwq/v1/leases/heartbeat", write_heartbeats(some), beat_timeout},
                [n = some.size(), done](const net::client_result& answer) {
                    if (answer && answer->status == 200) {
                        done(read_heartbeats(answer->body, n));
                    } else {
                        done(model::error{errc::not_owner, "the owner cannot be asked", ""});
                    }
                });
}

void cluster_scheduler::heartbeats(beats all, callback<beat_answers> done) {
    std::map<std::string, std::vector<std::size_t>> by_owner;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto url = all[i].passed_on ? std::nullopt : owners_.elsewhere(all[i].lease);
        by_owner[url.value_or("")].push_back(i);
    }
    struct round {
        std::mutex mutex;
        std::vector<kwq::scheduler::heartbeat_answer> answers;
        std::optional<model::error> refused;
        bool some_known = false;
        std::size_t left = 0;
    };
    // Shared by the owners' answers; the last one goes on.
    const auto r = std::make_shared<round>();
    for (const auto& beat : all) {  // of an owner that does not answer nothing is known
        r->answers.push_back({.lease = beat.lease, .known = false});
    }
    r->left = std::max<std::size_t>(1, by_owner.size());
    const auto put = [r, done](const std::vector<std::size_t>& members,
                               const beat_answers& answer) {
        {
            const std::lock_guard lock(r->mutex);
            for (std::size_t i = 0; answer && i < members.size(); ++i) {
                r->answers[members[i]] = (*answer)[i];
            }
            if (answer) {
                r->some_known = true;
            } else {
                r->refused = answer.error();
            }
            if (--r->left > 0) {
                return;
            }
        }
        done(r->refused && !r->some_known ? beat_answers(*r->refused) : beat_answers(r->answers));
    };
    if (by_owner.empty()) {
        put({}, std::vector<kwq::scheduler::heartbeat_answer>{});
    }
    for (const auto& [url, members] : by_owner) {
        beats some;
        for (const auto i : members) {
            some.push_back(all[i]);
        }
        const auto answered = [put, members = members](const beat_answers& a) { put(members, a); };
        if (url.empty()) {
            local_.heartbeats(std::move(some), answered);
        } else {
            pass_beats(url, std::move(some), answered);
        }
    }
}

void cluster_scheduler::pass_task(const kwq::scheduler::task_place& task, const std::string& url,
                                  std::string_view verb, callback<offset_answer> done) {
    peer_call what{
        "POST", "/kwq/v1/tasks/" + net::percent_encode(task.id.value()) + "/" + std::string(verb),
        "", task_timeout};
    peers_.call(url, std::move(what), [done](const net::client_result& answer) {
        if (answer && answer->status == 200) {
            done(model::offset{-1});
        } else if (answer) {
            done(read_problem(answer->status, answer->body));
        } else {
            done(model::error{errc::outcome_unknown,
                              "the owner has not answered; repeating it is safe", ""});
        }
    });
}

void cluster_scheduler::cancel_task(kwq::scheduler::task_place task, callback<offset_answer> done) {
    const auto url = task.passed_on ? std::nullopt : owners_.elsewhere(task.shard);
    if (url) {
        pass_task(task, *url, "cancel", std::move(done));
    } else {
        local_.cancel_task(std::move(task), std::move(done));
    }
}

void cluster_scheduler::retry_task(kwq::scheduler::task_place task, callback<offset_answer> done) {
    const auto url = task.passed_on ? std::nullopt : owners_.elsewhere(task.shard);
    if (url) {
        pass_task(task, *url, "retry", std::move(done));
    } else {
        local_.retry_task(std::move(task), std::move(done));
    }
}

void cluster_scheduler::reprioritise_task(kwq::scheduler::task_place task, model::priority to,
                                          callback<move_answer> done) {
    const auto url = task.passed_on ? std::nullopt : owners_.elsewhere(task.shard);
    if (url) {
        pass_move(task, to, *url, std::move(done));
    } else {
        local_.reprioritise_task(std::move(task), to, std::move(done));
    }
}

void cluster_scheduler::pass_move(const kwq::scheduler::task_place& task, model::priority to,
                                  const std::string& url, callback<move_answer> done) {
    peer_call what{"POST",
                   "/kwq/v1/tasks/" + net::percent_encode(task.id.value()) + "/reprioritise",
                   "{\"priority\":" + std::to_string(to.value()) + "}", task_timeout};
    peers_.call(url, std::move(what), [done](const net::client_result& answer) {
        if (answer && answer->status == 200) {
            done(read_move(answer->body));
        } else if (answer) {
            done(read_problem(answer->status, answer->body));
        } else {
            done(model::error{errc::outcome_unknown,
                              "the owner has not answered; repeating it is safe", ""});
        }
    });
}

}  // namespace kwq::cluster
