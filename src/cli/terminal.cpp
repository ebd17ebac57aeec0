// terminal: see the header. The interrupt flag is the one piece of global state of the command
// line: a signal handler has nowhere else to write to.
#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace kwq::cli {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

void on_interrupt(int) {
    if (interrupt_seen != 0) {
        _exit(130);
    }
    interrupt_seen = 1;
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    return true;
}

winsize window() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    }
    return size;
}

}  // namespace

bool stdout_is_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}
bool stdin_is_terminal() {
    return ::isatty(STDIN_FILENO) == 1;
}

bool colours_wanted() {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return stdout_is_terminal() && (no_color == nullptr || *no_color == '\0') &&
           (term == nullptr || std::string_view(term) != "dumb");
}

std::size_t terminal_columns() {
    const winsize size = window();
    return size.ws_col == 0 ? 80 : size.ws_col;
}

std::size_t terminal_rows() {
    const winsize size = window();
    return size.ws_row == 0 ? 24 : size.ws_row;
}

bool write_stdout(std::string_view text) {
    return write_all(STDOUT_FILENO, text);
}

void write_stderr(std::string_view text) {
    write_all(STDERR_FILENO, text);
}

void catch_interrupts() {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
    return interrupt_seen != 0;
}

bool wait_for(milliseconds how_long) {
    if (interrupted()) {
        return false;
    }
    // A signal that comes between the check above and here is noticed one wait later.
    const auto slice = milliseconds{200};
    while (how_long.count() > 0 && !interrupted()) {
        const auto now = how_long < slice ? how_long : slice;
        ::poll(nullptr, 0, static_cast<int>(now.count()));
        how_long -= now;
    }
    return !interrupted();
}

}  // namespace kwq::cli
