#include "rest/assets.hpp"

#include <map>

namespace kwq::rest {

const asset* find_asset(std::string_view path) {
    static const std::map<std::string_view, asset> all = [] {
        std::map<std::string_view, asset> table;
        for (const embedded_file& f : embedded_files()) {
            table.emplace(f.path,
                          asset{.type = f.type,
                                .etag = f.etag,
                                // Shared: answers on several threads send the same bytes.
                                .bytes = std::make_shared<const std::string>(f.begin, f.end)});
        }
        return table;
    }();
    const auto found = all.find(path);
    return found == all.end() ? nullptr : &found->second;
}

}  // namespace kwq::rest
