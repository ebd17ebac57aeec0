"""What only a tracker can tell: errors by group, what happened when, a job as a map, why a task waits."""
import time
import unittest

from server import KwqTest, eventually

STATES = ("scheduled", "pending", "allocated", "running", "complete", "error", "cancelled")
COUNTED = ("submitted", "allocated", "running", "complete", "error", "retries", "cancelled")


class Questions(KwqTest):
    def state_map(self, job, query="", headers=None):
        return self.server.call("GET", f"/kwq/v1/jobs/{job}/state-map{query}", headers=headers)

    def cells(self, job):
        """The state and the attempts of each task, once what was told before is in."""
        self.get(f"/jobs/{job}")
        return [(STATES[byte & 15], byte >> 4) if byte & 15 < 7 else None for byte in self.state_map(job).body]

    def fail_all(self, messages, job="j", **fields):
        ids = self.submit_many([{"payload": n, "job": job} for n in range(len(messages))])
        for message in messages:
            self.fail_task(self.take(), message, **fields)
        return ids


class Errors(Questions):
    def test_C6_failures_are_grouped_by_what_their_messages_have_in_common(self):
        self.fail_all([f"disk /dev/sd{c} full after {n} bytes" for n, c in enumerate("abc")], retry=False)
        other = self.fail_all(["<b>no</b> route to '10.0.0.7'"], job="k", retry=False)
        page = self.get("/errors")["items"]
        self.assertEqual([(one["message"], one["count"], one["tasks"]) for one in page],
                         [("disk <path> full after # bytes", 3, 3), ("<b>no</b> route to \"…\"", 1, 1)])
        self.assertEqual(page[0]["jobs"], [{"job": "j", "count": 3}])
        self.assertEqual(page[0]["samples"][0]["message"], "disk /dev/sdc full after 2 bytes")
        self.assertEqual((len(page[0]["trend"]), sum(page[0]["trend"])), (60, 3))
        self.assertEqual(page[0], self.get(f"/errors/{page[0]['error']}"))
        self.assertEqual([one["count"] for one in self.get("/errors?job=k")["items"]], [1])
        self.assertEqual([one["message"] for one in self.get("/errors?sort=last&limit=1")["items"]],
                         [page[1]["message"]])
        listed = self.get(f"/tasks?error={page[1]['error']}")["items"]
        self.assertEqual([(one["id"], one["error_group"]) for one in listed], [(other[0], page[1]["error"])])
        self.assertEqual(self.get(f"/tasks?q=job:j%20error:{page[1]['error']}")["items"], [])
        self.remember(self.call("POST", f"/tasks/{other[0]}/retry"))
        self.assertEqual(self.get(f"/errors/{page[1]['error']}")["tasks"], 0)
        self.call("GET", "/errors/00000000000000aa", status=404)
        self.call("GET", "/errors/nonsense", status=400)
        self.call("GET", "/errors?job=nobody", status=404)

    def test_groups_survive_a_kill(self):
        self.fail_all(["a 1", "a 2", "b"], retry=False)
        before = self.get("/errors")
        self.server.restart()
        after = self.get("/errors")
        for page in before, after:
            for one in page["items"]:
                one["trend"] = sum(one["trend"])
        self.assertEqual(before, after)


