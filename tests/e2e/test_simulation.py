"""The simulator of the API: its own tasks, the real path."""
import time
import unittest

from server import KwqTest


class Simulation(KwqTest):
    def test_K25_simulated_tasks_all_complete_in_about_the_time_they_take(self):
        foreign = self.submit(job="foreign")
        begun = time.monotonic()
        started = self.call("POST", "/simulations", {"tasks": 500, "workers": 50, "seconds": 1}, status=202)
        done = self.call("GET", f"/simulations/{started['id']}?wait_s=30")
        took = time.monotonic() - begun
        self.assertEqual((done["state"], done["completed"]), ("complete", 500))
        self.assertGreaterEqual(took, 10)  # N / W * D
        self.assertLess(took, 20)
        job = self.call("GET", f"/jobs/{started['job']}?wait_s=10&until=idle")
        self.assertEqual(job["counts"]["complete"], 500)
        self.assertEqual(self.task(foreign)["state"], "pending")
        self.assertEqual(self.take()["task"]["id"], foreign)

    def test_K25_the_command_line_runs_one_too(self):
        shown = self.kwq("simulate", "20", "--workers", "10", "--seconds", "0.1s", "--json")
        self.assertIn("20", shown)


if __name__ == "__main__":
    unittest.main()
