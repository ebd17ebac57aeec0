#!/usr/bin/env python3
"""Each rule finds what it is for and leaves alone what is right."""

import unittest

import docs
import includes
import scripts
import sizes
import tree
import words
from source import Source, blank_comments_and_strings


def found(check, *files):
    """"line: what is wrong" of each finding in these (path, text) pairs."""
    sources = [Source(path, text) for path, text in files]
    return [f"{finding.line}: {finding.wrong}" for finding in check(sources)]


class Blanking(unittest.TestCase):
    def test_comments_and_strings_become_blanks_and_lines_stay(self):
        text = 'a(); // b\n/* c\n d */ e("f // g", \'"\'); R"x({\n})x"; 1\'000;\n'
        code = blank_comments_and_strings(text)
        self.assertEqual(code.count("\n"), text.count("\n"))
        for word in "bcdfg{":
            self.assertNotIn(word, code)
        self.assertIn("e(", code)
        self.assertIn("1'000", code)

    def test_an_include_keeps_its_path(self):
        self.assertIn("base/clock.hpp", blank_comments_and_strings('#include "base/clock.hpp"  // why\n'))


class Sizes(unittest.TestCase):
    def test_a_long_file_is_found_and_a_reason_excuses_it(self):
        text = "// x\n" * 251
        self.assertEqual(found(sizes.check, ("src/base/a.hpp", text)), ["251: 251 lines, the limit is 250"])
        self.assertEqual(found(sizes.check, ("src/base/a.hpp", "// tidy: size, because one table.\n" + text)), [])

    def test_a_long_function_is_found_wherever_it_stands(self):
        body = "{\n" + "    f();\n" * 70 + "}\n"
        long = "a function of 72 lines, the limit is 70"
        for head in ("void g() ", "struct s {\nvoid g() const ", "thing::thing(int a) : a_{a}, b_{2} "):
            text = "namespace kwq {\n" + head + body
            self.assertEqual([f[f.index(":") + 2:] for f in found(sizes.check, ("src/base/a.cpp", text))], [long], head)

    def test_namespaces_types_and_tables_may_be_long(self):
        text = "namespace kwq {\nstruct s {\n" + "    int a;\n" * 80 + "};\nconstexpr int t[] = {\n" + "1,\n" * 80 + "};\n}\n"
        self.assertEqual(found(sizes.check, ("src/base/a.cpp", text)), [])


class Includes(unittest.TestCase):
    def test_left_may_not_include_right(self):
        self.assertEqual(
            found(includes.check, ("src/scheduler/a.cpp", '#include "tracker/tracker.hpp"\n')),
            ["1: scheduler/ may not include tracker/"],
        )
        self.assertEqual(found(includes.check, ("src/rest/a.cpp", '#include "tracker/tracker.hpp"\n')), [])

    def test_a_library_stays_at_home(self):
        self.assertEqual(len(found(includes.check, ("src/rest/a.cpp", "#include <rocksdb/db.h>\n"))), 1)
        self.assertEqual(len(found(includes.check, ("src/store/a.hpp", "#include <rocksdb/db.h>\n"))), 1)
        self.assertEqual(found(includes.check, ("src/store/a.cpp", "#include <rocksdb/db.h>\n")), [])

    def test_the_groups_have_an_order(self):
        right = '#include "codec/a.hpp"\n\n#include "base/clock.hpp"\n\n#include <boost/a.h>\n\n#include <vector>\n'
        self.assertEqual(found(includes.check, ("src/codec/a.cpp", right)), [])
        self.assertEqual(len(found(includes.check, ("src/codec/a.cpp", "#include <vector>\n" + right))), 1)


