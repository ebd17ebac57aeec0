"""Servers that cannot start: each says what is wrong and where it was given, and leaves with the code for it."""
import os
import pwd
import socket
import subprocess
import tempfile
import unittest

from probe import Server
from server import CLEAN, KWQ

CONFIG, CANNOT_START = 1, 2

BAD_FILES = {
    "an unknown key": ("prot = 8080\n", "did you mean `port`"),
    "an unknown key on line 3": ('\n\nlog-levle = "info"\n', ":3: unknown key"),
    "a key with a small mistake": ("http-thread = 2\n", "http-threads"),
    "a key with underscores": ('log_level = "info"\n', "log-level"),
    "a key nobody could mean": ("zzzzzzzzzzzz = 1\n", "zzzzzzzzzzzz"),
    "a key twice": ("port = 1\nport = 2\n", ":2"),
    "a word for a number": ('port = "http"\n', "port must be a whole number"),
    "a fraction": ("port = 80.5\n", "port"),
    "a boolean": ("port = true\n", "`port` is not a plain value"),
    "a date": ("port = 2026-01-01\n", "`port` is not a plain value"),
    "a table": ("[port]\nnumber = 1\n", "`port` is not a plain value"),
    "an array for one value": ("port = [1, 2]\n", "`port` is not a plain value"),
    "an array of tables": ("queues = [{name = 'a'}]\n", "`queues` is not a plain value"),
    "a number out of its bounds": ("port = 65536\n", "port must be 0 to 65535, not `65536`"),
    "a negative number": ("port = -1\n", "port must be 0 to 65535"),
    "a number beyond 64 bits": ("port = 99999999999999999999\n", ":1"),
    "a word that is no choice": ('log-level = "loud"\n', "must be one of debug, info, warn, error"),
    "an empty choice": ('log-level = ""\n', "log-level"),
    "a duration without sense": ('drain-timeout = "soon"\n', "drain-timeout must be a duration"),
    "a duration out of its bounds": ('drain-timeout = "2h"\n', "drain-timeout"),
    "a negative duration": ('drain-timeout = "-1s"\n', "drain-timeout"),
    "a size without sense": ('ready-buffer = "much"\n', "ready-buffer must be a size"),
    "a size out of its bounds": ('ready-buffer = "1KiB"\n', "ready-buffer"),
    "a queue without a name": ('queues = [":3"]\n', "queues"),
    "a queue in capitals": ('queues = ["Mail:3"]\n', "Mail:3"),
    "a queue of no priorities": ('queues = ["mail:0"]\n', "mail:0"),
    "a queue of a word": ('queues = ["mail:many"]\n', "mail:many"),
    "a queue twice": ('queues = ["mail:3", "mail:3"]\n', "twice"),
    "the queue default": ('queues = ["default:3"]\n', "priorities"),
    "no data": ('data = ""\n', "data must name a directory"),
    "a base path without a slash": ('base-path = "kwq"\n', "base-path"),
    "a base path with dots": ('base-path = "/a b"\n', "base-path"),
    "a prefix in capitals": ('topic-prefix = "KWQ"\n', "topic-prefix"),
    "an instance with a line end": ('instance = "a\\nb"\n', "instance"),
    "an address elsewhere without a token": ('address = "0.0.0.0"\n', "token"),
    "a short token": ('token = "short"\n', "16 to 1024"),
    "a token with spaces": ('token = "a token with spaces in it"\n', "16 to 1024"),
    "a token and a file": ('token = "0123456789abcdef"\ntoken-file = "x"\n', "keep one"),
    "a token file that is not there": ('token-file = "/no/such/file"\n', "/no/such/file"),
    "Kafka": ('log = "kafka"\n', "kafka"),
    "no TOML": ("{port: 1}\n", ":1"),
    "YAML": ("port: 8080\n", ":1"),
    "an unclosed string": ('data = "x\n', ":1"),
    "no value": ("port =\n", ":1"),
    "a NUL": ("port = 1\0\n", ":1"),
    "bad UTF-8": (b'instance = "\xff"\n', ":1"),
    "a bracket and a NUL": (b"[\0", "kwq.toml"),
    "a bracket and a comma": ("[,\n", "kwq.toml"),
    "bytes": (bytes(range(256)), ":"),
    "brackets a thousand deep": ("queues = " + "[" * 1_000 + "]" * 1_000 + "\n", ":1"),
    "brackets a million deep": ("queues = " + "[" * 1_000_000 + "\n", ":1"),
}


