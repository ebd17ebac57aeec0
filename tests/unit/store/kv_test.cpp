// What a kv promises a fold, held against both implementations: reads see the batch, scans merge it
// in order, commit() keeps all of it and nothing else is kept.
#include "store/kv.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace kwq::store;

namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;
using keys = std::vector<std::string>;

struct memory_fixture {
    kv& rows() { return *rows_; }
    std::unique_ptr<kv> rows_ = make_memory_kv();
};

class rocksdb_fixture {
public:
    explicit rocksdb_fixture(rocksdb_options wanted = {}) : wanted_(std::move(wanted)) {
        wanted_.directory = directory();
        reopen();
    }

    kv& rows() { return *rows_; }
    void reopen() {
        rows_.reset();
        rows_ = open_rocksdb(wanted_);
    }
    /// Opens again without the file whose name begins so.
    void lose(const std::string& name) {
        rows_.reset();
        std::vector<std::filesystem::path> lost;
        for (const auto& file : std::filesystem::directory_iterator(directory())) {
            if (file.path().filename().string().starts_with(name)) {
                lost.push_back(file.path());
            }
        }
        REQUIRE(lost.size() == 1);
        std::filesystem::remove(lost.front());
        reopen();
    }
    std::string directory() const { return directory_.file("state"); }

private:
    kwq::test::temporary_directory directory_;
    rocksdb_options wanted_;
    std::unique_ptr<kv> rows_;
};

/// As the tracker has its state. Some keys are known to its filters, and their neighbours are not.
struct by_size_fixture : rocksdb_fixture {
    static bool is_even(std::string_view key) { return !key.empty() && key.back() % 2 == 0; }
    by_size_fixture()
        : rocksdb_fixture({.cached_part = 32,
                           .compacts = compaction::by_size,
                           .filtered = is_even,
                           .readers = 3}) {}
};

pairs up(const kv& rows, std::string_view prefix, std::string_view from = {},
         std::size_t limit = 1000) {
    pairs found;
    rows.scan(prefix, from, [&](std::string_view key, std::string_view value) {
        found.emplace_back(key, value);
        return found.size() < limit;
    });
    return found;
}

pairs down(const kv& rows, std::string_view prefix, std::string_view before = {},
           std::size_t limit = 1000) {
    pairs found;
    rows.scan_back(prefix, before, [&](std::string_view key, std::string_view value) {
        found.emplace_back(key, value);
        return found.size() < limit;
    });
    return found;
}

std::string prefix_of(const std::string& key) {
    return key.substr(0, 1);
}

keys keys_of(const pairs& found) {
    keys all;
    for (const auto& [key, value] : found) {
        all.push_back(key);
    }
    return all;
}

}  // namespace

#define EACH_KV memory_fixture, rocksdb_fixture, by_size_fixture

TEMPLATE_TEST_CASE("what is written is read at once, before it is committed", "", EACH_KV) {
    TestType f;
    f.rows().put("a", "1");
    CHECK(f.rows().get("a") == "1");
    f.rows().put("a", "2");
    CHECK(f.rows().get("a") == "2");
    f.rows().erase("a");
    CHECK_FALSE(f.rows().get("a"));
    CHECK_FALSE(f.rows().get("never"));
}

TEMPLATE_TEST_CASE("a batch hides what is committed below it", "", EACH_KV) {
    TestType f;
    for (const auto* key : {"a", "b", "c"}) {
        f.rows().put(key, "old");
    }
    f.rows().commit();
    f.rows().put("b", "new");
    f.rows().erase("c");
    f.rows().put("bb", "added");
    CHECK(up(f.rows(), "") == pairs{{"a", "old"}, {"b", "new"}, {"bb", "added"}});
    CHECK(down(f.rows(), "") == pairs{{"bb", "added"}, {"b", "new"}, {"a", "old"}});
    f.rows().put("c", "back");
    CHECK(f.rows().get("c") == "back");
    f.rows().commit();
    CHECK(keys_of(up(f.rows(), "")) == keys{"a", "b", "bb", "c"});
}

