"""Bytes on a socket: what no HTTP library would send, and what comes back, read strictly."""
import json
import socket
import struct


class Broken(Exception):
    """The server's answer is not HTTP, or did not come."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def problem(self):
        """What problem+json says; empty for anything else."""
        is_problem = self.body and self.headers.get("content-type") == "application/problem+json"
        return json.loads(self.body) if is_problem else {}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def field(self):
        return (self.problem.get("errors") or [{}])[0].get("pointer")

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Wire:
    """One connection. Every wait has an end, so a server that says nothing is a failure, not a hang."""

    def __init__(self, port, timeout=20, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes with a RST instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        """As much as the server takes: it may have refused and closed while more was to come."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def more(self):
        """Whether anything came; False at the end of the connection."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        except TimeoutError as late:
            raise Broken(f"nothing more came after {self.kept[:200]!r}") from late
        self.kept += piece
        return bool(piece)

    def until(self, mark):
        while mark not in self.kept:
            if not self.more():
                raise Broken(f"the connection ended within {self.kept[:200]!r}")
        part, self.kept = self.kept.split(mark, 1)
        return part

    def take(self, size):
        while len(self.kept) < size:
            if not self.more():
                raise Broken(f"the connection ended {size - len(self.kept)} bytes early")
        part, self.kept = self.kept[:size], self.kept[size:]
        return part

    def answer(self, with_body=True):
        """The next one, past any `100 Continue`."""
        lines = self.until(b"\r\n\r\n").decode("ascii").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        if version != "HTTP/1.1" or not status.isdigit():
            raise Broken(f"not a status line: {lines[0]!r}")
        if status == "100":
            return self.answer(with_body)
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            headers[name.lower()] = value
        return Answer(int(status), headers, self.body(headers) if with_body else b"")

    def body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return self.take(int(headers["content-length"]))
        whole = b""
        while True:
            size = int(self.until(b"\r\n"), 16)
            whole += self.take(size)
            if self.take(2) != b"\r\n":
                raise Broken("a chunk does not end where it says")
            if size == 0:
                return whole

    def rest(self):
        """All bytes up to the end of the connection."""
        while self.more():
            pass
        part, self.kept = self.kept, b""
        return part


def head(line, *fields, host="localhost"):
    """A head from its parts, as they are."""
    lines = [line] + ([f"Host: {host}"] if host is not None else []) + list(fields)
    return b"".join((one if isinstance(one, bytes) else one.encode("latin-1")) + b"\r\n" for one in lines) + b"\r\n"


def get(target, *fields, **more):
    return head(f"GET {target} HTTP/1.1", *fields, **more)


def send_json(method, target, body, *fields):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(f"{method} {target} HTTP/1.1", "Content-Type: application/json", f"Content-Length: {len(data)}",
                *fields) + data


def post(target, body, *fields):
    return send_json("POST", target, body, *fields)
