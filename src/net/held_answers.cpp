#include "net/held_answers.hpp"

#include <utility>

namespace kwq::net {

void held_answers::hold(std::function<void()> go, mono_time now) {
    constexpr auto spans = static_cast<unsigned>((longest - shortest).count());
    held_.emplace(now + shortest + milliseconds{spread_() % spans}, std::move(go));
}

void held_answers::release(mono_time now) {
    while (!held_.empty() && held_.begin()->first <= now) {
        const auto due = held_.extract(held_.begin());
        due.mapped()();
    }
}

}  // namespace kwq::net
