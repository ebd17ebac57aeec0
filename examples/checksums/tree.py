"""The tree as tasks, and the truth about it: what sha256sum says when it is run directly."""
import base64
import json
import os
import stat
import subprocess
from collections import Counter

JOB = "checksums"
PRIORITIES = 9


class Tree:
    """Every regular file that can be read, each with the task that KWQ gets for it."""

    def __init__(self, root):
        self.paths = []
        self.unreadable = 0
        for folder, names, files in os.walk(os.fsencode(root)):
            names.sort()
            for name in sorted(files):
                self._add(os.path.join(folder, name))

    def _add(self, path):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return
        if os.access(path, os.R_OK):
            self.paths.append(path)
        else:
            self.unreadable += 1

    def task(self, index, **more):
        path = self.paths[index]
        try:
            payload = {"path": path.decode("utf-8")}
        except UnicodeDecodeError:
            payload = {"path_base64": base64.b64encode(path).decode()}
        return {
            "id": task_id(index),
            "job": JOB,
            "tags": [tag(path)],
            "priority": self.priority(index),
            "lease_s": 5,
            "max_attempts": 10,
            "payload": payload,
            **more,
        }

    @staticmethod
    def priority(index):
        return 1 + index % PRIORITIES

    def sums(self):
        """{task id: SHA-256}, by sha256sum itself, a few hundred files at a time."""
        found = {}
        for start in range(0, len(self.paths), 500):
            batch = self.paths[start:start + 500]
            lines = subprocess.run(["sha256sum", "--zero", "--"] + batch, check=True, stdout=subprocess.PIPE).stdout
            for offset, line in enumerate(lines.split(b"\0")[:-1]):
                digest, path = line.split(b"  ", 1)
                assert path == batch[offset], path
                found[task_id(start + offset)] = digest.decode()
        return found

    def tags(self):
        return Counter(tag(path) for path in self.paths)


def task_id(index):
    return f"file-{index:07d}"


def tag(path):
    """`ext:png`; what is no short suffix of letters and digits is `ext:none`."""
    suffix = os.path.splitext(path)[1][1:].lower()
    return "ext:" + (suffix.decode() if suffix.isalnum() and len(suffix) <= 10 else "none")


def line(task):
    # Compact and not escaped: checksum.sh reads the payload as it stands here.
    return json.dumps(task, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
