"""What the tracker says of jobs, tags and all of it."""
import unittest

from server import KwqTest, eventually


class Gauges(KwqTest):
    def test_K17_counts_by_job_and_tag_are_the_truth_now(self):
        fixture = [("1", "job1", ["tag-1"]), ("2", "job1", ["tag-1"]), ("3", "job2", ["tag-1", "tag-2"]),
                   ("4", "job2", ["tag-2", "team:red"]), ("5", "job3", ["tag-1"]), ("6", "job4", ["team:red"])]
        # Highest first: 3 and 4 are taken, then 5 and 6; 1 and 2 wait.
        priority = {"3": 9, "4": 8, "5": 7, "6": 6, "1": 5, "2": 5}
        for task, job, tags in fixture:
            self.submit(id=task, job=job, tags=tags, priority=priority[task])
        leases = {lease["task"]["id"]: lease for lease in self.poll(max=4, wait_s=5)["leases"]}
        self.assertEqual(set(leases), {"3", "4", "5", "6"})
        self.report(leases["4"], "running")
        for task in ("5", "6"):
            self.report(leases[task], "running")
            self.complete(leases[task], task)
        expected = {"job1": {"pending": 2}, "job2": {"allocated": 1, "running": 1}, "job3": {"complete": 1},
                    "job4": {"complete": 1}}
        for job, counts in expected.items():
            self.assertEqual(self.nonzero(self.get(f"/jobs/{job}")), counts)
        self.assertEqual(sum(self.nonzero(self.get("/tags/tag-1")).values()), 4)
        self.assertEqual(sum(self.nonzero(self.get("/tags/tag-2")).values()), 2)
        self.assertEqual(self.nonzero(self.get("/tags/team:red")), {"running": 1, "complete": 1})
        self.assertEqual(self.nonzero(self.get("/stats")["overall"]),
                         {"pending": 2, "allocated": 1, "running": 1, "complete": 2})
        job = self.get("/jobs/job3")
        self.assertLessEqual(job["first_at"], job["last_at"])
        for part in ("wait", "run"):
            self.assertEqual(job[part]["count"], 1)
            self.assertLessEqual(0, job[part]["mean_s"])
            self.assertLessEqual(job[part]["p50_s"], job[part]["max_s"])
        tags = {one["tag"]: self.nonzero(one) for one in self.get("/jobs/job2")["tags"]}
        self.assertEqual(tags["tag-2"], {"allocated": 1, "running": 1})

    def test_K17_gauges_are_the_same_after_a_kill(self):
        self.submit_many([{"payload": n, "job": f"j{n % 3}", "tags": [f"t{n % 2}"]} for n in range(30)])
        for lease in self.poll(max=10, wait_s=5)["leases"]:
            self.complete(lease)
        before = [self.get(path)["counts"] for path in ("/jobs/j0", "/jobs/j1", "/jobs/j2", "/tags/t0", "/tags/t1")]
        self.server.restart()
        after = [self.get(path)["counts"] for path in ("/jobs/j0", "/jobs/j1", "/jobs/j2", "/tags/t0", "/tags/t1")]
        self.assertEqual(before, after)

    def test_a_job_can_be_waited_for(self):
        self.submit(job="quick")
        self.complete(self.take())
        job = self.get("/jobs/quick?wait_s=5&until=idle")
        self.assertEqual(self.nonzero(job), {"complete": 1})

    def test_metrics_can_be_scraped(self):
        self.submit()
        text = self.server.call("GET", "/metrics").body.decode()
        values = [line for line in text.splitlines() if line and not line.startswith("#")]
        self.assertTrue(any(line.startswith("kwq_") for line in values), text[:500])
        for line in values:
            float(line.rsplit(" ", 1)[1])

    @staticmethod
    def nonzero(group):
        return {state: number for state, number in group["counts"].items() if number}


class Workers(KwqTest):
    def test_C8_workers_appear_with_their_queues_and_their_leases_go_when_they_die(self):
        worker = self.start_worker("--name", "c8", "--", "sleep", "1000")
        self.submit(lease_s=1, max_attempts=1)
        eventually(lambda: self.seen().get("c8", {}).get("leases") == 1, "the worker is listed with its lease")
        before = self.seen()["c8"]
        self.assertEqual(before["queues"], ["default"])
        eventually(lambda: self.seen()["c8"]["last_seen_at"] > before["last_seen_at"], "its heartbeats are seen")
        worker.kill()
        worker.wait()
        eventually(lambda: self.seen()["c8"]["leases"] == 0, "its lease is gone")
        gone = self.seen()["c8"]
        self.assertEqual((gone["failed"], gone["waiting"]), (1, False))

    def seen(self):
        return {one["worker"]: one for one in self.call("GET", "/workers")["items"]}


if __name__ == "__main__":
    unittest.main()