TEMPLATE_TEST_CASE("any bytes may be keys and values, and an empty value is not a missing one", "",
                   EACH_KV) {
    TestType f;
    const std::string odd("\0\xff\0", 3);
    f.rows().put(odd, odd);
    f.rows().put("empty", "");
    for (int committed = 0; committed < 2; ++committed) {
        CHECK(f.rows().get(odd) == odd);
        CHECK(f.rows().get("empty") == "");
        CHECK(up(f.rows(), "empty") == pairs{{"empty", ""}});
        f.rows().commit();
    }
}

TEMPLATE_TEST_CASE("a scan keeps to its prefix, in byte order, from where it is told", "",
                   EACH_KV) {
    TestType f;
    const keys all{"a", "b", "b1", "b2", "b3", "c", "\xff", "\xff\xff"};
    for (std::size_t i = 0; i < all.size(); ++i) {
        f.rows().put(all[i], "v");
        if (i % 2 == 0) {
            f.rows().commit();  // half of them below, half in the batch
        }
    }
    CHECK(keys_of(up(f.rows(), "")) == all);
    CHECK(keys_of(down(f.rows(), "")) == keys(all.rbegin(), all.rend()));
    CHECK(keys_of(up(f.rows(), "b")) == keys{"b", "b1", "b2", "b3"});
    CHECK(keys_of(down(f.rows(), "b")) == keys{"b3", "b2", "b1", "b"});
    CHECK(keys_of(up(f.rows(), "\xff")) == keys{"\xff", "\xff\xff"});
    CHECK(keys_of(down(f.rows(), "\xff")) == keys{"\xff\xff", "\xff"});
    CHECK(keys_of(up(f.rows(), "b", "b2")) == keys{"b2", "b3"});
    CHECK(keys_of(up(f.rows(), "b", "b11")) == keys{"b2", "b3"});
    CHECK(keys_of(up(f.rows(), "b", "a")) == keys{"b", "b1", "b2", "b3"});
    CHECK(keys_of(up(f.rows(), "b", "c")).empty());
    CHECK(keys_of(down(f.rows(), "b", "b2")) == keys{"b1", "b"});
    CHECK(keys_of(down(f.rows(), "b", "b11")) == keys{"b1", "b"});
    CHECK(keys_of(down(f.rows(), "b", "c")) == keys{"b3", "b2", "b1", "b"});
    CHECK(keys_of(down(f.rows(), "b", "b")).empty());
    CHECK(keys_of(down(f.rows(), "b", "a")).empty());
    CHECK(keys_of(up(f.rows(), "none")).empty());
    CHECK(keys_of(down(f.rows(), "none")).empty());
}

TEMPLATE_TEST_CASE("a scan ends when its visitor says so", "", EACH_KV) {
    TestType f;
    for (const auto* key : {"a", "b", "c"}) {
        f.rows().put(key, "v");
    }
    CHECK(keys_of(up(f.rows(), "", "", 2)) == keys{"a", "b"});
    CHECK(keys_of(down(f.rows(), "", "", 2)) == keys{"c", "b"});
    f.rows().commit();
    CHECK(keys_of(up(f.rows(), "", "", 2)) == keys{"a", "b"});
    CHECK(keys_of(down(f.rows(), "", "", 2)) == keys{"c", "b"});
}

TEMPLATE_TEST_CASE("the batch's size grows with writes and is nothing after a commit", "",
                   EACH_KV) {
    TestType f;
    CHECK(f.rows().uncommitted_bytes() == 0);
    f.rows().put("key", std::string(1000, 'x'));
    CHECK(f.rows().uncommitted_bytes() >= 1000);
    f.rows().commit();
    CHECK(f.rows().uncommitted_bytes() == 0);
    f.rows().erase("key");
    CHECK(f.rows().uncommitted_bytes() > 0);
}

TEMPLATE_TEST_CASE("clear drops the batch and everything stored", "", EACH_KV) {
    TestType f;
    f.rows().put("stored", "v");
    f.rows().commit();
    f.rows().put("batch", "v");
    f.rows().clear();
    CHECK(up(f.rows(), "").empty());
    CHECK(f.rows().uncommitted_bytes() == 0);
    f.rows().put("again", "v");
    f.rows().commit();
    CHECK(keys_of(up(f.rows(), "")) == keys{"again"});
}

