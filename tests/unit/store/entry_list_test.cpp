// Lists of entries: what happened last to each counts, however the operands were joined.
#include "store/entry_list.hpp"
#include "store/kv.hpp"
#include "store/merging.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

using namespace kwq::store;

namespace {

std::map<std::string, std::string> entries_in(std::string_view entries) {
    std::map<std::string, std::string> found;
    for (entry_reader r(entries); !r.at_end();) {
        const auto e = r.next();
        REQUIRE(e.is_there);
        REQUIRE(found.emplace(e.key, e.value).second);
    }
    return found;
}

}  // namespace

TEST_CASE("a settled list holds what was put in last and not taken out") {
    std::minstd_rand random(23);
    for (int round = 0; round < 200; ++round) {
        std::map<std::string, std::string> expected;
        std::string left;
        std::string right;  // joined by itself first
        const auto steps = 1 + random() % 60;
        for (unsigned n = 0; n < steps; ++n) {
            std::string key(1, 'k');  // some are alike in their first eight bytes, zeros included
            while (key.size() < 10 && random() % 5 != 0) {
                key.push_back(random() % 3 == 0 ? '\0' : 'x');
            }
            const std::string value(random() % 3 == 0 ? 0 : random() % 200, 'v');
            const bool is_there = random() % 3 != 0;
            merge_or_throw(n < steps / 2 ? left : right, entry_operand({key, value, is_there}));
            if (is_there) {
                expected[key] = value;
            } else {
                expected.erase(key);
            }
        }
        if (!left.empty()) {
            merge_or_throw(left, right);
        } else {
            left = right;
        }
        REQUIRE(entries_in(settled(read_entries(left).entries)) == expected);
        settle(left);
        REQUIRE((read_entries(left).is_settled || steps == 0));
        REQUIRE(is_empty_list(left) == expected.empty());
    }
}

TEST_CASE("a list from which nothing was taken is settled as it is") {
    auto list = entry_operand({"a", "1"});
    merge_or_throw(list, entry_operand({"b", ""}));
    const auto before = list;
    settle(list);
    CHECK(list == before);
    CHECK(entries_in(read_entries(list).entries) ==
          std::map<std::string, std::string>{{"a", "1"}, {"b", ""}});
}

TEST_CASE("a list that ends too early is damage") {
    std::string entries;
    write_entry({"key", "value"}, entries);
    for (std::size_t bytes = 1; bytes < entries.size(); ++bytes) {
        CHECK_THROWS_AS(settled(std::string_view(entries).substr(0, bytes)), storage_failure);
    }
    CHECK_THROWS_AS(read_entries(sum_operand(std::vector<std::int64_t>{1})), storage_failure);
}
