// data_directory: see the header.
#include "app/data_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace kwq::app {

namespace {

std::string reason() {
    return std::strerror(errno);
}

void make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        throw cannot_start("data directory " + path + " cannot be made: " + reason());
    }
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) {
        throw cannot_start("data directory " + path + " is not a directory");
    }
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
        throw cannot_start("data directory " + path + " is not writable: " + reason());
    }
}

}  // namespace

void prepare_data_directory(const std::string& path) {
    const auto parent = std::filesystem::path(path).lexically_normal().parent_path();
    std::error_code ignored;  // make_directory() says what is wrong with it
    std::filesystem::create_directories(parent, ignored);
    make_directory(path);
    for (const char* part : {"/log", "/scheduler", "/tracker"}) {
        make_directory(path + part);
    }
}

void write_port_file(const std::string& path, int port) {
    const std::string fresh = path + ".new";
    std::ofstream out(fresh, std::ios::trunc);
    out << port << '\n';
    out.close();
    if (!out || std::rename(fresh.c_str(), path.c_str()) != 0) {
        throw cannot_start("port file " + path + " cannot be written: " + reason());
    }
}

}  // namespace kwq::app
