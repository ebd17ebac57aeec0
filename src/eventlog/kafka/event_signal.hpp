// event_signal: a file descriptor that becomes readable when a queue of librdkafka's has something,
// or when somebody says so. librdkafka signals once when an empty queue gets its first element, and
// not again until the queue has been served to its end: whoever is woken must do that.
#pragma once

struct rd_kafka_queue_s;

namespace kwq::eventlog::kafka {

class event_signal {
public:
    event_signal();
    ~event_signal();
    event_signal(const event_signal&) = delete;
    event_signal& operator=(const event_signal&) = delete;

    int descriptor() const { return descriptor_; }
    void raise() const;  // any thread
    void clear() const;
    void follow(rd_kafka_queue_s* queue) const;

private:
    int descriptor_;
};

}  // namespace kwq::eventlog::kafka
