// task_query: which tasks a request is about, as query parameters, as the members of a JSON object
// and as one text of the same words: `state:error queue:mail tag:"a b" job:x worker:w error:fp`.
// Lists, exports and bulk changes read their filters here and nowhere else.
#pragma once

#include "rest/readers.hpp"
#include "tracker/filter.hpp"

#include <string>
#include <string_view>

namespace kwq::rest {

/// Adds `word:value`; refuses an unknown word, a value that cannot be one, and a word given twice.
/// `state` takes several, with commas.
model::result<void> add_word(tracker::task_filter& to, std::string_view word,
                             std::string_view value);

/// Adds every word of the text. A value with spaces or quotes is quoted, \" and \\ within.
model::result<void> add_text(tracker::task_filter& to, std::string_view text);

/// The text that add_text() reads as the same filter; empty for every task. Without order, limit
/// and cursor.
std::string write_task_query(const tracker::task_filter& filter);

/// `job`, `state`, `tag`, `queue`, `worker`, `error` and `q`; all that is given must hold.
tracker::task_filter read_task_filter(parameter_reader& p);
/// The same, and which page: `order`, `limit`, `cursor`.
tracker::task_filter read_task_page(parameter_reader& p);
/// Which page of jobs or tags: `prefix`, `sort`, `limit`, `cursor`.
tracker::name_page_query read_name_page(parameter_reader& p);
/// The same words as members of an object; `state` may be an array.
tracker::task_filter read_task_filter(field_reader& fields);

}  // namespace kwq::rest
