#!/usr/bin/env python3
"""Style as a test: prints file, line, what is wrong and what to write instead.

    tests/tidy/tidy.py [CHECK...]     without a word: every check

A line that must break a rule says why, on the line or just above it: // tidy: CHECK, because ...
"""

import sys

import docs
import formatting
import includes
import scripts
import sizes
import tree
import words
from source import load, repository_paths

CHECKS = {
    "sizes": sizes.check,
    "includes": includes.check,
    "words": words.check,
    "tree": tree.check,
    "docs": docs.check,
    "scripts": scripts.check,
    "format": formatting.check,
}


def main(names):
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"tidy: no check named {unknown[0]}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    sources = load(repository_paths())
    found = 0
    for name in names or CHECKS:
        for finding in CHECKS[name](sources):
            print(finding)
            found += 1
    print(f"tidy: {found} to mend in {len(sources)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
