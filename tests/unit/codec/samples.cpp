#include "samples.hpp"

#include "model/lease.hpp"

namespace kwq::codec {

namespace {

using namespace model;  // NOLINT: a test's own file, and every line needs it

const instant at{1'767'225'600'123};
const queue_name images{"images"};
const record place{images, model::priority{7}, offset{4711}};
const task_id id{"img-000042"};

lease_token lease() {
    return encode_lease({.shard = shard_id{0},
                         .epoch = offset{12},
                         .sequence = 3,
                         .place = place,
                         .attempt = 1,
                         .random = 0x0123456789abcdefULL});
}

task_intro intro() {
    task_intro i;
    i.job = job_name{"thumbnails of May"};
    i.tags = {tag_name{"customer:acme"}, tag_name{"größe:klein"}};
    i.submitted_at = instant{1'767'225'599'001};
    return i;
}

task_intro full_intro() {
    task_intro i = intro();
    i.limits = {.max_attempts = 2,
                .lease = milliseconds{90'000},
                .backoff = milliseconds{1'500},
                .timeout = milliseconds{600'000}};
    return i;
}

task minimal_task() {
    task t;
    t.payload = "null";
    return t;
}

task full_task() {
    task t;
    t.id = id;
    t.queue = images;
    t.job = job_name{"thumbnails of May"};
    t.tags = {tag_name{"customer:acme"}, tag_name{"größe:klein"}};
    t.priority = model::priority{7};
    t.payload = R"({ "file": "a \"b\".jpg", "width": 1.50, "width": 2e400 })";
    t.affinity = {"volume-7", "acme"};
    t.limits = full_intro().limits;
    t.not_before = instant{1'767'225'660'000};
    t.expires_at = instant{1'767'312'000'000};
    t.meta = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
              {"note", "line one\nline two\t\u2028"}};
    t.source = "uploader@host-3";
    return t;
}

task follow_up(std::string name, std::string payload) {
    task t;
    t.id = task_id{std::move(name)};
    t.queue = images;
    t.payload = std::move(payload);
    return t;
}

event owned(event_body body) {
    return {.at = at,
            .owner = owner_stamp{.epoch = offset{12}, .t = milliseconds{60'250}},
            .body = std::move(body)};
}

event reported(event_body body) {
    return {.at = at, .owner = {}, .body = std::move(body)};
}

std::vector<offset_range> ranges() {
    return {{offset{10}, offset{12}}, {offset{4000}, offset{4711}}};
}

std::vector<topic_end> ends() {
    return {{images, model::priority{1}, offset{0}}, {images, model::priority{7}, offset{4712}}};
}

std::vector<topic_end> ends_of_7() {
    return {{images, model::priority{7}, offset{4712}}};
}

void add_owner_events(named_samples<event>& all) {
    all.emplace_back("claim", reported(claim{.owner = "host-1:7654", .nonce = "3f2a91c07be4d815"}));
    all.emplace_back("cursor", owned(cursor{images, model::priority{7}, offset{4096}, {}}));
    all.emplace_back("cursor_done", owned(cursor{images, model::priority{7}, {}, ranges()}));
    const worker_name worker{"render-07/3"};
    all.emplace_back("allocated_first", owned(allocated{place, id, lease(), worker, 1, intro()}));
    all.emplace_back("allocated_limits",
                     owned(allocated{place, id, lease(), worker, 1, full_intro()}));
    all.emplace_back("allocated_again", owned(allocated{place, id, lease(), worker, 2, {}}));
    all.emplace_back("parked", owned(parked{place, id, instant{1'767'225'660'000}, intro()}));
    all.emplace_back("parked_ranges",
                     owned(parked_ranges{images, model::priority{7}, intro().job, ranges()}));
    all.emplace_back("ready_due", owned(ready{place, id, ready_reason::due}));
    all.emplace_back("ready_retry", owned(ready{place, id, ready_reason::retry}));
    all.emplace_back("ready_ranges",
                     owned(ready_ranges{images, model::priority{7}, intro().job, ranges()}));
    all.emplace_back("lease_expired", owned(lease_expired{place, id, lease()}));
    all.emplace_back("cancelled", owned(cancelled{place, id, cancel_reason::requested, {}}));
    all.emplace_back("cancelled_expired",
                     owned(cancelled{place, id, cancel_reason::expired, intro()}));
    const record other{images, model::priority{5}, offset{99}};
    all.emplace_back("duplicate", owned(duplicate{place, id, other}));
    all.emplace_back("rejected", owned(rejected{place, "payload is missing"}));
    all.emplace_back("control_cancel", owned(control{.control_offset = offset{5},
                                                     .action = control_action::cancel_job,
                                                     .job = intro().job,
                                                     .queue = {},
                                                     .priority = {},
                                                     .ends = ends()}));
    all.emplace_back("control_retry", owned(control{.control_offset = offset{6},
                                                    .action = control_action::retry_job,
                                                    .job = intro().job,
                                                    .queue = {},
                                                    .priority = {},
                                                    .ends = {}}));
    all.emplace_back("control_empty", owned(control{.control_offset = offset{7},
                                                    .action = control_action::empty_queue,
                                                    .job = {},
                                                    .queue = images,
                                                    .priority = model::priority{7},
                                                    .ends = ends_of_7()}));
    all.emplace_back("followed", owned(followed{offset{8123}}));
    all.emplace_back("moved", owned(moved{place, id, model::priority{5}, {}}));
    all.emplace_back("moved_first", owned(moved{place, id, model::priority{5}, intro()}));
    all.emplace_back("horizon", owned(horizon{instant{1'766'620'800'000}}));
    all.emplace_back("horizon_begins", owned(horizon{instant{1'766'620'800'000}, offset{8}}));
}

void add_lease_events(named_samples<event>& all) {
    all.emplace_back("running", reported(running{place, id, lease()}));
    all.emplace_back("progress", reported(progress{place, id, lease(), R"({"done":3,"of":8})"}));
    all.emplace_back("complete", reported(complete{place, id, lease(), {}, {}}));
    all.emplace_back("complete_result",
                     reported(complete{place, id, lease(), R"({"sha256": "9f86d081"})", {}}));
    all.emplace_back("complete_then",
                     reported(complete{place,
                                       id,
                                       lease(),
                                       "null",
                                       {follow_up("img-000042.1", R"("left")"),
                                        follow_up("img-000042.2", R"([1, 1.0])")}}));
    all.emplace_back("error", reported(task_error{place, id, lease(), "disk full: /scratch", true,
                                                  error_kind::reported}));
    all.emplace_back("error_final", reported(task_error{place, id, lease(), "no such \"image\"\n",
                                                        false, error_kind::reported}));
    all.emplace_back("error_timeout",
                     reported(task_error{place, id, lease(), "ran longer than 600 s", true,
                                         error_kind::timeout}));
    all.emplace_back("released", reported(released{place, id, lease(), milliseconds{0}}));
    all.emplace_back("released_later", reported(released{place, id, lease(), milliseconds{2'500}}));
}

}  // namespace

named_samples<task> sample_tasks() {
    return {{"task_minimal", minimal_task()}, {"task_full", full_task()}};
}

named_samples<event> sample_events() {
    named_samples<event> all;
    add_owner_events(all);
    add_lease_events(all);
    return all;
}

named_samples<control_record> sample_controls() {
    const job_name job = intro().job;
    const auto until = instant{1'767'226'200'000};
    const auto gate_of = [](gate_scope scope) {
        gate g;
        g.scope = scope;
        g.paused = true;
        return g;
    };
    gate all = gate_of(gate_scope::all);
    all.until = until;
    all.reason = "storage is being moved";
    gate queue = gate_of(gate_scope::queue);
    queue.queue = images;
    gate priority = queue;
    priority.scope = gate_scope::priority;
    priority.priority = model::priority{7};
    gate of_job = gate_of(gate_scope::job);
    of_job.job = job;
    of_job.paused = false;
    return {
        {"gate_all", {at, all}},
        {"gate_queue", {at, queue}},
        {"gate_priority", {at, priority}},
        {"gate_job", {at, of_job}},
        {"dispatch_paused",
         {at, dispatch{dispatch_state::paused, until, "storage is being moved"}}},
        {"dispatch_running", {at, dispatch{}}},
        {"command_cancel", {at, command{control_action::cancel_job, job, {}, {}, {ends(), {}}}}},
        {"command_retry", {at, command{control_action::retry_job, job, {}, {}, {}}}},
        {"command_empty",
         {at, command{control_action::empty_queue, {}, images, model::priority{7}, {ends_of_7()}}}},
        {"queue", {at, queue_defined{images, 9}}},
    };
}

}  // namespace kwq::codec
