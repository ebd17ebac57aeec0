// scenario [--rewrite] FILE…: runs transcripts. A transcript is commands, a line `----`, what came
// of them, and an empty line; lines that begin with # say why. --rewrite puts in what came: review
// the difference by reading it.
#include "world.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace {

std::string run(const std::string& path) {
    kwq::scenario::world world;
    world.take_output();
    std::ifstream in(path);
    std::string out;
    bool skipping = false;
    for (std::string line; std::getline(in, line);) {
        if (line == "----") {
            out += "----\n" + world.take_output();
            skipping = true;
            continue;
        }
        if (line.empty()) {
            skipping = false;
            out += "\n";
            continue;
        }
        if (skipping) {
            continue;
        }
        out += line + "\n";
        if (line.front() != '#') {
            kwq::scenario::run_verb(world, line);
        }
    }
    return out;
}

std::string whole(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The first line that differs, for people.
void show_difference(const std::string& path, const std::string& expected, const std::string& got) {
    std::istringstream a(expected);
    std::istringstream b(got);
    std::string x;
    std::string y;
    for (int number = 1;; ++number) {
        const bool more_a = static_cast<bool>(std::getline(a, x));
        const bool more_b = static_cast<bool>(std::getline(b, y));
        if (!more_a && !more_b) {
            return;
        }
        if (!more_a || !more_b || x != y) {
            std::printf("%s:%d\n  expected: %s\n  got:      %s\n", path.c_str(), number,
                        more_a ? x.c_str() : "(the end)", more_b ? y.c_str() : "(the end)");
            return;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    bool rewrite = false;
    int failed = 0;
    for (int i = 1; i < argc; ++i) {
        const std::string path = argv[i];
        if (path == "--rewrite") {
            rewrite = true;
            continue;
        }
        try {
            const auto expected = whole(path);
            const auto got = run(path);
            if (got == expected && !got.empty()) {
                continue;
            }
            if (rewrite) {
                std::ofstream(path) << got;
                continue;
            }
            show_difference(path, expected, got);
        } catch (const std::exception& e) {
            std::printf("%s: %s\n", path.c_str(), e.what());
        }
        ++failed;
    }
    return failed == 0 ? 0 : 1;
}
