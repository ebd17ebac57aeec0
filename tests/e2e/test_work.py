"""`kwq work` and the rest of the command line, against a real server."""
import os
import signal
import time
import unittest

from server import KwqTest, cpu_seconds, eventually


class Work(KwqTest):
    def test_C10_a_command_runs_for_each_task_with_its_arguments(self):
        out = os.path.join(self.server.folder, "uploaded")
        script = ('set -eu; test -n "$KWQ_TASK_ID"; payload=$(cat); mkdir -p "$1"; '
                  'printf %s "$payload" >"$1/$KWQ_META_KEY"; printf \'{"key":"%s"}\' "$KWQ_META_KEY"')
        days = ["2026-01-01", "2026-01-02", "2026-01-03"]
        for day in days:
            self.submit({"day": day}, id=day, meta={"key": f"{day}.csv"}, job="days")
        self.kwq("work", "--until-empty", "--concurrency", "2", "--", "sh", "-c", script, "sh", out)
        for day in days:
            self.assertEqual(self.task(day)["result"], {"key": f"{day}.csv"})
            with open(os.path.join(out, f"{day}.csv"), encoding="utf-8") as file:
                self.assertEqual(file.read(), '{"day": "%s"}' % day)

    def test_C10_only_the_tasks_own_limit_ends_it(self):
        self.submit(id="unlimited", lease_s=1)
        self.submit(id="limited", timeout_s=1, max_attempts=1)
        self.kwq("work", "--until-empty", "-c", "2", "--", "sh", "-c", 'sleep 3; echo "$KWQ_ATTEMPT"')
        unlimited = self.task("unlimited")
        self.assertEqual((unlimited["state"], unlimited["result"], unlimited["attempt"]), ("complete", 1, 1))
        self.assertEqual(self.task("limited")["state"], "error")

    def test_exit_codes_are_outcomes(self):
        script = ('echo "said $0" >&2; '
                  "case $(cat) in 65) exit 65;; 75) test $KWQ_ATTEMPT -gt 1 || exit 75;; 1) exit 1;; esac")
        for code in (0, 1, 65, 75):
            self.submit(code, id=f"exit-{code}", max_attempts=2, backoff_s=0.1)
        self.kwq("work", "--until-empty", "--", "sh", "-c", script)
        self.assertEqual(self.task("exit-0")["state"], "complete")
        retried = self.task("exit-1")
        self.assertEqual((retried["state"], retried["spent"], len(retried["attempts"])), ("error", 2, 2))
        self.assertIn("exit code 1: said sh", retried["error"])
        final = self.task("exit-65")
        self.assertEqual((final["state"], final["spent"]), ("error", 1))
        released = self.task("exit-75")
        self.assertEqual((released["state"], released["spent"]), ("complete", 0))

    def test_a_cancelled_task_is_killed_with_its_group(self):
        marker = os.path.join(self.server.folder, "pid")
        self.start_worker("--", "sh", "-c", f"sleep 1000 & echo $! >{marker}.new; mv {marker}.new {marker}; wait")
        self.submit(id="long", lease_s=1)
        eventually(lambda: os.path.exists(marker), "the task runs")
        with open(marker, encoding="ascii") as file:
            child = int(file.read())
        self.call("POST", "/tasks/long/cancel")
        eventually(lambda: not alive(child), "the grandchild is gone")

    def test_the_first_sigterm_drains_and_the_second_releases(self):
        worker = self.start_worker("--", "sh", "-c", "sleep 1; echo done")
        drained = self.submit(id="drained")
        self.until_state(drained, "running")
        later = self.submit(id="later")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(timeout=15), 0)
        self.assertEqual(self.task(drained)["state"], "complete")
        self.assertEqual(self.task(later)["state"], "pending")
        worker = self.start_worker("--", "sleep", "1000")
        self.until_state(later, "running")
        worker.send_signal(signal.SIGTERM)
        worker.send_signal(signal.SIGTERM)
        eventually(lambda: worker.poll() is not None or worker.send_signal(signal.SIGTERM), "the worker ends")
        self.assertEqual(worker.returncode, 130)
        task = self.until_state(later, "pending")
        self.assertEqual(task["spent"], 0)

    def test_an_idle_worker_ends_at_once(self):
        worker = self.start_worker("--name", "idle", "--", "true")
        eventually(lambda: self.waits("idle"), "the worker waits")
        begun = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(timeout=15), 0)
        self.assertLess(time.monotonic() - begun, 3)
        task = self.submit()
        lease = self.take("other")
        self.assertEqual((lease["task"]["id"], lease["attempt"]), (task, 1))

    def waits(self, name):
        return any(one["worker"] == name and one["waiting"] for one in self.call("GET", "/workers")["items"])

    def test_a_worker_outlives_its_server(self):
        self.submit(id="through", lease_s=30)
        worker = self.start_worker("--until-empty", "--", "sh", "-c", "sleep 1; echo 7")
        self.until_state("through", "running")
        self.server.kill9()
        time.sleep(1.5)  # the task ends while there is nobody to tell
        self.server.start()
        self.assertEqual(worker.wait(timeout=40), 0)
        task = self.task("through")
        self.assertEqual((task["state"], task["result"], task["attempt"]), ("complete", 7, 1))

    def test_G11_workers_stop_after_their_task_when_dispatch_is_stopped(self):
        self.submit_many([{"payload": n, "id": f"t{n}"} for n in range(5)])
        worker = self.start_worker("--until-empty", "--", "sh", "-c", "sleep 0.5")
        self.until_state("t0", "running")
        self.call("PUT", "/dispatch", {"state": "stopped"})
        self.assertEqual(worker.wait(timeout=15), 3)
        counts = self.get("/queues/default")["counts"]
        self.assertEqual((counts["running"], counts["allocated"]), (0, 0))
        self.assertGreaterEqual(counts["pending"], 3)

    def test_G13_an_idle_worker_costs_nothing(self):
        worker = self.start_worker("--name", "idle", "--", "true")
        eventually(lambda: self.waits("idle"), "the worker waits")
        worker_before, server_before = cpu_seconds(worker.pid), cpu_seconds(self.server.process.pid)
        time.sleep(5)
        self.assertLess((cpu_seconds(worker.pid) - worker_before) / 5, 0.02)
        self.assertLess((cpu_seconds(self.server.process.pid) - server_before) / 5, 0.02)

    def test_G13_a_drained_queue_ends_the_worker_by_itself_retries_included(self):
        self.submit_many([{"payload": n, "backoff_s": 0.5, "max_attempts": 2, "job": "g13"} for n in range(5)])
        self.kwq("work", "--until-empty", "-c", "3", "--", "sh", "-c", "test $KWQ_ATTEMPT = 2")
        self.assertEqual(self.get("/jobs/g13")["counts"]["complete"], 5)

    def test_a_command_that_is_not_there_is_a_usage_error(self):
        self.kwq("work", "--", "no-such-command-here", check=2)


