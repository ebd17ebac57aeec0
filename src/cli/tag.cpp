// `kwq tag`: how far the tasks with one tag are.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class tag_command : public command {
public:
    description describe() override {
        return {.name = "tag",
                .summary = "Show how far the tasks with a tag are",
                .details = "",
                .options = {},
                .arguments = {{"TAG", "the tag, by custom key:value", true, &tag_, {}}},
                .examples = {"kwq tag customer:7"}};
    }

    outcome<exit_code> run(session* s) override {
        return show(*s, "/tags/" + segment(tag_),
                    [](const reply& r) { return group_view(r.root(), look_now()); });
    }

private:
    std::string tag_;
};

}  // namespace

std::unique_ptr<command> make_tag_command() {
    return std::make_unique<tag_command>();
}

}  // namespace kwq::cli
