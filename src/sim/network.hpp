// network: between clients and whatever process answers just now. Messages take their time, get
// lost and come twice; who hears nothing for long stops waiting.
#pragma once

#include "model/error.hpp"
#include "sim/process.hpp"
#include "sim/world.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace kwq::sim {

/// How a process answers.
template <class T>
using answer = std::function<void(model::result<T>)>;
/// What a client hears: nothing means that it does not know.
template <class T>
using heard = std::function<void(const std::optional<model::result<T>>&)>;

class network {
public:
    static constexpr milliseconds longest_travel{90'000};

    /// `reach`: the process that answers clients now, or null.
    network(world& w, std::function<process*()> reach) : world_(w), reach_(std::move(reach)) {}

    /// `what` runs at the process, perhaps twice, perhaps never; `done` at the client, once.
    template <class T>
    void ask(std::function<void(process&, answer<T>)> what, heard<T> done, milliseconds patience) {
        world_.past.add("ask");
        // Shared by the answers, of which more than one may come.
        auto hear = [said = std::make_shared<bool>(false),
                     done = std::move(done)](const std::optional<model::result<T>>& r) {
            if (!std::exchange(*said, true)) {
                done(r);
            }
        };
        world_.after(patience, [hear] { hear(std::nullopt); });
        deliver<T>(what, hear);
        if (world_.strikes(&faults::request_repeated)) {
            deliver<T>(what, hear);
        }
    }

private:
    template <class T, class Hear>
    void deliver(std::function<void(process&, answer<T>)> what, Hear hear) {
        if (world_.strikes(&faults::request_lost)) {
            return;
        }
        world_.after(travel_time(), [this, what = std::move(what), hear = std::move(hear)] {
            world_.past.add("deliver");
            process* const p = reach_();
            if (p == nullptr) {
                world_.after(milliseconds{1}, [hear] { hear(std::nullopt); });  // refused
                return;
            }
            what(*p, [this, p, hear](const model::result<T>& r) {
                if (p->is_dead()) {
                    return;
                }
                world_.past.add("answer", r.has_value());
                if (!world_.strikes(&faults::answer_lost)) {
                    world_.after(travel_time(), [hear, r] { hear(r); });
                }
            });
        });
    }

    milliseconds travel_time() {
        return world_.strikes(&faults::message_late) ? world_.up_to(longest_travel)
                                                     : world_.up_to(milliseconds{3});
    }

    world& world_;
    std::function<process*()> reach_;
};

}  // namespace kwq::sim
