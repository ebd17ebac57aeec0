// task_lists: lists of tasks in submit order, of any length. What a list holds of half a second is
// one row or a few, which grow without being read (store/entry_list.hpp): a task is on ten lists
// with five tags, and a row for each would be most of what the tracker writes.
//
// Who reads a list reads half a second of it at a time, and puts that in order. Rows of which all
// was taken off are erased by who comes upon them: of what waits most is taken soon.
#pragma once

#include "store/kv.hpp"
#include "tracker/keys.hpp"
#include "tracker/name_table.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

class task_lists {
public:
    task_lists(store::kv& state, name_table& names) : state_(state), names_(names) {}

    /// A task, as its lists name it.
    struct listed {
        instant submitted_at;
        name_number lane = no_name;
        model::offset offset;
    };
    /// The number of the place's topic partition.
    name_number lane_of(const row_place& place);
    /// The topic partition of that number, as the place of its first record.
    row_place place_of(name_number lane);
    /// One that is not on the list.
    void put(std::string_view list, const listed& task, std::string_view value);
    void take_out(std::string_view list, const listed& task);

    /// Calls `visit(submit order, value)` (keys::submit_order) from `from` on, that included, until
    /// it returns false. Empty: from the first.
    using visitor = std::function<bool(std::string_view order, std::string_view value)>;
    void walk(std::string_view list, std::string_view from, const visitor& visit);
    /// When the first of the list was submitted. Rows of which all was taken off are passed by only
    /// so far: then it is what the next row begins with, which is half a second early at most, or
    /// more when that row is empty, too; the next look goes on behind them.
    std::optional<instant> first_submitted(std::string_view list);
    /// The same downwards, below `before`. Empty: from the last.
    void walk_back(std::string_view list, std::string_view before, const visitor& visit);
    /// The values of all lists whose names begin so, in no order, and what follows that in the
    /// list's name.
    using value_visitor = std::function<void(std::string_view rest, std::string_view value)>;
    void each_value(std::string_view lists, const value_visitor& see);

private:
    class part;

    void erase(const std::vector<std::string>& empty_rows);

    store::kv& state_;
    name_table& names_;
};

}  // namespace kwq::tracker
