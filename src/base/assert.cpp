#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace kwq {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "kwq: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace kwq
