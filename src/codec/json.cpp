#include "codec/json.hpp"

#include "base/assert.hpp"
#include "codec/json_scanner.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <numeric>
#include <system_error>

namespace kwq::codec {

bool json_value::boolean() const {
    KWQ_ASSERT(kind_ == kind::boolean);
    return boolean_;
}

std::int64_t json_value::integer() const {
    KWQ_ASSERT(kind_ == kind::integer);
    return integer_;
}

double json_value::number() const {
    KWQ_ASSERT(kind_ == kind::integer || kind_ == kind::number);
    return kind_ == kind::integer ? static_cast<double>(integer_) : number_;
}

std::string_view json_value::string() const {
    KWQ_ASSERT(kind_ == kind::string);
    return {string_, count_};
}

std::span<const json_value> json_value::items() const {
    return is_array() ? std::span(items_, count_) : std::span<const json_value>();
}

std::span<const json_value::member> json_value::members() const {
    return is_object() ? std::span(members_, count_) : std::span<const member>();
}

const json_value* json_value::find(std::string_view name) const {
    for (const auto& [key, value] : members()) {
        if (key == name) {
            return &value;
        }
    }
    return nullptr;
}

/// Text, values and unescaped strings. Small documents fit into the first block.
struct json_document::state {
    state() = default;
    std::string text;
    std::array<std::byte, 2'048> first;
    std::pmr::monotonic_buffer_resource arena{first.data(), first.size()};
    json_value root;
};

/// Builds the values of one text. Children wait on a stack until their parent ends; then they are
/// copied, side by side, into the arena.
class document_builder {
public:
    document_builder(std::string_view text, std::span<const std::string_view> opaque,
                     std::pmr::monotonic_buffer_resource& arena)
        : scanner_(text), opaque_(opaque), arena_(arena), stack_(scratch()) {
        stack_.clear();
    }
    ~document_builder() {
        if (stack_.capacity() > kept_capacity) {
            std::vector<member>().swap(stack_);
        }
    }
    document_builder(const document_builder&) = delete;
    document_builder& operator=(const document_builder&) = delete;

    bool build(json_value& root);
    model::error error() const { return scanner_.error(); }

private:
    using kind = json_value::kind;
    using member = json_value::member;
    struct frame {
        const char* start;
        std::size_t first_child;
        bool object;
    };
    static constexpr std::size_t kept_capacity = 4'096;

    static std::vector<member>& scratch() {
        static thread_local std::vector<member> reused;
        return reused;
    }

    bool read_value();
    bool read_scalar(json_value& out);
    bool read_string(std::string_view& out);
    bool read_number(json_value& out);
    bool read_word(std::string_view word, json_value& out);
    bool read_name();
    bool open(bool object);
    bool close();
    bool finish_value();
    bool push(const json_value& value);
    bool names_differ(std::span<const member> members);
    bool is_opaque_here(std::string_view name) const;
    template <class T>
    T* allocate(std::size_t count) {
        return static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
    }

