// Lists of tasks: whatever was put on them and taken off again, they are in submit order from
// wherever one begins, in both directions, and from both stores.
#include "tracker/task_lists.hpp"
#include "store/merging.hpp"
#include "temporary_directory.hpp"
#include "tracker/tables.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace kwq;
using namespace kwq::tracker;

namespace {

using orders = std::map<std::string, std::string>;  // submit order -> value

row_place place_of(std::int32_t shard, const std::string& queue, std::int32_t p, std::int64_t at) {
    return {model::shard_id{shard},
            {model::queue_name{queue}, model::priority{p}, model::offset{at}}};
}

/// The lists that tests write, as plain maps too.
class both {
public:
    explicit both(store::kv& state) : names_(state), lists_(state, names_) {}

    bool is_on(const std::string& list, instant at, const row_place& place) {
        return expected_[list].contains(keys::submit_order(at, place));
    }
    void put(const std::string& list, instant at, const row_place& place,
             const std::string& value) {
        lists_.put(list, {at, lists_.lane_of(place), place.record.offset}, value);
        expected_[list][keys::submit_order(at, place)] = value;
    }
    void take_out(const std::string& list, instant at, const row_place& place) {
        lists_.take_out(list, {at, lists_.lane_of(place), place.record.offset});
        expected_[list].erase(keys::submit_order(at, place));
    }
    const orders& on(const std::string& list) { return expected_[list]; }
    std::optional<instant> first_submitted(const std::string& list) {
        return lists_.first_submitted(list);
    }

    orders walked(const std::string& list, const std::string& from, std::size_t most) {
        std::vector<std::pair<std::string, std::string>> found;
        lists_.walk(list, from, [&](std::string_view order, std::string_view value) {
            found.emplace_back(order, value);
            return found.size() < most;
        });
        REQUIRE(std::is_sorted(found.begin(), found.end()));
        return {found.begin(), found.end()};
    }
    orders walked_back(const std::string& list, const std::string& before, std::size_t most) {
        std::vector<std::pair<std::string, std::string>> found;
        lists_.walk_back(list, before, [&](std::string_view order, std::string_view value) {
            found.emplace_back(order, value);
            return found.size() < most;
        });
        REQUIRE(std::is_sorted(found.rbegin(), found.rend()));
        return {found.begin(), found.end()};
    }
    std::multimap<std::string, std::string> values(const std::string& prefix) {
        std::multimap<std::string, std::string> found;
        lists_.each_value(prefix, [&](std::string_view rest, std::string_view value) {
            found.emplace(rest, value);
        });
        return found;
    }

private:
    name_table names_;
    task_lists lists_;
    std::map<std::string, orders> expected_;
};

orders first_of(const orders& all, const std::string& from, std::size_t most) {
    orders out;
    for (auto o = all.lower_bound(from); o != all.end() && out.size() < most; ++o) {
        out.insert(*o);
    }
    return out;
}

orders last_of(const orders& all, const std::string& before, std::size_t most) {
    orders out;
    auto o = before.empty() ? all.end() : all.lower_bound(before);
    while (o != all.begin() && out.size() < most) {
        out.insert(*--o);
    }
    return out;
}

}  // namespace

