#!/usr/bin/env python3
"""Takes the disk from a server under load, gives it back, and proves that it kept every promise it made.

`--kind limit`: no file of the server may grow beyond some size, so that a write fails in the middle of work: the server
must end, and after a start without the limit nothing acknowledged is missing. `--kind tmpfs` (as root): a file system of
640 MB is filled until less than the reserve is free, emptied, filled wholly, and emptied again."""
import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "e2e"))

from client import Caller, History  # noqa: E402
from kill_loop import check, compare_with_api, drain  # noqa: E402
from load import Load  # noqa: E402
from server import Server  # noqa: E402

MB = 1 << 20


def limit_files(server, size):
    """Of the running server: a longer write fails with EFBIG."""
    hard = resource.RLIM_INFINITY
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def largest_file(folder):
    return max(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


async def until(what, probe, seconds=30):
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds} s in vain: {what}")
        await asyncio.sleep(0.02)


async def until_more(load, count=50):
    """Submits are acknowledged and tasks completed again."""
    acknowledged, completed = len(load.acknowledged), len(load.completed)
    await until("work goes on", lambda: len(load.acknowledged) > acknowledged + count
                and len(load.completed) > completed + count)


async def start_again(server):
    await asyncio.get_running_loop().run_in_executor(None, server.start)


async def ended_itself(server, seconds=30):
    await until("the server ends by itself", lambda: server.process.poll() is not None, seconds)
    if server.process.returncode != 3:
        raise SystemExit(f"it ended with {server.process.returncode}, not 3: {server.log()[-2000:]}")


async def run_limit(load, server):
    for round_ in range(5):
        await until_more(load)
        limit_files(server, largest_file(os.path.join(server.folder, "data")) + 10_000 * round_)
        await ended_itself(server)
        await start_again(server)
    print("5 servers ended with 3 when a write failed")


class Ballast:
    def __init__(self, disk):
        self.disk, self.path = disk, os.path.join(disk, "ballast")

    def free(self):
        stat = os.statvfs(self.disk)
        return stat.f_bavail * stat.f_frsize

    def leave(self, free):
        with open(self.path, "ab") as file:
            grow = self.free() - free
            if grow > 0:
                os.posix_fallocate(file.fileno(), file.tell(), grow)

    def drop(self):
        os.remove(self.path)


async def tell_a_second(load, when):
    told = dict(load.history.counts)
    await asyncio.sleep(1)
    now = {key: count - told.get(key, 0) for key, count in load.history.counts.items()}
    print(f"{when}, in one second: "
          + ", ".join(f"{op} {kind} {count}" for (op, kind), count in sorted(now.items()) if count))


async def run_tmpfs(load, server, disk):
    ballast = Ballast(disk)
    await until_more(load)
    ballast.leave(200 * MB)  # less than the reserve of 256 MiB
    await until("submits are refused with 507", lambda: load.refusals.get(507, 0) > 20)
    completed = len(load.completed)
    await until("work ends all the same", lambda: len(load.completed) > completed + 50)
    await tell_a_second(load, "with less than the reserve free")
    ballast.leave(40 * MB)  # less than the last quarter of it
    unknown = load.history.counts.get(("report", "info"), 0)
    await until("reports are not taken", lambda: load.history.counts.get(("report", "info"), 0) > unknown + 5)
    completed = len(load.completed)
    await tell_a_second(load, "in its last quarter")
    if len(load.completed) != completed:
        raise SystemExit("a task was acknowledged complete in the last quarter of the reserve")
    if server.process.poll() is not None:
        raise SystemExit("the server ended though nothing was written")
    ballast.drop()
    await until_more(load)
    print("with space again, without a restart: work goes on")
    ends = 0
    for _ in range(3):
        ballast.leave(0)
        end = time.monotonic() + 3
        while server.process.poll() is None and time.monotonic() < end:
            await asyncio.sleep(0.02)
        if server.process.poll() is not None:
            await ended_itself(server)
            ends += 1
        ballast.drop()
        if server.process.poll() is not None:
            await start_again(server)
        await until_more(load)
    print(f"3 times wholly full: {ends} servers ended with 3, the others refused; all went on once there was space")


async def run(options, folder):
    server = Server(folder=folder)
    history = History(os.path.join(folder, "history.ndjson"))
    load = Load(server, history, options.seed, 30, 30)
    try:
        server.start()
        load.start()
        if options.kind == "limit":
            await run_limit(load, server)
        else:
            await run_tmpfs(load, server, os.path.join(folder, "data"))
        caller = Caller(server, history, 60)
        await drain(load, caller)
        _, problems = await compare_with_api(load, caller, history)
        history.close()
        if server.terminate() != 0:
            problems.append("the server did not end well")
    finally:
        load.over = True
        if server.process and server.process.poll() is None:
            server.kill9()
    code, report = check(folder)
    if code != 0:
        problems += [f"{one['rule']} {one}" for one in report.get("first", [])] or ["kwq check failed"]
    print(f"{len(load.acknowledged)} tasks acknowledged, {len(load.completed)} complete, submits refused: {load.refusals}; "
          f"kwq check: {report.get('operations')} operations, {report.get('violations')} violations")
    return load.problems + problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=("limit", "tmpfs"), default="limit")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kwq-crash-", ignore_cleanup_errors=True) as folder:
        disk = os.path.join(folder, "data")
        os.mkdir(disk, 0o700)
        if options.kind == "tmpfs":
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=640m,mode=0700", "kwq-crash", disk], check=True)
        try:
            problems = asyncio.run(run(options, folder))
        finally:
            if options.kind == "tmpfs":
                subprocess.run(["umount", "-l", disk], check=True)
    for one in problems[:20]:
        print("PROBLEM " + one)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
