#include "app/log_metrics.hpp"

#include <sys/stat.h>
#include <cstdint>
#include <filesystem>
#include <system_error>

namespace kwq::app {

void add_log_metrics(const std::string& directory, observe::metrics_page& page) {
    std::uint64_t bytes = 0;
    std::error_code gone;
    const std::filesystem::directory_iterator end;
    for (std::filesystem::directory_iterator at(directory, gone); !gone && at != end;
         at.increment(gone)) {
        struct stat about {};
        if (::stat(at->path().c_str(), &about) == 0) {
            bytes += static_cast<std::uint64_t>(about.st_blocks) * 512U;
        }
    }
    page.gauge("kwq_log_bytes", "Disk that the embedded log takes", static_cast<double>(bytes));
}

}  // namespace kwq::app
