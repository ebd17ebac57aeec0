#!/usr/bin/env python3
"""Turns openapi/kwq.yaml into JSON, without any module that Python does not bring.

It reads the part of YAML that the file keeps to, and refuses the rest with the line: block mappings
and sequences indented by spaces, plain and quoted scalars on one line, `>-` and `|` blocks, and flow
collections on one line. Comments stand on lines of their own.

    openapi_to_json.py IN.yaml OUT.json
"""
import json
import re
import sys


class Refused(Exception):
    pass


def scalar(text):
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]+\.[0-9]+", text):
        return float(text)
    return text


class Flow:
    """A value on one line: a scalar, a [list] or a {mapping}."""

    def __init__(self, text):
        self.text = text
        self.at = 0

    def space(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def peek(self):
        self.space()
        return self.text[self.at] if self.at < len(self.text) else ""

    def quoted(self):
        mark = self.text[self.at]
        if mark == '"':
            value, length = json.JSONDecoder().raw_decode(self.text[self.at:])
            self.at += length
            return value
        found = re.match(r"'((?:[^']|'')*)'", self.text[self.at:])
        if not found:
            raise Refused("a quote is not closed")
        self.at += found.end()
        return found.group(1).replace("''", "'")

    def plain(self, stops):
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self.at += 1
        return self.text[start:self.at].strip()

    def value(self, inside):
        first = self.peek()
        if first == "[":
            return self.items("]", lambda: self.value(True))
        if first == "{":
            return dict(self.items("}", self.member))
        if first in ('"', "'"):
            return self.quoted()
        return scalar(self.plain(",]}" if inside else ""))

    def member(self):
        key = self.quoted() if self.peek() in ('"', "'") else self.plain(":,]}")
        if self.peek() != ":":
            raise Refused("a ':' is missing in a flow mapping")
        self.at += 1
        return key, self.value(True)

    def items(self, end, read):
        self.at += 1
        found = []
        while self.peek() != end:
            if self.at >= len(self.text):
                raise Refused("'%s' is missing" % end)
            found.append(read())
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != end:
                raise Refused("',' or '%s' is missing" % end)
        self.at += 1
        return found

    def whole(self):
        value = self.value(False)
        if self.peek():
            raise Refused("more after the value")
        return value


KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s"'\[{&*#|>!%@`-][^#]*?):(?: (.*))?$""")


class Block:
    def __init__(self, lines):
        self.lines = lines
        self.at = 0

    def line(self):
        while self.at < len(self.lines):
            text = self.lines[self.at]
            if text.strip() and not text.lstrip().startswith("#"):
                return len(text) - len(text.lstrip(" ")), text.strip()
            self.at += 1
        return -1, ""

    def value(self, indent):
        _, text = self.line()
        return self.sequence(indent) if text.startswith("- ") else self.mapping(indent)

    def mapping(self, indent):
        found = {}
        while True:
            depth, text = self.line()
            if depth != indent or text.startswith("- "):
                if depth > indent:
                    raise Refused("indented too far")
                return found
            match = KEY.match(text)
            if not match:
                raise Refused("not a 'key: value'")
            key = Flow(match.group(1)).whole() if text[0] in "\"'" else match.group(1)
            if str(key) in found:
                raise Refused("twice: %s" % key)
            self.at += 1
            found[str(key)] = self.after(indent, (match.group(2) or "").strip())

    def sequence(self, indent):
        found = []
        while True:
            depth, text = self.line()
            if depth != indent or not text.startswith("- "):
                return found
            rest = text[2:].strip()
            if rest[0] not in "[{\"'" and KEY.match(rest):
                self.lines[self.at] = " " * (indent + 2) + rest
                found.append(self.mapping(indent + 2))
            else:
                self.at += 1
                found.append(Flow(rest).whole())

    def after(self, indent, text):
        if text in ("|", ">-", ">", "|-"):
            return self.text_block(indent, text)
        if text:
            return Flow(text).whole()
        depth, next_line = self.line()
        if depth > indent or (depth == indent and next_line.startswith("- ")):
            return self.value(depth)
        return None

    def text_block(self, indent, style):
        kept = []
        while self.at < len(self.lines):
            text = self.lines[self.at]
            if text.strip() and len(text) - len(text.lstrip(" ")) <= indent:
                break
            kept.append(text)
            self.at += 1
        while kept and not kept[-1].strip():
            kept.pop()
        depth = min(len(t) - len(t.lstrip(" ")) for t in kept if t.strip())
        kept = [t[depth:].rstrip() for t in kept]
        if style.startswith("|"):
            return "\n".join(kept) + ("" if style == "|-" else "\n")
        folded = re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(kept)).replace("\n\n", "\n")
        return folded + ("" if style == ">-" else "\n")


def convert(text):
    block = Block(text.split("\n"))
    try:
        value = block.value(0)
        if block.line()[0] >= 0:
            raise Refused("more after the document")
        return value
    except Refused as why:
        raise SystemExit("line %d: %s: %s" % (block.at + 1, why, block.line()[1]))


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        value = convert(source.read())
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
