#include "rest/event_hub.hpp"

#include "rest/routes.hpp"

#include <algorithm>
#include <utility>

namespace kwq::rest {

namespace {

constexpr milliseconds period{250};  // of one topic
constexpr milliseconds step_every{5};
constexpr std::size_t steps = 40;      // in which a line is served
constexpr std::size_t least_step = 4;  // clients
constexpr milliseconds quiet{15'000};
constexpr milliseconds kept_alive_every{1'000};
constexpr std::size_t evaluations_at_once = 100;
constexpr std::size_t large_answer = 65'536;
/// Numbers begin with the time of the start, so that they grow over restarts too. They stay below
/// 2^53, for JavaScript.
constexpr std::uint64_t numbers_a_ms = 1'000;

/// Takes an answer in the place of a client. Whoever lets go of it without one gets a 500.
class answer_catcher final : public net::responder {
public:
    using task = std::function<void()>;
    answer_catcher(std::function<void(net::response)> to, std::function<void(task)> post)
        : to_(std::move(to)), post_(std::move(post)) {}
    ~answer_catcher() override {
        net::response none;
        none.status = 500;
        give(std::move(none));
    }
    answer_catcher(const answer_catcher&) = delete;
    answer_catcher& operator=(const answer_catcher&) = delete;

    void send(net::response r) override { give(std::move(r)); }
    void on_gone(std::function<void()>) override {}
    void on_written(std::function<void(bool)>) override {}
    void post(task f) override { post_(std::move(f)); }

private:
    void give(net::response r) {
        if (!given_.exchange(true)) {
            to_(std::move(r));
        }
    }

    const std::function<void(net::response)> to_;
    const std::function<void(task)> post_;
    std::atomic<bool> given_{false};
};

const route* find_call(std::string_view name) {
    const auto all = routes();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const route& r) { return r.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

event_hub::event_hub(context& c)
    : context_(c),
      first_number_(static_cast<std::uint64_t>(c.now().value()) * numbers_a_ms),
      number_(first_number_),
      loop_("events", c.services.time) {
    loop_.start();
}

event_hub::~event_hub() {
    stop();
}

void event_hub::stop() {
    ended_ = true;
    loop_.stop();
}

bool event_hub::enter() {
    if (++clients_open_ > most_clients) {
        --clients_open_;
        return false;
    }
    return true;
}

event_hub::ticket event_hub::join(std::vector<event_topic> topics,
                                  std::optional<std::uint64_t> last, net::stream_responder_ptr to) {
    const ticket who = ++tickets_;
    loop_.post([this, who, topics = std::move(topics), last, to = std::move(to)]() mutable {
        admit(who, std::move(topics), last, std::move(to));
    });
    return who;
}

void event_hub::part(ticket who) {
    loop_.post([this, who] { drop(who); });
}

void event_hub::end_all() {
    ended_ = true;
    loop_.post([this] {
        for (auto& [who, one] : clients_) {
            one.to->end();
        }
        while (!clients_.empty()) {
            drop(clients_.begin()->first);
        }
    });
}

void event_hub::admit(ticket who, std::vector<event_topic> topics,
                      std::optional<std::uint64_t> last, net::stream_responder_ptr to) {
    if (ended_) {
        --clients_open_;
        to->end();
        return;
    }
    const mono_time now = context_.services.time.monotonic();
    client& one = clients_[who];
    one.to = std::move(to);
    one.written_at = now;
    std::string greeting = "retry: 2000\n\n";
    if (last && *last >= first_number_ && *last <= number_) {
        one.told = *last;
    } else if (last) {
        greeting += "event: resync\ndata: {}\n\n";
    }
    one.to->write(std::move(greeting));
    for (event_topic& asked : topics) {
        topic_state& t = listen(who, std::move(asked));
        one.topics.push_back(&t);
        if (t.frame.empty() && !t.asking) {
            evaluate(t, now);
        }
    }
    line_up(who);
    if (!std::exchange(ticking_, true)) {
        loop_.after(period, [this] { tick(); });
    }
}

event_hub::topic_state& event_hub::listen(ticket who, event_topic asked) {
    auto& place = topics_[asked.name];
    if (!place) {
        place = std::make_unique<topic_state>();
        place->asked = std::move(asked);
    }
    place->listeners.push_back(who);
    return *place;
}

void event_hub::drop(ticket who) {
    const auto found = clients_.find(who);
    if (found == clients_.end()) {
        return;
    }
    for (topic_state* t : found->second.topics) {
        std::erase(t->listeners, who);
        if (t->listeners.empty()) {
            topics_.erase(std::string(t->asked.name));
        }
    }
    clients_.erase(found);
    --clients_open_;
}

void event_hub::tick() {
    const mono_time now = context_.services.time.monotonic();
    if (clients_.empty()) {
        ticking_ = false;
        return;
    }
    evaluate_due(now);
    for (const ticket who : std::exchange(slow_, {})) {
        line_.push_back(who);
    }
    if (!line_.empty()) {
        step_soon();
    }
    if (now - kept_alive_at_ >= kept_alive_every) {
        kept_alive_at_ = now;
        keep_alive(now);
    }
    loop_.after(period, [this] { tick(); });
}

/// Those that wait longest first: with more topics than can be asked in a quarter of a second, all
/// of them come less often.
void event_hub::evaluate_due(mono_time now) {
    std::vector<topic_state*> due;
    for (auto& [name, t] : topics_) {
        if (!t->asking && now - t->asked_at >= period) {
            due.push_back(t.get());
        }
    }
    const std::size_t count = std::min(due.size(), evaluations_at_once);
    std::partial_sort(
        due.begin(), due.begin() + static_cast<std::ptrdiff_t>(count), due.end(),
        [](const topic_state* a, const topic_state* b) { return a->asked_at < b->asked_at; });
    for (std::size_t i = 0; i < count; ++i) {
        evaluate(*due[i], now);
    }
}

/// As if a client had sent the GET, but that it is counted nowhere.
void event_hub::evaluate(topic_state& t, mono_time now) {
    t.asking = true;
    t.asked_at = now;
    call q;
    q.request.method = "GET";
    q.request.query = t.asked.query;
    if (t.slim) {
        q.request.query.emplace_back("payload", "false");
    }
    q.path = t.asked.named;
    auto taken = loop_.then<net::response>(
        [this, name = t.asked.name](const net::response& r) { take(name, r); });
    // Shared, as every responder.
    const reply to(context_,
                   std::make_shared<answer_catcher>(
                       std::move(taken), loop_.then<run_loop::task>([](const auto& f) { f(); })),
                   q);
    const route* found = find_call(t.asked.call);
    try {
        found->run(context_, q, to);
    } catch (const std::exception& e) {
        to.fail({model::errc::internal, e.what(), {}});
    }
}

void event_hub::take(const std::string& name, const net::response& r) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) {
        return;
    }
    topic_state& t = *found->second;
    t.asking = false;
    if (t.asked.call == "get_task" && r.body.size() > large_answer && !t.slim) {
        t.slim = true;
        evaluate(t, t.asked_at);
        return;
    }
    std::string compared = without_clock(r.body);
    if (compared != t.compared || t.frame.empty()) {
        t.compared = std::move(compared);
        t.number = ++number_;
        t.frame = event_frame(t.asked.name, t.number, one_line(r.body));
    }
    for (const ticket who : t.listeners) {
        line_up(who);
    }
}

/// Does nothing when there is nothing that it has not been told.
void event_hub::line_up(ticket who) {
    const auto found = clients_.find(who);
    if (found == clients_.end() || found->second.in_line) {
        return;
    }
    client& one = found->second;
    const bool news = std::any_of(one.topics.begin(), one.topics.end(),
                                  [&](const topic_state* t) { return t->number > one.told; });
    if (news) {
        one.in_line = true;
        line_.push_back(who);
        step_soon();
    }
}

void event_hub::step_soon() {
    if (!std::exchange(stepping_, true)) {
        loop_.after(step_every, [this] {
            stepping_ = false;
            step();
        });
    }
}

void event_hub::step() {
    const mono_time now = context_.services.time.monotonic();
    std::size_t turns = std::max(least_step, line_.size() / steps);
    while (turns-- > 0 && !line_.empty()) {
        const ticket who = line_.front();
        line_.pop_front();
        const auto found = clients_.find(who);
        if (found == clients_.end()) {
            continue;
        }
        if (found->second.to->unsent() > 0) {
            slow_.push_back(who);
            continue;
        }
        found->second.in_line = false;
        write_to(found->second, now);
    }
    if (!line_.empty()) {
        step_soon();
    }
}

void event_hub::write_to(client& one, mono_time now) {
    std::vector<const topic_state*> news;
    for (const topic_state* t : one.topics) {
        if (t->number > one.told) {
            news.push_back(t);
        }
    }
    std::sort(news.begin(), news.end(),
              [](const topic_state* a, const topic_state* b) { return a->number < b->number; });
    std::string text;
    for (const topic_state* t : news) {
        text += t->frame;
        one.told = t->number;
    }
    if (!text.empty()) {
        events_sent_ += news.size();
        one.written_at = now;
        one.to->write(std::move(text));
    }
}

void event_hub::keep_alive(mono_time now) {
    for (auto& [who, one] : clients_) {
        if (now - one.written_at >= quiet && one.to->unsent() == 0) {
            one.written_at = now;
            one.to->write(": still here\n\n");
        }
    }
}

}  // namespace kwq::rest