TEST_CASE("both stores show the same after any writes") {
    keys every;
    for (const char first : {'a', 'b', 'c'}) {
        for (int n = 0; n < 40; ++n) {
            every.push_back(std::string(1, first) + std::to_string(n));
        }
    }
    memory_fixture memory;
    by_size_fixture rocksdb;
    std::minstd_rand random(5);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    for (int i = 0; i < 4000; ++i) {
        const auto key =
            std::string(1, static_cast<char>('a' + below(3))) + std::to_string(below(40));
        const auto action = below(20);
        const bool waits = below(3) == 0;
        for (kv* rows : {&memory.rows(), &rocksdb.rows()}) {
            if (action == 0 && waits) {
                rows->commit();
                REQUIRE_FALSE(rows->is_committing());
            } else if (action == 0) {
                rows->begin_commit();
            } else if (action < 7) {
                rows->erase(key);
            } else if (action < 12 && !rows->get(key)) {
                rows->put_new(key, std::to_string(i));
            } else {
                rows->put(key, std::to_string(i));
            }
        }
        if (i % 10 == 0) {
            const auto prefix = std::string_view(key).substr(0, 1 + below(2));
            REQUIRE(up(memory.rows(), prefix, key) == up(rocksdb.rows(), prefix, key));
            REQUIRE(down(memory.rows(), prefix, key) == down(rocksdb.rows(), prefix, key));
            REQUIRE(up(memory.rows(), "") == up(rocksdb.rows(), ""));
            REQUIRE(down(memory.rows(), "") == down(rocksdb.rows(), ""));
            REQUIRE(memory.rows().get_many(every) == rocksdb.rows().get_many(every));
        }
        if (i % 100 == 0 && !rocksdb.rows().is_warming()) {
            rocksdb.rows().warm(prefix_of(key), key, 50);  // beside all that follows
        }
        if (i % 500 == 499) {  // what was written is in a file then, with its filter
            memory.rows().commit();
            rocksdb.rows().commit();
            rocksdb.reopen();
        }
    }
}

