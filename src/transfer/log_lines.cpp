#include "transfer/log_lines.hpp"

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "codec/json.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace kwq::transfer {

namespace {

using codec::json_value;
using eventlog::errc;
using eventlog::log_error;
using model::offset;

constexpr std::int64_t version = 1;
constexpr std::array<std::string_view, 1> opaque{"value"};
constexpr std::int64_t most_partitions = 10'000;

std::string hex(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
    const std::string text(digits.begin(), end);
    return std::string(digits.size() - text.size(), '0') + text;
}

/// White space around it would be lost when the line is read.
bool fits_a_line(std::string_view value) {
    constexpr std::string_view white = " \t\r";
    return value.find('\n') == std::string_view::npos && codec::check_json(value).has_value() &&
           white.find(value.front()) == std::string_view::npos &&
           white.find(value.back()) == std::string_view::npos;
}

std::string write_record(const eventlog::log_record& record) {
    std::string line;
    codec::json_writer w(line);
    w.begin_object().field("offset", record.offset.value()).field("at", record.timestamp.value());
    if (!record.key.empty() && model::valid_utf8(record.key)) {
        w.field("key", record.key);
    } else if (!record.key.empty()) {
        w.field("key_base64url", base64url_encode(record.key));
    }
    if (fits_a_line(record.value)) {
        w.key("value").raw(record.value);
    } else if (!record.value.empty()) {
        w.field("value_base64url", base64url_encode(record.value));
    }
    if (!record.headers.empty()) {
        w.key("headers").begin_array();
        for (const auto& [name, text] : record.headers) {
            w.begin_array().value(name).value(text).end_array();
        }
        w.end_array();
    }
    w.end_object();
    return line;
}

/// Takes the lines apart. After a field that is missing or ill-formed `bad` names it.
struct line_fields {
    const json_value& object;
    std::string bad;

    std::int64_t whole(std::string_view name, std::int64_t most = INT64_MAX) {
        const auto* v = object.find(name);
        if (v != nullptr && v->type() == json_value::kind::integer && v->integer() >= 0 &&
            v->integer() <= most) {
            return v->integer();
        }
        bad = name;
        return 0;
    }
    std::string text(std::string_view name) {
        const auto* v = object.find(name);
        if (v != nullptr && v->is_string()) {
            return std::string(v->string());
        }
        bad = name;
        return {};
    }
    /// Text under `name`, or bytes under `name` with _base64url after it; empty when neither is
    /// there.
    std::string bytes(const std::string& name, bool raw) {
        if (const auto* v = object.find(name)) {
            return raw ? std::string(v->raw()) : text(name);
        }
        const auto encoded = name + "_base64url";
        if (object.find(encoded) == nullptr) {
            return {};
        }
        auto decoded = base64url_decode(text(encoded));
        if (!decoded) {
            bad = encoded;
        }
        return decoded.value_or("");
    }
    std::vector<std::pair<std::string, std::string>> headers() {
        std::vector<std::pair<std::string, std::string>> found;
        const auto* list = object.find("headers");
        for (const auto& one : list == nullptr ? std::span<const json_value>{} : list->items()) {
            const auto pair = one.items();
            if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
                bad = "headers";
                return found;
            }
            found.emplace_back(pair[0].string(), pair[1].string());
        }
        return found;
    }
};

class line_reader {
public:
    line_reader(std::istream& in, log_target& to) : in_(in), to_(to) {}

    eventlog::result<std::int64_t> read() {
        std::string line;
        while (!ended_ && std::getline(in_, line)) {
            ++number_;
            if (auto taken = take(line); !taken) {
                return taken.error();
            }
            checksum_ = hash64(line, checksum_);
        }
        if (!ended_) {
            return log_error{errc::corrupt, "the lines stop before their end, after line " +
                                                std::to_string(number_)};
        }
        if (auto finished = to_.finish(); !finished) {
            return finished.error();
        }
        return records_;
    }

private:
    log_error wrong(const std::string& what) const {
        return {errc::corrupt, "line " + std::to_string(number_) + ": " + what};
    }

    eventlog::result<void> take(std::string_view line) {
        const auto document = codec::json_document::parse_view(line, opaque);
        if (!document || !document->root().is_object()) {
            return wrong(document ? "no JSON object" : document.error().detail);
        }
        const auto& object = document->root();
        line_fields fields{object, {}};
        auto taken = number_ == 1                      ? take_topics(fields)
                     : object.find("end") != nullptr   ? take_end(fields)
                     : object.find("topic") != nullptr ? take_partition(fields)
                                                       : take_record(fields);
        if (taken.has_value() && !fields.bad.empty()) {
            return wrong("`" + fields.bad + "` is missing or ill-formed");
        }
        return taken;
    }

