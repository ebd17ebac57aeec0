#include "rest/task_query.hpp"

#include "rest/limits.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace kwq::rest {

using model::errc;

namespace {

constexpr std::size_t longest_text = 4'096;
constexpr std::array<std::string_view, 6> filter_words{"job",   "state",  "tag",
                                                       "queue", "worker", "error"};

model::error wrong(std::string_view word, std::string_view what, errc code = errc::bad_field) {
    return {code, std::string(word).append(": ").append(what), std::string(word)};
}

template <class Name>
model::result<void> set_label(std::optional<Name>& to, std::string_view word,
                              std::string_view value) {
    if (to) {
        return wrong(word, "may be given once");
    }
    if (!model::valid_label(value)) {
        return wrong(word, "1 to 200 bytes of UTF-8 without control characters", errc::bad_id);
    }
    to = Name{std::string(value)};
    return {};
}

model::result<void> set_queue(tracker::task_filter& to, std::string_view value) {
    if (to.queue) {
        return wrong("queue", "may be given once");
    }
    if (!model::valid_queue(value)) {
        return wrong("queue", "1 to 63 of a-z 0-9 -, not beginning with -", errc::bad_id);
    }
    to.queue = model::queue_name{std::string(value)};
    return {};
}

model::result<void> set_error(tracker::task_filter& to, std::string_view value) {
    if (to.error) {
        return wrong("error", "may be given once");
    }
    to.error = tracker::parse_error_fingerprint(value);
    if (!to.error) {
        return wrong("error", "the fingerprint of an error group, 16 hexadecimal digits");
    }
    return {};
}

model::result<void> set_states(tracker::task_filter& to, std::string_view value) {
    if (!to.state.is_any()) {
        return wrong("state", "may be given once; several with commas");
    }
    while (true) {
        const auto comma = std::min(value.find(','), value.size());
        const auto state = model::parse_task_state(value.substr(0, comma));
        if (!state) {
            return wrong("state",
                         "one of scheduled, pending, allocated, running, complete, error, "
                         "cancelled, or several of them with commas");
        }
        to.state.add(*state);
        if (comma == value.size()) {
            return {};
        }
        value.remove_prefix(comma + 1);
    }
}

/// One `word:value` off the front of `rest`.
class text_reader {
public:
    explicit text_reader(std::string_view rest) : rest_(rest) {}

    bool at_end() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
        return rest_.empty();
    }
    std::optional<std::string_view> word() {
        const auto end = rest_.find_first_of(": \"");
        if (end == std::string_view::npos || rest_[end] != ':') {
            return std::nullopt;
        }
        const auto found = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return found;
    }
    std::optional<std::string> value() {
        if (!rest_.starts_with('"')) {
            const auto end = std::min(rest_.find(' '), rest_.size());
            std::string plain(rest_.substr(0, end));
            rest_.remove_prefix(end);
            return plain;
        }
        std::string quoted;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                const bool ends = rest_.empty() || rest_.front() == ' ';
                return ends ? std::optional(std::move(quoted)) : std::nullopt;
            }
            if (rest_[i] == '\\' && ++i == rest_.size()) {
                break;
            }
            quoted.push_back(rest_[i]);
        }
        return std::nullopt;
    }

private:
    std::string_view rest_;
};

std::string quoted(std::string_view value) {
    if (value.find_first_of(" \"\\") == std::string_view::npos) {
        return std::string(value);
    }
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
        }
        out.push_back(c);
    }
    return out.append("\"");
}

}  // namespace

model::result<void> add_word(tracker::task_filter& to, std::string_view word,
                             std::string_view value) {
    if (word == "job") {
        return set_label(to.job, word, value);
    }
    if (word == "state") {
        return set_states(to, value);
    }
    if (word == "tag") {
        return set_label(to.tag, word, value);
    }
    if (word == "queue") {
        return set_queue(to, value);
    }
    if (word == "worker") {
        return set_label(to.worker, word, value);
    }
    if (word == "error") {
        return set_error(to, value);
    }
    return wrong("q", "the words are job, state, tag, queue, worker and error");
}

