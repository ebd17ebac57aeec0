// JSON for the rest of KWQ: a parsed, read-only value and a writer, both plain, so that RapidJSON
// stays behind codec/*.cpp. Every document is parsed with one set of rules (reliability.md 4.5):
// pointer and length, iterative, depth <= 32, strict UTF-8, no NUL, no duplicate keys, numbers of
// at most 32 characters and 4 digits of exponent. `raw` fields (payload, result) are checked for
// form and come back byte for byte.
#pragma once

#include "base/clock.hpp"
#include "model/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::codec {

inline constexpr std::size_t max_depth = 32;
inline constexpr std::size_t max_number_chars = 32;

/// A value in a parsed document; valid as long as the document.
class json_value {
public:
    enum class kind : std::uint8_t { null, boolean, integer, number, string, array, object };

    kind type() const { return kind_; }
    bool is_null() const { return kind_ == kind::null; }
    bool is_object() const { return kind_ == kind::object; }
    bool is_array() const { return kind_ == kind::array; }
    bool is_string() const { return kind_ == kind::string; }

    bool boolean() const;
    std::int64_t integer() const;     // kind::integer: fits in 64 bits, no fraction or exponent
    double number() const;            // integer or number
    std::string_view string() const;  // unescaped
    const std::vector<json_value>& items() const;
    const std::vector<std::pair<std::string_view, json_value>>& members() const;
    /// Null when not an object or without that member.
    const json_value* find(std::string_view name) const;
    /// The text of this value exactly as it stood in the document.
    std::string_view raw() const { return raw_; }

private:
    friend class json_document;
    friend class document_builder;

    kind kind_ = kind::null;
    bool boolean_ = false;
    std::int64_t integer_ = 0;
    double number_ = 0;
    std::string_view string_;
    std::string_view raw_;
    std::vector<json_value> items_;
    std::vector<std::pair<std::string_view, json_value>> members_;
};

/// Owns the text and the values that point into it. Movable.
class json_document {
public:
    /// errc::bad_request with line and column in `detail` when the rules are broken.
    /// `opaque`: members of the *top-level* object, or of the objects in a top-level array, whose
    /// values are checked for form but not turned into values: only raw() of them is meaningful.
    static model::result<json_document> parse(std::string text,
                                              const std::vector<std::string_view>& opaque = {});

    json_document(json_document&&) noexcept;
    json_document& operator=(json_document&&) noexcept;
    ~json_document();

    const json_value& root() const;

private:
    json_document();
    struct state;
    std::unique_ptr<state> state_;
};

/// Checks one JSON value by the same rules without building anything: payloads, results.
model::result<void> check_json(std::string_view text);

/// Writes JSON into a string. Fields come in the order of the calls; strings are escaped (control
/// characters, quotes, U+2028/2029); no white space.
class json_writer {
public:
    explicit json_writer(std::string& out) : out_(out) {}

    json_writer& begin_object();
    json_writer& end_object();
    json_writer& begin_array();
    json_writer& end_array();
    json_writer& key(std::string_view name);
    json_writer& value(std::string_view text);
    json_writer& value(const char* text) { return value(std::string_view(text)); }
    json_writer& value(const std::string& text) { return value(std::string_view(text)); }
    json_writer& value(std::int64_t number);
    json_writer& value(std::uint64_t number);
    json_writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
    json_writer& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
    json_writer& value(double number);  // shortest that reads back; integers without a fraction
    json_writer& value(bool flag);
    json_writer& null();
    json_writer& raw(std::string_view json);  // trusted to be JSON

    template <class T>
    json_writer& field(std::string_view name, T&& v) {
        return key(name).value(std::forward<T>(v));
    }

private:
    void separate();
    std::string& out_;
    bool need_comma_ = false;
};

/// Durations are decimal seconds in JSON: 1500 ms is 1.5. Reading takes integers and decimals >= 0
/// up to 100 years, rounded to the millisecond.
std::optional<milliseconds> read_seconds(const json_value& v);
void write_seconds(json_writer& w, std::string_view name, milliseconds ms);

}  // namespace kwq::codec
