// table: see the header.
#include "cli/table.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace kwq::cli {

namespace {

std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) {
        return 1;
    }
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

/// The blocks whose characters fill two cells: Hangul, CJK, full width forms, emoji.
bool is_wide(unsigned code_point) {
    return (code_point >= 0x1100 && code_point <= 0x115F) ||
           (code_point >= 0x2E80 && code_point <= 0xA4CF) ||
           (code_point >= 0xAC00 && code_point <= 0xD7A3) ||
           (code_point >= 0xF900 && code_point <= 0xFAFF) ||
           (code_point >= 0xFE30 && code_point <= 0xFE6F) ||
           (code_point >= 0xFF00 && code_point <= 0xFF60) ||
           (code_point >= 0x1F300 && code_point <= 0x1FAFF) ||
           (code_point >= 0x20000 && code_point <= 0x3FFFD);
}

struct glyph {
    std::size_t bytes;
    std::size_t columns;
};

glyph glyph_at(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = std::min(sequence_length(lead), text.size() - at);
    unsigned code_point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        code_point = code_point << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    }
    return {length, is_wide(code_point) ? 2UL : 1UL};
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const glyph g = glyph_at(text, i);
        width += g.columns;
        i += g.bytes;
    }
    return width;
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        out += byte < 0x20 || byte == 0x7F || c1 ? '?' : text[i];
        i += c1 ? 1 : 0;
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    std::size_t columns = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        const glyph g = glyph_at(text, end);
        if (columns + g.columns + 1 > width) {
            break;
        }
        columns += g.columns;
        end += g.bytes;
    }
    return std::string(text.substr(0, end)) + "…";
}

void table::add(std::vector<std::string> cells) {
    KWQ_ASSERT(cells.size() == columns_.size());
    for (std::string& cell : cells) {
        cell = printable(cell);
    }
    rows_.push_back(std::move(cells));
}

std::string table::render(bool bold) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = display_width(columns_[i].title);
        for (const auto& row : rows_) {
            width = std::max(width, display_width(row[i]));
        }
        widths.push_back(width);
    }
    std::string out;
    const auto write = [&](const auto& text_of) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& text = text_of(i);
            const std::string pad(widths[i] - display_width(text), ' ');
            const bool right = columns_[i].side == align::right;
            const bool last = i + 1 == columns_.size();
            out += right ? pad + text : last ? text : text + pad;
            out += last ? "" : "  ";
        }
        out.erase(out.find_last_not_of(' ') + 1);
    };
    out += bold ? "\x1b[1m" : "";
    write([&](std::size_t i) -> const std::string& { return columns_[i].title; });
    out += bold ? "\x1b[0m\n" : "\n";
    for (const auto& row : rows_) {
        write([&](std::size_t i) -> const std::string& { return row[i]; });
        out += '\n';
    }
    return out;
}

}  // namespace kwq::cli
