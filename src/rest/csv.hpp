// csv: cells as RFC 4180 has them, and as spreadsheets may be trusted with: text that a spreadsheet
// would take for a formula gets an apostrophe in front.
#pragma once

#include <string>
#include <string_view>

namespace kwq::rest {

inline std::string csv_cell(std::string_view text) {
    const bool formula = !text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) !=
                                              std::string_view::npos;
    const bool quoted = text.find_first_of("\",\r\n") != std::string_view::npos;
    std::string out(quoted ? "\"" : "");
    out += formula ? "'" : "";
    for (const char c : text) {
        out.append(c == '"' ? 2 : 1, c);
    }
    out += quoted ? "\"" : "";
    return out;
}

/// One line of cells; each is text but those said to be numbers.
class csv_row {
public:
    void text(std::string_view cell) { add(csv_cell(cell)); }
    void number(std::string_view cell) { add(std::string(cell)); }
    std::string end() { return row_ + "\r\n"; }

private:
    void add(const std::string& cell) {
        row_ += first_ ? "" : ",";
        row_ += cell;
        first_ = false;
    }

    std::string row_;
    bool first_ = true;
};

}  // namespace kwq::rest
