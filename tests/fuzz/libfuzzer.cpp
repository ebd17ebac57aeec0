// libfuzzer: one target under libFuzzer, chosen when it is compiled.
#include "target.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kwq::fuzz::KWQ_FUZZ_TARGET(
        {reinterpret_cast<const char*>(data), size});  // bytes are bytes to every target
    return 0;
}
