// Lets Catch print a result: the reason when there is no value.
#pragma once

#include "base/result.hpp"

#include <catch2/catch.hpp>

#include <string>

template <class T, class E>
struct Catch::StringMaker<boost::system::result<T, E>> {
    static std::string convert(const boost::system::result<T, E>& r) {
        return r ? "a value" : "no value: " + r.error().detail;
    }
};