TEST_CASE("a commit that began is complete when the next one begins, and when the store closes") {
    rocksdb_fixture f;
    for (const std::string round : {"1", "2", "3"}) {
        for (int i = 0; i < 20'000; ++i) {
            f.rows().put("k" + std::to_string(i), round);
        }
        f.rows().begin_commit();
        CHECK(f.rows().uncommitted_bytes() == 0);
        // Under way or not, this is what there is.
        CHECK(f.rows().get("k7") == round);
        CHECK(up(f.rows(), "k19999") == pairs{{"k19999", round}});
        f.rows().erase("k7");
        CHECK_FALSE(f.rows().get("k7"));
        CHECK(down(f.rows(), "k7", "k70") == pairs{});
    }
    f.reopen();
    CHECK(f.rows().get("k7") == "3");  // what was erased last was not committed
    CHECK(up(f.rows(), "k", "", 30'000).size() == 20'000);
}

TEST_CASE("a new row that goes before the commit was never there") {
    rocksdb_fixture f;
    f.rows().put_new("a1", "v");
    f.rows().erase("a1");
    CHECK_FALSE(f.rows().get("a1"));
    CHECK(up(f.rows(), "a").empty());
    f.rows().put_new("a1", "w");
    CHECK(up(f.rows(), "") == pairs{{"a1", "w"}});
    f.rows().erase("a1");
    f.rows().commit();
    f.reopen();
    CHECK(up(f.rows(), "").empty());
}

TEST_CASE("values may grow and shrink, and many rows of many tables keep apart") {
    rocksdb_fixture f;
    for (const auto size : {1U, 40U, 3U, 400'000U, 0U}) {
        f.rows().put("a", std::string(size, 'x'));
        CHECK(f.rows().get("a")->size() == size);
    }
    for (int i = 0; i < 900; ++i) {
        f.rows().put_new(std::string(1, static_cast<char>(i % 256)) + std::to_string(i), "v");
    }
    const auto before = up(f.rows(), "");
    CHECK(before.size() == 901);
    CHECK(std::is_sorted(before.begin(), before.end()));
    f.rows().commit();
    CHECK(up(f.rows(), "") == before);
}

TEST_CASE("what was committed is there after a reopen, and nothing else") {
    rocksdb_fixture f;
    f.rows().put("committed", "1");
    f.rows().put("changed", "old");
    f.rows().commit();
    f.rows().put("changed", "new");
    f.rows().put("lost", "x");
    f.reopen();
    CHECK(up(f.rows(), "") == pairs{{"changed", "old"}, {"committed", "1"}});
}

namespace {

std::ptrdiff_t files(const rocksdb_fixture& f) {
    const std::filesystem::directory_iterator all(f.directory());
    return std::count_if(begin(all), end(all),
                         [](const auto& file) { return file.path().extension() == ".sst"; });
}

}  // namespace

TEST_CASE("a state that rests gives its memory back, if it is much") {
    rocksdb_fixture f;
    f.rows().put("little", "1");
    f.rows().commit();
    f.rows().rest();  // nothing: a file of it would be written before the next one
    for (int n = 0; n < 5; ++n) {
        f.rows().put("much" + std::to_string(n), std::string(1U << 20U, 'x'));
        f.rows().commit();
    }
    CHECK(files(f) == 0);
    f.rows().rest();
    while (files(f) == 0) {
        std::this_thread::yield();
    }
    CHECK(files(f) == 1);
    CHECK(up(f.rows(), "").size() == 6);
    f.reopen();
    CHECK(up(f.rows(), "").size() == 6);
}

TEST_CASE(
    "what grows by small commits comes to a file now and then: who reads it joins few parts") {
    rocksdb_fixture f;
    for (int n = 0; n < 2'000; ++n) {
        f.rows().merge("grows", sum_operand(std::vector<std::int64_t>{1}));
        f.rows().begin_commit();
        f.rows().finish_commit();
    }
    CHECK(files(f) == 0);
    for (int n = 0; n < 1'000'000 && files(f) == 0; ++n) {
        f.rows().merge("grows", sum_operand(std::vector<std::int64_t>{0}));
        f.rows().begin_commit();
        f.rows().finish_commit();
    }
    CHECK(files(f) > 0);
    CHECK(read_sum(f.rows().get("grows").value(), 1) == std::vector<std::int64_t>{2'000});
    f.reopen();
    CHECK(read_sum(f.rows().get("grows").value(), 1) == std::vector<std::int64_t>{2'000});
}

TEST_CASE("a state of which files are missing begins empty: the log rebuilds it") {
    for (const std::string missing : {"CURRENT", "MANIFEST"}) {
        rocksdb_fixture f;
        f.rows().put("a", "1");
        f.rows().commit();
        f.lose(missing);
        CHECK(up(f.rows(), "").empty());
        f.rows().put("b", "2");
        f.rows().commit();
        f.reopen();
        CHECK(up(f.rows(), "") == pairs{{"b", "2"}});
    }
}

TEST_CASE("a directory in use, or one that cannot be made, is a storage failure") {
    rocksdb_fixture f;
    CHECK_THROWS_AS(open_rocksdb({.directory = f.directory(), .may_drop = {}}), storage_failure);
    CHECK_THROWS_AS(open_rocksdb({.directory = "/proc/nowhere/state", .may_drop = {}}),
                    storage_failure);
}

TEST_CASE("rows that may be dropped are gone once compacted, and the others stay") {
    const auto compacts = GENERATE(compaction::by_level, compaction::by_size);
    rocksdb_fixture f({.compacts = compacts,
                       .may_drop = [](auto, std::string_view value) { return value == "old"; }});
    // Small memtables would not help: a reopen flushes what the write-ahead log held, and enough
    // such files are compacted.
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 100; ++i) {
            f.rows().put("k" + std::to_string(i), i % 2 == 0 ? "old" : "new");
        }
        f.rows().commit();
        f.reopen();
    }
    const auto only_new = [&] {
        const auto found = up(f.rows(), "k");
        for (const auto& [key, value] : found) {
            if (value == "old") {
                return false;
            }
        }
        return found.size() == 50;
    };
    // The compaction runs in the background; closing waits for it or leaves it to the next start.
    for (int tries = 0; tries < 50 && !only_new(); ++tries) {
        f.rows().put("other" + std::to_string(tries), "v");
        f.rows().commit();
        f.reopen();
    }
    CHECK(only_new());
}
