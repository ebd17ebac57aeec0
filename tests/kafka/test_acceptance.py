"""What users of the systems that KWQ replaces must find, on a real broker: each test has its number there."""
import json
import os
import subprocess
import tempfile
import time
import unittest

import cluster_server
import replicas
from server import CLEAN, KWQ, KwqTest, Server, eventually
from test_instances import Instances

SMALL = ["--partitions", "3"]


def kcat(*arguments, given=""):
    done = subprocess.run(["kcat", "-b", cluster_server.brokers(), *arguments], input=given, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=True)
    return done.stdout


class Priorities(KwqTest):
    number = 9

    def setUp(self):
        self.flags = [*cluster_server.flags(), *SMALL, "--priorities", str(self.number),
                      "--kafka-properties-file", self.properties()]
        self.prefix = self.flags[self.flags.index("--topic-prefix") + 1]
        super().setUp()

    def properties(self):
        """A member of the group that does not ask for ten seconds is put out."""
        file = tempfile.NamedTemporaryFile("w", suffix=".properties")
        self.addCleanup(file.close)
        file.write("session.timeout.ms=6000\nmax.poll.interval.ms=10000\n")
        file.flush()
        return file.name

    def produce(self, priority, text, *more):
        kcat("-P", "-t", f"{self.prefix}-default-{priority}", "-X", "partitioner=murmur2_random", *more, given=text)

    def test_K5_a_record_put_straight_on_a_topic_is_a_task_like_any_other(self):
        low, high = 1, self.number
        self.produce(low, '{"id": "direct", "payload": {"n": 1}}\n')
        self.produce(high, 'by-key:{"payload": 2}\n', "-K:")
        self.produce(high, '{"payload": 3}\n')
        self.submit({"n": 1}, id="rest", priority=low)
        eventually(lambda: self.get("/stats")["overall"]["counts"]["pending"] == 4, "the tracker sees all of them")
        direct, rest = self.task("direct"), self.task("rest")
        same = set(direct) - {key for key in direct if direct[key] != rest[key]}
        self.assertEqual(set(direct), set(rest))
        self.assertTrue({"payload", "state", "queue", "job", "priority", "attempts"} <= same, (direct, rest))
        leases = [self.take() for _ in range(4)]
        self.assertEqual([one["task"]["priority"] for one in leases], [high, high, low, low])
        self.assertIn("by-key", {one["task"]["id"] for one in leases})
        for lease in leases:
            self.complete(lease)
        self.assertEqual(self.task("direct")["state"], "complete")

    def test_X2_a_low_priority_is_served_at_once_after_a_higher_one_was_busy_for_longer_than_all_poll_timeouts(self):
        low = self.submit("low", priority=1)
        begun = time.monotonic()
        number = 0
        while time.monotonic() < begun + 12:
            self.submit_many([{"payload": n, "priority": self.number} for n in range(20)])
            for _ in range(20):
                lease = self.take()
                self.assertEqual(lease["task"]["priority"], self.number)
                self.complete(lease)
                number += 1
        begun = time.monotonic()
        lease = self.take(wait_s=10)
        took = time.monotonic() - begun
        print(f"{number} tasks of priority {self.number} for 12 s, then one of priority 1 within {took * 1000:.0f} ms")
        self.assertEqual(lease["task"]["id"], low)
        self.assertLess(took, 2)


class TwelvePriorities(Priorities):
    number = 12


class Lag(KwqTest):
    def setUp(self):
        self.flags = [*cluster_server.flags(), *SMALL]
        self.prefix = self.flags[self.flags.index("--topic-prefix") + 1]
        super().setUp()

    def lag(self, priority):
        """As kafka-consumer-groups and KEDA count it: what is there behind the committed offset."""
        address, port = cluster_server.brokers().split(":")
        offsets = replicas.committed(address, int(port), self.prefix)
        lag = 0
        for partition in range(3):
            name = f"{self.prefix}-default-{priority}"
            end = int(kcat("-Q", "-t", f"{name}:{partition}:-1").split()[-1])
            lag += end - offsets.get((name, partition), 0)
        return lag

    def test_X1_the_lag_that_standard_tools_see_is_the_number_of_tasks_that_wait(self):
        self.submit_many([{"payload": n, "priority": 5} for n in range(100)])
        self.submit_many([{"payload": n, "priority": 7} for n in range(50)])
        eventually(lambda: (self.lag(5), self.lag(7)) == (100, 50), "the lag is what was submitted")
        leases = self.poll(max=60)["leases"]
        eventually(lambda: (self.lag(5), self.lag(7)) == (90, 0), "what was taken does not wait")
        for lease in leases:
            if lease["task"]["priority"] == 5:
                self.report(lease, "release")
            else:
                self.complete(lease)
        eventually(lambda: (self.lag(5), self.lag(7)) == (100, 0), "what came back waits again")
        self.server.restart()
        eventually(lambda: (self.lag(5), self.lag(7)) == (100, 0), "after a restart the same")


class Start(unittest.TestCase):
    def test_K21_two_that_start_at_once_make_the_topics_as_configured_and_another_number_is_refused(self):
        flags = cluster_server.flags()
        prefix = flags[flags.index("--topic-prefix") + 1]
        servers = [Server(*flags, *SMALL, "--instance", f"i{n}") for n in range(2)]
        for server in servers:
            self.addCleanup(server.close)
        first = subprocess.Popen([KWQ, "serve", "--data", os.path.join(servers[0].folder, "data"), "--port", "0",
                                  *servers[0].flags], env=CLEAN, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            servers[1].start()
            self.assertIsNone(first.poll())
        finally:
            first.kill()
            first.wait()
        topics = {one["topic"]: one["partitions"] for one in json.loads(kcat("-L", "-J"))["topics"]}
        mine = {name: parts for name, parts in topics.items() if name.startswith(prefix)}
        self.assertEqual(len(mine), 9 + 4)
        for name, parts in mine.items():
            self.assertEqual(len(parts), 1 if name.endswith("-control") else 3, name)
            self.assertEqual({len(one["replicas"]) for one in parts}, {1}, name)
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([KWQ, "serve", "--data", folder, "--port", "0", *flags, "--partitions", "4"], env=CLEAN,
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("partitions, not 4", done.stdout)


class Shared(Instances):
    def setUp(self):
        self.flags = [*cluster_server.flags(), "--kafka-session-timeout", "3s", *SMALL]
        self.servers = []
        for _ in range(2):
            self.add()
        eventually(lambda: sum(len(self.owned(one)) for one in self.servers) == 3, "the shards are shared out", 30)

    def test_K19_two_share_ten_thousand_tasks_and_answer_alike_and_one_goes_on_alone(self):
        first, second = self.servers
        ids = []
        for n in range(10):
            ids += self.submit(self.servers[n % 2], 1000, job="shared", lease_s=600)
        taken = []
        while len(taken) < 6000:
            for server in self.servers:
                taken += self.call(server, "POST", "/leases", {"worker": "w", "max": 500, "wait_s": 1})["leases"]
        totals = [lambda at=at: self.look(at, "/jobs/shared").get("counts") for at in self.servers]
        eventually(lambda: totals[0]() == totals[1]() and totals[0]()["allocated"] == len(taken), "both report the same")
        first.kill9()
        while len(taken) < len(ids):
            taken += self.take(second, min(1000, len(ids) - len(taken)), 60)
        self.assertEqual(len({one["task"]["id"] for one in taken}), len(taken), "a task was handed out twice")
        self.assertEqual({one["task"]["id"] for one in taken}, set(ids))


if __name__ == "__main__":
    unittest.main()
