#!/usr/bin/env python3
"""Runs clang-tidy over folders of src/, side by side, and remembers what it has found clean.

    tests/tidy/clang_tidy.py BUILD_DIR FOLDER...     say build/ci model codec, or "all"

A source is read again when it, any header of src/ or .clang-tidy has changed. It needs no build, only
BUILD_DIR/compile_commands.json.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from source import ROOT

TOOL = "clang-tidy-16"
DATABASE = "compile_commands.json"


def main(build, *folders):
    build = pathlib.Path(build).resolve()
    shared = digest([ROOT / ".clang-tidy", *sorted((ROOT / "src").rglob("*.hpp"))])
    clean = build / "clang-tidy-clean"
    clean.mkdir(exist_ok=True)
    (clean / DATABASE).write_text(json.dumps(commands_of_sources(build)))
    sources = [path for path in built_sources(clean) if folders == ("all",) or path.parts[0] in folders]
    # Reading all headers of the libraries once for each source is most of the work: it is shared out over the cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [text for text in pool.map(lambda path: look_at(clean, shared, path), sources) if text]
    for text in failures:
        print(text)
    print(f"clang-tidy: {len(failures)} of {len(sources)} sources to mend")
    return 1 if failures or not sources else 0


def commands_of_sources(build):
    """The compile commands, with one for each source of a unit that reads several as one."""
    commands = json.loads((build / DATABASE).read_text())
    return [
        dict(one, file=source, command=one["command"].replace(one["file"], source))
        for one in commands
        for source in sources_of(pathlib.Path(one["file"]))
    ]


def sources_of(unit):
    if unit.parent.name != "Unity":
        return [str(unit)]
    return re.findall(r'^#include "(.+)"', unit.read_text(), re.MULTILINE)


def built_sources(clean):
    """Paths below src/ of what the build compiles."""
    commands = json.loads((clean / DATABASE).read_text())
    paths = {pathlib.Path(command["file"]) for command in commands}
    return sorted(path.relative_to(ROOT / "src") for path in paths if path.is_relative_to(ROOT / "src"))


def look_at(clean, shared, path):
    """What is wrong with one source, or nothing."""
    source = ROOT / "src" / path
    stamp = clean / digest([source], shared)
    if stamp.exists():
        return None
    done = subprocess.run([TOOL, "-p", str(clean), "--quiet", str(source)], capture_output=True, text=True)
    if done.returncode == 0:
        stamp.touch()
        return None
    return done.stdout.strip() or done.stderr.strip()


def digest(paths, start=""):
    total = hashlib.sha256(start.encode())
    for path in paths:
        total.update(str(path).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
