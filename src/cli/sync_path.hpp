// sync_path: what a command wrote outlives a power cut.
#pragma once

#include <string>

namespace kwq::cli {

/// What was written to a file, or which names a folder has, is on the disk. False: it is not known.
bool sync_path(const std::string& path);
/// The lowest folder of this path that is there.
std::string folder_there(const std::string& path);
/// The folder `path` and those above it as far as `last`, which is one of them.
bool sync_folders(const std::string& path, const std::string& last);

}  // namespace kwq::cli
