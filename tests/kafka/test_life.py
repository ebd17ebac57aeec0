"""A task's whole life with the log on a real broker: one KWQ instance, killed on the way."""
import os
import subprocess
import tempfile
import time
import unittest

import cluster_server
from server import CLEAN, KWQ, ROOT, KwqTest, Server, eventually


class Life(KwqTest):
    def setUp(self):
        self.flags = cluster_server.flags()
        super().setUp()

    def test_tasks_are_taken_by_priority_settled_and_tracked(self):
        self.submit("low", priority=1, job="a", tags=["team:x"])
        self.submit("high", priority=9, job="a")
        first, second = self.take(), self.take()
        self.assertEqual([first["task"]["payload"], second["task"]["payload"]], ["high", "low"])
        self.complete(first, {"n": 1})
        self.fail_task(second, retry=False)
        self.assertEqual(self.task(first["task"]["id"])["state"], "complete")
        self.assertEqual(self.task(second["task"]["id"])["state"], "error")
        self.take_nothing()

    def test_X1_what_was_acknowledged_is_there_after_kill_9_and_live_leases_stay(self):
        ids = self.submit_many([{"payload": n} for n in range(3000)])
        lease = self.take()
        self.server.restart()
        self.complete(lease)
        self.assertEqual(self.task(ids[-1])["state"], "pending")
        taken = []
        while len(taken) < 2999:
            taken += self.poll(wait_s=5, max=1000)["leases"]
        self.assertEqual({one["task"]["id"] for one in taken}, set(ids) - {lease["task"]["id"]})

    def test_K27_a_server_without_its_state_computes_it_again_from_the_topics(self):
        ids = self.submit_many([{"payload": n, "job": "again", "tags": ["team:x"]} for n in range(500)])
        for _ in range(100):
            self.complete(self.take())
        paths = ("/jobs/again", "/tags/team:x", "/stats")
        counts = lambda: [self.get(path).get("counts") or self.get(path).get("overall", {}).get("counts") for path in paths]
        before = counts()
        self.server.kill9()
        subprocess.run(["rm", "-r", os.path.join(self.server.folder, "data")], check=True)
        self.server.start()
        eventually(lambda: counts() == before, "the same counts of the job, its tag and all")
        self.assertEqual(self.task(ids[0])["state"], "complete")
        self.assertEqual(self.task(ids[-1])["state"], "pending")


    def test_a_server_that_is_stopped_as_it_joins_its_group_ends_well(self):
        for tenth in range(0, 15, 2):
            server = Server(*cluster_server.flags(), "--partitions", "4")
            self.addCleanup(server.close)
            server.start(ready=False)
            time.sleep(tenth / 10)
            self.assertEqual(server.terminate(), 0, server.log())

    def test_metrics_tell_of_the_log(self):
        self.submit_many([{"payload": n} for n in range(100)])
        for _ in range(10):
            self.complete(self.take())
        found = {}
        for line in self.server.call("GET", "/metrics").body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
        self.assertGreater(found["kwq_log_append_seconds_count"], 10)
        self.assertGreater(found["kwq_log_read_back_seconds_count"], 0)
        self.assertEqual(found["kwq_shards_owned"], 16)
        self.assertGreaterEqual(found["kwq_shard_claims_total"], 16)
        self.assertEqual(found["kwq_log_appends_unread_total"], 0)
        self.assertEqual(found['kwq_kafka_clients_made_anew_total{client="consumer"}'], 0)
        self.assertGreaterEqual(found["kwq_kafka_rebalances_total"], 1)


class Refusals(unittest.TestCase):
    def refused(self, *flags):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([KWQ, "serve", "--data", folder, "--port", "0", *flags], env=CLEAN, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def test_a_cluster_less_safe_than_asked_for_is_refused(self):
        code, said = self.refused("--log", "kafka", "--kafka-brokers", cluster_server.brokers())
        self.assertEqual(code, 2, said)
        self.assertIn("the cluster has 1 brokers, too few for 3 replicas", said)

    def test_K21_a_broker_that_does_not_answer_is_waited_for_and_then_named(self):
        code, said = self.refused("--log", "kafka", "--kafka-brokers", "127.0.0.1:1", "--kafka-start-timeout", "2s")
        self.assertEqual(code, 2, said)
        self.assertIn("no broker of 127.0.0.1:1 answered within 2", said)

    def test_a_property_that_promises_rest_on_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".properties") as file:
            file.write("acks=1\n")
            file.flush()
            code, said = self.refused("--log", "kafka", "--kafka-brokers", cluster_server.brokers(),
                                      "--kafka-properties-file", file.name)
        self.assertEqual(code, 2, said)
        self.assertIn("acks is KWQ's own to set", said)


class Checksums(unittest.TestCase):
    def test_the_example_runs_unchanged_but_for_where_the_log_is(self):
        with tempfile.TemporaryDirectory() as root:
            for n in range(120):
                with open(os.path.join(root, f"file-{n}"), "wb") as file:
                    file.write(b"%d " % n * (1 + n * 37 % 5000))
            done = subprocess.run([os.path.join(ROOT, "examples", "checksums", "run.sh"), root],
                                  env={**CLEAN, **cluster_server.environment(), "KWQ_BIN": KWQ}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertIn("120 results equal sha256sum's; 0 lost, 0 counted twice", done.stdout)


if __name__ == "__main__":
    unittest.main()
