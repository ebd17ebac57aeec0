// patience: see the header.
#include "cli/patience.hpp"

#include "base/random.hpp"
#include "cli/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kwq::cli {

milliseconds pause_after(std::uint32_t n) {
    return milliseconds{std::min<std::int64_t>(250LL << std::min(n, 10U), 10'000)};
}

template <class T>
outcome<T> with_patience(session& s, const std::function<outcome<T>()>& once) {
    for (std::uint32_t n = 0;; ++n) {
        outcome<T> done = once();
        if (done || !done.error().may_pass) {
            return done;
        }
        if (n == 0) {
            s.say("kwq: " + done.error().message + "; trying again until it works");
        }
        if (!wait_for(pause_after(n))) {
            return failure{exit_code::interrupted,
                           "interrupted; the last try: " + done.error().message};
        }
    }
}

template outcome<reply> with_patience(session&, const std::function<outcome<reply>()>&);
template outcome<void> with_patience(session&, const std::function<outcome<void>()>&);

std::string random_hex() {
    const auto random = make_system_random();
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(random->next()),
                  static_cast<unsigned long long>(random->next()));
    return text.data();
}

}  // namespace kwq::cli
