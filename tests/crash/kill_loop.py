#!/usr/bin/env python3
"""Kills or stops a server under load again and again, then proves that it kept every promise it made.

Each cycle waits until submits are unanswered, leases are live and retries wait; then the server is killed (kill -9), or
stopped for longer than some leases and woken, or stopped and then killed; and starts again on the same directory while its
callers go on. In the end all is drained, the callers' own books are compared with the API, and `kwq check --history`
compares log and history. Exit code 0 when nothing was lost, counted twice or told wrongly."""
import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "e2e"))

from client import Caller, History, NotSent  # noqa: E402
from load import JOBS, Load  # noqa: E402
from server import KWQ, Server  # noqa: E402


class Cycles:
    def __init__(self, load, server, seed):
        self.load, self.server, self.random = load, server, random.Random(seed)
        self.faults = {}
        self.at_fault = {"unanswered submits": [], "live leases": [], "waiting retries": []}
        self.away = []  # seconds from the fault to the next 200 of /readyz

    def open_now(self):
        load = self.load
        return (load.submits_in_flight(), load.live_leases(), load.waiting_retries())

    async def until_open(self):
        end = time.monotonic() + 60
        while True:
            if self.server.process.poll() is not None:
                raise SystemExit(f"the server ended by itself, with {self.server.process.returncode}: {self.server.log()}")
            counts = self.open_now()
            if all(counts):
                return counts
            if time.monotonic() > end:
                raise SystemExit(f"a cycle never had submits, leases and retries at once: {self.open_now()}")
            await asyncio.sleep(0.005)

    async def cycle(self, number):
        await self.until_open()
        await asyncio.sleep(self.random.random() * 0.1)
        for name, count in zip(self.at_fault, await self.until_open()):
            self.at_fault[name].append(count)
        begun = time.monotonic()
        kind = "long stop" if number % 12 == 5 else "stop, then kill" if number % 6 == 2 else "kill"
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if kind != "kill":
            self.server.freeze()
            await asyncio.sleep(1.3 if kind == "long stop" else self.random.random() * 0.1)
        if kind == "long stop":
            self.server.thaw()
        else:
            self.server.kill9()
            await asyncio.get_running_loop().run_in_executor(None, self.server.start)
            self.away.append(time.monotonic() - begun)


async def drain(load, caller):
    """Until every task has ended."""
    load.submitting, load.draining = False, True

    open_states = ("scheduled", "pending", "allocated", "running")
    least, since = None, time.monotonic()
    while least != 0:
        await asyncio.sleep(0.1)
        try:
            _, answer = await caller.look("GET", "/stats")
        except NotSent:
            continue
        left = sum(answer["overall"]["counts"][state] for state in open_states) + answer["tracker"]["lag"]
        if least is None or left < least:
            least, since = left, time.monotonic()
        if time.monotonic() - since > 90:
            raise SystemExit(f"{left} tasks do not end: {answer}")
    await load.stop()


async def all_states(caller):
    """Every task by id, through the API."""
    found, cursor = {}, ""
    while True:
        status, page = await caller.look("GET", f"/tasks?limit=1000{'&cursor=' + cursor if cursor else ''}")
        if status != 200:
            raise SystemExit(f"GET /tasks: {status} {page}")
        for one in page["items"]:
            found[one["id"]] = one["state"]
        cursor = page.get("next_cursor", "")
        if not cursor:
            return found


async def compare_with_api(load, caller, history):
    """What the callers know, seen through the API; and the last answers for `kwq check` to compare."""
    states = await all_states(caller)
    lost = [one for one in load.acknowledged | load.children if states.get(one) not in ("complete", "error", "cancelled")]
    undone = [one for one in load.completed if states.get(one) != "complete"]
    for job in JOBS:
        await caller.call("job", {"job": job, "final": True}, "GET", f"/jobs/{job}")
    problems = [f"acknowledged, but {states.get(one, 'unknown')}: {one}" for one in lost]
    problems += [f"completed, but {states.get(one, 'unknown')}: {one}" for one in undone]
    return states, problems


async def run(options, folder):
    server = Server(folder=folder)
    history = History(os.path.join(folder, "history.ndjson"))
    load = Load(server, history, options.seed, options.submitters, options.workers)
    cycles = Cycles(load, server, options.seed)
    try:
        server.start()
        load.start()
        for number in range(options.cycles):
            await cycles.cycle(number)
            if options.verbose and number % 25 == 24:
                print(f"{number + 1} cycles, {load.next_id} tasks, {load.problems}", flush=True)
        caller = Caller(server, history, 60)
        await drain(load, caller)
        states, problems = await compare_with_api(load, caller, history)
        history.close()
        if server.terminate() != 0:
            problems.append("the server did not end well")
    finally:
        load.over = True
        if server.process and server.process.poll() is None:
            server.thaw()
            server.kill9()
    return load, cycles, states, load.problems + problems, history


def check(folder):
    """What `kwq check` says, and whether it is content."""
    done = subprocess.run([KWQ, "check", os.path.join(folder, "data"), "--history",
                           os.path.join(folder, "history.ndjson"), "--json"], stdout=subprocess.PIPE, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def tell(options, load, cycles, states, report, seconds):
    n = options.cycles
    print(f"{n} cycles in {seconds:.0f} s, seed {options.seed}: "
          + ", ".join(f"{count} {kind}" for kind, count in sorted(cycles.faults.items())))
    for name, counts in cycles.at_fault.items():
        print(f"  at the fault, {name}: at least {min(counts)}, {sum(counts) / n:.0f} on average, {max(counts)} at most")
    away = sorted(cycles.away)
    print(f"  away: {away[len(away) // 2]:.2f} s in the middle, {away[-1]:.2f} s at most")
    print(f"  {len(load.acknowledged)} tasks acknowledged, {len(states)} in the log, {len(load.completed)} acknowledged "
          f"complete; operations by outcome: "
          + ", ".join(f"{op} {kind} {count}" for (op, kind), count in sorted(load.history.counts.items())))
    print(f"  kwq check: {report.get('events')} events, {report.get('tasks')} tasks, {report.get('operations')} operations, "
          f"{report.get('violations')} violations; void: {report.get('void')}")
    print(f"  with 95 % confidence fewer than {300 / n:.3g} % of such faults break a promise")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=25)
    parser.add_argument("--seed", type=int, default=None, help="default: by the clock")
    parser.add_argument("--submitters", type=int, default=60)
    parser.add_argument("--workers", type=int, default=60)
    parser.add_argument("--folder", help="kept; default: a temporary one, kept only when something is wrong")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.seed = options.seed if options.seed is not None else int(time.time())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    folder = options.folder or tempfile.mkdtemp(prefix="kwq-crash-")
    os.makedirs(folder, exist_ok=True)
    begun = time.monotonic()
    load, cycles, states, problems, _ = asyncio.run(run(options, folder))
    code, report = check(folder)
    tell(options, load, cycles, states, report, time.monotonic() - begun)
    if code != 0:
        problems += [f"{one['rule']} {one}" for one in report.get("first", [])] or ["kwq check failed"]
    for one in problems[:20]:
        print("PROBLEM " + one)
    if problems:
        print(f"{len(problems)} problems; everything is kept in {folder}")
        return 1
    if not options.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
