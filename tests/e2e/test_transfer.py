"""A log carried elsewhere: backup of a server at work, restore, export and import."""
import json
import os
import subprocess
import threading
import unittest

from server import CLEAN, KWQ, KwqTest, Server

# Which workers ask, and how fast things have gone of late, is the server's own.
OF_THE_MOMENT = ("why", "rate_per_s", "eta_s", "eta_assumes", "waiting_workers")
LISTS = ("/tasks?limit=1000&order=oldest", "/jobs", "/tags", "/queues")


def without(value, names):
    if isinstance(value, dict):
        return {name: without(one, names) for name, one in value.items() if name not in names}
    return [without(one, names) for one in value] if isinstance(value, list) else value


class Transfer(KwqTest):
    def run_kwq(self, *arguments, check=0, **more):
        done = subprocess.run([KWQ, *arguments], env=CLEAN, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, **more)
        self.assertEqual(done.returncode, check, f"kwq {arguments}: {done.stdout} {done.stderr}")
        return done.stdout + done.stderr

    def folder(self, name):
        return os.path.join(self.server.folder, name)

    def open_copy(self, name):
        """Another server, on the data in `name`/data."""
        copy = Server(folder=self.folder(name))
        self.addCleanup(copy.close)
        return copy.start()

    def one_of_each(self):
        """Tasks in every state; the lease that is still held."""
        self.submit({"n": 1}, id="done", job="sums", tags=["a:1"])
        self.complete(self.take(), {"sum": 3})
        self.submit(id="dead", job="sums", max_attempts=1, meta={"who": "me"})
        self.fail_task(self.take(), "no such file")
        self.submit(id="gone", job="sums")
        self.remember(self.call("POST", "/tasks/gone/cancel"))
        self.submit(id="held", job="sums", priority=9)
        lease = self.take("keeper")
        self.remember(self.call("POST", "/jobs/night/pause"))
        self.submit(id="paused", job="night")
        self.submit(id="later", not_before=4_000_000_000_000)
        for n in range(20):
            self.submit(n, id=f"waits-{n}", job="many", priority=1 + n % 9)
        return lease

    def answers_of(self, server):
        """What it says of everything, without what depends on the moment."""
        found = {}
        for path in LISTS:
            found[path] = server.call("GET", "/kwq/v1" + path).json["items"]
        for task in found[LISTS[0]]:
            found[task["id"]] = server.call("GET", "/kwq/v1/tasks/" + task["id"]).json
        return without(found, OF_THE_MOMENT)

    def settled(self, server):
        """Once it has folded its log."""
        server.call("GET", "/kwq/v1/stats?after=" + self.last_position)
        return self.answers_of(server)

    def test_a_backup_of_a_server_at_work_has_all_that_was_acknowledged_before(self):
        stop, counts = threading.Event(), {"submitted": 0}

        def submit():
            while not stop.is_set():
                tasks = [{"payload": i, "job": "busy"} for i in range(50)]
                if self.server.call("POST", "/kwq/v1/tasks", tasks).status == 201:
                    counts["submitted"] += 50

        threads = [threading.Thread(target=submit) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for round_ in range(3):
                before = counts["submitted"]
                self.assertIn("no rule is broken",
                              self.run_kwq("backup", self.folder("data"), self.folder(f"copy{round_}/data")))
                report = json.loads(self.run_kwq("check", self.folder(f"copy{round_}/data"), "--json"))
                self.assertGreaterEqual(report["tasks"], before)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertGreater(counts["submitted"], 150)

    def test_a_restored_backup_answers_as_the_server_did_and_leases_stay_their_workers(self):
        lease = self.one_of_each()
        said = self.settled(self.server)
        self.run_kwq("backup", self.folder("data"), self.folder("copy/data"))
        self.server.kill9()
        self.server = self.open_copy("copy")
        self.assertEqual(self.settled(self.server), said)
        self.complete(lease, "done elsewhere")
        self.assertEqual(self.task("held")["result"], "done elsewhere")
        self.remember(self.call("POST", "/tasks/dead/retry"))
        self.assertEqual(self.take("w")["task"]["id"], "waits-8")

    def test_an_exported_log_imported_elsewhere_answers_the_same_and_exports_the_same(self):
        self.one_of_each()
        said = self.settled(self.server)
        self.assertIn("is in use by a server", self.run_kwq("export-log", self.folder("data"), check=1))
        self.server.terminate()
        file = self.folder("kwq.ndjson")
        self.run_kwq("export-log", self.folder("data"), "--to", file)
        self.run_kwq("import-log", file, "--data", self.folder("copy/data"))
        again = self.folder("again.ndjson")
        self.run_kwq("export-log", self.folder("copy/data"), "--to", again)
        with open(file, "rb") as one, open(again, "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.server = self.open_copy("copy")
        self.assertEqual(self.settled(self.server), said)

    def test_what_cannot_be_carried_is_refused_and_leaves_nothing_behind(self):
        self.submit(id="a")
        data, copy = self.folder("data"), self.folder("copy")
        self.assertIn("is not empty", self.run_kwq("backup", data, data, check=1))
        self.assertIn("there is no event log", self.run_kwq("backup", self.folder("nowhere"), copy, check=1))
        self.assertFalse(os.path.exists(copy))
        self.server.terminate()
        file = self.folder("kwq.ndjson")
        self.run_kwq("export-log", data, "--to", file)
        self.assertIn("is not empty", self.run_kwq("import-log", file, "--data", data, check=1))
        with open(file, encoding="utf-8") as whole:
            text = whole.read()
        for changed, why in ((text[:len(text) // 2], "line"), (text.replace('"a"', '"b"'), "checksum"), ("", "stop")):
            self.assertIn(why, self.run_kwq("import-log", "-", "--data", copy, check=1, input=changed))
            self.assertFalse(os.path.exists(os.path.join(copy, "log")))
        self.assertIn("cannot be read", self.run_kwq("import-log", self.folder("none"), "--data", copy, check=1))
        self.assertIn("cannot be written", self.run_kwq("export-log", data, "--to", "/proc/none", check=1))


if __name__ == "__main__":
    unittest.main()