    eventlog::result<void> take_topics(line_fields& fields) {
        if (fields.whole("kwq_log") != version) {
            return wrong("not an exported log of version " + std::to_string(version));
        }
        const auto* topics = fields.object.find("topics");
        for (const auto& one :
             topics == nullptr ? std::span<const json_value>{} : topics->items()) {
            line_fields topic{one, {}};
            const topic_plan plan{.name = topic.text("name"),
                                  .partitions = static_cast<std::int32_t>(
                                      topic.whole("partitions", most_partitions))};
            if (!topic.bad.empty() || plan.name.empty() || plan.partitions == 0) {
                return wrong("a topic without a name or partitions");
            }
            topics_.push_back(plan);
            if (auto added = to_.add_topic(plan); !added) {
                return added;
            }
        }
        return {};
    }

    eventlog::result<void> take_partition(line_fields& fields) {
        const eventlog::topic_partition where{
            fields.text("topic"), static_cast<std::int32_t>(fields.whole("partition", INT32_MAX))};
        next_ = offset{fields.whole("first")};
        bool known = false;
        for (const auto& topic : topics_) {
            known = known || (topic.name == where.topic && where.partition < topic.partitions);
        }
        if (!fields.bad.empty()) {
            return {};
        }
        if (!known) {
            return wrong("a partition that the first line does not name");
        }
        begun_ = true;
        return to_.begin(where, next_);
    }

    eventlog::result<void> take_record(line_fields& fields) {
        eventlog::log_record record{.offset = offset{fields.whole("offset")},
                                    .timestamp = instant{fields.whole("at")},
                                    .key = fields.bytes("key", false),
                                    .value = fields.bytes("value", true),
                                    .headers = fields.headers()};
        if (!fields.bad.empty()) {
            return {};
        }
        if (!begun_ || record.offset != next_) {
            return wrong("a record at another offset than the next one");
        }
        next_ = offset{next_.value() + 1};
        ++records_;
        return to_.add(std::move(record));
    }

    eventlog::result<void> take_end(line_fields& fields) {
        const auto records = fields.whole("records");
        const auto checksum = fields.text("checksum");
        if (fields.bad.empty() && (records != records_ || checksum != hex(checksum_))) {
            return wrong("number of records or checksum differ from those before it");
        }
        ended_ = true;
        return {};
    }

    std::istream& in_;
    log_target& to_;
    std::vector<topic_plan> topics_;
    std::int64_t number_ = 0;
    std::int64_t records_ = 0;
    std::uint64_t checksum_ = 0;
    offset next_{0};
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

eventlog::result<void> line_writer::add_topic(const topic_plan& topic) {
    topics_.push_back(topic);
    return {};
}

void line_writer::write_topics() {
    topics_written_ = true;
    std::string line;
    codec::json_writer w(line);
    w.begin_object().field("kwq_log", version).key("topics").begin_array();
    for (const auto& topic : topics_) {
        w.begin_object()
            .field("name", topic.name)
            .field("partitions", topic.partitions)
            .end_object();
    }
    w.end_array().end_object();
    checksum_ = hash64(line, checksum_);
    out_ << line << '\n';
}

eventlog::result<void> line_writer::begin(const eventlog::topic_partition& where, offset first) {
    if (!topics_written_) {
        write_topics();
    }
    std::string line;
    codec::json_writer w(line);
    w.begin_object()
        .field("topic", where.topic)
        .field("partition", where.partition)
        .field("first", first.value())
        .end_object();
    return put(std::move(line));
}

eventlog::result<void> line_writer::add(eventlog::log_record record) {
    ++records_;
    return put(write_record(record));
}

eventlog::result<void> line_writer::finish() {
    if (!topics_written_) {
        write_topics();
    }
    std::string line;
    codec::json_writer w(line);
    w.begin_object()
        .field("end", true)
        .field("records", records_)
        .field("checksum", hex(checksum_))
        .end_object();
    auto written = put(std::move(line));
    out_.flush();
    return out_ ? written
                : eventlog::result<void>(log_error{errc::unknown, "it cannot be written"});
}

eventlog::result<void> line_writer::put(std::string line) {
    checksum_ = hash64(line, checksum_);
    out_ << line << '\n';
    return out_ ? eventlog::result<void>{}
                : eventlog::result<void>(log_error{errc::unknown, "it cannot be written"});
}

eventlog::result<std::int64_t> read_lines(std::istream& in, log_target& to) {
    return line_reader(in, to).read();
}

}  // namespace kwq::transfer
