#!/usr/bin/env python3
"""Ten thousand idle connections and four kinds of slow client, and what good clients notice of them.

    KWQ_BIN=build/release/src/app/kwq tests/probes/crowd.py [--idle N] [--slow N] [--seconds S] [--runs N]

Each run measures good clients twice, on the same server: calm, then with the crowd. A good client submits a task, takes
one and completes it, one call after the other on a connection it keeps. Printed: p50 and p99 of one call, and the
medians over all runs.
"""
import argparse
import json
import os
import resource
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

from probe import Server
from wire import Wire, get, head, post

KINDS = ("slow_head", "slow_body", "slow_reader", "silent")


def raise_file_limit():
    """Of this process; its children keep what it had when they were started."""
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


class Slow:
    """One slow client. It begins again whenever the server has had enough of it."""

    def __init__(self, kind, port):
        self.kind, self.port, self.ended, self.answers = kind, port, 0, 0
        self.socket = None
        self.begin()

    def begin(self):
        self.socket = socket.socket()
        if self.kind == "slow_reader":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.setblocking(False)
        self.rest = {
            "slow_head": get("/livez", "X: " + "x" * 4_000),
            "slow_body": head("POST /kwq/v1/tasks HTTP/1.1", "Content-Type: application/json", "Content-Length: 4000")
            + b'{"payload":"' + b"x" * 4_000,
            "slow_reader": get("/openapi.json") * 8,
            "silent": b"POST /kwq/v1/tasks HTTP/1.1\r\nHost: loc",
        }[self.kind]
        self.at = 0
        # A body is slow only once its head is there; what is silent sends all it ever will.
        self.step(150 if self.kind == "slow_body" else len(self.rest) if self.kind != "slow_head" else 1)

    def step(self, size=1):
        """One more byte out, and one in."""
        try:
            self.at += self.socket.send(self.rest[self.at:self.at + size]) if self.at < len(self.rest) else 0
            came = self.socket.recv(1 if self.kind == "slow_reader" else 4_096)
            self.answers += b"HTTP/1.1 408" in came
            over = not came
        except BlockingIOError:
            over = False
        except OSError:
            over = True
        if over:
            self.socket.close()
            self.ended += 1
            self.begin()


def crowd(port, idle, slow):
    """The crowd's own process: says when it stands, goes on until its input ends, then gives its account."""
    raise_file_limit()
    waiting = []
    for _ in range(idle):
        one = socket.create_connection(("127.0.0.1", port))
        waiting.append(one)
    everyone = [Slow(kind, port) for kind in KINDS for _ in range(slow)]
    print("ready", flush=True)
    end = selectors.DefaultSelector()
    end.register(sys.stdin, selectors.EVENT_READ)
    while not end.select(timeout=0.2):
        for one in everyone:
            one.step()
    gone = 0
    for one in waiting:
        one.setblocking(False)
        try:
            gone += one.recv(1) == b""
        except BlockingIOError:
            pass
        except OSError:
            gone += 1
    account = {kind: sum(one.ended for one in everyone if one.kind == kind) for kind in KINDS}
    print(json.dumps({"idle_gone": gone, "ended": account,
                      "told": sum(one.answers for one in everyone)}), flush=True)


class Crowd:
    def __init__(self, port, idle, slow):
        self.process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), "--crowd-of", str(port),
                                         "--idle", str(idle), "--slow", str(slow)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("the crowd could not be made")

    def leave(self):
        self.process.stdin.close()
        account = json.loads(self.process.stdout.readline())
        self.process.stdout.close()
        self.process.wait()
        return account


def good_client(port, name, seconds, times, failures):
    with Wire(port) as wire:
        def call(request, status):
            begin = time.perf_counter()
            answer = wire.send(request).answer()
            times.append(time.perf_counter() - begin)
            if answer.status != status:
                failures.append(repr(answer))
            return answer

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            call(post("/kwq/v1/tasks", {"payload": name}), 201)
            taken = call(post("/kwq/v1/leases", {"worker": name, "wait_s": 5}), 200).json["leases"]
            for lease in taken:
                call(post(f"/kwq/v1/leases/{lease['lease']}/complete", {"result": 1}), 200)


def measure(port, seconds, clients=4):
    times, failures = [], []
    threads = [threading.Thread(target=good_client, args=(port, f"good-{i}", seconds, times, failures))
               for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return {"calls": len(times), "failed": len(failures), "p50_ms": 1e3 * times[len(times) // 2],
            "p99_ms": 1e3 * times[len(times) * 99 // 100], "failures": failures[:3]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--idle", type=int, default=10_000)
    arguments.add_argument("--slow", type=int, default=250, help="of each of the four kinds")
    arguments.add_argument("--seconds", type=float, default=8)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--crowd-of", type=int, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.crowd_of:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        crowd(given.crowd_of, given.idle, given.slow)
        return 0
    server = Server("--max-connections", str(given.idle + 4 * given.slow + 1_000))
    rows = []
    try:
        server.start()
        raise_file_limit()
        measure(server.port, 2)  # warm
        for run in range(given.runs):
            calm, calm_rss = measure(server.port, given.seconds), server.rss()
            people = Crowd(server.port, given.idle, given.slow)
            among, rss = measure(server.port, given.seconds), server.rss()
            account = people.leave()
            rows.append((calm, among))
            print(f"run {run + 1}: calm p50 {calm['p50_ms']:.2f} p99 {calm['p99_ms']:.2f} ms, {calm['calls']} calls; "
                  f"crowd p50 {among['p50_ms']:.2f} p99 {among['p99_ms']:.2f} ms, {among['calls']} calls; failed "
                  f"{calm['failed'] + among['failed']}; RSS {calm_rss >> 20} -> {rss >> 20} MiB; slow ones ended "
                  f"{sum(account['ended'].values())}, idle ones ended {account['idle_gone']}", flush=True)
    finally:
        server.close()
    calm, among = (statistics.median(row[i]["p99_ms"] for row in rows) for i in (0, 1))
    ratios = sorted(row[1]["p99_ms"] / row[0]["p99_ms"] for row in rows)
    failed = sum(one["failed"] for row in rows for one in row)
    print(f"medians of {given.runs} runs: p99 calm {calm:.2f} ms, among {given.idle} idle and {4 * given.slow} slow "
          f"clients {among:.2f} ms: {among / calm:.2f} times (single runs {ratios[0]:.2f} to {ratios[-1]:.2f}); "
          f"{failed} calls failed")
    return 0 if failed == 0 and among <= 2 * calm else 1


if __name__ == "__main__":
    raise SystemExit(main())
