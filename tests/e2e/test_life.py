"""A task from its submit to its end: stages, reports, retries, limits, dead letters."""
import time
import unittest

from server import KwqTest, eventually

STAGES = ("submitted_at", "allocated_at", "running_at", "ended_at")


class Stages(KwqTest):
    def test_K8_worker_and_times_of_allocation_and_start_are_recorded(self):
        name = "https://worker.example:8443/a b?c=d&e=%2F"
        task = self.submit()
        lease = self.take(name)
        before = self.until_state(task, "allocated")
        self.assertEqual(before["worker"], name)
        self.report(lease, "running")
        after = self.task(task)
        self.assertEqual((after["state"], after["worker"]), ("running", name))
        attempt = after["attempts"][0]
        self.assertEqual(attempt["worker"], name)
        self.assertGreater(attempt["allocated_at"], 0)
        self.assertGreaterEqual(attempt["running_at"], attempt["allocated_at"])

    def test_K9_every_stage_reached_is_stamped_and_times_never_go_back(self):
        complete, dead, cancelled = (self.submit(id=name, max_attempts=1) for name in ("c", "d", "x"))
        leases = {lease["task"]["id"]: lease for lease in self.poll(max=3, wait_s=5)["leases"]}
        for lease in leases.values():
            self.report(lease, "running")
        self.complete(leases["c"])
        self.fail_task(leases["d"])
        self.remember(self.call("POST", "/tasks/x/cancel"))
        for task_id, state in ((complete, "complete"), (dead, "error"), (cancelled, "cancelled")):
            task = self.task(task_id)
            self.assertEqual(task["state"], state)
            stamps = [task[stage] for stage in STAGES]
            self.assertTrue(all(stamp > 0 for stamp in stamps), task)
            self.assertEqual(stamps, sorted(stamps))
            attempt = task["attempts"][0]
            self.assertLessEqual(attempt["allocated_at"], attempt["running_at"])
            self.assertLessEqual(attempt["running_at"], attempt["ended_at"])

    def test_C11_a_result_is_kept_and_read_by_id(self):
        result = {"deep": [1, {"x": "\u00fc"}], "n": 1.5}
        task = self.submit()
        self.complete(self.take(), result)
        self.assertEqual(self.task(task)["result"], result)
        self.server.restart()
        self.assertEqual(self.task(task)["result"], result)


class Reports(KwqTest):
    def test_K10_unknown_and_malformed_leases_are_refused(self):
        self.assertEqual(self.report("not-a-lease", "complete", status=409)["code"], "lease_lost")
        self.report("bad%20lease!", "complete", status=400)

    def test_K10_the_same_outcome_again_is_harmless_and_another_is_refused(self):
        task = self.submit()
        lease = self.take()
        self.assertEqual(self.complete(lease, 1)["status"], "ok")
        self.assertEqual(self.complete(lease, 1)["status"], "already")
        refused = self.report(lease, "error", {"message": "no"}, status=409)
        self.assertEqual(refused["code"], "outcome_conflict")
        after = self.task(task)
        self.assertEqual((after["state"], after["result"], len(after["attempts"])), ("complete", 1, 1))

    def test_K10_a_stale_attempt_is_refused_and_has_no_effect(self):
        task = self.submit()
        first = self.take("one")
        self.report(first, "release")
        second = self.take("two")
        # This lease ended by its own release; one that expired is lease_lost (K12).
        self.assertEqual(self.complete(first, "stale", status=409)["code"], "outcome_conflict")
        self.assertEqual(self.task(task)["worker"], "two")
        self.complete(second, "right")
        self.assertEqual(self.task(task)["result"], "right")

    def test_K10_bad_bodies_are_refused_by_kind(self):
        lease = self.take_after_submit()
        target = f"/kwq/v1/leases/{lease['lease']}/complete"
        self.assertEqual(self.server.call("POST", target, b"{broken").status, 400)
        media = self.server.call("POST", target, b"{}", {"Content-Type": "text/xml"})
        self.assertEqual(media.status, 415)
        self.assertEqual(media.json["code"], "media_type")
        self.complete(lease)

    def test_G6_a_lease_has_an_owner_and_an_end_and_is_gone_when_done(self):
        self.submit(lease_s=30)
        lease = self.take("owner")
        listed = self.call("GET", "/leases?worker=owner")["items"]
        self.assertEqual([one["lease"] for one in listed], [lease["lease"]])
        self.assertAlmostEqual(listed[0]["deadline_at"] / 1000, time.time() + 30, delta=5)
        self.complete(lease)
        self.assertEqual(self.call("GET", "/leases?worker=owner")["items"], [])
        self.assertEqual(self.call("GET", "/dispatch")["leases"], 0)

    def take_after_submit(self):
        self.submit()
        return self.take()


