#include "caller_books.hpp"

#include <sstream>

namespace kwq::crash {

namespace {

constexpr std::uint64_t most_of_a_life = 1'000'000;

std::string_view word(answered how) {
    return how == answered::ok ? "ok" : how == answered::fail ? "fail" : "info";
}

}  // namespace

caller_books::caller_books(const std::string& folder, std::uint64_t number)
    : folder_(folder),
      number_(number),
      history_(folder + "/history.ndjson", std::ios::app | std::ios::binary) {}

std::uint64_t caller_books::invoke(std::string_view op, const args& write) {
    const auto proc = number_ * most_of_a_life + ++procs_;
    std::string line = R"({"proc":)" + std::to_string(proc) + R"(,"op":")" + std::string(op) +
                       R"(","type":"invoke","args":)";
    write(line);
    history_ << line << "}\n" << std::flush;
    return proc;
}

void caller_books::end(std::uint64_t proc, std::string_view op, answered how, const args& body) {
    std::string line = R"({"proc":)" + std::to_string(proc) + R"(,"op":")" + std::string(op) +
                       R"(","type":")" + std::string(word(how)) + "\"";
    if (body) {
        line += R"(,"body":)";
        body(line);
    }
    history_ << line << "}\n" << std::flush;
}

void caller_books::power_cut() {
    history_ << "{\"op\":\"power_cut\"}\n" << std::flush;
}

std::vector<held_lease> caller_books::read_held() const {
    std::vector<held_lease> held;
    std::ifstream in(folder_ + "/held");
    std::string line;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string lease;
        std::string id;
        std::uint32_t attempt = 0;
        words >> lease >> id >> attempt;
        held.push_back({model::lease_token{lease}, model::task_id{id}, attempt, milliseconds{0}});
    }
    return held;
}

void caller_books::write_held(const std::vector<held_lease>& held) const {
    std::ofstream out(folder_ + "/held", std::ios::trunc);
    for (const auto& h : held) {
        out << h.lease.value() << ' ' << h.id.value() << ' ' << h.attempt << '\n';
    }
}

model::task_id caller_books::next_id() {
    return model::task_id{"t" + std::to_string(number_) + "-" + std::to_string(++ids_)};
}

}  // namespace kwq::crash
