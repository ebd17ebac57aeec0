#!/usr/bin/env python3
"""JSON made to hurt: what each costs the server until it is refused.

    KWQ_BIN=build/release/src/app/kwq tests/probes/bombs.py [RUNS]

For each bomb, on a server of its own: the largest memory beyond that of the idle server, and the time from its last
byte to the answer (medians). A body of the same size that is taken, or refused at its first byte, stands beside it.
"""
import itertools
import statistics
import sys
import time

from probe import Server, Wire
from wire import post

MILLION = 1_000_000


def names(count):
    """An object of that many different names, as short as they can be."""
    letters = [chr(c) for c in range(33, 127) if chr(c) not in '"\\']
    each = itertools.chain(itertools.product(letters, repeat=3), itertools.product(letters, repeat=4))
    return ("{" + ",".join(f'"{"".join(one)}":0' for one in itertools.islice(each, count)) + "}").encode()


def bombs():
    return {
        "depth of 10^6": b"[" * MILLION,
        "depth of 10^6, objects": b'{"a":' * MILLION,
        "depth of 10^6 in a payload": b'{"payload":' + b"[" * MILLION,
        "10^6 names": names(MILLION),
        "10^6 names in a payload": b'{"payload":' + names(MILLION)[:1 << 20],
        "a number of 10^6 digits": b'{"a":' + b"1" * MILLION + b"}",
        "a number of 10^6 digits in an array": b"[" + b"1" * MILLION + b"]",
        "8 MiB of zeros in an array": b"[" + b"0," * ((8 << 20) // 2 - 2) + b"0]",
        "8 MiB, wrong at its first byte": b"x" * (8 << 20),
        "8 MiB of white space": b" " * (8 << 20),
        "1 MiB of escapes": b'{"payload":1,"job":"' + b"\\u0041" * 170_000 + b'"}',
    }


def memory(server, name):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith(name)).split()[1]) / 1024


def measure(body, runs):
    server = Server()
    try:
        server.start()
        with Wire(server.port) as wire:  # what one small call needs is not the bomb's
            wire.send(post("/kwq/v1/tasks", b"x")).answer()
        with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")
        idle, times, status = memory(server, "VmRSS:"), [], 0
        for _ in range(runs):
            with Wire(server.port) as wire:
                wire.send(post("/kwq/v1/tasks", body)[:-1])
                time.sleep(0.05)  # so that the rest is there and only the last byte is waited for
                begin = time.perf_counter()
                status = wire.send(body[-1:]).answer().status
                times.append(1e3 * (time.perf_counter() - begin))
        return status, memory(server, "VmHWM:") - idle, memory(server, "VmRSS:") - idle, times
    finally:
        server.close()


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print("bomb | bytes | status | peak MiB | left MiB | ms, median | ms, worst")
    for name, body in bombs().items():
        status, peak, left, times = measure(body, runs)
        print(f"{name} | {len(body):,} | {status} | {peak:.1f} | {left:.1f} | {statistics.median(times):.2f} | "
              f"{max(times):.2f}", flush=True)


if __name__ == "__main__":
    main()
