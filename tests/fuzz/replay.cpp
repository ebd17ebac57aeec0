// replay: a target's corpus, and a fixed number of mutations of it that are the same on every run.
// Needs no libFuzzer, so every build runs it.
//
//     fuzz_replay TARGET FILE_OR_FOLDER MUTATIONS
#include "target.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace kwq::fuzz {

namespace {

std::vector<std::string> read_corpus(const std::filesystem::path& where) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(where)) {
        for (const auto& file : std::filesystem::directory_iterator(where)) {
            files.push_back(file.path());
        }
    } else {
        files.push_back(where);
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> inputs;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return inputs;
}

/// Where readers go wrong: ends of ranges, marks of the formats.
const std::string& some_token(random_source& random) {
    static const std::vector<std::string> tokens{"-1",
                                                 "0",
                                                 "9223372036854775807",
                                                 "-9223372036854775808",
                                                 "18446744073709551616",
                                                 "1e308",
                                                 "null",
                                                 "true",
                                                 "[",
                                                 "]",
                                                 "{",
                                                 "}",
                                                 "\"",
                                                 ":",
                                                 ",",
                                                 "\\u0000",
                                                 "\\ud800",
                                                 "\r\n",
                                                 "\n",
                                                 "\r",
                                                 " ",
                                                 "\t",
                                                 "%00",
                                                 "%",
                                                 "/",
                                                 "..",
                                                 "?",
                                                 "&",
                                                 "=",
                                                 "Content-Length: ",
                                                 "Transfer-Encoding: chunked\r\n",
                                                 "Host: ",
                                                 std::string(1, '\0'),
                                                 "\x7f",
                                                 "\x80",
                                                 "\xff",
                                                 std::string(300, 'a'),
                                                 std::string(40, '[')};
    return tokens[random.below(tokens.size())];
}

void mutate_once(std::string& text, const std::vector<std::string>& corpus, random_source& random) {
    const std::size_t at = text.empty() ? 0 : random.below(text.size() + 1);
    const std::size_t left = text.size() - at;
    const std::size_t some = left == 0 ? 0 : random.below(std::min<std::size_t>(left, 32) + 1);
    switch (random.below(8)) {
        case 0: text.insert(at, 1, static_cast<char>(random.below(256))); break;
        case 1: text.erase(at, some); break;
        case 2:
            if (left > 0) {
                text[at] = static_cast<char>(random.below(256));
            }
            break;
        case 3:
            if (left > 0) {
                text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
            }
            break;
        case 4: text.insert(at, some_token(random)); break;
        case 5: text.replace(at, some, some_token(random)); break;
        case 6: text.insert(random.below(text.size() + 1), text.substr(at, some)); break;
        default: {
            const std::string& other = corpus[random.below(corpus.size())];
            text = text.substr(0, at) + other.substr(random.below(other.size() + 1));
            break;
        }
    }
}

int replay(const target& t, const std::string& where, std::uint64_t mutations) {
    const auto corpus = read_corpus(where);
    if (corpus.empty()) {
        std::fprintf(stderr, "%s holds no input\n", where.c_str());
        return 1;
    }
    t.run("");
    for (const std::string& input : corpus) {
        t.run(input);
    }
    seeded_random random(20'260'101);
    for (std::uint64_t i = 0; i < mutations; ++i) {
        std::string text = corpus[random.below(corpus.size())];
        for (std::uint64_t n = random.below(4) + 1; n > 0; --n) {
            mutate_once(text, corpus, random);
        }
        t.run(text);
    }
    std::printf("%s: %zu inputs kept, %llu mutations\n", std::string(t.name).c_str(), corpus.size(),
                static_cast<unsigned long long>(mutations));
    return 0;
}

}  // namespace

}  // namespace kwq::fuzz

int main(int argc, char** argv) {
    const auto* target = argc == 4 ? kwq::fuzz::find_target(argv[1]) : nullptr;
    if (target == nullptr) {
        std::fprintf(stderr, "fuzz_replay TARGET FILE_OR_FOLDER MUTATIONS\n");
        return 2;
    }
    return kwq::fuzz::replay(*target, argv[2], std::strtoull(argv[3], nullptr, 10));
}
