// Values that grow without being read: each kind by itself, and in both stores, wherever the
// operands lie when they are joined.
#include "store/merging.hpp"
#include "store/kv.hpp"
#include "store/tally.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <map>
#include <random>
#include <vector>

using namespace kwq::store;

namespace {

std::string merged(std::string value, std::string_view operand) {
    merge_or_throw(value, operand);
    return value;
}

std::string sum(const std::vector<std::int64_t>& numbers) {
    return sum_operand(numbers);
}

std::string tally(const tallied& only) {
    std::string numbers;
    tally_writer(numbers).put(only);
    return tally_operand(numbers);
}

/// Cells and lists may be written in two ways, as the operands happened to be joined.
std::string shown(std::string_view key, std::string_view value) {
    if (key.front() == '4') {
        return settled(read_entries(value).entries);
    }
    return key.front() == '2' ? read_cells(value) : std::string(value);
}

std::string all_of(const kv& rows, std::string_view prefix) {
    std::string found;
    rows.scan(prefix, {}, [&](std::string_view key, std::string_view value) {
        found.append(key).append("=").append(shown(key, value)).append(";");
        return true;
    });
    return found;
}

}  // namespace

TEST_CASE("sums add up number by number") {
    const auto all = merged(merged(sum({1, -2}), sum({5, 5, 5})), sum({-6}));
    CHECK(read_sum(all, 3) == std::vector<std::int64_t>{0, 3, 5});
    CHECK(read_sum(all, 4) == std::vector<std::int64_t>{0, 3, 5, 0});
}

TEST_CASE("cells that are all written are set where they are") {
    std::string value = cell_operand(0, 'a');
    CHECK_FALSE(set_in_place(value, cell_operand(1, 'b')));  // some of them: there is no room
    for (int i = 0; i < 100; ++i) {
        value = merged(value, cell_operand(static_cast<std::uint8_t>(i), 'c'));
    }
    const auto size = value.size();
    REQUIRE(set_in_place(value, cell_operand(200, 'd')));
    CHECK(value.size() == size);
    const auto cells = read_cells(value);
    CHECK(cells[99] == 'c');
    CHECK(cells[100] == unset_cell);
    CHECK(cells[200] == 'd');
    CHECK_FALSE(set_in_place(value, tail_operand("x")));
    CHECK_FALSE(set_in_place({}, cell_operand(1, 'b')));
}

TEST_CASE("tails follow each other") {
    CHECK(read_tail(merged(merged(tail_operand("ab"), tail_operand("")), tail_operand("c"))) ==
          "abc");
}

TEST_CASE("of each cell the newest is there, however many are set") {
    std::minstd_rand random(3);
    for (const unsigned different : {3U, 60U, 70U, 256U}) {
        std::string expected(cells_a_value, unset_cell);
        std::string left;
        std::string right;  // joined by themselves first
        for (int i = 0; i < 300; ++i) {
            const auto index = static_cast<std::uint8_t>(random() % different);
            const auto cell = static_cast<char>(random() % 100);
            expected[index] = cell;
            merge_or_throw(i < 150 ? left : right, cell_operand(index, cell));
        }
        CHECK(read_cells(merged(left, right)) == expected);
        CHECK(read_cells(merged(cell_operand(0, 'x'), merged(left, right))) == expected);
    }
}

TEST_CASE("values of two kinds, or of none, are damage") {
    const std::array all{sum({1}),
                         tail_operand("a"),
                         cell_operand(1, 'a'),
                         std::string("\x09?"),
                         std::string("\x03\x01", 2),
                         tally({1, joining::least, 1}),
                         entry_operand({"a", "1"})};
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            if (i != j || i == 3 || i == 4) {
                auto value = all.at(i);
                CHECK_FALSE(merge_into(value, all.at(j)));
            }
        }
    }
    CHECK_THROWS_AS(read_sum(all[1], 1), storage_failure);
    CHECK_THROWS_AS(read_tail(all[0]), storage_failure);
    CHECK_THROWS_AS(read_cells(all[4]), storage_failure);
    CHECK_THROWS_AS(read_cells(""), storage_failure);
    const auto rows = make_memory_kv();
    rows->merge("a", sum({1}));
    CHECK_THROWS_AS(rows->merge("a", tail_operand("b")), storage_failure);
}

TEST_CASE("merges show the same in both stores, pending, committed and read again") {
    kwq::test::temporary_directory directory;
    const auto open = [&] { return open_rocksdb({.directory = directory.file("state")}); };
    auto rocksdb = open();
    const auto memory = make_memory_kv();
    std::minstd_rand random(11);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto operand = [&](unsigned kind, int i) {
        return kind == 0   ? sum({i, -i, static_cast<std::int64_t>(below(9))})
               : kind == 1 ? tail_operand(std::to_string(i))
               : kind == 2 ? cell_operand(static_cast<std::uint8_t>(below(90)),
                                          static_cast<char>('a' + below(20)))
               : kind == 3 ? tally({below(90), joining::sum, std::int64_t{below(9)} - 4})
                           : entry_operand({std::to_string(below(9)), "v", below(3) > 0});
    };
    for (int i = 0; i < 6'000; ++i) {
        const auto kind = below(5);
        const auto key = std::to_string(kind) + std::to_string(below(8));
        const auto action = below(100);
        const auto written = operand(kind, i);
        for (kv* rows : {memory.get(), rocksdb.get()}) {
            if (action < 3) {
                rows->begin_commit();
            } else if (action < 5) {
                rows->erase(key);
            } else if (action < 8) {
                rows->put(key, written);
            } else if (action < 10 && !rows->get(key)) {
                rows->put_new(key, written);
            } else {
                rows->merge(key, written);
            }
        }
        if (i % 1'000 == 999) {
            memory->commit();
            rocksdb->commit();
            rocksdb.reset();
            rocksdb = open();
        }
        const auto stored = rocksdb->get(key);
        const auto expected = memory->get(key);
        REQUIRE(stored.has_value() == expected.has_value());
        if (stored) {
            REQUIRE(shown(key, *stored) == shown(key, *expected));
        }
        if (i % 20 == 0) {
            REQUIRE(all_of(*rocksdb, "") == all_of(*memory, ""));
            REQUIRE(all_of(*rocksdb, "1") == all_of(*memory, "1"));
        }
    }
}