def serve(*arguments, user=None, **environment):
    return subprocess.run([KWQ, "serve", *arguments], env={**CLEAN, **environment}, text=True, timeout=30, user=user,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace")


class Configuration(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def refused(self, done, code, says):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(says, done.stderr)
        self.assertNotIn("running at", done.stdout)

    def test_a_settings_file_with_a_fault_is_refused_with_its_place(self):
        for shown, (text, says) in BAD_FILES.items():
            with self.subTest(shown):
                with open(self.path("kwq.toml"), "wb") as file:
                    file.write(text if isinstance(text, bytes) else text.encode())
                done = serve("--config", self.path("kwq.toml"), "--data", self.path("data"), "--check-config")
                if shown == "no data":  # a flag would beat it
                    done = serve("--config", self.path("kwq.toml"), "--check-config")
                self.refused(done, CONFIG, says)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr[:500])
                self.assertFalse(os.path.exists(self.path("data")))

    def test_flags_and_variables_are_judged_alike_and_named(self):
        for name, value in (("port", "x"), ("port", "70000"), ("log-level", "loud"), ("drain-timeout", "soon"),
                            ("ready-buffer", "1"), ("priorities", "0"), ("http-threads", "65"),
                            ("max-connections", "0"), ("horizon", "1ms"), ("queues", "A:1")):
            with self.subTest(name):
                self.refused(serve(f"--{name}", value, "--check-config"), CONFIG, name)
                variable = "KWQ_" + name.upper().replace("-", "_")
                self.refused(serve("--check-config", **{variable: value}), CONFIG, name)

    def test_a_file_that_cannot_be_read_is_named(self):
        for path in ("/no/such/kwq.toml", self.folder):
            with self.subTest(path):
                self.refused(serve("--config", path, "--check-config"), CONFIG, path)

    def test_a_secret_is_not_shown_when_it_is_refused(self):
        done = serve("--check-config", KWQ_TOKEN="hunter2 hunter2")
        self.refused(done, CONFIG, "token")
        self.assertNotIn("hunter2", done.stdout + done.stderr)

    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.refused(serve("--data", self.path("data"), "--port", port), CANNOT_START, f"port {port}")

    def test_an_address_that_is_none_of_ours_is_named(self):
        for address in ("127.0.0.1.1", "no-address", "999.1.1.1"):
            with self.subTest(address):
                done = serve("--data", self.path("data"), "--port", "0", "--address", address,
                             KWQ_TOKEN="0123456789abcdef")
                self.assertIn(done.returncode, (CONFIG, CANNOT_START), done.stderr)
                self.assertIn(address, done.stderr)

    def test_a_directory_in_use_is_named_and_its_owner_goes_on(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        data = os.path.join(server.folder, "data")
        self.refused(serve("--data", data, "--port", "0"), CANNOT_START, data)
        self.assertTrue(server.is_ready())
        self.assertEqual(server.call("POST", "/kwq/v1/tasks", {"payload": 1}).status, 201)

    def test_a_data_path_that_is_a_file_is_named(self):
        with open(self.path("file"), "w", encoding="ascii") as file:
            file.write("x")
        for path in (self.path("file"), self.path("file") + "/below", "/proc/nothing", "/dev/null"):
            with self.subTest(path):
                self.refused(serve("--data", path, "--port", "0"), CANNOT_START, path)

    def test_a_directory_that_may_not_be_written_to_is_named(self):
        nobody = pwd.getpwnam("nobody").pw_uid
        if os.geteuid() != 0:
            nobody = None  # we are nobody special ourselves
        os.mkdir(self.path("locked"), 0o555)
        for path in (self.path("locked"), self.path("locked") + "/below"):
            with self.subTest(path):
                self.refused(serve("--data", path, "--port", "0", user=nobody), CANNOT_START, path)

    def test_a_port_file_that_cannot_be_written_is_named(self):
        path = "/no/such/folder/port"
        self.refused(serve("--data", self.path("data"), "--port", "0", "--port-file", path), CANNOT_START, path)

    def test_a_log_file_that_cannot_be_written_is_named(self):
        path = "/proc/no/such.log"
        self.refused(serve("--data", self.path("data"), "--port", "0", "--log-file", path), CANNOT_START, path)


if __name__ == "__main__":
    unittest.main()
