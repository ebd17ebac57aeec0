"""Pause and resume, cancel, retry, empty, and the kill switch."""
import threading
import time
import unittest

from server import KwqTest, eventually


class Pauses(KwqTest):
    def test_K15_a_paused_dispatcher_hands_out_nothing_and_takes_everything(self):
        self.call("PUT", "/dispatch", {"state": "paused", "reason": "maintenance"})
        ids = self.submit_many([{"payload": n, "priority": 1 + n % 2} for n in range(4)])
        self.take_nothing(wait_s=0.5)
        self.server.restart()
        state = self.call("GET", "/dispatch")
        self.assertEqual((state["state"], state["reason"]), ("paused", "maintenance"))
        self.take_nothing(wait_s=0.5)
        depths = {one["priority"]: one["counts"]["pending"] for one in self.get("/queues/default")["by_priority"]}
        self.assertEqual((depths[1], depths[2]), (2, 2))
        self.call("PUT", "/dispatch", {"state": "running"})
        taken = {lease["task"]["id"] for lease in self.poll(max=4, wait_s=5)["leases"]}
        self.assertEqual(taken, set(ids))

    def test_K15_a_queue_a_priority_and_a_job_are_paused_by_themselves(self):
        self.call("PUT", "/queues/other", {"priorities": 9})
        self.submit(queue="other", id="other")
        self.submit(priority=9, id="nine")
        self.submit(priority=4, id="four", job="paused job")
        self.submit(priority=1, id="one")
        self.call("POST", "/queues/other/pause")
        self.call("POST", "/queues/default/pause?priority=9")
        self.call("POST", "/jobs/paused%20job/pause")
        self.assertEqual(self.take(queues=["other", "default"])["task"]["id"], "one")
        self.take_nothing(queues=["other", "default"], wait_s=0.3)
        self.call("POST", "/jobs/paused%20job/resume")
        self.assertEqual(self.take(queues=["other", "default"])["task"]["id"], "four")
        self.call("POST", "/queues/default/resume?priority=9")
        self.assertEqual(self.take()["task"]["id"], "nine")
        self.call("POST", "/queues/other/resume")
        self.assertEqual(self.take(queues=["other"])["task"]["id"], "other")

    def test_C5_a_suspension_with_a_duration_ends_by_itself_and_what_runs_finishes(self):
        running = self.submit()
        lease = self.take()
        self.submit_many([{"payload": n} for n in range(5)])
        begun = time.monotonic()
        self.call("PUT", "/dispatch", {"state": "paused", "for_s": 2})
        self.complete(lease)
        self.assertEqual(self.task(running)["state"], "complete")
        self.take_nothing(wait_s=0.5)
        self.assertEqual(self.get("/queues/default")["counts"]["pending"], 5)
        leases = self.poll(max=5, wait_s=10)["leases"]
        self.assertGreaterEqual(time.monotonic() - begun, 1.9)
        while len(leases) < 5:
            leases += self.poll(max=5, wait_s=1)["leases"]
        for one in leases:
            self.complete(one)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(self.get("/queues/default")["counts"]["complete"], 6)


class Reprioritise(KwqTest):
    def test_a_task_that_waits_is_served_at_its_new_priority_with_all_that_it_was(self):
        self.submit(id="a", priority=2, payload={"n": 1}, tags=["x"], job="j", max_attempts=2, backoff_s=0.5)
        self.fail_task(self.take(), "once", retry=True)
        before = self.task("a")
        answer = self.call("POST", "/tasks/a/reprioritise", {"priority": 9})
        self.assertEqual((answer["id"], answer["affected"]), ("a", 1))
        self.assertEqual(self.call("POST", "/tasks/a/reprioritise", {"priority": 9})["affected"], 0)
        self.submit(id="b", priority=8)
        self.server.restart()
        after = eventually(lambda: self.task("a")["priority"] == 9 and self.task("a"), "it has moved")
        for kept in "id", "job", "tags", "payload", "submitted_at", "attempt", "spent", "max_attempts":
            self.assertEqual(after[kept], before[kept], kept)
        eventually(lambda: self.task("a")["state"] == "pending", "it waits for a worker again")
        lease = self.take()
        self.assertEqual((lease["task"]["id"], lease["task"]["priority"], lease["attempt"]), ("a", 9, 2))
        self.call("POST", "/tasks/a/reprioritise", {"priority": 1}, status=409)
        self.complete(lease)
        self.call("POST", "/tasks/a/reprioritise", {"priority": 1}, status=409)
        self.call("POST", "/tasks/b/reprioritise", {"priority": 99}, status=400)
        self.call("POST", "/tasks/none/reprioritise", {"priority": 1}, status=404)
        self.assertEqual(self.take()["task"]["id"], "b")