    json_scanner scanner_;
    const std::span<const std::string_view> opaque_;
    std::pmr::monotonic_buffer_resource& arena_;
    std::vector<member>& stack_;
    std::array<frame, max_depth> frames_;
    std::size_t depth_ = 0;
    std::size_t values_ = 0;
    std::string_view name_;  // of the member whose value comes next
};

bool document_builder::build(json_value& root) {
    do {
        if (!read_value() || !finish_value()) {
            return false;
        }
    } while (depth_ > 0);
    root = stack_.back().second;
    return scanner_.scan_end();
}

/// One scalar, opaque value or empty container, or the opening of a container.
bool document_builder::read_value() {
    while (true) {
        const char c = scanner_.peek();
        if (depth_ > 0 && !opaque_.empty() && is_opaque_here(name_)) {
            json_value value;
            value.raw_ = scanner_.at();
            if (!scanner_.skip_value()) {
                return false;
            }
            value.raw_size_ = static_cast<std::uint32_t>(scanner_.at() - value.raw_);
            return push(value);
        }
        if (c != '{' && c != '[') {
            json_value value;
            value.raw_ = scanner_.at();
            if (!read_scalar(value)) {
                return false;
            }
            value.raw_size_ = static_cast<std::uint32_t>(scanner_.at() - value.raw_);
            return push(value);
        }
        if (!open(c == '{')) {
            return false;
        }
        if (scanner_.peek() == (c == '{' ? '}' : ']')) {
            return close();
        }
        if (c == '{' && !read_name()) {
            return false;
        }
    }
}

/// After a value: closes what ends with it, or moves on to the next one.
bool document_builder::finish_value() {
    while (depth_ > 0) {
        const bool object = frames_[depth_ - 1].object;
        const char c = scanner_.peek();
        if (c == ',') {
            scanner_.bump();
            return !object || read_name();
        }
        if (c != (object ? '}' : ']')) {
            return scanner_.fail_unexpected("a comma or the end of the list is expected here");
        }
        if (!close()) {
            return false;
        }
    }
    return true;
}

bool document_builder::open(bool object) {
    if (depth_ == max_depth) {
        return scanner_.fail("nested deeper than 32");
    }
    json_value value;
    value.raw_ = scanner_.at();
    value.kind_ = object ? kind::object : kind::array;
    if (!push(value)) {
        return false;
    }
    frames_[depth_++] = {scanner_.at(), stack_.size(), object};
    scanner_.bump();
    name_ = {};
    return true;
}

bool document_builder::close() {
    const frame f = frames_[--depth_];
    scanner_.bump();
    json_value& value = stack_[f.first_child - 1].second;
    value.raw_size_ = static_cast<std::uint32_t>(scanner_.at() - f.start);
    const std::size_t count = stack_.size() - f.first_child;
    value.count_ = static_cast<std::uint32_t>(count);
    if (count == 0) {
        value.items_ = nullptr;
    } else if (f.object) {
        const std::span<const member> children(stack_.data() + f.first_child, count);
        if (!names_differ(children)) {
            return false;
        }
        auto* out = allocate<member>(count);
        std::uninitialized_copy(children.begin(), children.end(), out);
        value.members_ = out;
    } else {
        auto* out = allocate<json_value>(count);
        for (std::size_t i = 0; i < count; ++i) {
            new (out + i) json_value(stack_[f.first_child + i].second);
        }
        value.items_ = out;
    }
    stack_.resize(f.first_child);
    return true;
}

bool document_builder::push(const json_value& value) {
    if (++values_ > max_values) {
        return scanner_.fail("more than 200,000 values");
    }
    stack_.emplace_back(name_, value);
    return true;
}

bool document_builder::is_opaque_here(std::string_view name) const {
    const frame& parent = frames_[depth_ - 1];
    const bool top = depth_ == 1 || (depth_ == 2 && !frames_[0].object);
    return parent.object && top && std::find(opaque_.begin(), opaque_.end(), name) != opaque_.end();
}

bool document_builder::read_scalar(json_value& out) {
    std::string_view text;
    switch (scanner_.peek()) {
        case '"':
            if (!read_string(text)) {
                return false;
            }
            out.kind_ = kind::string;
            out.string_ = text.data();
            out.count_ = static_cast<std::uint32_t>(text.size());
            return true;
        case 't':
        case 'f': return read_word(*scanner_.at() == 't' ? "true" : "false", out);
        case 'n': return scanner_.scan_word("null");
        case '-':
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9': return read_number(out);
        default: return scanner_.fail_unexpected("a value is expected here");
    }
}

bool document_builder::read_word(std::string_view word, json_value& out) {
    out.kind_ = kind::boolean;
    out.boolean_ = word == "true";
    return scanner_.scan_word(word);
}

bool document_builder::read_string(std::string_view& out) {
    string_token token;
    if (!scanner_.scan_string(token)) {
        return false;
    }
    out = token.inner;
    if (token.escaped) {
        auto* text = allocate<char>(token.inner.size());
        out = {text, unescape(token.inner, text)};
    }
    return true;
}

bool document_builder::read_name() {
    if (scanner_.peek() != '"') {
        return scanner_.fail_unexpected("a member's name is expected here");
    }
    if (!read_string(name_)) {
        return false;
    }
    if (scanner_.peek() != ':') {
        return scanner_.fail_unexpected("a colon is expected here");
    }
    scanner_.bump();
    return true;
}

bool document_builder::read_number(json_value& out) {
    number_token token;
    const char* const start = scanner_.at();
    if (!scanner_.scan_number(token)) {
        return false;
    }
    const std::string_view text = token.text;
    if (text.size() > max_number_chars) {
        return scanner_.fail_at(start, "a number of more than 32 characters");
    }
    const char* const end = text.data() + text.size();
    if (token.integral) {
        const auto [_, bad] = std::from_chars(text.data(), end, out.integer_);
        if (bad == std::errc{}) {
            out.kind_ = kind::integer;
            return true;
        }
    }
    if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
        const auto digits = text.substr(e + 1);
        const auto sign = digits.starts_with('+') || digits.starts_with('-') ? 1U : 0U;
        if (digits.size() - sign > max_exponent_digits) {
            return scanner_.fail_at(start, "an exponent of more than 4 digits");
        }
    }
    out.kind_ = kind::number;
    const auto [_, bad] = std::from_chars(text.data(), end, out.number_);
    return bad == std::errc{} || scanner_.fail_at(start, "a number out of range");
}

