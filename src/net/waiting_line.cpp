#include "net/waiting_line.hpp"

#include <algorithm>
#include <utility>

namespace kwq::net {

namespace {

constexpr milliseconds stands_after{500};
constexpr milliseconds moving_for{250};    // while answers come: none do while a disk stalls
constexpr milliseconds stands_for{2'000};  // longer than those who are turned away are held
constexpr milliseconds patience{1'000};
constexpr milliseconds moment{10};  // for more than that nobody waits where there is no crowd
constexpr milliseconds moment_when_standing{3};  // what is served then is served soon
constexpr std::size_t turned_away_at_once = 32;
constexpr milliseconds adjust_every{50};
constexpr std::size_t fewest_answers = 8;  // that say something
constexpr double slack_ms = 1;             // as fine as the clock is
constexpr double forgetting = 1.002;       // what was calm once is doubled in 20 s

}  // namespace

void waiting_line::join(turn t, mono_time now) {
    look(now);
    if (line_.empty()) {
        not_empty_since_ = now;
        moved_ = milliseconds{0};
    }
    line_.push_back({std::move(t), now});
}

void waiting_line::leave(mono_time since, mono_time now) {
    was_full_ = was_full_ || (!line_.empty() && served_ >= room_);
    --served_;
    moved_ += std::min(now - left_, moment);
    left_ = now;
    ++answered_;
    answer_time_ += now - since;
    if (now - adjusted_ >= adjust_every && answered_ >= fewest_answers) {
        adjust(now);
    }
}

void waiting_line::adjust(mono_time now) {
    const double each = static_cast<double>(answer_time_.count()) / static_cast<double>(answered_);
    calm_ms_ = calm_ms_ > 0 ? std::min(calm_ms_ * forgetting, each) : each;
    const double most = stands_ ? calm_ms_ * 5 / 4 + slack_ms / 2 : calm_ms_ * 2 + slack_ms;
    if (each > most) {
        room_ = std::max(stands_ ? least_room_when_standing : least_room, room_ * 3 / 4);
    } else if (was_full_) {
        room_ = std::min(most_room, room_ + std::max<std::size_t>(room_ / 8, 1));
    }
    adjusted_ = now;
    answered_ = 0;
    answer_time_ = milliseconds{0};
    was_full_ = false;
}

void waiting_line::look(mono_time now) {
    if (!line_.empty() && now - line_.front().since > moment) {
        last_wait_ = now;
        stands_ = stands_ || moved_ > moving_for || now - not_empty_since_ > stands_after;
    } else if (now - last_wait_ > stands_for) {
        stands_ = false;
        room_ = std::max(room_, least_room);
    }
}

milliseconds waiting_line::longest() const {
    return stands_ ? moment_when_standing : patience;
}

bool waiting_line::moves(mono_time now) {
    look(now);
    return !line_.empty() && (served_ < room_ || now - line_.front().since > longest());
}

void waiting_line::advance(mono_time now) {
    for (std::size_t i = 0; i < turned_away_at_once && moves(now); ++i) {
        const waiting first = std::move(line_.front());
        line_.pop_front();
        const bool served = now - first.since <= longest();
        if (!served) {
            last_wait_ = now;
        }
        served_ += served ? 1 : 0;
        first.go(served);
        if (served) {
            return;
        }
    }
}

}  // namespace kwq::net
