"""From one machine to a cluster: an embedded log is imported onto a broker and goes on there."""
import os
import subprocess
import unittest

import cluster_server
from server import CLEAN, KWQ, KwqTest, Server
from test_transfer import OF_THE_MOMENT, without

LISTS = ("/tasks?limit=1000&order=oldest", "/jobs", "/tags")


class Import(KwqTest):
    def setUp(self):
        self.cluster = [*cluster_server.flags(), "--partitions", "1"]  # an embedded log has one
        self.flags = ("--topic-prefix", self.cluster[self.cluster.index("--topic-prefix") + 1])
        super().setUp()

    def run_kwq(self, *arguments, check=0):
        done = subprocess.run([KWQ, *arguments], env=CLEAN, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        self.assertEqual(done.returncode, check, f"kwq {arguments}: {done.stdout}")
        return done.stdout

    def answers(self):
        found = {path: self.get(path)["items"] for path in LISTS}
        for task in found[LISTS[0]]:
            found[task["id"]] = self.task(task["id"])
        return without(found, OF_THE_MOMENT)

    def test_ids_states_leases_and_dead_letters_are_kept(self):
        self.submit({"n": 1}, id="done", job="sums", tags=["a:1"])
        self.complete(self.take(), {"sum": 3})
        self.submit(id="dead", job="sums", max_attempts=1)
        self.fail_task(self.take(), "no such file")
        self.submit(id="held", job="sums", priority=9)
        lease = self.take("keeper")
        self.submit_many([{"id": f"waits-{n}", "payload": n, "priority": 1 + n % 9} for n in range(2000)])
        said = self.answers()
        self.server.terminate()

        file = os.path.join(self.server.folder, "kwq.ndjson")
        self.run_kwq("export-log", os.path.join(self.server.folder, "data"), "--to", file)
        into = ("import-log", file, "--data", os.path.join(self.server.folder, "copy", "data"), *self.cluster)
        self.run_kwq(*into)
        self.assertIn("holds records", self.run_kwq(*into, check=1))

        self.server = Server(*self.cluster, folder=os.path.join(self.server.folder, "copy"))
        self.addCleanup(self.server.close)
        self.server.start()
        self.assertEqual(self.answers(), said)
        self.complete(lease, "on the cluster")
        self.assertEqual(self.task("held")["state"], "complete")
        self.remember(self.call("POST", "/tasks/dead/retry"))
        taken = []
        while len(taken) < 2001:
            taken += self.poll(wait_s=5, max=1000)["leases"]
        self.assertEqual({one["task"]["id"] for one in taken}, {"dead"} | {f"waits-{n}" for n in range(2000)})
        self.assertEqual(taken[0]["task"]["id"], "waits-8")


if __name__ == "__main__":
    unittest.main()
