// setting_flags: the settings as options of a command, and where their values come from then.
#pragma once

#include "app/config.hpp"
#include "cli/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kwq::app {

class setting_flags {
public:
    setting_flags();
    // Options point into it.
    setting_flags(const setting_flags&) = delete;
    setting_flags& operator=(const setting_flags&) = delete;

    /// `--config` first, then one for each setting that is not secret.
    std::vector<cli::option> options();
    config_sources sources() const;

private:
    std::optional<std::string> file_;
    std::vector<std::optional<std::string>> given_;
};

/// The name of this machine; `kwq` when it has none.
std::string host_name();

}  // namespace kwq::app
