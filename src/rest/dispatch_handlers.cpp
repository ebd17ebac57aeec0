// The kill switch.

#include "rest/handlers.hpp"
#include "rest/limits.hpp"
#include "rest/steering.hpp"

namespace kwq::rest {

using model::errc;

void get_dispatch(context& c, const call&, reply to) {
    c.services.scheduler.dispatch(
        c.loop.then<scheduler::dispatch_info>([to](const scheduler::dispatch_info& d) {
            std::string body;
            codec::json_writer w(body);
            write_dispatch(w, d);
            to.json(200, std::move(body));
        }));
}

void put_dispatch(context& c, const call& q, reply to) {
    auto body = read_object(q, false);
    if (!body) {
        to.fail(body.error());
        return;
    }
    field_reader f(body->root());
    const std::string word = f.text("state", 16, true);
    const auto state = model::parse_dispatch_state(word);
    if (f.ok() && !state) {
        f.refuse(errc::bad_field, "running, paused, draining or stopped", "state");
    }
    const auto wish = read_pause(c, q);
    if (!f.ok() || !wish) {
        to.fail(f.ok() ? wish.error() : f.error());
        return;
    }
    const bool runs = *state == model::dispatch_state::running;
    c.services.scheduler.set_dispatch(
        {.state = *state, .until = runs ? std::nullopt : wish->until, .reason = wish->reason},
        c.loop.then<model::result<scheduler::command_receipt>>(
            [&c, to](const model::result<scheduler::command_receipt>& receipt) {
                if (!receipt) {
                    to.fail(receipt.error());
                    return;
                }
                get_dispatch(c, {}, to);
            }));
}

}  // namespace kwq::rest
