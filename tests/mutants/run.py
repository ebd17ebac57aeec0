#!/usr/bin/env python3
"""Builds KWQ with one deliberate bug after the other and sees who notices. `run.py` tries all, `run.py NAME...` some,
`run.py --fit` only looks whether the text of each is still in the tree, exactly once.

The sources are copied to a folder that is removed in the end; the tree itself is never touched. First the tree as it is
goes through the same programs with the same limits: what reports a bug there proves nothing."""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cluster
import mutants as alone

MUTANTS = alone.MUTANTS + cluster.MUTANTS
CATCHERS = {**alone.CATCHERS, **cluster.CATCHERS}

ROOT = Path(__file__).resolve().parents[2]
CHAOS = "tests/kafka/chaos/chaos.py"
MEMORY = 6 << 30  # a bug may ask for all there is
FLAGS = ("-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-16", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -g1")  # as the preset `ci`


class Failed(Exception):
    """A step of the build."""


class Outcome(NamedTuple):
    caught: bool
    seeds: str
    seconds: float
    how: str


def misfits():
    """Mutants whose text is not in the tree exactly once."""
    for mutant in MUTANTS:
        for edit in mutant.edits:
            times = (ROOT / edit.path).read_text().count(edit.old)
            if times != 1:
                yield f"{mutant.name}: its text is {times} times in {edit.path}: {edit.old.strip()!r}"


class Scratch:
    """A copy of the sources and its build."""

    def __init__(self, folder, jobs):
        self.folder, self.jobs = folder, jobs
        self.source, self.build = folder / "source", folder / "build"
        self.environment = {**os.environ, "CCACHE_NOHASHDIR": "1", "CCACHE_BASEDIR": str(folder)}

    def copy(self):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            here, there = ROOT / name, self.source / name
            if not here.is_file() or (there.is_file() and there.read_bytes() == here.read_bytes()):
                continue
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here, there)
            os.utime(there)

    def configure(self):
        self.run("cmake", "-S", str(self.source), "-B", str(self.build), *FLAGS)

    def make(self, targets):
        self.run("nice", "ninja", "-C", str(self.build), f"-j{self.jobs}", *sorted(targets))

    def run(self, *command):
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")

    def apply(self, mutant):
        """The texts before, by path."""
        before = {}
        for edit in mutant.edits:
            path = self.source / edit.path
            text = path.read_text()
            before.setdefault(edit.path, text)
            if text.count(edit.old) != 1:
                raise Failed(f"its text is not exactly once in {edit.path}")
            path.write_text(text.replace(edit.old, edit.new))
        return before

    def restore(self, before):
        for path, text in before.items():
            (self.source / path).write_text(text)

    def keep(self, target, name):
        """A copy of what was built: the next mutant is built while this one is hunted."""
        program = next(p for p in self.build.rglob(target) if p.is_file() and os.access(p, os.X_OK))
        kept = self.folder / "programs" / name
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(program, kept)
        return kept

    def hunt(self, program, catcher):
        work = tempfile.mkdtemp(dir=self.folder)
        command = [str(program), *self.words(catcher)]
        try:
            if catcher.target == "kwq":
                chaos = [sys.executable, "-B", str(self.source / CHAOS), *catcher.arguments]
                return watch(chaos, catcher.seconds, {"KWQ_BIN": str(program), "TMPDIR": work})
            if catcher.target == "crash_disk":
                command += ["--folder", work]
            return watch(command, catcher.seconds)
        finally:
            program.unlink()
            shutil.rmtree(work)

    def words(self, catcher):
        """Its arguments; a path of the tree means all files that fit it, as in a shell."""
        for word in catcher.arguments:
            yield from sorted(map(str, self.source.glob(word))) if word.startswith("tests/") else [word]


def watch(command, seconds, more=None):
    """Runs the program; it and what it started are ended when its time is over."""
    began = time.monotonic()
    child = subprocess.Popen(["nice", "-n", "5", "prlimit", f"--as={MEMORY}", *command], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                             env={**os.environ, **(more or {})})
    try:
        said = child.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.terminate()  # its brokers are not of its group: it ends them itself
            child.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return Outcome(True, "-", time.monotonic() - began, f"does not end within {seconds} s")
    return judge(child.returncode, said, time.monotonic() - began)


