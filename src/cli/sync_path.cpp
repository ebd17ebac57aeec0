#include "cli/sync_path.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <filesystem>
#include <system_error>

namespace kwq::cli {

namespace {

std::filesystem::path whole(const std::string& path) {
    const auto absolute = std::filesystem::absolute(path).lexically_normal();
    return absolute.has_filename() ? absolute : absolute.parent_path();
}

}  // namespace

bool sync_path(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) {
        ::close(fd);
    }
    return synced;
}

std::string folder_there(const std::string& path) {
    auto folder = whole(path);
    std::error_code ignored;
    while (folder.has_relative_path() && !std::filesystem::is_directory(folder, ignored)) {
        folder = folder.parent_path();
    }
    return folder;
}

bool sync_folders(const std::string& path, const std::string& last) {
    const auto end = whole(last);
    for (auto folder = whole(path);; folder = folder.parent_path()) {
        if (!sync_path(folder)) {
            return false;
        }
        if (folder == end || !folder.has_relative_path()) {
            return true;
        }
    }
}

}  // namespace kwq::cli