class Failures(KwqTest):
    def test_K12_a_silent_worker_loses_its_task_to_another(self):
        task = self.submit(timeout_s=1)
        first = self.take("dies")
        self.report(first, "running")
        begun = time.monotonic()
        second = self.take("lives", wait_s=10)
        self.assertLess(time.monotonic() - begun, 9)
        self.assertEqual((second["task"]["id"], second["attempt"]), (task, 2))
        self.assertEqual(self.complete(first, "late", status=409)["code"], "lease_lost")
        self.complete(second, "in time")
        after = self.task(task)
        self.assertEqual((after["state"], after["result"]), ("complete", "in time"))
        self.assertEqual(len(after["attempts"]), 2)

    def test_K13_an_always_failing_task_runs_once_and_three_times_again(self):
        task = self.submit(backoff_s=0.05, priority=7)
        for attempt in range(1, 5):
            lease = self.take(wait_s=10)
            self.assertEqual((lease["attempt"], lease["task"]["priority"]), (attempt, 7))
            self.fail_task(lease, f"failure {attempt}")
        self.take_nothing(wait_s=1)
        after = self.task(task)
        self.assertEqual((after["state"], after["spent"]), ("error", 4))
        self.assertEqual([one["error"] for one in after["attempts"]], [f"failure {n}" for n in range(1, 5)])
        failed = self.get("/tasks?state=error")["items"]
        self.assertEqual([one["id"] for one in failed], [task])

    def test_C1_a_dead_task_keeps_where_it_came_from_and_why_it_died(self):
        submitted = time.time() * 1000
        task = self.submit(max_attempts=2, backoff_s=0.05, priority=3, job="nightly")
        for attempt in range(2):
            self.fail_task(self.take(f"w{attempt}", wait_s=10), "a full\nerror text")
        queue = self.get("/queues/default")
        self.assertEqual((queue["counts"]["pending"], queue["counts"]["error"]), (0, 1))
        dead = self.task(task)
        self.assertEqual((dead["queue"], dead["priority"], dead["job"]), ("default", 3, "nightly"))
        self.assertAlmostEqual(dead["submitted_at"], submitted, delta=5000)
        self.assertGreaterEqual(dead["ended_at"], dead["submitted_at"])
        self.assertEqual(dead["error"], "a full\nerror text")
        self.assertEqual([one["worker"] for one in dead["attempts"]], ["w0", "w1"])

    def test_C1_a_timeout_is_a_failure_that_says_so(self):
        task = self.submit(max_attempts=1, timeout_s=0.5)
        self.take()
        dead = self.until_state(task, "error", 10)
        self.assertEqual(dead["attempts"][0]["outcome"], "timeout")

    def test_C2_G6_a_vanished_workers_task_returns_within_its_lease_and_a_second(self):
        task = self.submit(lease_s=2, backoff_s=0)
        self.take("vanishes")
        begun = time.monotonic()
        again = self.take("next", wait_s=10)
        self.assertLess(time.monotonic() - begun, 3.2)
        self.assertEqual((again["task"]["id"], again["attempt"]), (task, 2))

    def test_G6_a_long_run_that_renews_its_lease_is_never_doubled(self):
        self.submit(lease_s=1)
        lease = self.take("long")
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            beat = self.call("POST", f"/leases/{lease['lease']}/heartbeat", {})
            self.assertEqual(beat["directive"], "continue")
            self.take_nothing("idle", wait_s=0.3)
        self.complete(lease)

    def test_retry_false_is_final_at_once(self):
        task = self.submit()
        self.fail_task(self.take(), "never", retry=False)
        self.assertEqual(self.task(task)["state"], "error")

    def test_a_release_spends_no_attempt(self):
        task = self.submit(max_attempts=1)
        self.report(self.take(), "release")
        self.complete(self.take(), 1)
        self.assertEqual(self.task(task)["state"], "complete")

    def test_not_before_and_expires_at_are_kept(self):
        now = int(time.time() * 1000)
        self.submit(id="later", not_before=now + 1500)
        self.submit(id="over", expires_at=now - 1)
        self.take_nothing(wait_s=0.5)
        self.assertEqual(self.take(wait_s=5)["task"]["id"], "later")
        self.assertGreaterEqual(time.time() * 1000, now + 1490)
        over = self.until_state("over", "cancelled")
        self.assertEqual(over["cancel_reason"], "expired")


class Duplicates(KwqTest):
    def test_G2_a_known_point_is_recorded_as_a_repeat_and_runs_once(self):
        tasks = [{"payload": 1, "id": "point", "job": "search"}] * 1000
        for _ in range(2):
            self.submit_many(tasks)
        lease = self.take()
        self.complete(lease, "done")
        self.server.restart()
        self.submit_many(tasks[:10])
        self.take_nothing(wait_s=0.5)
        job = self.get("/jobs/search")
        self.assertEqual((job["submitted"], job["counts"]["complete"]), (1, 1))
        eventually(lambda: self.get("/jobs/search")["duplicates"] == 2009, "every repeat is counted")


if __name__ == "__main__":
    unittest.main()
