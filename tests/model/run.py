#!/usr/bin/env python3
"""Searches the model of the fencing protocol whole, and then once with each deliberate mistake, which must be found.

    tests/model/run.py [--log EVENTS]      5 when not given: some twenty seconds of CPU; each more takes eight times as long
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fencing.pml")
# What each mistake breaks; the text of them is in the model.
MISTAKES = {
    "EPOCH_IGNORED": "an owner that was replaced decides nothing",
    "EPOCH_OF_THE_INSTANCE": "an epoch is one claim's, not one instance's",
    "TOKEN_IGNORED": "a report counts only with the live lease",
    "EXPIRY_AT_THE_OWNERS_WORD": "no lease ends before its time",
    "CLOCK_FROM_THE_CLAIM": "a new owner gives each lease a whole period from when it read its claim back",
    "TOLD_BEFORE_READ_BACK": "a worker is told of no lease that is not in the log",
    "VOID_TOLD": "a worker is told of no lease that does not count",
    "OK_BEFORE_READ_BACK": "an `ok` is for a completion that is in the log",
}


def search(folder, *defines, optimise="-O0"):
    """The verifier's own report. A mistake is found long before a quicker verifier would be compiled. Spin would have its
    text read by gcc first, which need not be there."""
    subprocess.run(["spin", "-Pclang-16 -E -x c", *defines, "-a", MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["clang-16", optimise, "-w", "-DSAFETY", "-DNOREDUCE", "-DCOLLAPSE", "-DMEMLIM=4000", "-o", "pan", "pan.c"],
                   cwd=folder, check=True)
    done = subprocess.run(["./pan", "-m100000", "-E"], cwd=folder, check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


def number(pattern, report):
    found = re.search(pattern, report)
    return int(found.group(1)) if found else None


def main(events):
    wrong = []
    with tempfile.TemporaryDirectory(prefix="kwq-model-") as folder:
        log = f"-DLOG={events}"
        began = time.monotonic()
        report = search(folder, log, optimise="-O1")
        states = number(r"(\d+) states, stored", report)
        whole = number(r"errors: (\d+)", report) == 0 and "Search not completed" not in report
        print(f"a log of {events} events: {states:,} states in {time.monotonic() - began:.0f} s, "
              + ("all of them in order" if whole else f"NOT in order or not all searched:\n{report}"))
        if not whole:
            wrong.append("the model itself")
        for mistake, promise in MISTAKES.items():
            report = search(folder, log, f"-D{mistake}")
            found = re.search(r"assertion violated (.*)", report)
            print(f"{mistake.lower():28} {promise}: {'found' if found else 'NOT FOUND'}")
            if not found:
                wrong.append(mistake.lower())
    if wrong:
        sys.exit("not as it must be: " + ", ".join(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=int, default=5)
    main(parser.parse_args().log)
