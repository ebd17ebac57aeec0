#!/usr/bin/env python3
"""Every header of src/ compiles alone, without the precompiled ones.

    tests/tidy/headers.py COMPILER

A source that includes its own header first shows it for that header wherever nothing is precompiled; the other headers
have nobody who includes them first, and are looked at here. It needs no build.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from source import ROOT

SOURCES = ROOT / "src"
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header"]


def main(compiler):
    headers = [path for path in sorted(SOURCES.rglob("*.hpp")) if not is_first_in_its_source(path)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [text for text in pool.map(lambda path: compile_alone(compiler, path), headers) if text]
    for text in failures:
        print(text)
    print(f"headers: {len(failures)} of {len(headers)} do not compile alone")
    return 1 if failures or not headers else 0


def is_first_in_its_source(header):
    source = header.with_suffix(".cpp")
    if not source.exists():
        return False
    first = re.search(r"^#include.*", source.read_text(), re.MULTILINE)
    return bool(first) and first.group() == f'#include "{header.relative_to(SOURCES)}"'


def compile_alone(compiler, header):
    command = [compiler, *FLAGS, f"-I{SOURCES}", "-x", "c++", str(header)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
