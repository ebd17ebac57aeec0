"""Sizes: a header has at most 250 lines, a source 500, a function 70. The tail is what makes code hard to read."""

import re

from source import Finding, line_of

HEADER_LINES = 250
SOURCE_LINES = 500
FUNCTION_LINES = 70

SCOPE = re.compile(r"\b(namespace|class|struct|enum|union|extern|concept)\b")


def check(sources):
    for source in sources:
        if source.path.endswith((".hpp", ".cpp")) and source.path.startswith(("src/", "tests/")):
            yield from file_size(source)
            yield from function_sizes(source)


def file_size(source):
    limit = HEADER_LINES if source.path.endswith(".hpp") else SOURCE_LINES
    if len(source.lines) > limit and not source.allows("size"):
        yield Finding(
            source.path, limit + 1, f"{len(source.lines)} lines, the limit is {limit}",
            "split it by idea, or write `// tidy: size, because ...` with the reason",
        )


def function_sizes(source):
    for start, end in function_bodies(source.code):
        first, last = line_of(source.code, start), line_of(source.code, end)
        if last - first + 1 > FUNCTION_LINES and not source.allows("size", first):
            yield Finding(
                source.path, first, f"a function of {last - first + 1} lines, the limit is {FUNCTION_LINES}",
                "move a step of it into a function with a name",
            )


def function_bodies(code):
    """Where the bodies of functions begin and end: braces that are neither scopes nor initialisers, outermost only."""
    code = without_directives(code)
    scopes = []  # for each open brace: True while it is a namespace or a type
    begin, statement = None, 0
    for brace in re.finditer(r"[{};]", code):
        at = brace.start()
        head = code[statement:at]
        statement = at + 1
        if brace.group() == "{":
            inside_scopes = all(scopes)
            is_scope = inside_scopes and opens_scope(head)
            if inside_scopes and not is_scope:
                begin = at if opens_function(head) else None
            scopes.append(is_scope)
        elif brace.group() == "}" and scopes:
            was_scope = scopes.pop()
            if not was_scope and all(scopes) and begin is not None:
                yield begin, at
                begin = None


def without_directives(code):
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)


def opens_scope(head):
    head = re.sub(r"template\s*<[^{}]*?>\s*(?=\w)", "", head)
    return bool(SCOPE.search(head)) and ")" not in head.split("alignas")[0]


def opens_function(head):
    # A constructor's body follows the braces of its member initialisers: its head is empty or a list's rest.
    return ")" in head or head.strip() == "" or head.lstrip().startswith(",")
