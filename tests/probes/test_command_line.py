"""Command lines that are wrong: exit code 2, one message that names what is wrong, and the server hears nothing."""
import os
import subprocess
import tempfile
import unittest

from probe import ProbeTest
from server import CLEAN, KWQ

# Every command with a line that is right, so that what is added is what is wrong.
RIGHT = {
    "serve": [], "submit": ["1"], "work": ["--", "true"], "task": ["x"], "tasks": [], "job": ["x"], "jobs": [], "errors": [], "export": [],
    "tag": ["x"], "tags": [], "queues": [], "queue add": ["x"], "workers": [], "leases": ["x"], "info": [],
    "top": ["--once"], "cancel": ["x"], "retry": ["x"], "reprioritise": ["-p", "9", "x"], "pause": ["--all"], "resume": ["--all"], "empty": ["x", "--yes"],
    "dispatch": [], "simulate": ["1"], "version": [], "completion": ["bash"], "man": [],
}

MISSING = {"submit": "payload", "task": "TASK", "job": "JOB", "tag": "TAG", "queue add": "QUEUE", "queue": "subcommand",
           "leases": "WORKER", "cancel": "", "retry": "", "reprioritise": "--priority", "pause": "--all", "resume": "--all", "empty": "QUEUE",
           "work": "", "completion": "SHELL"}

BAD_VALUES = [
    (["submit", "1", "--priority", "high"], "high"), (["submit", "1", "--priority", ""], "--priority"),
    (["submit", "1", "--priority", "1.5"], "1.5"), (["submit", "1", "--max-attempts", "many"], "many"),
    (["submit", "1", "--lease", "soon"], "soon"), (["submit", "1", "--lease", "-5s"], "-5s"),
    (["submit", "1", "--timeout", "5 parsecs"], "5 parsecs"), (["submit", "1", "--backoff", "x"], "x"),
    (["submit", "1", "--delay", "tomorrow"], "tomorrow"), (["submit", "1", "--not-before", "noon"], "noon"),
    (["submit", "1", "--not-before", "2026-13-01T00:00:00Z"], "2026-13-01"),
    (["submit", "1", "--expires", "never"], "never"), (["submit", "1", "--meta", "novalue"], "novalue"),
    (["submit", "{broken"], "JSON"), (["submit", "--payload", "{broken"], "JSON"),
    (["submit", "1", "2"], "2"),
    (["submit", "1", "--payload", "2"], "payload"), (["submit", "1", "--for", "x", "--wait"], "x"),
    (["tasks", "--limit", "x"], "x"), (["tasks", "x"], "x"),
    (["jobs", "--limit", "x"], "x"), (["queue", "add", "x", "--priorities", "x"], "x"),
    (["pause", "--all", "--for", "x"], "x"), (["pause", "--queue", "a", "--job", "b"], ""),
    (["pause", "--priority", "3"], "queue"), (["pause", "--queue", "default", "--priority", "x"], "x"),
    (["resume", "--all", "--job", "b"], ""), (["dispatch", "stopped", "--for", "x"], "x"),
    (["simulate", "x"], "x"), (["simulate", "1", "--workers", "x"], "x"), (["simulate", "1", "--seconds", "x"], "x"),
    (["top", "--once", "--interval", "x"], "x"), (["work", "--concurrency", "x", "--", "true"], "x"),
    (["work", "--concurrency", "0", "--", "true"], "concurrency"), (["work", "--kill-grace", "x", "--", "true"], "x"),
    (["work", "--log-level", "loud", "--", "true"], "loud"), (["completion", "tcsh"], "tcsh"),
    (["job", "x", "--for", "x", "--watch"], "x"), (["nosuch"], "nosuch"), (["sumbit", "1"], "submit"), (["--nosuch"], "--nosuch"),
    (["task", "x", "y"], "y"), (["cancel", "--job"], "--job"), (["info", "--url"], "--url"),
]

# Well-formed, and refused by the server or the file system.
REFUSED = [
    (["submit", "@no-such-file"], "no-such-file", 1),
    (["submit", "--file", "no-such-file"], "no-such-file", 1),
    (["tasks", "--limit", "0"], "limit", 1),
    (["tasks", "--limit", "1001"], "limit", 1),
    (["tasks", "--state", "done"], "state", 1),
    (["dispatch", "off"], "running, paused, draining or stopped", 1),
    (["submit", "1", "--lease", "2d"], "lease_s", 1),
    (["submit", "1", "--max-attempts", "0"], "max_attempts", 1),
    (["submit", "1", "--queue", "A"], "queue", 1),
    (["submit", "1", "--queue", "nobody"], "nobody", 3),
    (["submit", "1", "--id", "a b"], "id", 1),
    (["submit", "1", "--idempotency-key", "a b"], "Idempotency-Key", 1),
    (["queue", "add", "A"], "queue", 1),
    (["queue", "add", "x", "--priorities", "0"], "priorities", 1),
    (["pause", "--queue", "default", "--priority", "10"], "priorities", 1),
    (["simulate", "0"], "tasks", 2),
    (["simulate", "1", "--workers", "0"], "workers", 1),
    (["submit", "/"], "JSON", 2),
]


