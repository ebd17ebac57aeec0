// A directory of a test's own, gone with it unless it is kept. mkdtemp() wants six X at the end of
// the name and puts others there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace kwq::test {

class temporary_directory {
public:
    temporary_directory() {
        const auto pattern = "kwq-test-" + std::string(6, 'X');
        std::string name = (std::filesystem::temp_directory_path() / pattern).string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary directory");
        }
        path_ = name;
    }
    ~temporary_directory() {
        if (kept_) {
            return;
        }
        std::error_code ignored;  // one left behind fails no test
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;

    /// For whoever wants to look at what failed.
    void keep() { kept_ = true; }
    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(file(name), std::ios::binary) << text;
        return file(name);
    }

private:
    std::string path_;
    bool kept_ = false;
};

inline std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace kwq::test
