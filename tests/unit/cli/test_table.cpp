// Tables and the progress line: alignment by what a terminal shows, and nothing that moves it.
#include "cli/progress_bar.hpp"
#include "cli/table.hpp"

#include <catch2/catch.hpp>

namespace kwq::cli {

TEST_CASE("columns align, numbers to the right, and nothing trails") {
    table t({{"JOB"}, {"OPEN", table::align::right}, {"STATE"}});
    t.add({"nightly", "7", "running"});
    t.add({"x", "1,204", "ok"});
    CHECK(t.render() ==
          "JOB       OPEN  STATE\n"
          "nightly      7  running\n"
          "x        1,204  ok\n");
}

TEST_CASE("umlauts and wide characters align by what the terminal shows") {
    table t({{"A"}, {"B"}});
    t.add({"größe", "1"});
    t.add({"漢字", "2"});
    t.add({"plain", "3"});
    CHECK(t.render() == "A      B\ngröße  1\n漢字   2\nplain  3\n");
}

TEST_CASE("control characters in a name cannot reach the terminal") {
    CHECK(printable("a\x1b[31mb\nc\x7f\xc2\x9b!") ==
          "a?[31mb?c?"
          "?!");
    CHECK(printable("größe") == "größe");
}

TEST_CASE("a long text is cut to the columns there are") {
    CHECK(shortened("abcdef", 6) == "abcdef");
    CHECK(shortened("abcdefg", 6) == "abcde…");
    CHECK(shortened("漢字漢字", 5) == "漢字…");
    CHECK(display_width(shortened("größer als alles", 7)) == 7);
}

TEST_CASE("the progress line shows the part that is done and fits the window") {
    CHECK(progress_line(0, 100, "x", 80) == "[>                       ]   0 %  x");
    CHECK(progress_line(50, 100, "x", 80) == "[============>           ]  50 %  x");
    CHECK(progress_line(100, 100, "x", 80) == "[========================] 100 %  x");
    CHECK(progress_line(5, 0, "x", 80) == "[>                       ]   0 %  x");
    CHECK(display_width(progress_line(5, 10, "a very long remark", 40)) == 40);
}

}  // namespace kwq::cli
