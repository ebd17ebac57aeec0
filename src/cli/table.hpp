// table: rows of text in aligned columns, for people. Pure; the caller prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kwq::cli {

class table {
public:
    enum class align : unsigned char { left, right };
    struct column {
        std::string title;
        align side = align::left;
    };

    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

    /// As many cells as there are columns; control characters are shown as `?`.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    /// Lines with a newline each, the titles first; nothing trails the last column. `bold`: titles
    /// are set in bold by ANSI codes.
    std::string render(bool bold = false) const;

private:
    std::vector<column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// Columns a terminal needs for `text`: code points, wide East Asian ones counted twice.
std::size_t display_width(std::string_view text);
/// Without control characters (each becomes `?`): names come from strangers.
std::string printable(std::string_view text);
/// At most `width` columns; the end of a longer one becomes `…`.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace kwq::cli
