"""Waiting tasks cost disk, not memory; a restart does not walk over them."""
import json
import time
import unittest

from server import KwqTest, eventually

TASKS = 100_000


class Scale(KwqTest):
    def test_K26_memory_does_not_grow_with_the_tasks_that_wait(self):
        before = self.server.rss()
        begun = time.monotonic()
        self.bulk(0, TASKS // 2)
        submitted = time.monotonic() - begun
        self.until_folded(TASKS // 2)
        half = self.server.rss()
        begun = time.monotonic()
        self.bulk(TASKS // 2, TASKS)
        submitted += time.monotonic() - begun
        self.until_folded(TASKS)
        full = self.server.rss()
        megabyte = 1 << 20
        # The read-ahead (64 MiB), the tracker's cache (64 MiB) and the log's write buffers are the memory; each of
        # these tasks is 300 bytes, so 50,000 more that were all held would show as more than their caches.
        self.assertLess(full - before, 400 * megabyte, f"{before} {half} {full}")
        self.assertLess(full - half, 100 * megabyte, f"{before} {half} {full}")
        begun = time.monotonic()
        self.server.restart()
        restarted = time.monotonic() - begun
        self.assertLess(restarted, 30)
        begun = time.monotonic()
        taken = 0
        settle = []
        while taken < 5_000:
            leases = self.poll(max=500, wait_s=5, settle=settle)["leases"]
            settle = [{"lease": one["lease"], "outcome": "complete", "result": 1} for one in leases]
            taken += len(leases)
        self.poll(settle=settle)
        print(f"submit {TASKS / submitted:.0f}/s, take and complete {taken / (time.monotonic() - begun):.0f}/s, "
              f"restart {restarted:.2f} s, RSS {before >> 20} -> {half >> 20} -> {full >> 20} MiB")

    def until_folded(self, count):
        eventually(lambda: self.call("GET", "/jobs/scale")["counts"]["pending"] == count, f"{count} are counted", 60)

    def bulk(self, first, last):
        for start in range(first, last, 10_000):
            lines = b"".join(
                json.dumps({"id": f"s{n:09d}", "job": "scale", "tags": [f"t:{n % 50}"], "priority": 1 + n % 9,
                            "payload": {"n": n, "text": "x" * 150}}).encode() + b"\n"
                for n in range(start, min(start + 10_000, last)))
            answer = self.server.call("POST", "/kwq/v1/tasks/bulk", lines, {"Content-Type": "application/x-ndjson"})
            self.assertEqual(answer.status, 200)
            results = answer.body.splitlines()
            self.assertEqual(len(results), min(start + 10_000, last) - start)
            self.assertEqual(json.loads(results[-1])["status"], "ok")


if __name__ == "__main__":
    unittest.main()
