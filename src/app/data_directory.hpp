// data_directory: the one directory that everything durable is in. Made private to its user.
#pragma once

#include <stdexcept>
#include <string>

namespace kwq::app {

/// Why the process cannot start: one sentence for a person.
class cannot_start : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Makes `path` (mode 0700) with its folders for log, scheduler and tracker when missing. Throws
/// cannot_start when it is no directory or not writable.
void prepare_data_directory(const std::string& path);

/// Replaces `path` by a file that holds the number, so that a reader never sees half of it.
void write_port_file(const std::string& path, int port);

}  // namespace kwq::app
