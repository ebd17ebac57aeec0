"""The log's size follows what is kept: a steady stream leaves it, what still waits stays, and nothing else changes."""
import http.client
import os
import random
import re
import shutil
import threading
import unittest

from server import KwqTest, eventually

LOST = (OSError, http.client.HTTPException)
MIB = 1 << 20


class LogTest(KwqTest):
    flags = ("--retention", "1s", "--horizon", "1s", "--queues", "apart:9")

    def oldest(self):
        """By topic: the first record that the log still has."""
        text = self.server.call("GET", "/metrics").body.decode()
        return {name: int(float(at)) for name, at in
                re.findall(r'kwq_log_oldest_offset\{topic="kwq-([^"]+)",partition="0"\} (\S+)', text)}

    def log_bytes(self):
        folder = os.path.join(self.server.folder, "data", "log")
        sizes = []
        for name in os.listdir(folder):
            try:
                sizes.append(os.stat(os.path.join(folder, name)).st_blocks * 512)
            except FileNotFoundError:  # between the two calls
                pass
        return sum(sizes)

    def until_trimmed(self, topic, beyond, seconds=60):
        eventually(lambda: self.oldest().get(topic, 0) >= beyond, f"{topic} is trimmed beyond {beyond}", seconds)

    def work_off(self, queue="default"):
        """Completes what there is."""
        settle, over = [], False
        while not over:
            leases = self.poll(queues=[queue], max=100, wait_s=0.3, settle=settle)["leases"]
            over = not leases and not settle
            settle = [{"lease": one["lease"], "outcome": "complete"} for one in leases]

    def stream(self, rounds, tasks=50, **fields):
        for _ in range(rounds):
            self.submit_many([{"payload": n, **fields} for n in range(tasks)])
            self.work_off()

    def delete_states(self):
        self.server.kill9()
        for part in ("tracker", "scheduler"):
            shutil.rmtree(os.path.join(self.server.folder, "data", part))
        self.server.start()

    def leave_behind(self):
        """One of everything that must stay, in a queue of its own; what is known of it."""
        dead = self.submit("dead", queue="apart", job="bad", max_attempts=1)
        self.fail_task(self.take(queues=["apart"]), "no luck")
        held = self.submit_many([{"payload": n, "queue": "apart", "job": "held"} for n in range(3)])
        self.call("POST", "/jobs/held/pause")
        self.take_nothing(queues=["apart"], wait_s=1)  # they are met, and parked
        later = self.submit("later", queue="apart", job="later", not_before=4_000_000_000_000)
        self.take_nothing(queues=["apart"], wait_s=1)
        leased = self.submit("leased", queue="apart", job="leased", lease_s=3600)
        lease = self.take(queues=["apart"])
        waiting = self.submit_many([{"payload": n, "queue": "apart", "job": "waiting", "tags": ["w"]}
                                    for n in range(5)])
        return [dead, *held, later, leased, *waiting], lease

    def look_at(self, ids):
        """Without why it does not run: that tells of the workers who are there now."""
        return [{name: value for name, value in self.task(one).items() if name != "why"} for one in ids]

    def nonzero(self, job):
        return {state: n for state, n in self.get(f"/jobs/{job}")["counts"].items() if n}


