"""Words and calls that are not written here, and what is written in their place."""

import re

from source import Finding, line_of

SRC = r"src/.*\.(hpp|cpp)"
ANY_CODE = r"(src|tests)/.*\.(hpp|cpp)"

# (where, except where, pattern in code, what is wrong, what to write)
CALLS = [
    (SRC, None, r"\bdetached\b", "work that nobody owns", "give it an owner that joins it"),
    (ANY_CODE, None, r"\bsleep_(for|until)\b|\bu?sleep\s*\(", "sleeping", "wait for the event itself, or pass a clock"),
    (SRC, r"src/base/clock\.cpp", r"\b(system|steady|high_resolution)_clock::now\b", "the time from nowhere",
     "take base/clock.hpp's clock as an argument"),
    (SRC, r"src/base/random\.cpp", r"\bs?rand\s*\(|\brandom_device\b", "bits from nowhere",
     "take base/random.hpp's source as an argument"),
    (SRC, None, r"\bassert\s*\(", "an assertion that a release leaves out", "KWQ_ASSERT"),
    (SRC, None, r"KWQ_ASSERT\([^;]*&&[^;]*\);", "two assertions in one", "KWQ_ASSERT(a); KWQ_ASSERT(b);"),
    (SRC, None, r"\bco_(await|return|yield)\b", "a coroutine", "a completion that is called once (docs/adr/0003)"),
    (r"src/.*\.hpp", None, r"\busing\s+namespace\b", "using namespace in a header", "the full name"),
    (SRC, r"src/(cli|app)/.*", r"\bstd::(cout|cerr)\b|\bprintf\s*\(", "output from a library",
     "observe/logger.hpp, or return the text"),
]

# Written in two halves, so that this file does not find itself.
UNFINISHED = re.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b")
MACHINE_PATHS = re.compile("(?<![\\w.}$])/(work" + "/(main|shared)|tmp" + "/(kwq|bash)|home" + "/[a-z]\\w*/)")

VAGUE_NAMES = re.compile(r"(^|[/_])(utils?|common|helpers?|misc|managers?)([/_.]|$)")


def check(sources):
    by_path = {source.path: source for source in sources}
    for source in sources:
        yield from names(source)
        yield from unfinished(source)
        if re.fullmatch(ANY_CODE, source.path):
            yield from calls(source)
            yield from shared_pointers(source, by_path)


def names(source):
    if source.path.startswith(("src/", "tests/")) and VAGUE_NAMES.search(source.path):
        yield Finding(source.path, 1, "a name that says nothing", "the noun that the file holds")


def unfinished(source):
    for number, line in enumerate(source.lines, 1):
        if UNFINISHED.search(line):
            yield Finding(source.path, number, "a note to do something later", "do it, or say the limit as a fact")
        if MACHINE_PATHS.search(line):
            yield Finding(source.path, number, "a path of one machine", "a path from the repository's root, or a variable")


def calls(source):
    for where, exempt, pattern, wrong, instead in CALLS:
        if not re.fullmatch(where, source.path) or (exempt and re.fullmatch(exempt, source.path)):
            continue
        for match in re.finditer(pattern, source.code):
            line = line_of(source.code, match.start())
            if not source.allows("words", line):
                yield Finding(source.path, line, f"{wrong}: {match.group(0).splitlines()[0]}", instead)


SHARED = re.compile(r"\b(shared_ptr|make_shared|enable_shared_from_this)\b")


def shared_pointers(source, by_path):
    """Shared ownership needs a reason: on its line or just above, once in a file or in the file's own header."""
    if not source.path.startswith("src/"):
        return
    own_header = by_path.get(source.path[:-4] + ".hpp")
    if own_header is not None and own_header is not source and SHARED.search(own_header.code):
        return
    for number, line in enumerate(source.code.splitlines(), 1):
        if SHARED.search(line):
            if not any("//" in text for text in source.lines[max(0, number - 4):number]):
                yield Finding(
                    source.path, number, "shared ownership without a reason",
                    "unique_ptr and a reference, or a comment that says who shares it and why",
                )
            return
