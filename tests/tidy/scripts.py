"""Scripts: the shell and Python parse them, and what has a #! line can be run."""

import ast
import os
import shutil
import subprocess

from source import ROOT, Finding


def check(sources):
    for source in sources:
        first = source.lines[0] if source.lines else ""
        if first.startswith("#!") and not os.access(ROOT / source.path, os.X_OK):
            yield Finding(source.path, 1, "it has a #! line and cannot be run", f"chmod +x {source.path}")
        if source.path.endswith(".py") or (first.startswith("#!") and "python" in first):
            yield from python(source)
        elif source.path.endswith(".sh") or (first.startswith("#!") and first.endswith(("bash", "/sh"))):
            yield from shell(source, "bash" if "bash" in first else "sh")


def python(source):
    try:
        ast.parse(source.text)
    except SyntaxError as error:
        yield Finding(source.path, error.lineno or 1, error.msg, "Python that parses")


def shell(source, interpreter):
    tool = shutil.which(interpreter)
    if tool is None:
        return
    done = subprocess.run([tool, "-n", str(ROOT / source.path)], capture_output=True, text=True)
    if done.returncode != 0:
        yield Finding(source.path, 1, done.stderr.strip(), f"a script that {interpreter} -n takes")
