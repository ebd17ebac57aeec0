// `kwq pause` and `kwq resume`: hand out nothing of a job, a queue, a priority, or nothing at all,
// for a while; and the end of that.
#include "cli/gate_options.hpp"

namespace kwq::cli {

namespace {

class gate_command : public command {
public:
    explicit gate_command(std::string verb) : verb_(std::move(verb)) {}

    description describe() override {
        auto options = gate_option_list(gate_);
        if (verb_ == "resume") {
            return {.name = verb_,
                    .summary = "End a pause: of everything, a queue, a priority or a job",
                    .details = "",
                    .options = std::move(options),
                    .arguments = {},
                    .examples = {"kwq resume --all"}};
        }
        options.push_back(
            {"--for", "TIME", "Resume by itself after this long", &gate_.how_long, {}});
        return {
            .name = verb_,
            .summary = "Hand out nothing more: everything, a queue, a priority or a job",
            .details = "What runs, runs on; what is submitted waits. It holds across restarts.",
            .options = std::move(options),
            .arguments = {},
            .examples = {"kwq pause --all --for 10m", "kwq pause --queue mail --reason upgrade"}};
    }

    outcome<exit_code> run(session* s) override {
        const auto change = gate_change(gate_, verb_);
        if (!change) {
            return change.error();
        }
        return make_change(*s, *change);
    }

private:
    const std::string verb_;
    gate_options gate_;
};

}  // namespace

std::unique_ptr<command> make_pause_command() {
    return std::make_unique<gate_command>("pause");
}

std::unique_ptr<command> make_resume_command() {
    return std::make_unique<gate_command>("resume");
}

}  // namespace kwq::cli
