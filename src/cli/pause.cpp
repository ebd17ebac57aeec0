// `kwq pause`: hand out nothing of a job, a queue, a priority, or nothing at all, for a while.
#include "cli/gate_options.hpp"

namespace kwq::cli {

namespace {

class pause_command : public command {
public:
    description describe() override {
        auto options = gate_option_list(gate_);
        options.push_back(
            {"--for", "TIME", "Resume by itself after this long", &gate_.how_long, {}});
        return {
            .name = "pause",
            .summary = "Hand out nothing more: everything, a queue, a priority or a job",
            .details = "What runs, runs on; what is submitted waits. It holds across restarts.",
            .options = std::move(options),
            .arguments = {},
            .examples = {"kwq pause --all --for 10m", "kwq pause --queue mail --reason upgrade"}};
    }

    outcome<exit_code> run(session* s) override {
        const auto change = gate_change(gate_, "pause");
        if (!change) {
            return change.error();
        }
        return make_change(*s, *change);
    }

private:
    gate_options gate_;
};

}  // namespace

std::unique_ptr<command> make_pause_command() {
    return std::make_unique<pause_command>();
}

}  // namespace kwq::cli