model::result<void> add_text(tracker::task_filter& to, std::string_view text) {
    if (text.size() > longest_text) {
        return wrong("q", "at most 4,096 bytes");
    }
    text_reader reader(text);
    while (!reader.at_end()) {
        const auto word = reader.word();
        const auto value = word ? reader.value() : std::nullopt;
        if (!value) {
            return wrong("q",
                         "words of the form word:value or word:\"a value\", with spaces between");
        }
        if (const auto added = add_word(to, *word, *value); !added) {
            return added.error();
        }
    }
    return {};
}

std::string write_task_query(const tracker::task_filter& f) {
    std::string out;
    const auto add = [&out](std::string_view word, std::string_view value) {
        out.append(out.empty() ? "" : " ").append(word).append(":").append(quoted(value));
    };
    if (f.job) {
        add("job", f.job->value());
    }
    if (!f.state.is_any()) {
        std::string states;
        for (int s = 0; s < model::task_state_count; ++s) {
            const auto state = static_cast<model::task_state>(s);
            if (f.state.holds(state)) {
                states.append(states.empty() ? "" : ",").append(to_string(state));
            }
        }
        add("state", states);
    }
    if (f.tag) {
        add("tag", f.tag->value());
    }
    if (f.queue) {
        add("queue", f.queue->value());
    }
    if (f.worker) {
        add("worker", f.worker->value());
    }
    if (f.error) {
        add("error", tracker::to_string(*f.error));
    }
    return out;
}

tracker::task_filter read_task_filter(parameter_reader& p) {
    tracker::task_filter filter;
    const auto take = [&p](const model::result<void>& added) {
        if (!added) {
            p.refuse(added.error());
        }
    };
    for (const auto word : filter_words) {
        if (const auto value = p.given(word)) {
            take(add_word(filter, word, *value));
        }
    }
    if (const auto text = p.given("q")) {
        take(add_text(filter, *text));
    }
    return filter;
}

tracker::task_filter read_task_page(parameter_reader& p) {
    auto filter = read_task_filter(p);
    filter.newest_first = p.word("order", {"newest", "oldest"}) != "oldest";
    filter.limit = p.number("limit", 100, limits::page_items);
    filter.cursor = p.text("cursor", limits::cursor_bytes);
    return filter;
}

tracker::name_page_query read_name_page(parameter_reader& p) {
    using tracker::sorting;
    const std::map<std::string_view, sorting> sorts{{"name", sorting::name},
                                                    {"running", sorting::running},
                                                    {"errors", sorting::errors},
                                                    {"last", sorting::last},
                                                    {"submitted", sorting::submitted}};
    tracker::name_page_query q;
    q.prefix = p.text("prefix", 200);
    const auto sort =
        sorts.find(p.word("sort", {"name", "running", "errors", "last", "submitted"}));
    q.sort = sort == sorts.end() ? sorting::name : sort->second;
    q.limit = p.number("limit", 100, limits::page_items);
    q.cursor = p.text("cursor", limits::cursor_bytes);
    return q;
}

tracker::task_filter read_task_filter(field_reader& fields) {
    tracker::task_filter filter;
    const auto take = [&fields](const model::result<void>& added, std::string_view word) {
        if (!added) {
            fields.refuse(added.error().code, added.error().detail, word);
        }
    };
    for (const auto word : filter_words) {
        const auto* found = fields.find(word);
        if (found == nullptr) {
            continue;
        }
        if (word == "state" && found->is_array()) {
            std::string states;
            for (const auto& one : fields.labels(word, model::task_state_count)) {
                states.append(states.empty() ? "" : ",").append(one);
            }
            take(add_word(filter, word, states), word);
        } else {
            take(add_word(filter, word, fields.text(word, longest_text)), word);
        }
    }
    const auto text = fields.text("q", longest_text);
    take(add_text(filter, text), "q");
    return filter;
}

}  // namespace kwq::rest