def kwq(*arguments, **environment):
    return subprocess.run([KWQ, *arguments], env={**CLEAN, **environment}, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)


class CommandLine(ProbeTest):
    def wrong(self, arguments, says, code=2):
        with self.subTest(" ".join(arguments)):
            done = kwq(*arguments, KWQ_URL=self.server.url)
            self.assertEqual(done.returncode, code, f"{done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.startswith("kwq"), done.stderr)
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stdout, "", "what is wrong is said on standard error")
            self.assertLess(len(done.stderr.splitlines()), 5, done.stderr)

    def test_unknown_options_are_named_by_every_command(self):
        self.assertGreater(len(RIGHT), 20)
        for command, arguments in RIGHT.items():
            self.wrong([*command.split(), "--bogus-option", *arguments], "--bogus-option")

    def test_what_is_missing_is_named(self):
        for command, says in MISSING.items():
            self.wrong(command.split(), says)

    def test_bad_values_are_named(self):
        for arguments, says in BAD_VALUES:
            self.wrong(arguments, says)

    def test_what_is_refused_later_is_named_too(self):
        for arguments, says, code in REFUSED:
            self.wrong(arguments, says, code=code)

    def test_an_option_given_without_its_value(self):
        for arguments in (["tasks", "--job"], ["submit", "1", "--queue"], ["pause", "--for"], ["work", "--name"]):
            self.wrong(arguments, arguments[-1])

    def test_near_misses_are_suggested(self):
        for arguments, meant in ((["taks"], "task"), (["submti", "1"], "submit"), (["tasks", "--stat", "error"], "--state"),
                                 (["submit", "1", "--prioritty", "3"], "--priority")):
            self.wrong(arguments, meant)

    def test_a_server_that_is_not_there_is_named(self):
        for url, says in (("http://127.0.0.1:1", "127.0.0.1:1"), ("http://no-such-host.invalid", "no-such-host.invalid")):
            with self.subTest(url):
                done = kwq("info", "--url", url)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(says, done.stderr)

    def test_urls_that_are_none(self):
        for url in ("", "localhost:8080", "https://localhost", "ftp://localhost", "http://", "http://:80", "http://a:x",
                    "http://a:99999", "http://a b", "x"):
            with self.subTest(url):
                done = kwq("info", "--url", url)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertTrue(done.stderr.startswith("kwq"), done.stderr)
                self.assertNotIn("terminate", done.stderr)

    def test_token_files_that_are_none(self):
        for path in ("no-such-file", "/", "/dev/null"):
            with self.subTest(path):
                done = kwq("info", "--token-file", path, "--url", self.server.url)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertIn(path, done.stderr)

    def test_names_with_anything_in_them_reach_the_server_whole_or_not_at_all(self):
        for name in ("..", ".", "a/b", "%2e%2e", "a?b=c", "a#b", "\x1b[31m", "a\nb", " ", "é", "a" * 500):
            for command in ("task", "job", "tag"):
                with self.subTest(f"{command} {name!r}"):
                    done = kwq(command, "--", name, KWQ_URL=self.server.url)
                    self.assertIn(done.returncode, (1, 2, 3), done.stdout + done.stderr)
                    self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_a_file_of_bad_lines_says_each_number_and_exits_6(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tasks.ndjson")
            with open(path, "wb") as file:
                file.write(b"{broken\n\n{\"payload\":1,\"priority\":\"x\"}\n\xff\xfe\n")
            done = kwq("submit", "--file", path, KWQ_URL=self.server.url)
            self.assertIn(done.returncode, (1, 6), done.stderr)
            for number in ("1", "3", "4"):
                self.assertRegex(done.stderr, rf"\b{number}\b")

    def test_directories_and_devices_are_no_input(self):
        for path, says in (("/", "is a directory"), ("/proc/self/mem", "cannot be read")):
            with self.subTest(path):
                done = kwq("submit", "--file", path, KWQ_URL=self.server.url)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