class CommandLine(KwqTest):
    def test_C9_submit_info_retry_empty_suspend_resume_and_a_burst_worker(self):
        self.kwq("submit", '{"n": 1}', "--job", "cli", "--priority", "9")
        self.assertIn("1", self.kwq("info"))
        self.kwq("pause", "--all", "--for", "10m")
        self.take_nothing()
        self.kwq("resume", "--all")
        lease = self.take()
        self.fail_task(lease, "no", retry=False)
        self.kwq("retry", "--job", "cli")
        self.kwq("work", "--burst", "--", "cat")
        task = self.task(lease["task"]["id"])
        self.assertEqual((task["state"], task["result"]), ("complete", {"n": 1}))
        self.submit_many([{"payload": n} for n in range(3)])
        self.assertIn("3", self.kwq("empty", "default", "--yes"))
        self.take_nothing(wait_s=0.3)

    def test_C9_submit_of_a_file_and_wait(self):
        path = os.path.join(self.server.folder, "tasks.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines('{"payload": %d, "job": "file"}\n' % n for n in range(500))
        self.kwq("submit", "--file", path)
        self.kwq("submit", "--file", path, "--resume")
        self.start_worker("-c", "4", "--", "cat")
        self.assertIn("42", self.kwq("submit", "42", "--priority", "9", "--wait"))
        self.kwq("job", "file", "--watch", "--for", "40s")
        self.assertGreaterEqual(self.get("/jobs/file")["counts"]["complete"], 500)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