class Series(Questions):
    def windows(self, resolution=1, **more):
        query = "".join(f"&{name}={value}" for name, value in more.items())
        return self.get(f"/stats/series?resolution_s={resolution}{query}")["windows"]

    def totals(self, windows):
        return {what: sum(one[what] for one in windows) for what in COUNTED}

    def test_K16_sums_over_windows_are_what_happened_and_reading_changes_nothing(self):
        self.submit_many([{"payload": n, "max_attempts": 2, "backoff_s": 3600} for n in range(10)])
        for n, lease in enumerate(self.poll(max=8, wait_s=5)["leases"]):
            self.report(lease, "running")
            if n < 5:
                self.complete(lease, n)
            else:
                self.fail_task(lease, retry=n < 7)
        waiting = self.get("/tasks?state=pending")["items"]
        self.remember(self.call("POST", f"/tasks/{waiting[0]['id']}/cancel"))
        expected = {"submitted": 10, "allocated": 8, "running": 8, "complete": 5, "error": 1, "retries": 2,
                    "cancelled": 1}
        for resolution in (1, 10, 300):
            windows = self.windows(resolution)
            self.assertEqual(self.totals(windows), expected, resolution)
            ends = [one["at"] for one in windows]
            self.assertEqual(ends, list(range(ends[0], ends[-1] + 1, resolution * 1000)))
            self.assertEqual(ends[0] % (resolution * 1000), 0)
            self.assertEqual(len(windows), 300)
            self.assertEqual(self.totals(self.windows(resolution, queue="default")), expected)
        last = self.windows()[-1]["at"]
        again = self.windows(to_at=last)
        self.assertEqual(again, self.windows(to_at=last))
        self.server.restart()
        for resolution in (1, 10, 300):
            self.assertEqual(self.totals(self.windows(resolution)), expected)
        self.assertEqual(self.totals(self.windows(from_at=last + 1000, to_at=last + 1000)), dict.fromkeys(COUNTED, 0))
        self.call("GET", "/stats/series?resolution_s=7", status=400)
        self.call("GET", "/stats/series?from_at=x", status=400)

    def test_windows_that_are_not_kept_are_not_asked_for(self):
        for resolution, kept in (1, 900), (10, 86400), (300, 30 * 86400):
            windows = self.windows(resolution, from_at=0)
            self.assertEqual(len(windows), kept // resolution + 1)


class StateMap(Questions):
    def test_a_map_shows_every_task_and_leads_to_it(self):
        ids = self.submit_many([{"payload": n, "job": "m"} for n in range(600)])
        leases = self.poll(max=5, wait_s=5)["leases"]
        self.complete(leases[0])
        self.fail_task(leases[1], retry=False)
        self.report(leases[2], "running")
        cells = self.cells("m")
        self.assertEqual(cells[:6], [("complete", 1), ("error", 1), ("running", 1), ("allocated", 1),
                                     ("allocated", 1), ("pending", 0)])
        self.assertEqual(len(cells), 600)
        for index in (0, 1, 255, 256, 599):
            self.assertEqual(self.call("GET", f"/jobs/m/task-at?index={index}")["id"], ids[index])
        whole = self.state_map("m")
        self.assertEqual(whole.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(whole.headers["KWQ-Total"], "600")
        tag = whole.headers["ETag"]
        part = self.state_map("m", "?from=250&count=20")
        self.assertEqual(part.body, whole.body[250:270])
        self.assertNotEqual(part.headers["ETag"], tag)
        same = self.state_map("m", headers={"If-None-Match": tag})
        self.assertEqual((same.status, same.body), (304, b""))
        self.complete(leases[2])
        self.get("/jobs/m")
        changed = self.state_map("m", headers={"If-None-Match": tag})
        self.assertEqual((changed.status, changed.body[2]), (200, 0x14))
        self.server.restart()
        self.assertEqual(self.state_map("m").body, changed.body)
        self.remember(self.call("POST", "/jobs/m/cancel"))
        eventually(lambda: "settling" not in self.get("/jobs/m"), "the sweep is over")
        counts = self.get("/jobs/m")["counts"]
        states = [state for state, _ in self.cells("m")]
        self.assertEqual({state: states.count(state) for state in STATES}, counts)
        self.call("GET", "/jobs/m/task-at?index=600", status=404)
        self.call("GET", "/jobs/m/task-at", status=400)
        self.call("GET", "/jobs/nobody/state-map", status=404)


class History(Questions):
    def test_K18_one_task_is_looked_up_with_its_whole_history(self):
        task = self.submit(1, id="k18", max_attempts=3, backoff_s=0.01)
        first = self.take("anna")
        self.until_state(task, "allocated")  # who polls is told no position
        self.report(first, "running")
        self.assertEqual(self.task(task)["state"], "running")
        before = self.task(task)["attempts"]
        self.fail_task(first, "no luck")
        second = self.take("bert")
        self.report(second, "running")
        self.complete(second, {"n": 1})
        seen = self.task(task)
        attempts = [(one["attempt"], one["worker"], one["outcome"], one.get("error")) for one in seen["attempts"]]
        self.assertEqual(attempts, [(1, "anna", "error", "no luck"), (2, "bert", "complete", None)])
        for one in seen["attempts"]:
            self.assertLessEqual(one["allocated_at"], one["running_at"])
            self.assertLessEqual(one["running_at"], one["ended_at"])
        self.assertEqual(before[0]["running_at"], seen["attempts"][0]["running_at"])
        listed = self.get("/tasks?worker=bert")["items"]
        self.assertEqual([(one["id"], one["attempt"], one["worker"]) for one in listed], [("k18", 2, "bert")])
        self.assertEqual(self.get("/tasks?worker=anna")["items"], [])


class Why(Questions):
    def why(self, task):
        return {one["code"]: one for one in self.task(task).get("why", [])}

    def test_a_waiting_task_says_why(self):
        first = self.submit(1, queue="default", job="a")
        self.assertIn("no_worker", self.why(first))
        self.poll("w")  # takes the first one, and is known from now on
        later = self.submit(2, job="a", not_before=int(time.time() * 1000) + 3_600_000)
        self.take_nothing()  # it is met, and parked
        eventually(lambda: set(self.why(later)) == {"not_before"}, "it waits for its time")
        self.assertGreater(self.why(later)["not_before"]["until_at"], time.time() * 1000)
        low, other = self.submit(3, job="a"), self.submit(4, job="b")
        high = self.submit(5, job="b", priority=9)
        self.assertEqual(list(self.why(high)), ["next"])
        self.assertEqual((self.why(other)["behind"]["ahead"], self.why(other)["behind"]["priority"]), (2, 9))
        self.call("POST", "/jobs/a/pause", {"reason": "lunch", "for_s": 60})
        self.assertIn("lunch", self.why(low)["paused_job"]["text"])
        self.assertIn("until_at", self.why(low)["paused_job"])
        self.call("POST", "/queues/default/pause?priority=9")
        self.assertEqual(list(self.why(high)), ["paused_priority"])
        self.call("POST", "/queues/default/pause")
        self.assertIn("paused_queue", self.why(high))
        self.call("PUT", "/dispatch", {"state": "paused"})
        self.assertIn("dispatch_state", self.why(high))
        self.assertNotIn("why", self.task(first))

    def test_a_task_that_failed_says_when_it_is_tried_again(self):
        task = self.submit(1, backoff_s=100)
        self.fail_task(self.take())
        eventually(lambda: "back_off" in self.why(task), "it waits for its next attempt")


class Sorted(Questions):
    def test_C7_jobs_are_sorted_and_say_how_fast_they_go(self):
        for n, job in enumerate(("one", "two", "three"), start=1):
            self.submit_many([{"payload": n, "job": job, "tags": [f"t:{job}"]} for _ in range(n)])
        names = [one["job"] for one in self.get("/jobs?sort=submitted")["items"]]
        self.assertEqual(names, ["three", "two", "one"])
        self.assertEqual([one["tag"] for one in self.get("/tags?sort=submitted&prefix=t:t")["items"]],
                         ["t:three", "t:two"])
        job = self.get("/jobs/two")
        self.assertEqual(job["rate_per_s"], 0)
        self.assertNotIn("eta_s", job)
        self.assertIn("oldest_pending_at", job)
        for lease in self.poll(max=2, wait_s=5)["leases"]:
            self.complete(lease)
        self.assertGreater(self.get("/jobs/one")["rate_per_s"], 0)
        two = self.get("/jobs/two")
        self.assertGreater(two["eta_s"], 0)
        self.assertIn("minute", two["eta_assumes"])
        self.assertEqual(self.get("/jobs?sort=running")["items"], [])
        self.call("GET", "/jobs?sort=size", status=400)

    def test_C7_workers_say_what_they_hold_and_how_fast_they_are(self):
        self.submit_many([{"payload": n, "job": "j"} for n in range(15)])
        leases = self.poll("busy", max=14, wait_s=5)["leases"]
        self.complete(leases[0])
        worker = self.call("GET", "/workers")["items"][0]
        self.assertEqual((worker["worker"], worker["leases"], len(worker["current"])), ("busy", 13, 10))
        self.assertEqual(worker["current"][0]["id"], leases[1]["task"]["id"])
        self.assertGreater(worker["rate_per_s"], 0)
        self.assertEqual(len(self.get("/tasks?worker=busy&state=allocated,complete")["items"]), 14)


class Retention(Questions):
    flags = ("--retention", "1s", "--retention-by-job", "kept:1h")

    def test_finished_tasks_leave_and_counters_stay_even_across_a_kill(self):
        ids = self.submit_many([{"payload": n, "job": "gone", "tags": ["x"]} for n in range(40)])
        self.submit_many([{"payload": n, "job": "kept"} for n in range(2)])
        leases = self.poll(max=32, wait_s=5)["leases"] + self.poll(max=10, wait_s=5)["leases"]
        self.fail_task(leases[0], retry=False)
        for lease in leases[1:]:
            self.complete(lease)
        before = self.get("/jobs/gone")
        self.server.restart()
        eventually(lambda: len(self.get("/tasks?job=gone")["items"]) == 1, "completed tasks leave")
        self.assertEqual(self.get("/tasks?job=gone")["items"][0]["state"], "error")
        self.call("GET", f"/tasks/{ids[1]}", status=404)
        self.assertEqual(self.get("/tasks?tag=x&state=complete")["items"], [])
        self.assertEqual(len(self.get("/tasks?job=kept")["items"]), 2)
        after = self.get("/jobs/gone")
        for part in "counts", "submitted", "retries", "wait", "run", "tags":
            self.assertEqual(before[part], after[part])
        self.assertEqual([cell and cell[0] for cell in self.cells("gone")], ["error"] + [None] * 39)
        # Its id is still known, so a repeat is dropped.
        self.submit(7, id=ids[1], job="gone")
        self.take_nothing(wait_s=1)
        self.assertEqual(self.get("/jobs/gone")["duplicates"], 1)
        self.assertEqual(self.get("/jobs/gone")["counts"], before["counts"])


if __name__ == "__main__":
    unittest.main()
