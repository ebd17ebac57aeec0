// Bulk submit: one line, one task, one answer line; both ways at once. Each piece of the body that
// is read becomes one batch: its good lines are appended together, its answers are written when
// they are durable and all batches before have been. Reading stops while too much is on its way.

#include "codec/task_codec.hpp"
#include "rest/handlers.hpp"
#include "rest/intake.hpp"
#include "rest/limits.hpp"
#include "rest/line_splitter.hpp"
#include "rest/problems.hpp"

#include <map>
#include <mutex>

namespace kwq::rest {

using model::errc;

namespace {

struct line_answer {
    std::uint64_t number = 0;
    std::optional<model::error> refused;  // set: never submitted
};

/// One bulk request. Owned by the closures given to the server and to the log, on whose threads it
/// is called: hence the shared ownership and the mutex.
class bulk : public std::enable_shared_from_this<bulk> {
public:
    bulk(context& c, std::string key, net::stream_responder_ptr to)
        : context_(c), key_(std::move(key)), to_(std::move(to)), lines_(limits::submit_bytes) {}

    void take(std::string_view piece);
    void finish();
    void gone();

private:
    struct batch {
        std::vector<line_answer> lines;
        std::vector<prepared_task> tasks;
        std::size_t bytes = 0;
    };

    void read_line(batch& b, std::uint64_t number, std::string_view text, bool too_long);
    model::result<prepared_task> prepare(std::uint64_t number, std::string_view text,
                                         bool too_long);
    void submit(batch b);
    void answer(std::uint64_t sequence, std::size_t bytes, std::string text);
    void go_on();

