// bodies: what the load sends, made of plain text, and the little that it reads of the answers. The
// answers' texts are ours (codec writes them without blanks), so finding a field is a search.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::bench {

/// How the tasks of a measurement look.
struct task_shape {
    std::string queue = "default";
    std::string job = "bench";
    std::size_t jobs = 1;  // spread over so many: bench-0, bench-1, …
    std::size_t payload_bytes = 200;
    int priorities = 1;              // spread over 1..n, else 5
    int lease_s = 0;                 // 0: the server's default
    std::size_t delayed_of_100 = 0;  // so many wait a day
};

/// The task with this number; the payload is a JSON string of exactly payload_bytes.
void write_task(std::string& out, const task_shape& shape, std::size_t number);
/// `count` tasks from number `first` on: one object, or an array of them.
std::string write_tasks(const task_shape& shape, std::size_t first, std::size_t count);

struct take_shape {
    std::string worker;
    std::string queue = "default";
    std::size_t max = 1;
    int wait_s = 5;
};
/// Settles what is held as complete and asks for more.
std::string write_take(const take_shape& shape, const std::vector<std::string>& held);

struct taken {
    std::vector<std::string> leases;
    std::size_t settled = 0;  // with status ok
    std::size_t refused = 0;
};
taken read_take(std::string_view body);

/// The number after `"name":` where it first comes after `within`; 0 when it is not there.
std::size_t number_after(std::string_view body, std::string_view within, std::string_view name);

}  // namespace kwq::bench
