// named<T, Tag>: a T that cannot be mistaken for another T. Converting is explicit both ways, so a
// priority is never used as an offset nor a job as a queue.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace kwq {

template <class T, class Tag>
class named {
public:
    using value_type = T;

    named() = default;
    explicit named(T value) : value_(std::move(value)) {}

    const T& value() const { return value_; }

    friend bool operator==(const named&, const named&) = default;
    friend auto operator<=>(const named&, const named&) = default;

private:
    T value_{};
};

}  // namespace kwq

template <class T, class Tag>
struct std::hash<kwq::named<T, Tag>> {
    // Not noexcept for a text: libstdc++'s tables then keep each hash beside its key, and look at
    // the texts themselves only where hashes are the same.
    std::size_t operator()(const kwq::named<T, Tag>& n) const noexcept(std::is_arithmetic_v<T>) {
        return std::hash<T>{}(n.value());
    }
};
