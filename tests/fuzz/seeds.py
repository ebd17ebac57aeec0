#!/usr/bin/env python3
"""Makes the first inputs of the corpora from what the tests hold anyway: golden records, the probes' heads and bodies.

    tests/fuzz/seeds.py        # writes into tests/fuzz/corpus; the names are the digests of the contents
"""
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "probes"), os.path.join(TESTS, "e2e")]
import test_authorization  # noqa: E402
import test_configuration  # noqa: E402
import test_framing  # noqa: E402
import test_json  # noqa: E402
import test_misuse  # noqa: E402
import test_requests  # noqa: E402
import test_sizes  # noqa: E402
from probe import cases_of  # noqa: E402

GOLDEN = os.path.join(TESTS, "unit", "codec", "golden", "v1")
LARGEST = 16_384


def keep(target, data):
    if isinstance(data, str):
        data = data.encode()
    if len(data) > LARGEST:
        return
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, hashlib.sha256(data).hexdigest()[:16]), "wb") as file:
        file.write(data)


def golden():
    found = {}
    for name in sorted(os.listdir(GOLDEN)):
        with open(os.path.join(GOLDEN, name), "rb") as file:
            found[name] = file.read().strip()
    return found


def heads():
    for module in (test_framing, test_requests, test_sizes, test_authorization):
        for case in cases_of(module):
            keep("request_head", b"\0" + case.data)
            target = case.data.split(b"\r\n")[0].split(b" ")
            if len(target) > 1:
                keep("url", target[1])


def requests():
    for module in (test_misuse, test_json, test_sizes):
        for i, case in enumerate(cases_of(module)):
            line, body = case.data.partition(b"\r\n")[0], case.data.partition(b"\r\n\r\n")[2]
            if i % 7 == 0 and line.count(b" ") == 2:
                keep("request", line.rsplit(b" ", 1)[0] + b"\n" + body)
    task = {"payload": {"a": [1]}, "id": "a", "job": "j", "tags": ["k:v"], "priority": 7, "lease_s": 30,
            "timeout_s": 5.5, "max_attempts": 3, "backoff_s": 0.5, "not_before": 1_800_000_000_000, "affinity": ["x"],
            "expires_at": 1_900_000_000_000, "meta": {"traceparent": "00"}, "source": "s"}
    settle = [{"lease": "l", "outcome": "complete", "result": {}, "then": [task]},
              {"lease": "l", "outcome": "error", "message": "m", "retry": False},
              {"lease": "l", "outcome": "release", "delay_s": 1.5}]
    for line, body in [
            ("POST /kwq/v1/tasks", task), ("POST /kwq/v1/tasks", [task, {"payload": None}]),
            ("POST /kwq/v1/leases", {"worker": "w", "queues": ["default", "mail"], "max": 5, "wait_s": 0,
                                     "affinity": ["a"], "settle": settle}),
            ("POST /kwq/v1/leases/heartbeat", {"leases": ["a", {"lease": "b", "progress": {"done": 0.5}}]}),
            ("POST /kwq/v1/leases/x/complete", {"result": [1], "then": [task]}),
            ("POST /kwq/v1/leases/x/error", {"message": "m", "retry": True}),
            ("POST /kwq/v1/leases/x/release", {"delay_s": 3}), ("POST /kwq/v1/leases/x/heartbeat", {"progress": 1}),
            ("POST /kwq/v1/jobs/j/pause", {"for_s": 60, "reason": "r"}), ("PUT /kwq/v1/queues/q", {"priorities": 3}),
            ("PUT /kwq/v1/dispatch", {"state": "stopped", "for_s": 1, "reason": "r"}),
            ("POST /kwq/v1/queues/default/empty?priority=3", {})]:
        keep("request", line + "\n" + json.dumps(body))
    for target in ("/kwq/v1/tasks?job=a&state=error&tag=k:v&queue=q&order=oldest&limit=5", "/kwq/v1/jobs?prefix=a&limit=1",
                   "/kwq/v1/tasks/a?wait_s=1&until=terminal&payload=false&after=MDpkZWZhdWx0LzVAMQ", "/metrics", "/",
                   "/kwq/v1/leases?worker=w", "/ui/index.html", "/kwq/v1/stats", "/kwq/v1/queues", "/openapi.json"):
        keep("request", "GET " + target + "\n")
        keep("url", target)


def records():
    files = golden()
    life = [data for name, data in files.items() if not name.startswith(("task_", "gate_", "dispatch_", "command_", "queue"))]
    for name, data in files.items():
        kind = "task_record" if name.startswith("task_") else \
            "control" if name.startswith(("gate_", "dispatch_", "command_", "queue")) else "event"
        keep(kind, (b"key\n" if kind == "task_record" else b"") + data)
        keep("json", data)
    keep("records", b"\n".join(life))
    keep("records", b"\n=\n".join(life))
    keep("records", b"\n".join([files["claim.json"], files["allocated_first.json"], files["running.json"],
                                files["progress.json"], files["complete_then.json"], b"=", files["followed.json"]]))
    for name, data in test_json.NOT_JSON:
        keep("json", data)
        keep("task_record", b"\n" + b'{"payload":' + data + b"}")


def others():
    for text, _ in test_configuration.BAD_FILES.values():
        keep("settings", text)
    keep("settings", 'data = "x"\nport = 1\nqueues = ["mail:3", "a"]\nready-buffer = "64MiB"\nhorizon = "1h30m"\n'
                     'log-level = "warn"\nbase-path = "/kwq"\nallowed-hosts = ["a", "b:1"]\n')
    for lease in ("AQAAAAAAAAAAAAwAAAAAAAAAAwAAAAEABwAAAAAAABJnASNFZ4mrze9pbWFnZXM", "MDpkZWZhdWx0LzVAMQ", "x", ""):
        keep("tokens", lease + "\nlast")
    for text in ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 204 No Content\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                 "HTTP/1.0 200 OK\r\n\r\nuntil the end", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n"):
        keep("answer", b"\0" + text.encode())
        keep("answer", b"\x03" + text.encode())
    import random
    chance = random.Random(1)
    for size in (16, 64, 200, 600, 1_500):
        for _ in range(4):
            keep("fold", chance.randbytes(size))


if __name__ == "__main__":
    heads()
    requests()
    records()
    others()
