#!/usr/bin/env python3
"""Runs a program with a real broker of its own: with_broker.py [--jars] PROGRAM [ARGUMENT...]

The broker has one node, a free port and a directory that goes with it; the program finds it in KWQ_KAFKA_BROKERS. With
--jars none is started: the program starts its own.
Exit code: the program's. Where no broker can be had, 77, which ctest reports as skipped, or 1 with KWQ_REQUIRE_KAFKA=1.
"""
import os
import subprocess
import sys
import time

import broker

SKIPPED = 77


def unavailable(why):
    print(f"no Kafka broker can be started here: {why}")
    if os.environ.get("KWQ_REQUIRE_KAFKA") == "1":
        print("KWQ_REQUIRE_KAFKA=1: that is a failure")
        return 1
    return SKIPPED


def main():
    try:
        if sys.argv[1] == "--jars":
            broker.class_path()
            return subprocess.call(sys.argv[2:])
        begin = time.monotonic()
        cluster = broker.Cluster()
        try:
            cluster.start()
            print(f"Kafka {broker.version()} on {cluster.brokers} after {time.monotonic() - begin:.1f} s", flush=True)
            code = subprocess.call(sys.argv[1:], env={**os.environ, "KWQ_KAFKA_BROKERS": cluster.brokers})
            if code != 0:
                print(f"--- what Kafka said\n{cluster.nodes[0].log()[-3000:]}")
            return code
        finally:
            cluster.close()
    except broker.Unavailable as why:
        return unavailable(why)


if __name__ == "__main__":
    sys.exit(main())
