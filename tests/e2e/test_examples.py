"""The examples run as they are."""
import os
import subprocess
import sys
import unittest

from server import CLEAN, ROOT, KwqTest, end

EXAMPLES = os.path.join(ROOT, "examples")


class Examples(KwqTest):
    def environment(self):
        return {**CLEAN, "KWQ_URL": self.server.url}

    def test_worker_and_submit_in_python(self):
        worker = subprocess.Popen([sys.executable, os.path.join(EXAMPLES, "worker.py")], env=self.environment())
        self.addCleanup(end, worker)
        shown = subprocess.run([sys.executable, os.path.join(EXAMPLES, "submit.py"), "10", "100"], text=True,
                               env=self.environment(), stdout=subprocess.PIPE, check=True, timeout=40).stdout
        self.assertEqual(shown, "10 complete {'sum': 55}\n100 complete {'sum': 5050}\n")

    def test_the_python_worker_heartbeats_and_stops_when_it_is_cancelled(self):
        worker = subprocess.Popen([sys.executable, os.path.join(EXAMPLES, "worker.py")], env=self.environment())
        self.addCleanup(end, worker)
        self.submit({"upto": 10 ** 12}, id="endless", lease_s=1)
        self.submit({"upto": 4}, id="next", priority=1)
        self.until_state("endless", "allocated")
        self.take_nothing("other", queues=["none"], wait_s=2)  # twice the lease: heartbeats kept it
        self.assertEqual(self.task("endless")["attempt"], 1)
        self.call("POST", "/tasks/endless/cancel")
        self.assertEqual(self.task("endless")["state"], "cancelled")

    def test_the_python_worker_reports_errors(self):
        self.submit({"wrong": 1}, id="bad", max_attempts=1)
        subprocess.run([sys.executable, os.path.join(EXAMPLES, "worker.py"), "--until-empty"], check=True, timeout=40,
                       env=self.environment())
        self.assertEqual(self.task("bad")["state"], "error")
        self.assertIn("upto", self.task("bad")["error"])

    def test_they_are_short(self):
        for name in ("worker.py", "submit.py"):
            with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
                self.assertLessEqual(len(file.readlines()), 40, name)


if __name__ == "__main__":
    unittest.main()
