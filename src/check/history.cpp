#include "check/history.hpp"

#include "base/hash.hpp"

#include <array>

namespace kwq::check {

namespace {

using codec::json_value;

std::string_view text_of(const json_value* object, std::string_view name) {
    const auto* v = object == nullptr ? nullptr : object->find(name);
    return v != nullptr && v->is_string() ? v->string() : std::string_view();
}

const json_value* member(const json_value* object, std::string_view name) {
    return object == nullptr ? nullptr : object->find(name);
}

std::span<const json_value> list_of(const json_value* object, std::string_view name) {
    const auto* v = member(object, name);
    return v == nullptr ? std::span<const json_value>() : v->items();
}

std::uint32_t number_of(const json_value* object, std::string_view name) {
    const auto* v = member(object, name);
    const bool whole = v != nullptr && v->type() == json_value::kind::integer;
    return whole && v->integer() >= 0 ? static_cast<std::uint32_t>(v->integer()) : 0;
}

std::uint64_t id_hash(std::string_view id) {
    return hash_of(model::task_id{std::string(id)});
}

std::uint64_t lease_hash(std::string_view lease) {
    return hash_of(model::lease_token{std::string(lease)});
}

std::optional<report_outcome> parse_outcome(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, report_outcome>, 4> words = {{
        {"running", report_outcome::running},
        {"complete", report_outcome::complete},
        {"error", report_outcome::error},
        {"release", report_outcome::release},
    }};
    for (const auto& [name, outcome] : words) {
        if (name == word) {
            return outcome;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(report_outcome o) {
    switch (o) {
        case report_outcome::running: return "running";
        case report_outcome::complete: return "complete";
        case report_outcome::error: return "error";
        case report_outcome::release: return "release";
    }
    return "?";
}

eventlog::result<void> history::read(std::istream& in) {
    std::string text;
    std::int64_t bad = 0;
    while (std::getline(in, text)) {
        ++line_;
        if (text.empty()) {
            continue;
        }
        if (bad > 0 || !read_line(text)) {
            if (bad > 0) {
                return eventlog::log_error{
                    eventlog::errc::corrupt,
                    "line " + std::to_string(bad) + " of the history is not an operation"};
            }
            bad = line_;  // torn, if nothing follows
        }
    }
    for (const auto& [proc, begun] : open_) {
        proc_ = proc;
        end(begun, ending::info, nullptr);
    }
    open_.clear();
    return {};
}

bool history::read_line(const std::string& text) {
    auto parsed = codec::json_document::parse(text);
    if (!parsed || !parsed->root().is_object()) {
        return false;
    }
    const auto& root = parsed->root();
    const auto type = text_of(&root, "type");
    const auto op = text_of(&root, "op");
    const auto* proc = root.find("proc");
    if (op == "power_cut") {
        power_cut();
        return true;
    }
    if (proc == nullptr || op.empty()) {
        return false;
    }
    std::string name(proc->raw());
    if (type == "invoke") {
        ++operations_;
        open_[name] = {std::string(op), line_,
                       std::make_unique<codec::json_document>(std::move(*parsed))};
        return true;
    }
    const auto begun = open_.find(name);
    if (begun == open_.end() || begun->second.op != op ||
        (type != "ok" && type != "fail" && type != "info")) {
        return false;
    }
    const auto how = type == "ok" ? ending::ok : type == "fail" ? ending::fail : ending::info;
    proc_ = name;
    end(begun->second, how, root.find("body"));
    open_.erase(begun);
    return true;
}

void history::add(answers& to, ending how) const {
    switch (how) {
        case ending::ok:
            ++to.ok;
            to.ok_line = to.ok_line < 0 ? line_ : to.ok_line;
            break;
        case ending::fail:
            ++to.failed;
            to.failed_line = to.failed_line < 0 ? line_ : to.failed_line;
            break;
        case ending::info: ++to.unknown; break;
    }
}

void history::end(const open_operation& begun, ending how, const json_value* body) {
    const auto* args = begun.text->root().find("args");
    if (args == nullptr) {
        return;
    }
    if (begun.op == "submit") {
        end_submit(*args, how, body);
    } else if (begun.op == "take") {
        end_take(*args, how, body);
    } else if (begun.op == "report") {
        end_report(text_of(args, "lease"), text_of(args, "outcome"), how);
    } else if (begun.op == "cancel") {
        add(cancels_[id_hash(text_of(args, "id"))], how);
    } else if (begun.op == "retry") {
        add(retries_[id_hash(text_of(args, "id"))], how);
    } else if (begun.op == "look" && how == ending::ok) {
        end_look(proc_, *args, body);
    } else if (begun.op == "job" && how == ending::ok) {
        end_job(*args, body);
    }
}

void history::end_submit(const json_value& args, ending how, const json_value* body) {
    const auto one = [&](const json_value& task) {
        const auto id = text_of(&task, "id");
        auto& story = submits_[id_hash(id)];
        story.id = id;
        add(story, how);
        if (const auto* payload = task.find("payload")) {
            const auto crc = crc32c(payload->raw());
            story.two_payloads = story.two_payloads || (story.payload && *story.payload != crc);
            story.payload = crc;
        }
    };
    const auto answered = [&](const json_value& task) {
        if (how == ending::ok && !text_of(&task, "position").empty()) {
            submits_[id_hash(text_of(&task, "id"))].positions.emplace_back(
                text_of(&task, "position"), line_);
        }
    };
    if (args.find("tasks") == nullptr) {
        one(args);
    }
    for (const auto& task : list_of(&args, "tasks")) {
        one(task);
    }
    if (body != nullptr && body->find("tasks") == nullptr) {
        answered(*body);
    }
    for (const auto& task : list_of(body, "tasks")) {
        answered(task);
    }
}

void history::end_report(std::string_view lease, std::string_view outcome, ending how) {
    const auto what = parse_outcome(outcome);
    if (!what) {
        return;
    }
    auto& story = reports_[{lease_hash(lease), *what}];
    found_.checked(rule::same_answer);
    // `running` may be refused later: the lease may have ended meanwhile.
    const bool refused_later = how == ending::fail && story.ok > 0;
    const bool turned = (how == ending::ok && story.failed > 0) ||
                        (refused_later && *what != report_outcome::running);
    if (turned) {
        found_.broken({rule::same_answer,
                       {{}, 0, line_},
                       "report",
                       std::string(outcome) + " of the same lease was " +
                           (how == ending::ok ? "refused" : "acknowledged") + " in line " +
                           std::to_string(how == ending::ok ? story.failed_line : story.ok_line)});
    }
    add(story, how);
}

void history::tell(const json_value& lease) {
    const auto* task = lease.find("task");
    const auto hash = lease_hash(text_of(&lease, "lease"));
    told_lease t{.id = std::string(text_of(task == nullptr ? &lease : task, "id")),
                 .attempt = number_of(&lease, "attempt"),
                 .payload = std::nullopt,
                 .line = line_};
    if (const auto* payload = member(task == nullptr ? &lease : task, "payload")) {
        t.payload = crc32c(payload->raw());
    }
    told_since_cut_.push_back(hash);
    told_.insert_or_assign(hash, std::move(t));
}

void history::end_take(const json_value& args, ending how, const json_value* body) {
    std::map<std::string_view, std::string_view> statuses;
    for (const auto& s : list_of(body, "settled")) {
        statuses[text_of(&s, "lease")] = text_of(&s, "status");
    }
    for (const auto& s : list_of(&args, "settle")) {
        const auto lease = text_of(&s, "lease");
        const auto status = statuses.find(lease);
        auto what = how == ending::fail ? ending::fail : ending::info;
        if (status != statuses.end()) {
            const auto word = status->second;
            const bool ok = word == "ok" || word == "already";
            what = ok ? ending::ok : word == "unknown" ? ending::info : ending::fail;
        }
        end_report(lease, text_of(&s, "outcome"), what);
    }
    for (const auto& lease : list_of(body, "leases")) {
        tell(lease);
    }
}

void history::end_look(const std::string& proc, const json_value& args, const json_value* body) {
    const auto state = text_of(body, "state");
    const auto attempt = number_of(body, "attempt");
    auto& last = readings_[{proc, id_hash(text_of(&args, "id"))}];
    const bool over = state == "complete" || state == "cancelled";
    found_.checked(rule::session_reads);
    if (attempt < last.attempt || (last.over && !over)) {
        found_.broken({rule::session_reads,
                       {{}, 0, line_},
                       "look",
                       "the task is " + std::string(state) + " at attempt " +
                           std::to_string(attempt) + ", and was further before"});
    }
    last = {attempt, over};
}

void history::end_job(const json_value& args, const json_value* body) {
    const auto* last = args.find("final");
    if (last == nullptr || last->type() != json_value::kind::boolean || !last->boolean()) {
        return;
    }
    job_reading r{.job = std::string(text_of(&args, "job")), .counts = {}, .line = line_};
    if (const auto* counts = member(body, "counts")) {
        for (const auto& [state, n] : counts->members()) {
            r.counts[std::string(state)] = number_of(counts, state);
        }
    }
    final_jobs_.push_back(std::move(r));
}

void history::power_cut() {
    for (const auto hash : told_since_cut_) {
        told_[hash].may_be_lost = true;
    }
    told_since_cut_.clear();
}

}  // namespace kwq::check
