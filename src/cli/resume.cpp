// `kwq resume`: the end of a pause.
#include "cli/gate_options.hpp"

namespace kwq::cli {

namespace {

class resume_command : public command {
public:
    description describe() override {
        return {.name = "resume",
                .summary = "End a pause: of everything, a queue, a priority or a job",
                .details = "",
                .options = gate_option_list(gate_),
                .arguments = {},
                .examples = {"kwq resume --all"}};
    }

    outcome<exit_code> run(session* s) override {
        const auto change = gate_change(gate_, "resume");
        if (!change) {
            return change.error();
        }
        return make_change(*s, *change);
    }

private:
    gate_options gate_;
};

}  // namespace

std::unique_ptr<command> make_resume_command() {
    return std::make_unique<resume_command>();
}

}  // namespace kwq::cli
