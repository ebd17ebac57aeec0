"""The shape of the tree: every source is built, every header guards itself and names its folder's namespace."""

import json
import re

from source import Finding

BASE_PAIRS = 15
NODE = 18  # Debian 12's


def check(sources):
    by_path = {source.path: source for source in sources}
    for source in sources:
        if source.path.startswith(("src/", "tests/")) and source.path.endswith(".cpp"):
            yield from built(source, by_path)
        if source.path.startswith("src/") and source.path.endswith((".hpp", ".cpp")):
            yield from namespace(source)
        if source.path.startswith(("src/", "tests/")) and source.path.endswith(".hpp"):
            yield from header(source)
    yield from base_leaves(by_path)
    yield from for_node(by_path)


def for_node(by_path):
    """Debian 12's own Node must run what the build and the tests take from npm."""
    for path in sorted(path for path in by_path if path.endswith("package-lock.json")):
        packages = json.loads(by_path[path].text)["packages"]
        for name, package in packages.items():
            wanted = package.get("engines", {}).get("node", "")
            least = [int(major) for major in re.findall(r"(?:>=|\^|~)\s*v?(\d+)", wanted)]
            if least and min(least) > NODE and not package.get("optional"):
                yield Finding(path, 1, f"{name} wants Node {wanted}", f"take a version that runs on Node {NODE}")


def built(source, by_path):
    folder, _, name = source.path.rpartition("/")
    wanted = name
    while folder:
        lists = by_path.get(f"{folder}/CMakeLists.txt")
        if lists:
            if not re.search(rf"(?<![\w/.-]){re.escape(wanted)}(?![\w.-])", lists.text):
                yield Finding(source.path, 1, "no CMakeLists.txt builds it", f"add {wanted} to {lists.path}")
            return
        folder, _, last = folder.rpartition("/")
        wanted = f"{last}/{wanted}"
    yield Finding(source.path, 1, "no CMakeLists.txt is near", "add one for its folder")


def namespace(source):
    if source.path.endswith("/main.cpp"):
        return
    expected = "kwq" if source.folder == "base" else f"kwq::{source.folder}"
    found = re.findall(r"\bnamespace\s+(kwq[\w:]*)", source.code)
    if not found and source.path.endswith(".cpp") and "{" not in source.code:
        return  # nothing but includes: a library's own parts, compiled once
    if not any(name == expected or name.startswith(expected + "::") for name in found):
        yield Finding(source.path, 1, f"its namespace is not its folder's ({', '.join(found) or 'none'})",
                      f"namespace {expected}")


def header(source):
    directives = re.findall(r"^[ \t]*#.*$", source.code, re.M)
    if not directives or directives[0].split() != ["#pragma", "once"]:
        yield Finding(source.path, 1, "the first directive is not #pragma once", "#pragma once")
    if not source.text.startswith("//"):
        yield Finding(source.path, 1, "it does not begin by saying what it is", "// One paragraph: what it is, who uses it.")


def base_leaves(by_path):
    """base/ stays a handful of plain leaves, each named in its README."""
    readme = by_path.get("src/base/README.md")
    leaves = sorted(path.split("/")[2][:-4] for path in by_path if re.fullmatch(r"src/base/\w+\.hpp", path))
    if len(leaves) > BASE_PAIRS:
        yield Finding("src/base", 1, f"{len(leaves)} leaves, the limit is {BASE_PAIRS}", "move one to the folder that uses it")
    for leaf in leaves:
        if readme is None or f"`{leaf}`" not in readme.text:
            yield Finding("src/base/README.md", 1, f"`{leaf}` is not listed", f"| `{leaf}` | what it is |")
