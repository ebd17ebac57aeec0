"""From one machine to a cluster: an embedded log is imported onto a broker and goes on there."""
import os
import re
import subprocess
import unittest

import cluster_server
from server import CLEAN, KWQ, KwqTest, Server, eventually
from test_transfer import OF_THE_MOMENT, without
from test_trimming import LogTest

LISTS = ("/tasks?limit=1000&order=oldest", "/jobs", "/tags")


class ToTheCluster(KwqTest):
    def setUp(self):
        self.cluster = [*cluster_server.flags(), "--partitions", "1"]  # an embedded log has one
        self.flags = (*self.flags, "--topic-prefix", self.cluster[self.cluster.index("--topic-prefix") + 1])
        super().setUp()

    def carry_over(self, *flags):
        """The server ends, and one on the cluster goes on with what its log held."""
        self.server.terminate()
        file = os.path.join(self.server.folder, "kwq.ndjson")
        self.run_kwq("export-log", os.path.join(self.server.folder, "data"), "--to", file)
        into = ("import-log", file, "--data", os.path.join(self.server.folder, "copy", "data"), *self.cluster)
        self.run_kwq(*into)
        self.assertIn("holds records", self.run_kwq(*into, check=1))
        self.server = Server(*self.cluster, *flags, folder=os.path.join(self.server.folder, "copy"))
        self.addCleanup(self.server.close)
        self.server.start()

    def run_kwq(self, *arguments, check=0):
        done = subprocess.run([KWQ, *arguments], env=CLEAN, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        self.assertEqual(done.returncode, check, f"kwq {arguments}: {done.stdout}")
        return done.stdout


class Import(ToTheCluster):
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
        self.carry_over()
        self.assertEqual(self.answers(), said)
        self.complete(lease, "on the cluster")
        self.assertEqual(self.task("held")["state"], "complete")
        self.remember(self.call("POST", "/tasks/dead/retry"))
        taken = []
        while len(taken) < 2001:
            taken += self.poll(wait_s=5, max=1000)["leases"]
        self.assertEqual({one["task"]["id"] for one in taken}, {"dead"} | {f"waits-{n}" for n in range(2000)})
        self.assertEqual(taken[0]["task"]["id"], "waits-8")


class ImportOfATrimmedLog(ToTheCluster, LogTest):
    def oldest(self):
        text = self.server.call("GET", "/metrics").body.decode()
        prefix = self.flags[-1]
        return {name: int(float(at)) for name, at in
                re.findall(rf'kwq_log_oldest_offset\{{topic="{prefix}-([^"]+)",partition="0"\}} (\S+)', text)}

    def test_what_a_trimmed_log_still_has_goes_on_under_its_offsets(self):
        eventually(lambda: (self.stream(1, 20), self.oldest().get("status", 0) > 100)[1], "events are trimmed", 90)
        ids, lease = self.leave_behind()
        before = self.look_at(ids)
        self.until_trimmed("default-5", 100)
        self.carry_over("--queues", "apart:9")
        self.assertEqual(without(self.look_at(ids), OF_THE_MOMENT), without(before, OF_THE_MOMENT))
        self.take_nothing(wait_s=1)  # nothing runs twice
        self.complete(lease)
        taken = [one["task"]["payload"] for one in self.poll(queues=["apart"], max=100, wait_s=5)["leases"]]
        self.assertEqual(taken, [0, 1, 2, 3, 4])
        self.remember(self.call("POST", f"/tasks/{ids[0]}/retry"))
        self.assertEqual(self.take(queues=["apart"])["task"]["payload"], "dead")
        self.submit("new")
        self.assertEqual(self.take()["task"]["payload"], "new")


if __name__ == "__main__":
    unittest.main()
