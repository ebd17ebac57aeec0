// target: what is fuzzed. Each function takes any bytes at all, feeds them to one reader of foreign
// input, and checks what must hold of whatever came out. It never throws; what does not hold ends
// the process, which is how both drivers (libFuzzer's and `replay`) notice.
#pragma once

#include <span>
#include <string_view>

namespace kwq::fuzz {

void answer(std::string_view input);
void control(std::string_view input);
void event(std::string_view input);
void fold(std::string_view input);
void json(std::string_view input);
void records(std::string_view input);
void request(std::string_view input);
void request_head(std::string_view input);
void settings(std::string_view input);
void task_record(std::string_view input);
void tokens(std::string_view input);
void url(std::string_view input);

struct target {
    std::string_view name;
    void (*run)(std::string_view input);
};
std::span<const target> targets();
const target* find_target(std::string_view name);

/// Ends the process with `what` when it does not hold.
void must(bool holds, std::string_view what);

/// Takes pieces of the input off its front: numbers, lines. An empty input gives zeros for ever.
class pieces {
public:
    explicit pieces(std::string_view input) : rest_(input) {}

    bool empty() const { return rest_.empty(); }
    unsigned char byte() {
        if (rest_.empty()) {
            return 0;
        }
        const auto first = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }
    /// Below `bound`, which is 1 to 256.
    unsigned below(unsigned bound) { return byte() % bound; }
    std::string_view line() {
        const auto end = rest_.find('\n');
        const auto out = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return out;
    }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace kwq::fuzz