class KillSwitch(KwqTest):
    def test_G11_stopped_hands_out_nothing_says_so_and_survives_a_restart(self):
        self.submit_many([{"payload": n, "job": "search"} for n in range(3)])
        lease = self.take()
        self.call("PUT", "/dispatch", {"state": "stopped", "reason": "enough"})
        answer = self.poll(wait_s=0)
        self.assertEqual((answer["leases"], answer["directive"]), ([], "stop"))
        self.complete(lease)
        self.server.restart()
        self.assertEqual(self.call("GET", "/dispatch")["state"], "stopped")
        self.take_nothing()
        self.call("PUT", "/dispatch", {"state": "running"})
        counts = self.get("/jobs/search")["counts"]
        self.assertEqual((counts["complete"], counts["pending"]), (1, 2))
        self.assertEqual(len(self.poll(max=5, wait_s=5)["leases"]), 2)

    def test_G11_a_waiting_poll_is_told_by_the_end_of_its_wait(self):
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(self.poll(wait_s=2)))
        waiter.start()
        eventually(lambda: self.call("GET", "/stats")["scheduler"]["waiting_polls"] == 1, "the poll waits")
        begun = time.monotonic()
        self.call("PUT", "/dispatch", {"state": "stopped"})
        self.submit()
        waiter.join(20)
        self.assertLess(time.monotonic() - begun, 3)
        self.assertEqual((answers[0]["leases"], answers[0]["directive"]), ([], "stop"))

    def test_G11_draining_lets_leases_finish_and_shows_when_none_is_left(self):
        self.submit_many([{"payload": n} for n in range(2)])
        lease = self.take()
        self.call("PUT", "/dispatch", {"state": "draining"})
        self.assertEqual(self.poll()["directive"], "drain")
        self.assertEqual(self.call("GET", "/dispatch")["leases"], 1)
        self.complete(lease)
        state = self.call("GET", "/dispatch")
        self.assertEqual((state["state"], state["leases"]), ("draining", 0))


class Commands(KwqTest):
    def test_C3_retry_of_a_dead_task_brings_it_back_to_its_place(self):
        self.submit(id="dead", priority=7, max_attempts=1, timeout_s=500)
        self.fail_task(self.take(), "why")
        self.remember(self.call("POST", "/tasks/dead/retry"))
        task = self.task("dead")
        self.assertEqual((task["state"], task["priority"], task["timeout_s"]), ("pending", 7, 500))
        self.assertNotIn("error", task)
        self.assertEqual(self.call("POST", "/tasks/dead/retry", status=409)["code"], "not_retriable")
        self.call("POST", "/tasks/nobody/retry", status=404)
        lease = self.take()
        self.assertEqual((lease["task"]["id"], lease["task"]["priority"]), ("dead", 7))
        self.complete(lease)

    def test_C3_retry_of_a_whole_job_says_how_many(self):
        self.submit_many([{"payload": n, "job": "j", "max_attempts": 1} for n in range(5)])
        for lease in self.poll(max=5, wait_s=5)["leases"]:
            self.fail_task(lease)
        self.assertEqual(self.get("/jobs/j")["counts"]["error"], 5)
        answer = self.remember(self.call("POST", "/jobs/j/retry"))
        self.assertEqual(answer["affected"], 5)
        taken = []
        eventually(lambda: taken.extend(self.poll(max=5, wait_s=1)["leases"]) or len(taken) == 5, "all five return")
        for lease in taken:
            self.complete(lease)
        self.assertEqual(self.get("/jobs/j")["counts"]["complete"], 5)

    def test_C4_a_cancelled_task_never_runs_and_leaves_the_depth(self):
        self.submit(id="gone")
        self.submit(id="stays")
        self.remember(self.call("POST", "/tasks/gone/cancel"))
        counts = self.get("/queues/default")["counts"]
        self.assertEqual((counts["pending"], counts["cancelled"]), (1, 1))
        self.assertEqual(self.take()["task"]["id"], "stays")
        self.take_nothing(wait_s=0.3)
        self.assertEqual(self.task("gone")["state"], "cancelled")

    def test_C4_emptying_a_queue_says_how_many_and_later_tasks_are_new_work(self):
        self.submit_many([{"payload": n} for n in range(20)])
        running = self.take()
        answer = self.remember(self.call("POST", "/queues/default/empty"))
        self.assertEqual(answer["affected"], 19)
        self.submit(id="new")
        self.assertEqual(self.take()["task"]["id"], "new")
        self.complete(running)
        self.take_nothing(wait_s=0.3)

        def is_settled():
            counts = self.get("/queues/default")["counts"]
            return (counts["pending"], counts["cancelled"], counts["complete"]) == (0, 19, 1)
        eventually(is_settled, "the counters show what was emptied")

    def test_a_job_is_cancelled_and_stays_so_and_its_leases_are_told(self):
        self.submit_many([{"payload": n, "job": "j"} for n in range(10)])
        lease = self.take()
        self.remember(self.call("POST", "/jobs/j/cancel"))
        self.take_nothing(wait_s=0.3)
        answer = self.server.call("POST", f"/kwq/v1/leases/{lease['lease']}/heartbeat", {})
        self.assertTrue(answer.status == 409 or answer.json["directive"] == "cancel", answer)
        self.call("POST", "/jobs/j/resume")
        self.server.restart()
        self.take_nothing(wait_s=0.3)
        self.assertEqual(self.get("/jobs/j")["counts"]["cancelled"], 10)


if __name__ == "__main__":
    unittest.main()
