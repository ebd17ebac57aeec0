// The settings file: refused with one line, or read; and what is printed of it reads the same.
#include "target.hpp"

#include "app/config.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <string>

namespace kwq::fuzz {

namespace {

/// A file in memory, at a path.
class memory_file {
public:
    explicit memory_file(std::string_view text) : file_(::memfd_create("settings", 0)) {
        must(file_ >= 0, "there is memory for a file");
        must(::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
             "and it takes the text");
    }
    ~memory_file() { ::close(file_); }
    memory_file(const memory_file&) = delete;
    memory_file& operator=(const memory_file&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    const int file_;
};

}  // namespace

void settings(std::string_view input) {
    const memory_file file(input);
    app::config_sources sources;
    sources.file = file.path();
    const auto read = app::read_config(sources);
    if (!read) {
        const std::string& why = read.error().message;
        must(!why.empty(), "a refusal says why");
        return;
    }
    const std::string printed = app::print_config(*read);
    if (read->values.token) {
        must(printed.find(*read->values.token) == std::string::npos, "a token is not shown");
        return;  // masked, so it does not read back
    }
    const memory_file again(printed);
    sources.file = again.path();
    const auto same = app::read_config(sources);
    must(same.has_value(), "what is printed can be read");
    for (std::size_t i = 0; i < read->chosen.size(); ++i) {
        must(read->chosen[i].of->kind == app::setting_kind::list ||
                 same->chosen[i].value == read->chosen[i].value,
             "and says the same");
    }
}

}  // namespace kwq::fuzz
