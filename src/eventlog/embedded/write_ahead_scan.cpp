// The form of the files: blocks of 32 KiB; in them entries of checksum u32, length u16, type u8 and
// so many bytes, never across blocks; a write is one entry (full) or first, middle..., last.
#include "eventlog/embedded/write_ahead_scan.hpp"

#include "base/hash.hpp"

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace kwq::eventlog {

namespace {

constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t header_bytes = 7;
enum entry_type : unsigned char { full = 1, first = 2, middle = 3, last = 4 };

class row_reader final : public rocksdb::WriteBatch::Handler {
public:
    explicit row_reader(const row_visitor& row) : row_(row) {}
    rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key,
                          const rocksdb::Slice& value) override {
        row_({key.data(), key.size()}, {value.data(), value.size()});
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override {
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&,
                                  const rocksdb::Slice&) override {
        return rocksdb::Status::OK();
    }

private:
    const row_visitor& row_;
};

std::uint32_t little(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
}

/// RocksDB stores checksums turned and shifted.
bool passes(std::uint32_t stored, std::string_view type_and_bytes) {
    const auto crc = crc32c(type_and_bytes);
    return stored == ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

void read_write(const std::string& bytes, const row_visitor& row) {
    row_reader rows(row);
    // What passed its checksums and is still no write has nothing to tell.
    static_cast<void>(rocksdb::WriteBatch(bytes).Iterate(&rows).ok());
}

/// One file: entries are found by the lengths of those before them, be those good or bad.
void scan_file(const std::string& file, const row_visitor& row) {
    const std::string_view all(file);
    std::string write;
    bool whole = false;
    for (std::size_t block = 0; block < all.size(); block += block_bytes) {
        const auto in = all.substr(block, block_bytes);
        for (std::size_t at = 0; at + header_bytes <= in.size();) {
            const auto length = little(in.substr(at + 4, 2));
            const auto type = static_cast<unsigned char>(in[at + 6]);
            if (type < full || type > last || at + header_bytes + length > in.size()) {
                whole = false;
                break;  // nothing shows where the next one is, but the next block
            }
            const auto bytes = in.substr(at + header_bytes, length);
            const bool good = passes(little(in.substr(at, 4)), in.substr(at + 6, 1 + length));
            at += header_bytes + length;
            if (type == full || type == first) {
                write.clear();
                whole = true;
            }
            write += bytes;
            whole = whole && good;
            if (whole && (type == full || type == last)) {
                read_write(write, row);
            }
        }
    }
}

}  // namespace

bool scan_write_ahead(const std::string& directory, const row_visitor& row) {
    std::error_code failed;
    auto entry = std::filesystem::directory_iterator(directory, failed);
    for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
        if (entry->path().extension() != ".log") {
            continue;
        }
        std::ifstream in(entry->path(), std::ios::binary);
        std::ostringstream bytes;
        bytes << in.rdbuf();
        const auto size = entry->file_size(failed);
        if (!in || failed || bytes.str().size() != size) {
            return false;
        }
        scan_file(bytes.str(), row);
    }
    return !failed;
}

}  // namespace kwq::eventlog