/// Pairs for the common small object; a sort of the names beyond.
bool document_builder::names_differ(std::span<const member> members) {
    constexpr std::size_t small = 24;
    const auto twice = [this](const member& m) {
        return scanner_.fail_at(m.second.raw_, "the same member name twice in one object");
    };
    if (members.size() <= small) {
        for (std::size_t i = 1; i < members.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                if (members[i].first == members[k].first) {
                    return twice(members[i]);
                }
            }
        }
        return true;
    }
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto name = [&](std::size_t i) { return members[i].first; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
    const auto found =
        std::adjacent_find(order.begin(), order.end(),
                           [&](std::size_t a, std::size_t b) { return name(a) == name(b); });
    return found == order.end() || twice(members[*(found + 1)]);
}

json_document::json_document(std::unique_ptr<state> s) : state_(std::move(s)) {}
json_document::json_document(json_document&&) noexcept = default;
json_document& json_document::operator=(json_document&&) noexcept = default;
json_document::~json_document() = default;

const json_value& json_document::root() const {
    return state_->root;
}

model::result<json_document> json_document::build(std::unique_ptr<state> s, std::string_view text,
                                                  std::span<const std::string_view> opaque) {
    if (text.size() > UINT32_MAX) {
        return model::error{model::errc::payload_too_large, "more than 4 GiB of JSON", ""};
    }
    document_builder builder(text, opaque, s->arena);
    if (!builder.build(s->root)) {
        return builder.error();
    }
    return json_document(std::move(s));
}

model::result<json_document> json_document::parse(std::string text,
                                                  const std::vector<std::string_view>& opaque) {
    auto s = std::make_unique_for_overwrite<state>();
    s->text = std::move(text);
    const std::string_view whole = s->text;
    return build(std::move(s), whole, opaque);
}

model::result<json_document> json_document::parse_view(std::string_view text,
                                                       std::span<const std::string_view> opaque) {
    return build(std::make_unique_for_overwrite<state>(), text, opaque);
}

model::result<void> check_json(std::string_view text) {
    json_scanner scanner(text);
    if (!scanner.skip_value() || !scanner.scan_end()) {
        return scanner.error();
    }
    return {};
}

}  // namespace kwq::codec