TEST_CASE("lists are in submit order, whatever came and went") {
    kwq::test::temporary_directory directory;
    const bool on_disk = GENERATE(false, true);
    const auto state =
        on_disk ? store::open_rocksdb(
                      {.directory = directory.file("state"),
                       .memtable_bytes = 64U << 10U,
                       .may_drop = [](auto key,
                                      auto value) { return may_drop(key, value, instant{0}); }})
                : store::make_memory_kv();
    both all(*state);
    std::minstd_rand random(on_disk ? 3 : 4);
    const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
    const std::vector<std::string> names{keys::list_of_tag(1), keys::list_of_tag(2),
                                         keys::list_of_job(7, model::task_state::pending),
                                         keys::list_of_job(7, model::task_state::complete)};
    const auto any_order = [&](const std::string& list) -> std::string {
        const auto& there = all.on(list);
        if (there.empty() || below(4) == 0) {
            return {};
        }
        auto o = there.begin();
        std::advance(o, below(static_cast<unsigned>(there.size())));
        return below(3) == 0 ? o->first + '\0' : o->first;
    };
    for (int step = 0; step < 4'000; ++step) {
        const auto& list = names.at(static_cast<std::size_t>(below(4)));
        const auto place =
            place_of(static_cast<std::int32_t>(below(2)), below(2) == 0 ? "a" : "b",
                     static_cast<std::int32_t>(below(2) + 1), below(3) * 16'380 + below(9));
        // Few moments, far apart and close together; one before 1970.
        const instant at{below(3) * 100'000 + below(4) * 300 - 1};
        if (const auto drawn = below(10); drawn < 5 && !all.is_on(list, at, place)) {
            all.put(list, at, place, below(2) == 0 ? "" : std::to_string(step));
        } else if (drawn > 4 && drawn < 8) {
            all.take_out(list, at, place);
        } else if (drawn == 8) {
            below(2) == 0 ? state->begin_commit() : state->commit();
        }
        const auto& there = all.on(list);
        const auto most = static_cast<std::size_t>(1 + below(30));
        const auto from = any_order(list);
        REQUIRE(all.walked(list, from, most) == first_of(there, from, most));
        REQUIRE(all.walked_back(list, from, most) == last_of(there, from, most));
        const auto first = all.first_submitted(list);
        REQUIRE(first.has_value() == !there.empty());
        if (first) {
            const auto least = keys::submitted_at_in_submit_order(there.begin()->first).value();
            REQUIRE(first->value() / 512 == least / 512);
        }
    }
    const auto of_job = all.values(keys::lists_of_job(7));
    const auto of_state = [](model::task_state s) { return std::string(1, static_cast<char>(s)); };
    CHECK(of_job.count(of_state(model::task_state::pending)) == all.on(names[2]).size());
    CHECK(of_job.count(of_state(model::task_state::complete)) == all.on(names[3]).size());
    CHECK(of_job.size() == all.on(names[2]).size() + all.on(names[3]).size());
}

TEST_CASE("who comes upon what a list has nothing in any more erases it") {
    const auto state = store::make_memory_kv();
    both all(*state);
    const auto list = keys::list_of_job(1, model::task_state::pending);
    for (std::int64_t n = 0; n < 20; ++n) {
        all.put(list, instant{n * 1'000}, place_of(0, "q", 1, n), "");
    }
    for (std::int64_t n = 0; n < 18; ++n) {
        all.take_out(list, instant{n * 1'000}, place_of(0, "q", 1, n));
    }
    const auto rows = [&] {
        std::size_t found = 0;
        state->scan(list, {}, [&](std::string_view, std::string_view) { return ++found > 0; });
        return found;
    };
    CHECK(rows() == 20);
    CHECK(all.walked(list, {}, 1) == first_of(all.on(list), {}, 1));
    CHECK(rows() == 2);
    all.put(list, instant{5'000}, place_of(0, "q", 1, 5), "again");
    CHECK(all.walked(list, {}, 10) == all.on(list));
    all.take_out(list, instant{5'000}, place_of(0, "q", 1, 5));
    CHECK(all.walked_back(list, {}, 10) == all.on(list));
    CHECK(rows() == 2);
}

TEST_CASE("what is empty at the beginning of a list is passed by in steps") {
    const auto state = store::make_memory_kv();
    both all(*state);
    const auto list = keys::list_of_job(1, model::task_state::pending);
    constexpr std::int64_t moments = 100;
    const std::string tags(10'000, 't');
    for (std::int64_t n = 0; n < moments; ++n) {
        all.put(list, instant{n * 1'024}, place_of(0, "q", 1, n), tags);
    }
    CHECK(all.first_submitted(list) == instant{0});
    for (std::int64_t n = 0; n + 1 < moments; ++n) {
        all.take_out(list, instant{n * 1'024}, place_of(0, "q", 1, n));
    }
    const instant last{(moments - 1) * 1'024};
    auto before = all.first_submitted(list);
    CHECK((before > instant{0} && before < last));
    int looks = 1;
    for (; before != last; ++looks) {
        const auto now = all.first_submitted(list);
        REQUIRE(now > before);
        before = now;
    }
    CHECK(looks > 3);
    all.take_out(list, last, place_of(0, "q", 1, moments - 1));
    CHECK(all.first_submitted(list) == std::nullopt);
}

TEST_CASE("what a list has nothing in any more may leave the state") {
    const auto state = store::make_memory_kv();
    both all(*state);
    const auto place = place_of(0, "q", 1, 5);
    all.put(keys::list_of_tag(1), instant{1'000}, place, "");
    all.take_out(keys::list_of_tag(1), instant{1'000}, place);
    std::size_t rows = 0;
    state->scan(keys::all_lists(), {}, [&](std::string_view key, std::string_view row) {
        std::string settled(row);
        CHECK_FALSE(may_drop(key, settled, instant{0}));  // it may have to hide what lies below
        store::settle(settled);
        CHECK(may_drop(key, settled, instant{0}));
        ++rows;
        return true;
    });
    CHECK(rows == 1);
    CHECK_FALSE(may_drop(keys::name(name_kind::tag, "six"), "\x06", instant{0}));
}
