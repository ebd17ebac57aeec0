"""The files that tidy looks at, and C++ text with its comments and strings blanked out."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Finding:
    """One place that breaks a rule, and what to write there instead."""

    def __init__(self, path, line, wrong, instead):
        self.path, self.line, self.wrong, self.instead = path, line, wrong, instead

    def __str__(self):
        return f"{self.path}:{self.line}: {self.wrong}\n    instead: {self.instead}"


class Source:
    """A text file: `text` as it is, `code` with comments and string contents as blanks, line by line alike."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.splitlines()
        self._code = None

    @property
    def code(self):
        if self._code is None:
            self._code = blank_comments_and_strings(self.text)
        return self._code

    @property
    def folder(self):
        """The folder below src/ ("scheduler"), or None elsewhere."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def allows(self, check, line=None):
        """Has somebody written `// tidy: CHECK, because ...`: on this line, the one before, or (no line) anywhere?"""
        mark = re.compile(rf"//.*\btidy: {check}, because \w+")
        if line is None:
            return any(mark.search(text) for text in self.lines)
        return any(mark.search(text) for text in self.lines[max(0, line - 2):line])


TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)"""
    r"""|(?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<number>\b\d[\w.']*)"""
    r"""|(?P<char>'(?:\\.|[^'\\\n])+')""",
    re.S,
)


def blank_comments_and_strings(text):
    def blank(match):
        if match.lastgroup == "number":
            return match.group(0)
        hidden = re.sub(r"[^\n]", " ", match.group(0))
        if match.lastgroup == "comment" or len(hidden) < 2:
            return hidden
        return '"' + hidden[1:-1] + '"'

    # An #include keeps its quotes: its path is code.
    kept = [(m.start(), m.group(0)) for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"[^"\n]*"', text, re.M)]
    result = TOKEN.sub(blank, text)
    for start, include in kept:
        result = result[:start] + include + result[start + len(include):]
    return result


def repository_paths():
    """Tracked files and new ones that git does not ignore; outside a clone, every file but what is built."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout.decode()
        paths = [path for path in listing.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        skipped = {".git", "build", "node_modules", "__pycache__", "data"}
        paths = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not skipped.intersection(path.relative_to(ROOT).parts)
        ]
    return sorted(path for path in set(paths) if (ROOT / path).is_file())


def load(paths):
    """The text files among these paths."""
    sources = []
    for path in paths:
        data = (ROOT / path).read_bytes()
        if b"\0" in data:
            continue
        try:
            sources.append(Source(path, data.decode()))
        except UnicodeDecodeError:
            continue
    return sources


def line_of(text, position):
    return text.count("\n", 0, position) + 1
