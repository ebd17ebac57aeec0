// An eventfd.
#include "eventlog/kafka/event_signal.hpp"

#include "base/assert.hpp"

#include <librdkafka/rdkafka.h>

#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace kwq::eventlog::kafka {

namespace {

constexpr std::uint64_t one_more = 1;

}  // namespace

event_signal::event_signal() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    KWQ_ASSERT(descriptor_ >= 0);
}

event_signal::~event_signal() {
    ::close(descriptor_);
}

void event_signal::raise() const {
    // Full means that it is readable already.
    static_cast<void>(!::write(descriptor_, &one_more, sizeof one_more));
}

void event_signal::clear() const {
    std::uint64_t count = 0;
    static_cast<void>(!::read(descriptor_, &count, sizeof count));
}

void event_signal::follow(rd_kafka_queue_s* queue) const {
    rd_kafka_queue_io_event_enable(queue, descriptor_, &one_more, sizeof one_more);
}

}  // namespace kwq::eventlog::kafka
