// The words that stand for enumerators in events and control records. Stored for ever: a word is
// never changed nor given another meaning.
#pragma once

#include "codec/field_reader.hpp"
#include "model/event.hpp"

namespace kwq::codec {

inline constexpr word_table<model::ready_reason, 2> ready_words = {{
    {"due", model::ready_reason::due},
    {"retry", model::ready_reason::retry},
}};
inline constexpr word_table<model::cancel_reason, 2> cancel_words = {{
    {"requested", model::cancel_reason::requested},
    {"expired", model::cancel_reason::expired},
}};
inline constexpr word_table<model::control_action, 3> action_words = {{
    {"cancel_job", model::control_action::cancel_job},
    {"retry_job", model::control_action::retry_job},
    {"empty_queue", model::control_action::empty_queue},
}};
inline constexpr word_table<model::error_kind, 2> error_words = {{
    {"reported", model::error_kind::reported},
    {"timeout", model::error_kind::timeout},
}};
inline constexpr word_table<model::gate_scope, 4> scope_words = {{
    {"all", model::gate_scope::all},
    {"queue", model::gate_scope::queue},
    {"priority", model::gate_scope::priority},
    {"job", model::gate_scope::job},
}};
inline constexpr word_table<model::dispatch_state, 4> dispatch_words = {{
    {"running", model::dispatch_state::running},
    {"paused", model::dispatch_state::paused},
    {"draining", model::dispatch_state::draining},
    {"stopped", model::dispatch_state::stopped},
}};

void write_topic_ends(json_writer& w, const std::vector<model::topic_end>& ends);

}  // namespace kwq::codec
