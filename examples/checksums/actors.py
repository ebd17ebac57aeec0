"""The processes of the proof: the server, the workers, the submit; and clients that submit one task at a time."""
import http.client
import json
import os
import signal
import subprocess
import threading
import time


class Failure(Exception):
    """Something that must hold does not."""


def require(holds, what):
    if not holds:
        raise Failure(what)


def wait_for(what, probe, seconds=60, pause=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(pause)
    raise Failure(f"waited {seconds} s in vain: {what}")


class Server:
    """One `kwq serve` on the same data and the same port through all its lives."""

    def __init__(self, kwq, folder):
        self.kwq, self.folder, self.port, self.process = kwq, folder, 0, None
        self.log = open(os.path.join(folder, "server.log"), "ab")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        port_file = os.path.join(self.folder, "port")
        if os.path.exists(port_file):
            os.remove(port_file)
        self.process = subprocess.Popen(
            [self.kwq, "serve", "--data", os.path.join(self.folder, "data"), "--port", str(self.port),
             "--port-file", port_file], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for("the server listens", lambda: self._has_port(port_file))
        wait_for("the server is ready", lambda: self.get("/readyz", otherwise=None) is not None)

    def _has_port(self, port_file):
        require(self.process.poll() is None, "the server does not start: see server.log")
        text = open(port_file).read().strip() if os.path.exists(port_file) else ""
        self.port = int(text) if text else self.port
        return bool(text)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            return self.process.wait(timeout=30)
        return None

    def get(self, path, **fallback):
        """The JSON of an answer; `otherwise` when there is none or it is an error."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if answer.status == 200:
                return json.loads(body) if path.startswith("/kwq/") else True
            if "otherwise" not in fallback:
                raise Failure(f"GET {path}: {answer.status} {body[:200]!r}")
        except (OSError, http.client.HTTPException):
            if "otherwise" not in fallback:
                raise
        return fallback["otherwise"]

    def post_task(self, task):
        """201 or the exception that came instead of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("POST", "/kwq/v1/tasks", json.dumps(task).encode(),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


class Worker:
    def __init__(self, kwq, url, name, log, slots):
        command = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checksum.sh")
        self.name = name
        self.process = subprocess.Popen(
            [kwq, "work", "--name", name, "--concurrency", str(slots), "--", command],
            env={**os.environ, "KWQ_URL": url}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def drain(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


class Submitter:
    """`kwq submit --file --resume`, begun again whenever a killed server ended it."""

    def __init__(self, kwq, server, path, log):
        self.kwq, self.server, self.path, self.log = kwq, server, path, log
        self.runs, self.failure, self.pause = 0, None, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            self.runs += 1
            done = subprocess.run([self.kwq, "submit", "--file", self.path, "--resume"], stdin=subprocess.DEVNULL,
                                  stdout=self.log, stderr=self.log, env={**os.environ, "KWQ_URL": self.server.url})
            if done.returncode == 0:
                return
            if done.returncode != 1:  # 1: no answer; anything else would never work
                self.failure = f"kwq submit ended with {done.returncode}"
                return
            self.pause.wait(0.3)

    def busy(self):
        return self.thread.is_alive()


class Trickle:
    """Clients that submit a task each, until it is answered; they know what is in flight."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.in_flight = set()
        self.unanswered = 0
        self.threads = []

    def begin(self, tasks):
        for task in tasks:
            thread = threading.Thread(target=self._submit, args=(task,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _submit(self, task):
        while True:
            with self.lock:
                self.in_flight.add(task["id"])
            try:
                status = self.server.post_task(task)
            except (OSError, http.client.HTTPException):
                status = None
            with self.lock:
                self.in_flight.discard(task["id"])
                if status == 201:
                    return
                self.unanswered += 1
            time.sleep(0.2)

    def join(self):
        for thread in self.threads:
            thread.join(timeout=120)
            require(not thread.is_alive(), "a submit was never answered")