    context& context_;
    const std::string key_;
    const std::uint32_t run_ = context_.runs++;
    const net::stream_responder_ptr to_;
    // server's thread
    line_splitter lines_;
    std::uint64_t batches_ = 0;
    // any thread, under mutex_
    std::mutex mutex_;
    std::map<std::uint64_t, std::string> ready_;  // answers that wait for those before them
    std::uint64_t next_ = 0;
    std::uint64_t last_ = 0;  // once ended_: how many batches there are
    std::size_t bytes_out_ = 0;
    bool wants_more_ = false;
    bool ended_ = false;
    bool gone_ = false;
};

model::result<prepared_task> bulk::prepare(std::uint64_t number, std::string_view text,
                                           bool too_long) {
    if (too_long) {
        return model::error{errc::payload_too_large, "a line is at most 1.5 MiB", {}};
    }
    if (context_.stopping) {
        return model::error{errc::stopping, "nothing is taken any more", {}};
    }
    auto task = codec::read_task(text);
    if (!task) {
        return task.error();
    }
    return prepare_task(context_, std::move(*task), {.key = key_, .index = number, .run = run_});
}

void bulk::read_line(batch& b, std::uint64_t number, std::string_view text, bool too_long) {
    if (!too_long && text.find_first_not_of(" \t") == std::string_view::npos) {
        return;
    }
    auto task = prepare(number, text, too_long);
    line_answer line{.number = number, .refused = std::nullopt};
    if (task) {
        b.tasks.push_back(std::move(*task));
    } else {
        line.refused = task.error();
    }
    b.lines.push_back(std::move(line));
}

void write_refused(codec::json_writer& w, std::uint64_t number, const model::error& e) {
    w.begin_object().field("line", number).field("status", "error");
    w.field("code", to_string(e.code)).field("detail", e.detail);
    if (!e.field.empty()) {
        w.field("field", e.field);
    }
    w.end_object();
}

std::string render_lines(const std::vector<line_answer>& lines,
                         const std::vector<placed_task>& placed) {
    std::string text;
    std::size_t i = 0;
    for (const line_answer& line : lines) {
        codec::json_writer w(text);
        if (line.refused) {
            write_refused(w, line.number, *line.refused);
        } else if (const placed_task& one = placed[i++]; one.refused) {
            write_refused(w, line.number, *one.refused);
        } else {
            w.begin_object().field("line", line.number).field("id", one.id.value());
            w.field("status", "ok").field("position", to_string(one.position));
            w.field("priority", one.priority.value());
            if (one.clamped) {
                w.field("clamped", true);
            }
            w.end_object();
        }
        text.push_back('\n');
    }
    return text;
}

void bulk::submit(batch b) {
    {
        const std::lock_guard hold(mutex_);
        bytes_out_ += b.bytes;
    }
    const std::uint64_t sequence = batches_++;
    append_tasks(context_, std::move(b.tasks),
                 context_.loop.then<std::vector<placed_task>>(
                     [self = shared_from_this(), sequence, bytes = b.bytes,
                      lines = std::move(b.lines)](const std::vector<placed_task>& placed) {
                         self->answer(sequence, bytes, render_lines(lines, placed));
                     }));
}

void bulk::take(std::string_view piece) {
    batch b;
    b.bytes = piece.size();
    lines_.take(piece, [&](std::uint64_t number, std::string_view text, bool too_long) {
        read_line(b, number, text, too_long);
    });
    submit(std::move(b));
    {
        const std::lock_guard hold(mutex_);
        wants_more_ = true;
    }
    go_on();
}

void bulk::finish() {
    batch b;
    lines_.finish([&](std::uint64_t number, std::string_view text, bool too_long) {
        read_line(b, number, text, too_long);
    });
    {
        const std::lock_guard hold(mutex_);
        ended_ = true;
        last_ = batches_ + 1;
    }
    submit(std::move(b));
}

void bulk::gone() {
    const std::lock_guard hold(mutex_);
    gone_ = true;
}

/// On the context's loop, so answers are written by one thread in their order. The client is never
/// talked to under the mutex: it may talk back.
void bulk::answer(std::uint64_t sequence, std::size_t bytes, std::string text) {
    std::string out;
    bool complete = false;
    {
        const std::lock_guard hold(mutex_);
        ready_.emplace(sequence, std::move(text));
        bytes_out_ -= bytes;
        while (!ready_.empty() && ready_.begin()->first == next_) {
            out += ready_.begin()->second;
            ready_.erase(ready_.begin());
            ++next_;
        }
        if (gone_) {
            return;
        }
        complete = ended_ && next_ == last_;
    }
    if (!out.empty()) {
        to_->write(std::move(out));
    }
    if (complete) {
        to_->end();
        return;
    }
    go_on();
}

void bulk::go_on() {
    const bool reads_on = to_->unsent() <= limits::bulk_unsent_bytes;
    {
        const std::lock_guard hold(mutex_);
        if (!wants_more_ || gone_ || bytes_out_ > limits::bulk_bytes_out) {
            return;
        }
        wants_more_ = !reads_on;
    }
    if (reads_on) {
        to_->more();
        return;
    }
    // Nothing tells when the client has read on, so look again soon.
    context_.loop.after(milliseconds{50}, [self = shared_from_this()] { self->go_on(); });
}

}  // namespace

net::body_stream submit_bulk(context& c, const call& q, net::stream_responder_ptr to) {
    const auto key = q.request.header("idempotency-key");
    if (key && !valid_idempotency_key(*key)) {
        to->refuse(problem_response(
            {errc::bad_field, "Idempotency-Key: 1 to 200 printable ASCII characters",
             "Idempotency-Key"},
            q.request_id));
        return {.on_piece = [](const std::string&) {}, .on_end = [] {}, .on_gone = [] {}};
    }
    to->begin(200, "application/x-ndjson");
    c.http.count(q.route, 200);
    // Shared: see the class.
    const auto one = std::make_shared<bulk>(c, std::string(key.value_or("")), to);
    to->more();
    return {.on_piece = [one](const std::string& piece) { one->take(piece); },
            .on_end = [one] { one->finish(); },
            .on_gone = [one] { one->gone(); }};
}

}  // namespace kwq::rest