class Words(unittest.TestCase):
    def test_banned_calls_are_found_outside_their_home_and_outside_comments(self):
        now = "auto t = std::chrono::system_clock::now();\n"
        self.assertEqual(len(found(words.check, ("src/rest/a.cpp", now))), 1)
        self.assertEqual(found(words.check, ("src/base/clock.cpp", now)), [])
        self.assertEqual(found(words.check, ("src/rest/a.cpp", "// sleep_for is banned\n")), [])

    def test_a_reason_excuses_a_call(self):
        text = "// tidy: words, because the test is about time itself.\nstd::this_thread::sleep_for(1s);\n"
        self.assertEqual(found(words.check, ("tests/unit/a.cpp", text)), [])

    def test_shared_ownership_needs_a_reason(self):
        self.assertEqual(len(found(words.check, ("src/net/a.hpp", "std::shared_ptr<int> a;\n"))), 1)
        self.assertEqual(found(words.check, ("src/net/a.hpp", "std::shared_ptr<int> a;  // read by all\n")), [])

    def test_unfinished_notes_vague_names_and_machine_paths_are_found(self):
        self.assertEqual(len(found(words.check, ("docs/a.md", "TO" + "DO: more\n"))), 1)
        self.assertEqual(len(found(words.check, ("src/base/utils.hpp", "// x\n"))), 1)
        self.assertEqual(len(found(words.check, ("docs/a.md", "see /home" + "/ann/kwq\n"))), 1)


class Tree(unittest.TestCase):
    def test_a_source_that_nothing_builds_is_found(self):
        code = ("src/store/sub/a.cpp", "namespace kwq::store {}\n")
        self.assertEqual(found(tree.check, code, ("src/store/CMakeLists.txt", "SOURCES sub/a.cpp)")), [])
        self.assertEqual(len(found(tree.check, code, ("src/store/CMakeLists.txt", "SOURCES sub/aa.cpp a.cpp)"))), 1)

    def test_a_header_guards_itself_and_says_what_it_is(self):
        self.assertEqual(found(tree.check, ("src/store/a.hpp", "// A.\n#pragma once\nnamespace kwq::store {}\n")), [])
        self.assertEqual(len(found(tree.check, ("src/store/a.hpp", "namespace kwq::tracker {}\n"))), 3)


    def test_a_package_that_debians_node_does_not_run_is_found(self):
        lock = '{"packages": {"a": {"engines": {"node": "WANTED"}}}}'
        for right in (">=18", "^18.0 || >=20", ">=4", "*"):
            self.assertEqual(found(tree.check, ("web/package-lock.json", lock.replace("WANTED", right))), [])
        self.assertEqual(len(found(tree.check, ("web/package-lock.json", lock.replace("WANTED", "^20.1 || >=22")))), 1)


class Docs(unittest.TestCase):
    def test_a_link_leads_somewhere(self):
        self.assertEqual(found(docs.check, ("docs/a.md", "[x](../tests/tidy/tidy.py) [y](#part-two)\n\n## Part two\n")), [])
        self.assertEqual(len(found(docs.check, ("docs/a.md", "[x](nowhere.md) [y](#part-three)\n"))), 2)
        self.assertEqual(found(docs.check, ("docs/a.md", "```\n[x](nowhere.md)\n```\n")), [])

    def test_the_changelog_has_releases_and_sections(self):
        right = "# Changes\n\n## Unreleased\n\n### Features\n\n- One.\n\n## 0.1.0 (2024-02-03)\n"
        self.assertEqual(found(docs.check, ("CHANGELOG.md", right)), [])
        self.assertEqual(len(found(docs.check, ("CHANGELOG.md", "## soon\n\n### Stuff\n"))), 2)

    def test_the_metrics_page_and_the_code_name_the_same(self):
        code = ("src/observe/metrics.cpp", '{"kwq_tasks_total", "tasks"},\n')
        self.assertEqual(found(docs.check, code, ("docs/metrics.md", "`kwq_tasks_total`\n")), [])
        self.assertEqual(len(found(docs.check, code, ("docs/metrics.md", "`kwq_jobs_total`\n"))), 2)


class Scripts(unittest.TestCase):
    def test_python_that_does_not_parse_is_found(self):
        self.assertEqual(len(found(scripts.check, ("tests/tidy/a.py", "def f(:\n"))), 1)


if __name__ == "__main__":
    unittest.main()
