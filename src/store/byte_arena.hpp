// byte_arena: texts that are all forgotten at once. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace kwq::store {

class byte_arena {
public:
    /// Room that stays where it is until clear(), for values of any kind that need no destructor.
    char* take(std::size_t bytes, std::size_t alignment = 1);
    std::string_view keep(std::string_view text);
    /// Forgets everything; as much memory as was needed stays for what comes next.
    void clear();
    std::size_t bytes() const { return used_; }

private:
    struct block {
        std::unique_ptr<char[]> room;
        std::size_t size = 0;
    };

    std::vector<block> blocks_;
    std::size_t at_block_ = 0;
    std::size_t at_ = 0;  // in that block
    std::size_t used_ = 0;
};

}  // namespace kwq::store
