#include "bench/sides.hpp"

#include <algorithm>

namespace kwq::bench {

namespace {

constexpr std::chrono::milliseconds look_again{100};

}  // namespace

bool is_refusal(int status) {
    return status == 429 || status == 503 || status == 507;
}

producers::producers(const load_plan& plan, load_pool& pool, connection_range mine)
    : plan_(plan), pool_(pool), mine_(mine), began_(load_clock::now()), due_of_(mine.count) {
    for (std::size_t i = 0; i < mine.count; ++i) {
        idle_.push_back(mine.first + i);
    }
}

bool producers::owns(std::size_t connection) const {
    return connection >= mine_.first && connection < mine_.first + mine_.count;
}

load_clock::time_point producers::due_at(std::size_t task) const {
    if (plan_.rate <= 0) {
        return began_;
    }
    return began_ + std::chrono::duration_cast<load_clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(task) / plan_.rate));
}

void producers::send_due() {
    while (!idle_.empty() && next_ < plan_.tasks) {
        const auto due = due_at(next_);
        if (due > load_clock::now()) {
            return;
        }
        const auto connection = idle_.front();
        idle_.pop_front();
        const auto count = std::min(plan_.batch, plan_.tasks - next_);
        due_of_[connection - mine_.first] = {due, count};
        pool_.post(connection, submit_target, write_tasks(plan_.shape, plan_.first + next_, count));
        next_ += count;
    }
}

load_clock::time_point producers::next_due() const {
    const bool waits = !idle_.empty() && next_ < plan_.tasks;
    return waits ? due_at(next_) : load_clock::now() + look_again;
}

void producers::on_answer(const load_answer& a, measurement& into) {
    const auto& sent = due_of_[a.connection - mine_.first];
    times_.add(plan_.rate > 0 ? load_clock::now() - sent.due : a.took);
    idle_.push_back(a.connection);
    if (a.status == 201 || a.status == 200) {
        accepted_ += sent.tasks;
    } else {
        (is_refusal(a.status) ? into.refused : into.failed) += 1;
    }
}

workers::workers(const load_plan& plan, load_pool& pool, connection_range mine)
    : plan_(plan),
      pool_(pool),
      mine_(mine),
      held_(mine.count),
      found_(load_clock::now()),
      wanted_(plan.tasks) {}

void workers::start() {
    found_ = load_clock::now();
    for (std::size_t i = 0; i < held_.size(); ++i) {
        ask(i);
    }
}

void workers::ask(std::size_t worker) {
    // Enough is out for somebody: this one settles, and takes nothing.
    const bool enough = taken_ >= wanted_;
    if (enough && held_[worker].empty()) {
        return;
    }
    const take_shape shape{.worker = "bench-" + std::to_string(worker),
                           .queue = enough ? std::string(no_queue) : plan_.shape.queue,
                           .max = plan_.batch,
                           .wait_s = enough ? 0 : 1};
    pool_.post(mine_.first + worker, take_target, write_take(shape, held_[worker]));
    held_[worker].clear();
    ++asking_;
}

void workers::on_answer(const load_answer& a, measurement& into) {
    const auto worker = a.connection - mine_.first;
    --asking_;
    if (a.status != 200) {
        (is_refusal(a.status) ? into.refused : into.failed) += 1;
    } else {
        auto got = read_take(a.body);
        completed_ += got.settled;
        into.failed += got.refused;
        taken_ += got.leases.size();
        found_ = got.leases.empty() ? found_ : load_clock::now();
        held_[worker] = std::move(got.leases);
        times_.add(a.took);
    }
    const bool dry = load_clock::now() - found_ > plan_.dry_after;
    if (!held_[worker].empty() || (completed_ < wanted_ && !dry)) {
        ask(worker);
    }
}

double seconds_since(load_clock::time_point began) {
    return std::chrono::duration<double>(load_clock::now() - began).count();
}

void check_time(load_clock::time_point until, const char* doing) {
    if (load_clock::now() > until) {
        throw load_failure(std::string(doing) + " took longer than was allowed (--give-up)");
    }
}

measurement drive(const load_plan& plan, load_pool& pool, producers* p, workers* w) {
    measurement m;
    const auto began = load_clock::now();
    const auto until = began + plan.give_up;
    if (w != nullptr) {
        w->start();
    }
    while ((p != nullptr && !p->done()) || (w != nullptr && !w->done())) {
        if (p != nullptr) {
            p->send_due();
        }
        pool.wait(p != nullptr ? p->next_due() : load_clock::now() + look_again,
                  [&](const load_answer& a) {
                      if (p != nullptr && p->owns(a.connection)) {
                          p->on_answer(a, m);
                          p->send_due();
                      } else if (w != nullptr) {
                          w->on_answer(a, m);
                      }
                  });
        if (p != nullptr && w != nullptr) {
            p->done() ? w->expect(p->accepted()) : w->be_patient();
        }
        check_time(until, "the load");
    }
    m.seconds = seconds_since(began);
    m.tasks = w != nullptr ? w->completed() : p->accepted();
    const std::size_t wanted = p != nullptr ? p->accepted() : plan.tasks;
    m.missing = w != nullptr && m.tasks < wanted ? wanted - m.tasks : 0;
    m.submit = p != nullptr ? p->times() : percentiles{};
    m.take = w != nullptr ? w->times() : percentiles{};
    return m;
}

void drain(const load_plan& plan, load_pool& pool, workers& w) {
    measurement ignored;
    const auto until = load_clock::now() + plan.give_up;
    while (!w.idle()) {
        pool.wait(until, [&](const load_answer& a) { w.on_answer(a, ignored); });
        check_time(until, "settling what was taken last");
    }
}

}  // namespace kwq::bench
