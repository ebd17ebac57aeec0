#include "eventlog/topics.hpp"

namespace kwq::eventlog {

std::string topic_names::tasks(const model::queue_name& queue, model::priority p) const {
    return prefix + "-" + queue.value() + "-" + std::to_string(p.value());
}

}  // namespace kwq::eventlog
