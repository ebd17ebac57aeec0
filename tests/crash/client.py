"""An HTTP client of many callers at once, which writes down what each did and was told (docs/check.md)."""
import asyncio
import json
import time


class NotSent(Exception):
    """There was no connection: nothing was asked."""


class History:
    """JSON lines, two for each operation; a caller whose operation ended unknown goes on under a new number."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="ascii", buffering=1 << 20)
        self.begun = time.monotonic()
        self.procs = 0
        self.counts = {}
        self.open = {}  # proc -> operation

    def new_proc(self):
        self.procs += 1
        return self.procs

    def invoke(self, proc, op, args):
        self.open[proc] = op
        self.line({"proc": proc, "op": op, "t_ms": self.now(), "type": "invoke", "args": args})

    def end(self, proc, kind, status=0, body=None):
        """`body`: the bytes of the server's answer, written as they came."""
        op = self.open.pop(proc)
        self.counts[op, kind] = self.counts.get((op, kind), 0) + 1
        head = json.dumps({"proc": proc, "op": op, "t_ms": self.now(), "type": kind, "status": status})
        text = body.decode("ascii", "replace").strip() if body and body.isascii() else ""
        self.file.write(head[:-1] + (',"body":' + text if text else "") + "}\n")

    def line(self, what):
        self.file.write(json.dumps(what, separators=(",", ":")) + "\n")

    def now(self):
        return int((time.monotonic() - self.begun) * 1000)

    def in_flight(self, op):
        return sum(1 for one in self.open.values() if one == op)

    def close(self):
        self.file.close()


class Caller:
    """One connection, one operation at a time."""

    def __init__(self, server, history, timeout=15):
        self.server, self.history, self.timeout = server, history, timeout
        self.proc = history.new_proc()
        self.reader = self.writer = None

    async def connect(self):
        if self.writer is None:
            try:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.server.port)
            except OSError as e:
                raise NotSent from e

    def drop(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def send(self, method, path, body):
        data = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        head = f"{method} /kwq/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
        if method != "GET":
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + data)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        lines = answer.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        text = await self.reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.drop()
        return int(lines[0].split()[1]), text

    async def call(self, op, args, method, path, body=None):
        """(kind, status, answer): `ok`, `fail` when it was refused for good, `info` when it may have happened."""
        await self.connect()
        self.history.invoke(self.proc, op, args)
        kind, status, text = "info", 0, b""
        try:
            status, text = await asyncio.wait_for(self.send(method, path, body), self.timeout)
            kind = kind_of(status)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
            self.drop()
        except asyncio.CancelledError:
            self.history.end(self.proc, "info")
            self.proc = self.history.new_proc()
            self.drop()
            raise
        self.history.end(self.proc, kind, status, text)
        if kind == "info":
            self.proc = self.history.new_proc()
        return kind, status, json.loads(text) if text else {}

    async def look(self, method, path, body=None):
        """A question that is not part of the history."""
        await self.connect()
        try:
            status, text = await asyncio.wait_for(self.send(method, path, body), self.timeout)
            return status, json.loads(text) if text else {}
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            self.drop()
            raise NotSent from None


def kind_of(status):
    if status < 300:
        return "ok"
    # 507 is said before anything is written; any other failure of the server leaves it open.
    return "fail" if status < 500 or status == 507 else "info"
