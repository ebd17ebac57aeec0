// bulk_lines: see the header.
#include "cli/bulk_lines.hpp"

#include "base/hash.hpp"
#include "codec/json.hpp"

#include <array>
#include <cstdio>

namespace kwq::cli {

namespace {

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

std::string completed_line(std::string_view line, const std::string& id,
                           const std::vector<std::pair<std::string, std::string>>& fields) {
    const auto open = line.find('{');
    const auto parsed = codec::json_document::parse(std::string(line), {"payload"});
    if (!parsed || !parsed->root().is_object() || open == std::string_view::npos) {
        return std::string(line);
    }
    std::string added;
    const auto add = [&](const std::string& name, const std::string& json) {
        if (parsed->root().find(name) == nullptr) {
            added += "\"" + name + "\":" + json + ",";
        }
    };
    if (!id.empty()) {
        add("id", "\"" + id + "\"");
    }
    for (const auto& [name, json] : fields) {
        add(name, json);
    }
    if (!added.empty() && parsed->root().members().empty()) {
        added.pop_back();
    }
    return std::string(line.substr(0, open + 1)) + added + std::string(line.substr(open + 1));
}

/// One line without its end, from what was put back or from the stream. Moves the offset.
bool line_reader::take_line(std::string& line) {
    if (has_pending_) {
        line = std::move(pending_);
        pending_.clear();
        has_pending_ = false;
        options_.offset = pending_end_;
        return true;
    }
    if (ended_ || !std::getline(in_, line)) {
        ended_ = true;
        return false;
    }
    options_.offset += static_cast<std::int64_t>(line.size()) + (in_.eof() ? 0 : 1);
    return true;
}

line_batch line_reader::next() {
    line_batch out;
    out.end_offset = options_.offset;
    out.end_line = options_.line;
    std::string line;
    for (;;) {
        const std::int64_t before = options_.offset;
        if (!take_line(line)) {
            return out;
        }
        const std::int64_t number = options_.line + 1;
        if (!is_blank(line)) {
            const std::string id =
                options_.ids.empty() ? "" : options_.ids + "-" + std::to_string(number);
            const std::string full = completed_line(line, id, options_.fields);
            const bool fits = out.body.size() + full.size() + 1 <= options_.request_bytes;
            if (full.size() > max_line_bytes) {
                out.bad.push_back({number, "longer than 1.5 MiB"});
            } else if (!fits && !out.lines.empty()) {
                pending_ = std::move(line);
                pending_end_ = options_.offset;
                has_pending_ = true;
                options_.offset = before;
                return out;
            } else {
                out.body += full + '\n';
                out.lines.push_back(number);
            }
        }
        options_.line = number;
        out.end_line = number;
        out.end_offset = options_.offset;
    }
}

std::string content_hash(std::istream& in) {
    std::array<char, 65'536> block{};
    std::uint64_t hash = 0;
    while (in.read(block.data(), block.size()) || in.gcount() > 0) {
        hash = hash64({block.data(), static_cast<std::size_t>(in.gcount())}, hash);
    }
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
    return text.data();
}

}  // namespace kwq::cli
