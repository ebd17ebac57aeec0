// rocksdb_slice: texts as RocksDB knows them, and back.
#pragma once

#include <rocksdb/slice.h>

#include <string_view>

namespace kwq::store {

/// RocksDB asserts that a slice has an address, which an empty view need not have.
inline rocksdb::Slice slice(std::string_view text) {
    return text.empty() ? rocksdb::Slice("", 0) : rocksdb::Slice(text.data(), text.size());
}

inline std::string_view view(const rocksdb::Slice& s) {
    return {s.data(), s.size()};
}

}  // namespace kwq::store
