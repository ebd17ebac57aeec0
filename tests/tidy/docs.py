"""Docs: relative links lead somewhere, the changelog is well formed, the metrics page names the metrics of the code."""

import re

from source import ROOT, Finding

LINK = re.compile(r"\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
SECTIONS = {"Safety", "Features", "Internals"}
RELEASE = re.compile(r"## (Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\))")


def check(sources):
    by_path = {source.path: source for source in sources}
    for source in sources:
        if source.path.endswith(".md"):
            yield from links(source, by_path)
    if "CHANGELOG.md" in by_path:
        yield from changelog(by_path["CHANGELOG.md"])
    if "docs/metrics.md" in by_path:
        yield from metrics(by_path["docs/metrics.md"], sources)


def prose(source):
    """Numbered lines outside fenced code."""
    fenced = False
    for number, line in enumerate(source.lines, 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(source):
    """What GitHub makes of the headings."""
    found = set()
    for _, line in prose(source):
        heading = re.match(r"#+ +(.*)", line)
        if heading:
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def links(source, by_path):
    folder = source.path.rpartition("/")[0]
    for number, line in prose(source):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            full = (ROOT / folder / path).resolve() if path else ROOT / source.path
            if path and not full.exists():
                yield Finding(source.path, number, f"{target} leads nowhere", "a path that exists, from this file's folder")
                continue
            page = by_path.get(str(full.relative_to(ROOT))) if full.is_relative_to(ROOT) else None
            if anchor and page and page.path.endswith(".md") and anchor not in anchors(page):
                yield Finding(source.path, number, f"#{anchor} is no heading there", "one of its headings")


def changelog(source):
    release = section = None
    for number, line in prose(source):
        if line.startswith("## "):
            release, section = line, None
            if not RELEASE.fullmatch(line):
                yield Finding(source.path, number, f"not a release: {line}", "## Unreleased, or ## 1.2.3 (2024-01-31)")
        elif line.startswith("### "):
            section = line[4:]
            if section not in SECTIONS:
                yield Finding(source.path, number, f"not a section: {section}", ", ".join(sorted(SECTIONS)))
        elif line.startswith("- ") and (release is None or section is None):
            yield Finding(source.path, number, "an entry outside a section", "put it under a release and a section")
    if release is None:
        yield Finding(source.path, 1, "no release", "## Unreleased")


def metrics(page, sources):
    named = set(re.findall(r"`(kwq_\w+)`", page.text))
    made = {}
    for source in sources:
        if re.fullmatch(r"src/.*metrics\w*\.cpp|src/observe/.*\.cpp", source.path):
            for number, line in enumerate(source.lines, 1):
                for name in re.findall(r'"(kwq_[a-z0-9_]+)"', line):
                    made.setdefault(name, (source.path, number))
    for name in sorted(set(made) - named):
        yield Finding(*made[name], f"{name} is not in docs/metrics.md", f"add a row for `{name}`")
    if made:
        for name in sorted(named - set(made)):
            yield Finding(page.path, 1, f"no code makes {name}", "remove its row")
