// JSON for the rest of KWQ: a parsed, read-only value and a writer, both plain. Every document is
// read by one set of rules (reliability.md 4.5): pointer and length, iterative, depth <= 32, strict
// UTF-8, no lone surrogates, no NUL, no duplicate keys, numbers of at most 32 characters and 4
// digits of exponent, at most 200,000 values. Opaque parts (payload, result) are bound by depth and
// well-formedness alone and come back byte for byte.
//
// Values are views into the document: flat, 32 bytes each, two allocations for a small document.
#pragma once

#include "base/clock.hpp"
#include "model/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::codec {

inline constexpr std::size_t max_depth = 32;
inline constexpr std::size_t max_number_chars = 32;
inline constexpr std::size_t max_exponent_digits = 4;
inline constexpr std::size_t max_values = 200'000;  // of one document, opaque parts not counted

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
    /// Empty when this is no array, or no object. `first` of a member is its name, unescaped.
    std::span<const json_value> items() const;
    std::span<const std::pair<std::string_view, json_value>> members() const;
    /// Null when not an object or without that member.
    const json_value* find(std::string_view name) const;
    /// The text of this value exactly as it stood in the document.
    std::string_view raw() const { return {raw_, raw_size_}; }

private:
    friend class document_builder;
    using member = std::pair<std::string_view, json_value>;

    const char* raw_ = "";
    std::uint32_t raw_size_ = 0;
    std::uint32_t count_ = 0;  // bytes of a string, items, members
    union {
        std::int64_t integer_ = 0;
        double number_;
        bool boolean_;
        const char* string_;
        const json_value* items_;
        const member* members_;
    };
    kind kind_ = kind::null;
};

/// Owns the text and the values that point into it. Movable.
class json_document {
public:
    /// errc::bad_request with line and column in `detail` when the rules are broken.
    /// `opaque`: members of the *top-level* object, or of the objects in a top-level array, whose
    /// values are checked for form but not turned into values: only raw() of them is meaningful.
    static model::result<json_document> parse(std::string text,
                                              const std::vector<std::string_view>& opaque = {});
    /// The same over text that outlives the document, without copying it.
    static model::result<json_document> parse_view(std::string_view text,
                                                   std::span<const std::string_view> opaque = {});

    json_document(json_document&&) noexcept;
    json_document& operator=(json_document&&) noexcept;
    ~json_document();

    const json_value& root() const;

private:
    struct state;
    explicit json_document(std::unique_ptr<state> s);
    static model::result<json_document> build(std::unique_ptr<state> s, std::string_view text,
                                              std::span<const std::string_view> opaque);

    std::unique_ptr<state> state_;
};

/// Checks one opaque value without building anything: well-formed, strict UTF-8, depth <= 32.
model::result<void> check_json(std::string_view text);

/// Writes JSON into a string. Fields come in the order of the calls; strings are escaped (control
/// characters, quotes, U+2028/2029), bytes that are no UTF-8 become U+FFFD; no white space.
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
