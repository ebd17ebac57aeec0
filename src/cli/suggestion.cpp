// suggestion: Levenshtein distance with transpositions, over names of a few letters.
#include "cli/suggestion.hpp"

#include <algorithm>

namespace kwq::cli {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        d[i][0] = i;
    }
    for (std::size_t j = 0; j <= b.size(); ++j) {
        d[0][j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view given,
                                        const std::vector<std::string>& names) {
    const std::string* best = nullptr;
    std::size_t best_distance = 0;
    for (const std::string& name : names) {
        const std::size_t d = distance(given.substr(0, 64), name);
        if (best == nullptr || d < best_distance) {
            best = &name;
            best_distance = d;
        }
    }
    if (best == nullptr || best_distance > std::max<std::size_t>(1, best->size() / 3)) {
        return {};
    }
    return *best;
}

}  // namespace kwq::cli