class Trimming(LogTest):
    def test_what_is_kept_stays_as_it_is_when_all_before_it_has_gone_and_states_are_deleted(self):
        self.stream(5)
        eventually(lambda: (self.stream(1, 5), self.oldest().get("status", 0) > 400)[1], "events are trimmed", 90)
        ids, lease = self.leave_behind()
        before = self.look_at(ids)
        self.stream(5)
        self.until_trimmed("default-5", self.oldest()["default-5"] + 100)
        self.assertEqual(self.look_at(ids), before)
        for _ in range(2):
            self.delete_states()
            self.assertEqual(self.look_at(ids), before)
            self.assertEqual(self.poll(queues=["default"], wait_s=1)["leases"], [], "nothing runs twice")
        self.assertEqual({job: self.nonzero(job) for job in ("bad", "held", "later", "leased", "waiting")},
                         {"bad": {"error": 1}, "held": {"pending": 3}, "later": {"scheduled": 1},
                          "leased": {"allocated": 1}, "waiting": {"pending": 5}})
        self.complete(lease)
        taken = [one["task"]["payload"] for one in self.poll(queues=["apart"], max=100, wait_s=5)["leases"]]
        self.assertEqual(taken, [0, 1, 2, 3, 4])
        self.call("POST", f"/tasks/{ids[0]}/retry")
        self.assertEqual(self.take(queues=["apart"])["task"]["payload"], "dead")
        self.call("POST", "/jobs/held/resume")
        taken = eventually(lambda: self.poll(queues=["apart"], max=100, wait_s=5)["leases"], "they are resumed")
        self.assertEqual([one["task"]["payload"] for one in taken], [0, 1, 2])

    def test_ids_are_remembered_as_long_as_they_should_be_by_a_log_that_was_trimmed(self):
        # What was dropped as a duplicate of something that is long gone is not taken for a task.
        choice = random.Random(3)
        known = []
        for round_ in range(12):
            ids = [f"t{round_}-{n}" for n in range(20)]
            again = choice.sample(known, min(len(known), 10))
            self.submit_many([{"id": one, "payload": round_} for one in ids])
            self.work_off()
            self.submit_many([{"id": one, "payload": "again"} for one in again])
            self.work_off()
            known = (known + ids)[-60:]
            if round_ % 3 == 2:
                self.delete_states()
                self.take_nothing(wait_s=1)
        self.until_trimmed("default-5", 100)

    def test_a_command_given_before_is_not_given_again(self):
        self.submit("a", queue="apart", job="bad", max_attempts=1)
        self.fail_task(self.take(queues=["apart"]))
        self.call("POST", "/jobs/bad/retry")
        self.complete(self.take(queues=["apart"]))
        eventually(lambda: (self.stream(1, 5), self.oldest().get("status", 0) > 20)[1], "events are trimmed", 90)
        dead = self.submit("b", queue="apart", job="bad", max_attempts=1)
        self.fail_task(self.take(queues=["apart"]))
        self.delete_states()
        self.assertEqual(self.task(dead)["state"], "error")
        self.take_nothing(queues=["apart"], wait_s=1)
        self.assertEqual(self.task(dead)["state"], "error")

    def test_off_means_that_nothing_goes(self):
        self.server.kill9()
        self.server.flags += ["--log-trim", "off"]
        self.server.start()
        ids = self.submit_many([{"payload": n} for n in range(20)])
        self.work_off()
        eventually(lambda: self.server.call("GET", f"/kwq/v1/tasks/{ids[0]}").status == 404, "it has left")
        self.submit()
        self.server.terminate()
        self.server.start()
        self.assertEqual(self.oldest(), {})
        self.assertEqual(len(self.export("kwq-default-5")), 21)

    def export(self, topic):
        lines = os.path.join(self.server.folder, "log.jsonl")
        self.server.terminate()
        self.kwq("export-log", os.path.join(self.server.folder, "data"), "--to", lines)
        with open(lines, encoding="utf-8") as file:
            of_topic, records = "", []
            for line in file:
                if line.startswith('{"topic"'):
                    of_topic = line
                elif line.startswith('{"offset"') and topic in of_topic:
                    records.append(line)
        return records


class SteadyStream(LogTest):
    def test_the_disk_is_bounded_under_a_stream_whatever_is_killed(self):
        choice = random.Random(7)
        ids, _ = self.leave_behind()
        before = self.look_at(ids)
        body = "x" * (96 * 1024)
        sizes, tasks = [], 0
        over = threading.Event()
        worker = threading.Thread(target=self.keep_completing, args=(over,))
        worker.start()
        self.addCleanup(worker.join)
        self.addCleanup(over.set)
        while tasks < 6_000:
            try:
                self.submit_many([{"payload": body, "lease_s": 1, "max_attempts": 1000, "backoff_s": 0}
                                  for _ in range(40)])
                tasks += 40
            except LOST:
                continue
            sizes.append(self.log_bytes())
            if tasks % 400 == 0:  # steady: on a busy machine it is no faster than what ends can leave
                self.until_trimmed("default-5", tasks - 1_500)
            if choice.random() < 0.03:
                self.server.kill9()
                self.server.start()
        written = tasks * len(body)
        over.set()
        worker.join()
        print(f"{written // MIB} MiB of bodies; the log's most {max(sizes) // MIB} MiB, "
              f"in the last tenth {max(sizes[-len(sizes) // 10:]) // MIB} MiB")
        self.assertLess(max(sizes[-len(sizes) // 10:]), 450 * MIB)
        self.work_off()
        self.until_trimmed("default-5", tasks // 2)
        self.assertEqual(self.oldest().get("apart-5", 0), 0)
        self.assertEqual(self.look_at(ids), before)
        self.call("POST", f"/tasks/{ids[0]}/retry")
        taken = [one["task"]["payload"] for one in self.poll(queues=["apart"], max=100, wait_s=5)["leases"]]
        self.assertEqual(sorted(map(str, taken)), ["0", "1", "2", "3", "4", "dead"])

    def keep_completing(self, over):
        settle = []
        while not over.is_set():
            try:
                answer = self.server.call("POST", "/kwq/v1/leases", {"worker": "w", "queues": ["default"], "max": 40,
                                                                     "wait_s": 1, "settle": settle}, timeout=10)
                leases = answer.json["leases"] if answer.status == 200 else []
                settle = [{"lease": one["lease"], "outcome": "complete"} for one in leases]
            except LOST:
                pass  # what it may have settled it settles again; leases it was not told of end by themselves


if __name__ == "__main__":
    unittest.main()
