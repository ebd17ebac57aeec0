#include "bench/bodies.hpp"

#include "base/clock.hpp"

#include <charconv>

namespace kwq::bench {

namespace {

constexpr std::string_view lease_field = "\"lease\":\"";

constexpr milliseconds one_day{86'400'000};

std::int64_t tomorrow() {
    return (system_clock().wall() + one_day).value();
}

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
        ++n;
    }
    return n;
}

}  // namespace

void write_task(std::string& out, const task_shape& shape, std::size_t number) {
    out += R"({"queue":")" + shape.queue + R"(","job":")" + shape.job;
    if (shape.jobs > 1) {
        out += "-" + std::to_string(number % shape.jobs);
    }
    out += '"';
    if (shape.priorities > 1) {
        const auto one = number % static_cast<std::size_t>(shape.priorities) + 1;
        out += ",\"priority\":" + std::to_string(one);
    }
    if (number % 100 < shape.delayed_of_100) {
        out += ",\"not_before\":" + std::to_string(tomorrow());
    }
    if (shape.lease_s > 0) {
        out += ",\"lease_s\":" + std::to_string(shape.lease_s);
    }
    out += R"(,"payload":")";
    out.append(shape.payload_bytes < 2 ? 0 : shape.payload_bytes - 2, 'x');
    out += "\"}";
}

std::string write_tasks(const task_shape& shape, std::size_t first, std::size_t count) {
    std::string out;
    out.reserve(count * (shape.payload_bytes + 80));
    if (count == 1) {
        write_task(out, shape, first);
        return out;
    }
    out += '[';
    for (std::size_t i = 0; i < count; ++i) {
        out += i > 0 ? "," : "";
        write_task(out, shape, first + i);
    }
    return out += ']';
}

std::string write_take(const take_shape& shape, const std::vector<std::string>& held) {
    std::string out = R"({"worker":")" + shape.worker + R"(","queues":[")" + shape.queue +
                      R"("],"max":)" + std::to_string(shape.max) + R"(,"wait_s":)" +
                      std::to_string(shape.wait_s);
    if (!held.empty()) {
        out += ",\"settle\":[";
        for (std::size_t i = 0; i < held.size(); ++i) {
            out.append(i > 0 ? ",{\"lease\":\"" : "{\"lease\":\"").append(held[i]);
            out += R"(","outcome":"complete","result":1})";
        }
        out += ']';
    }
    return out += '}';
}

taken read_take(std::string_view body) {
    taken out;
    // Payloads hold no quotes, so `"settled":` is the field and nothing in a task.
    const auto split = std::min(body.find("\"settled\":"), body.size());
    const auto leases_first = body.find("\"leases\":") < split;
    const auto leases = leases_first ? body.substr(0, split) : body.substr(split);
    const auto settled = leases_first ? body.substr(split) : body.substr(0, split);
    for (auto at = leases.find(lease_field); at != std::string_view::npos;) {
        const auto begin = at + lease_field.size();
        const auto end = leases.find('"', begin);
        out.leases.emplace_back(leases.substr(begin, end - begin));
        at = leases.find(lease_field, end);
    }
    out.settled = count_of(settled, "\"status\":\"ok\"");
    out.refused = count_of(settled, "\"status\":\"") - out.settled;
    return out;
}

std::size_t number_after(std::string_view body, std::string_view within, std::string_view name) {
    const auto from = within.empty() ? 0 : body.find(within);
    if (from == std::string_view::npos) {
        return 0;
    }
    const std::string field = "\"" + std::string(name) + "\":";
    const auto at = body.find(field, from);
    std::size_t value = 0;
    if (at != std::string_view::npos) {
        const auto* begin = body.data() + at + field.size();
        std::from_chars(begin, body.data() + body.size(), value);
    }
    return value;
}

}  // namespace kwq::bench
