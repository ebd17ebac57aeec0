"""A server of its own for a measurement: a free port, a directory, ended by its pid; and what it costs the machine."""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import time


class Server:
    """`pin` names the cores it may run on; without it all."""

    def __init__(self, binary, folder, flags=(), pin=None):
        self.binary, self.folder, self.flags, self.pin = binary, folder, flags, pin
        self.process, self.port = None, 0
        self.start()
        self.wait_until_listening()

    def start(self):
        """Begins it, on the port of before if there was one, and does not wait."""
        self.port_file = pathlib.Path(self.folder, "port")
        self.port_file.unlink(missing_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KWQ_")}
        command = [self.binary, "serve", "--data", f"{self.folder}/data", "--port", str(self.port), "--port-file",
                   str(self.port_file), "--log-level", "warn", *self.flags]
        if self.pin:
            command = ["taskset", "-c", self.pin, *command]
        self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=subprocess.DEVNULL)

    def wait_until_listening(self):
        while not (self.port_file.exists() and self.port_file.read_text().strip()):
            if self.process.poll() is not None:
                sys.exit(f"bench: the server ended with {self.process.returncode} before it listened")
            time.sleep(0.002)
        self.port = int(self.port_file.read_text())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def bench(self, *arguments, pin=None, nice=0, codes=(0,)):
        """What `kwq bench` found. Ends the program when it fails."""
        command = ["taskset", "-c", pin] if pin else []
        command += ["nice", "-n", str(nice)] if nice else []
        command += [self.binary, "bench", *map(str, arguments), "--url", self.url, "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode not in codes:
            sys.exit(f"bench: {arguments} ended with {done.returncode}: {done.stdout.decode()}")
        return json.loads(done.stdout)

    def call(self, method, path, body=None):
        """Status and JSON of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, "/kwq/v1" + path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def cpu_seconds(self):
        """Of all its threads, also those that ended: the kernel's clock of the process, in nanoseconds inside."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2) / 1e9

    def memory(self, field="VmRSS"):
        """MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(field + ":")[1].split()[0]) / 1024

    def rest(self, patience=1800):
        """Waits until the tracker has counted everything and nothing runs in the background any more."""
        end = time.monotonic() + patience
        before = -1.0
        while time.monotonic() < end:
            now = self.cpu_seconds()
            if now - before < 0.02 and self.call("GET", "/stats")[1]["tracker"]["lag"] == 0:
                return
            before = now
            time.sleep(0.3)
        sys.exit("bench: the server does not come to rest")

    def stop(self):
        self.process.terminate()
        self.process.wait(120)

    def kill(self):
        self.process.kill()
        self.process.wait()