def judge(code, said, seconds):
    found = re.search(r"found by seed \d+ after (\d+) seeds and [\d.]+ s: (.*)", said)
    if found:
        return Outcome(True, found[1], seconds, found[2])
    asserted = re.search(r"seed (\d+): an assertion failed", said)
    if asserted:
        where = re.search(r"(\S+\.[ch]pp:\d+.*)", said)
        return Outcome(True, asserted[1], seconds, "an assertion: " + (where[1] if where else "?"))
    violations = re.search(r"(\d+) violations?\n(.*)", said)
    if violations and violations[1] != "0":
        return Outcome(True, "-", seconds, f"{violations[1]} violations: {violations[2]}")
    problem = re.search(r"PROBLEM (.*)", said)
    if problem:
        return Outcome(True, "-", seconds, problem[1])
    if raised := re.search(r"^AssertionError: (.*)", said, re.MULTILINE):
        return Outcome(True, "-", seconds, raised[1])
    lines = said.strip().splitlines()
    return Outcome(code != 0, "-", seconds, f"exit {code}: {lines[-1] if lines else ''}" if code else "")


class Hunt(NamedTuple):
    name: str
    catcher: str
    expected: bool  # to be caught
    outcome: Future

    def as_expected(self):
        """Waits for it and says what came of it."""
        caught, seeds, seconds, how = self.outcome.result()
        verdict = how if caught else "SURVIVES" if self.expected else "nothing to report"
        print(f"{self.name:32} {self.catcher:10} {seeds:>5} {seconds:7.1f}  {verdict[:150]}", flush=True)
        return caught == self.expected


def try_all(scratch, mutants):
    scratch.copy()
    scratch.configure()
    catchers = sorted({mutant.catcher for mutant in mutants})
    scratch.make({CATCHERS[name].target for name in catchers})
    print(f"{'mutant':32} {'program':10} {'seeds':>5} {'seconds':>7}  what it said", flush=True)
    wrong = []
    with ThreadPoolExecutor(1) as hunter:
        def hunt(name, catcher, expected):
            program = scratch.keep(CATCHERS[catcher].target, f"{catcher}-{name}")
            return Hunt(name, catcher, expected, hunter.submit(scratch.hunt, program, CATCHERS[catcher]))

        hunts = [hunt("(none)", name, False) for name in catchers]
        for mutant in mutants:
            before = scratch.apply(mutant)
            try:
                scratch.make({CATCHERS[mutant.catcher].target})
                hunts.append(hunt(mutant.name, mutant.catcher, True))
            except Failed as error:
                print(f"{mutant.name} does not build: {error}", flush=True)
                wrong.append(mutant.name)
            finally:
                scratch.restore(before)
            while hunts and hunts[0].outcome.done():
                wrong += [hunts[0].name] if not hunts[0].as_expected() else []
                hunts.pop(0)
        wrong += [one.name for one in hunts if not one.as_expected()]
    survivors = [name for name in wrong if name != "(none)"]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} caught" + "".join(f"\nnot {s}" for s in survivors))
    if len(wrong) > len(survivors):
        print("the tree without a bug is reported too: this proves nothing")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to try; without any, all")
    parser.add_argument("--fit", action="store_true", help="only see that every mutant's text is in the tree, once")
    parser.add_argument("--folder", type=Path, help="build here and keep it")
    parser.add_argument("--jobs", type=int, default=2, help="compilers side by side (2)")
    options = parser.parse_args()
    wrong = list(misfits())
    if wrong or options.fit:
        print("\n".join(wrong) or f"{len(MUTANTS)} mutants fit the tree")
        return 1 if wrong else 0
    unknown = set(options.names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    mutants = [m for m in MUTANTS if not options.names or m.name in options.names]
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        return try_all(Scratch(options.folder.resolve(), options.jobs), mutants)
    with tempfile.TemporaryDirectory(prefix="kwq-mutants-") as folder:
        return try_all(Scratch(Path(folder), options.jobs), mutants)


if __name__ == "__main__":
    sys.exit(main())
