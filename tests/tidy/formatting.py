"""Formatting: clang-format 14 would change nothing."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from source import ROOT, Finding

TOOL = "clang-format-14"
COMPLAINT = re.compile(r"^(?P<path>[^:\n]+):(?P<line>\d+):\d+: error: ", re.M)


def check(sources):
    paths = [s.path for s in sources if s.path.startswith(("src/", "tests/")) and s.path.endswith((".hpp", ".cpp"))]
    batches = [paths[i::8] for i in range(8) if paths[i::8]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for complaints in pool.map(run, batches):
            yield from complaints


def run(paths):
    done = subprocess.run([TOOL, "--dry-run", "-Werror", *paths], cwd=ROOT, capture_output=True, text=True)
    first = {}
    for match in COMPLAINT.finditer(done.stderr):
        first.setdefault(match["path"], int(match["line"]))
    if done.returncode != 0 and not first:
        return [Finding(paths[0], 1, done.stderr.strip(), f"{TOOL} that runs")]
    return [Finding(path, line, "not formatted", f"{TOOL} -i {path}") for path, line in first.items()]
