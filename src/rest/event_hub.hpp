// event_hub: everybody who listens to GET /events. A topic is evaluated once for all who listen to
// it, at most four times a second, and told when it has changed. What is told is always the whole
// answer, so a client that is slow, or comes back, needs only the latest: there is no queue for
// each client, only the number of what it was told last.
//
// It has a thread of its own. Writes are spread over the quarter of a second, so that the server's
// threads, which also hand out work, are never busy with listeners for long.
#pragma once

#include "rest/context.hpp"
#include "rest/event_topics.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::rest {

class event_hub {
public:
    static constexpr std::size_t most_clients = 1'000;
    static constexpr std::size_t most_topics_each = 32;

    explicit event_hub(context& c);
    ~event_hub();
    event_hub(const event_hub&) = delete;
    event_hub& operator=(const event_hub&) = delete;

    /// A place for one more; false when all are taken. Any thread. Given back when it parts.
    bool enter();
    std::size_t clients() const { return clients_open_; }
    std::uint64_t events() const { return events_sent_; }

    using ticket = std::uint64_t;
    /// Any thread. `last` is the number of the last event the client had, if it had one. The stream
    /// has begun.
    ticket join(std::vector<event_topic> topics, std::optional<std::uint64_t> last,
                net::stream_responder_ptr to);
    /// The client has gone. Any thread.
    void part(ticket who);
    /// Ends all streams, so that clients see the end of the answer and not a cut. Any thread.
    void end_all();
    /// Joins the thread. Before the context's own loop stops.
    void stop();

private:
    struct topic_state;
    struct client {
        net::stream_responder_ptr to;
        std::vector<topic_state*> topics;
        std::uint64_t told = 0;  // all up to this number, of its topics
        mono_time written_at;
        bool in_line = false;
    };
    struct topic_state {
        event_topic asked;
        std::vector<ticket> listeners;
        std::string compared;      // the answer without its clock
        std::string frame;         // empty until the first answer
        std::uint64_t number = 0;  // of the newest event
        mono_time asked_at{};
        bool asking = false;
        bool slim = false;  // its answer is large: a task without its payload
    };
    using topic_map = std::map<std::string, std::unique_ptr<topic_state>>;

    // hub's thread
    void admit(ticket who, std::vector<event_topic> topics, std::optional<std::uint64_t> last,
               net::stream_responder_ptr to);
    void drop(ticket who);
    topic_state& listen(ticket who, event_topic asked);
    void tick();
    void evaluate_due(mono_time now);
    void evaluate(topic_state& t, mono_time now);
    void take(const std::string& name, const net::response& r);
    void line_up(ticket who);
    void step_soon();
    void step();
    void write_to(client& one, mono_time now);
    void keep_alive(mono_time now);

    // set once
    context& context_;
    const std::uint64_t first_number_;
    // any thread
    std::atomic<std::size_t> clients_open_{0};
    std::atomic<std::uint64_t> events_sent_{0};
    std::atomic<ticket> tickets_{0};
    std::atomic<bool> ended_{false};
    // hub's thread only
    topic_map topics_;
    std::map<ticket, client> clients_;
    std::deque<ticket> line_;   // have something to be told
    std::vector<ticket> slow_;  // have not taken what they were told last
    std::uint64_t number_;      // of the newest event of all
    mono_time kept_alive_at_{};
    bool ticking_ = false;
    bool stepping_ = false;
    timed_loop loop_;
};

}  // namespace kwq::rest
