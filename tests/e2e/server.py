"""A real `kwq serve` for tests: a free port of the loopback, a directory of its own, ended by its process id."""
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from urllib.parse import quote

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KWQ = os.environ.get("KWQ_BIN") or os.path.join(ROOT, "build", "dev", "src", "app", "kwq")
# Nothing of the caller's configuration, nor of a task it may itself be, reaches the programs under test.
# Set to run tests that know of one shard only with several.
SHARDS = ["--partitions", os.environ["KWQ_TEST_SHARDS"]] if os.environ.get("KWQ_TEST_SHARDS") else []
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("KWQ_")}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Server:
    def __init__(self, *flags, folder=None, environment=None):
        self.folder = folder or tempfile.mkdtemp(prefix="kwq-e2e-")
        self.flags, self.environment = list(flags), environment or {}
        self.port, self.process = 0, None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self):
        return os.path.join(self.folder, "server.log")

    def start(self, ready=True):
        """Again on the same port, once there is one."""
        port_file = os.path.join(self.folder, "port")
        if os.path.exists(port_file):
            os.remove(port_file)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [KWQ, "serve", "--data", os.path.join(self.folder, "data"), "--port", str(self.port),
                 "--port-file", port_file, *SHARDS, *self.flags],
                env={**CLEAN, **self.environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.port = int(eventually(lambda: self._read_port(port_file), "the server writes its port"))
        if ready:
            eventually(self.is_ready, "the server is ready")
        return self

    def _read_port(self, port_file):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log()}")
        if os.path.exists(port_file):
            with open(port_file, encoding="ascii") as file:
                return file.read().strip()
        return None

    def is_ready(self):
        try:
            return self.call("GET", "/readyz", timeout=5).status == 200
        except OSError:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=30)

    def restart(self):
        if self.process.poll() is None:
            self.kill9()
        return self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None, timeout=60):
        """`body`: None, bytes as they are, or anything else as JSON."""
        connection = self.connect(timeout)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def rss(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            line = next(one for one in status if one.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def exchange(connection, method, path, body=None, headers=None):
    all_headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        all_headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, body, all_headers)
    answer = connection.getresponse()
    return Answer(answer.status, dict(answer.getheaders()), answer.read())


def eventually(probe, what, seconds=20):
    """Asks until the answer is not empty. A test that waits for nothing to happen must not use it."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class KwqTest(unittest.TestCase):
    """A server for each test, and the calls that most tests make."""

    flags = ()
    maxDiff = None

    def setUp(self):
        self.server = Server(*self.flags)
        self.addCleanup(self.server.close)
        self.server.start()
        self.last_position = None

    def run(self, result=None):
        failures = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > failures and getattr(self, "last_log", ""):
            print(f"\n--- server log of {self.id()}\n{self.last_log[-4000:]}")

    def tearDown(self):
        self.last_log = self.server.log() if os.path.exists(self.server.log_path) else ""

    def call(self, method, path, body=None, status=200, **more):
        answer = self.server.call(method, "/kwq/v1" + path, body, **more)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer}")
        return answer.json if answer.body else None

    def get(self, path, **more):
        """What was submitted, reported and steered before is in the answer."""
        if self.last_position:
            path += ("&" if "?" in path else "?") + "after=" + quote(self.last_position)
        return self.call("GET", path, **more)

    def remember(self, answer):
        self.last_position = answer.get("position", self.last_position)
        return answer

    def submit(self, payload=None, **fields):
        return self.remember(self.call("POST", "/tasks", {"payload": payload, **fields}, status=201))["id"]

    def submit_many(self, tasks):
        ids = []
        for start in range(0, len(tasks), 1000):
            answer = self.call("POST", "/tasks", tasks[start:start + 1000], status=201)["tasks"]
            self.remember(answer[-1])
            ids += [one["id"] for one in answer]
        return ids

    def poll(self, worker="w", wait_s=0, **fields):
        return self.call("POST", "/leases", {"worker": worker, "wait_s": wait_s, **fields})

    def take(self, worker="w", wait_s=5, **fields):
        """Exactly one lease."""
        leases = self.poll(worker, wait_s, **fields)["leases"]
        self.assertEqual(len(leases), 1, "a task was expected")
        return leases[0]

    def take_nothing(self, worker="w", wait_s=0, **fields):
        self.assertEqual(self.poll(worker, wait_s, **fields)["leases"], [])

    def report(self, lease, verb, body=None, status=200):
        token = lease["lease"] if isinstance(lease, dict) else lease
        answer = self.call("POST", f"/leases/{quote(token)}/{verb}", body or {}, status=status)
        return self.remember(answer) if status == 200 else answer

    def complete(self, lease, result=None, **more):
        return self.report(lease, "complete", {"result": result}, **more)

    def fail_task(self, lease, message="no", **fields):
        return self.report(lease, "error", {"message": message, **fields})

    def task(self, task_id, query=""):
        return self.get(f"/tasks/{quote(task_id)}{query}")

    def until_state(self, task_id, state, seconds=20):
        eventually(lambda: self.task(task_id)["state"] == state, f"{task_id} is {state}", seconds)
        return self.task(task_id)

    def kwq(self, *arguments, check=0, **more):
        """Runs the command line against the server; its standard output."""
        done = subprocess.run([KWQ, *arguments], env={**CLEAN, "KWQ_URL": self.server.url}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=50,
                              **more)
        self.assertEqual(done.returncode, check, f"kwq {arguments}: {done.stdout} {done.stderr}")
        return done.stdout

    def start_worker(self, *arguments):
        """`kwq work …` in the background, killed in the end."""
        with open(os.path.join(self.server.folder, "worker.log"), "ab") as log:
            process = subprocess.Popen([KWQ, "work", *arguments], env={**CLEAN, "KWQ_URL": self.server.url},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.addCleanup(end, process)
        return process


def end(process):
    if process.poll() is None:
        process.kill()
    process.wait()
