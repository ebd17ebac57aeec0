"""kill -9 at any moment: what was acknowledged is there, live leases stay live."""
import http.client
import threading
import time
import unittest

from server import KwqTest, eventually, exchange


class Kill(KwqTest):
    def test_acknowledged_submits_and_reports_survive(self):
        ids = self.submit_many([{"payload": n, "job": "j"} for n in range(500)])
        done = self.poll(max=100, wait_s=5)["leases"]
        for lease in done:
            self.complete(lease, lease["task"]["payload"])
        self.server.restart()
        counts = self.get("/jobs/j")["counts"]
        self.assertEqual((counts["complete"], counts["pending"]), (100, 400))
        self.assertEqual(self.task(ids[7])["result"], 7)
        rest = {lease["task"]["id"] for lease in self.poll(max=1000, wait_s=5)["leases"]}
        self.assertEqual(rest, set(ids) - {lease["task"]["id"] for lease in done})

    def test_a_live_lease_stays_live_under_its_old_token(self):
        task = self.submit(lease_s=30)
        lease = self.take()
        self.report(lease, "running")
        self.server.restart()
        beat = self.call("POST", f"/leases/{lease['lease']}/heartbeat", {})
        self.assertEqual(beat["directive"], "continue")
        self.take_nothing(wait_s=0.5)
        self.complete(lease, "kept")
        after = self.task(task)
        self.assertEqual((after["state"], after["result"], after["attempt"]), ("complete", "kept", 1))

    def test_a_lease_that_nobody_renews_after_a_restart_expires(self):
        task = self.submit(lease_s=1, backoff_s=0)
        self.take("dead")
        self.server.restart()
        again = self.take("alive", wait_s=10)
        self.assertEqual((again["task"]["id"], again["attempt"]), (task, 2))

    def test_a_waiting_retry_still_waits(self):
        task = self.submit(backoff_s=2)
        self.fail_task(self.take())
        failed = time.monotonic()
        self.server.restart()
        lease = self.take(wait_s=10)
        self.assertGreaterEqual(time.monotonic() - failed, 1.7)
        self.assertEqual((lease["task"]["id"], lease["attempt"]), (task, 2))

    def test_K11_no_task_is_lost_in_five_kills(self):
        count = 3_000
        self.submit_many([{"payload": n, "id": f"k11-{n}", "job": "k11", "lease_s": 1, "backoff_s": 0,
                           "max_attempts": 100} for n in range(count)])
        over = threading.Event()
        seen = {}
        workers = [threading.Thread(target=self.work_through_kills, args=(f"w{n}", over, seen)) for n in range(4)]
        for worker in workers:
            worker.start()
        try:
            for part in range(1, 6):
                eventually(lambda: len(seen) >= count * part // 7, f"part {part} is done")
                self.server.restart()
            eventually(lambda: self.get("/jobs/k11")["counts"]["complete"] == count, "all are complete", 40)
        finally:
            over.set()
            for worker in workers:
                worker.join()
        self.assertEqual(len(seen), count)
        counts = self.get("/jobs/k11")["counts"]
        self.assertEqual(sum(counts.values()), count)

    def work_through_kills(self, name, over, seen):
        """A worker that repeats what was not answered and counts what was answered with yes."""
        settle, connection = [], self.server.connect()
        while not over.is_set():
            body = {"worker": name, "max": 20, "wait_s": 0.2, "settle": settle}
            try:
                answer = exchange(connection, "POST", "/kwq/v1/leases", body)
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = self.server.connect()
                time.sleep(0.05)
                continue
            if answer.status != 200:
                time.sleep(0.05)
                continue
            told = {one["lease"]: one["status"] for one in answer.json["settled"]}
            for one in settle:
                if told[one["lease"]] in ("ok", "already"):
                    seen[one["result"]] = seen.get(one["result"], 0) + 1
            settle = [one for one in settle if told[one["lease"]] == "unknown"]
            settle += [{"lease": lease["lease"], "outcome": "complete", "result": lease["task"]["payload"]}
                       for lease in answer.json["leases"]]
        connection.close()

    def test_a_graceful_end_answers_what_waits_and_is_bounded(self):
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(self.poll(wait_s=30)))
        waiter.start()
        eventually(lambda: self.call("GET", "/stats")["scheduler"]["waiting_polls"] == 1, "the poll waits")
        begun = time.monotonic()
        self.assertEqual(self.server.terminate(), 0)
        self.assertLess(time.monotonic() - begun, 12)
        waiter.join(5)
        # Not "stop": the server goes, and may be back soon; the kill switch is another matter.
        self.assertEqual((answers[0]["leases"], answers[0]["directive"]), ([], "run"))

    def test_follow_ups_of_a_completion_survive_a_kill_each_once(self):
        self.submit(id="parent", job="tree")
        children = [{"id": f"child-{n}", "payload": n, "job": "tree"} for n in range(20)]
        lease = self.take()
        self.report(lease, "complete", {"result": 0, "then": children})
        self.server.restart()
        leases = []
        eventually(lambda: leases.extend(self.poll(max=50, wait_s=1)["leases"]) or len(leases) >= 20, "the children")
        self.assertEqual(sorted(lease["task"]["id"] for lease in leases), sorted(one["id"] for one in children))
        self.take_nothing(wait_s=0.3)


if __name__ == "__main__":
    unittest.main()
