"""kwq bench against a real server: what it says happened has happened, and it always ends."""
import json
import subprocess
import unittest

import server
from server import CLEAN, KWQ, KwqTest

PARTIAL = 6


class BenchTest(KwqTest):
    def bench(self, *arguments, check=0):
        return json.loads(self.kwq("bench", *arguments, "--json", check=check))

    def test_latency_completes_what_it_submits(self):
        found = self.bench("latency", "-n", "5", "-j", "quick")
        self.assertEqual((found["tasks"], found["failed"], found["lease"]["count"]), (5, 0, 5))
        server.eventually(lambda: self.get("/jobs/quick")["counts"]["complete"] == 5, "all five are complete")

    def test_latency_ends_at_once_when_its_task_is_refused(self):
        done = subprocess.run([KWQ, "bench", "latency", "-n", "5", "-q", "nowhere", "--url", self.server.url], env=CLEAN,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("a submit was answered 4", done.stderr)
        self.assertIn("nowhere", done.stderr)

    def test_work_ends_when_there_are_fewer_tasks_than_asked(self):
        self.submit_many([{"payload": 1} for _ in range(30)])
        found = self.bench("work", "-n", "100", "-w", "2", check=PARTIAL)
        self.assertEqual((found["tasks"], found["missing"]), (30, 70))

    def test_no_lease_is_left_behind(self):
        self.submit_many([{"payload": 1} for _ in range(300)])
        self.bench("work", "-n", "100", "-w", "4", "-b", "40")
        self.assertEqual(self.get("/stats")["scheduler"]["leases"], 0)

    def test_a_cycle_over_many_jobs_ends(self):
        found = self.bench("cycle", "-n", "200", "-b", "10", "--jobs", "7", "--priorities", "3", "-p", "2", "-w", "2")
        self.assertEqual((found["tasks"], found["missing"], found["failed"]), (200, 0, 0))

    def test_depth_tells_what_waiting_tasks_cost(self):
        found = self.bench("depth", "-n", "2000", "--jobs", "50", "--priorities", "9", "--delayed", "1", "--paused",
                           "500", "--take", "300", "-b", "10", "-w", "2", "-j", "deep")
        self.assertEqual((found["queued"], found["dispatch"]["missing"]), (2500, 0))
        # What a worker holds when the last one that is wanted completes is completed too.
        self.assertIn(found["dispatch"]["tasks"], (300, 310))
        self.assertGreater(found["loaded"]["memory_bytes"], 1 << 20)
        self.assertGreater(found["cpu_us_per_task"], 0)
        paused = self.get("/jobs/deep-paused")
        self.assertTrue(paused["paused"])
        self.assertEqual(paused["counts"]["complete"], 0)

    def test_nothing_completes_in_a_cycle_of_delayed_tasks_so_it_is_refused(self):
        self.kwq("bench", "cycle", "--delayed", "5", check=2)

    def test_a_server_that_never_answers_ends_it_with_an_error(self):
        self.server.freeze()
        done = subprocess.run([KWQ, "bench", "ping", "-n", "10", "--give-up", "1", "--url", self.server.url], env=CLEAN,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("longer than was allowed", done.stderr)


if __name__ == "__main__":
    unittest.main()
