"""Every counter against a plain recount in Python, after kills at random moments.

The recount knows nothing of the server's code: it reads single tasks with their attempts and adds up.
"""
import http.client
import os
import random
import re
import shutil
import unittest
from collections import Counter, defaultdict

from server import KwqTest, eventually

STATES = ("scheduled", "pending", "allocated", "running", "complete", "error", "cancelled")
JOBS, TAGS, PRIORITIES, WORKERS = ("a", "b", "c"), ("x", "y", "z:1"), (3, 5, 8), ("w1", "w2")
MESSAGES = ("no route to 10.0.0.{}", "disk /dev/sd{} full", "bad input")
LOST = (OSError, http.client.HTTPException)


def group_of(message):
    """What the messages above have in common, by other means than the server's."""
    return re.sub(r"\d+", "#", re.sub(r"/\S+", "<path>", message))


class Recount:
    def __init__(self, tasks):
        self.tasks = tasks
        self.counts = defaultdict(Counter)  # by ("job", name) and so on
        self.windows = defaultdict(Counter)  # by end
        self.groups = defaultdict(Counter)  # by (scope, message)
        for task in tasks:
            self.add(task)

    def add(self, task):
        failed = [one for one in task["attempts"] if one.get("outcome") in ("error", "expired", "timeout")]
        dead = task["state"] == "error"
        places = [("all", ""), ("job", task["job"]), ("queue", task["priority"])]
        places += [("tag", tag) for tag in set(task.get("tags", []))]
        for place in places:
            counts = self.counts[place]
            counts[task["state"]] += 1
            counts["submitted"] += 1
            counts["retries"] += len(failed) - dead
            counts["wait"] += len(task["attempts"])
            counts["run"] += task["state"] == "complete"
        self.when(task["submitted_at"], "submitted")
        for one in task["attempts"]:
            self.when(one["allocated_at"], "allocated")
            self.when(one.get("running_at"), "running")
        if task["state"] in ("complete", "cancelled"):
            self.when(task["ended_at"], task["state"])
        for one in failed:
            self.when(one["ended_at"], "error" if dead and one is failed[-1] else "retries")
            for scope in None, task["job"]:
                self.groups[scope, group_of(one["error"])]["count"] += 1
        if dead:
            for scope in None, task["job"]:
                self.groups[scope, group_of(failed[-1]["error"])]["tasks"] += 1

    def when(self, at, what):
        if at is not None:
            self.windows[(at // 10_000 + 1) * 10_000][what] += 1


class Refold(KwqTest):
    def test_K26_K27_counters_equal_a_plain_recount_after_kills_and_from_the_log_alone(self):
        choice = random.Random(5)
        self.leases = []
        for life in range(4):
            for _ in range(choice.randrange(60, 120)):
                self.act(choice)
            # In the middle of whatever the tracker does: nothing was waited for.
            self.server.restart()
        eventually(lambda: "settling" not in self.call("GET", "/stats")["overall"], "sweeps are over")
        self.compare(Recount(self.all_tasks()))
        self.server.kill9()
        shutil.rmtree(os.path.join(self.server.folder, "data", "tracker"))
        self.server.start()
        eventually(lambda: "settling" not in self.call("GET", "/stats")["overall"], "sweeps are over")
        self.compare(Recount(self.all_tasks()))

    def act(self, choice):
        what = choice.random()
        try:
            if what < 0.35:
                self.call("POST", "/tasks", [
                    {"payload": 1, "job": choice.choice(JOBS), "tags": choice.sample(TAGS, choice.randrange(3)),
                     "priority": choice.choice(PRIORITIES), "max_attempts": 2, "backoff_s": 0.01, "lease_s": 3600}
                    for _ in range(choice.randrange(1, 6))], status=201)
            elif what < 0.6:
                self.leases += self.poll(choice.choice(WORKERS), max=choice.randrange(1, 5))["leases"]
            elif what < 0.97:
                self.settle(choice)
            elif what < 0.985:
                waiting = self.call("GET", "/tasks?state=pending&limit=1")["items"]
                for task in waiting:
                    self.call("POST", f"/tasks/{task['id']}/cancel")
            else:
                self.call("POST", f"/jobs/{choice.choice(JOBS)}/cancel")
        except LOST:
            self.leases = []

    def settle(self, choice):
        if not self.leases:
            return
        lease = self.leases.pop(choice.randrange(len(self.leases)))
        verb, body = choice.choice([("running", {}), ("complete", {"result": 1}), ("release", {}),
                                    ("error", {"message": choice.choice(MESSAGES).format(choice.randrange(99))}),
                                    ("error", {"message": "bad input", "retry": False})])
        answer = self.server.call("POST", f"/kwq/v1/leases/{lease['lease']}/{verb}", body)
        self.assertIn(answer.status, (200, 409), answer)  # 409: its job was cancelled
        if verb == "running" and answer.status == 200:
            self.leases.append(lease)

    def all_tasks(self):
        return [self.call("GET", f"/tasks/{one['id']}") for one in self.listed("order=oldest&limit=7")]

    def listed(self, query):
        items, cursor = [], ""
        while True:
            page = self.call("GET", f"/tasks?{query}{cursor}")
            items += page["items"]
            if "next_cursor" not in page:
                return items
            cursor = "&cursor=" + page["next_cursor"]

    def compare(self, mine):
        self.assertGreater(len(mine.tasks), 100)
        self.compare_groups(mine)
        self.compare_lists(mine)
        self.compare_errors(mine)
        self.compare_windows(mine)
        for job in JOBS:
            self.compare_map(mine, job)

    def compare_groups(self, mine):
        theirs = {("all", ""): self.call("GET", "/stats")["overall"]}
        for kind in "job", "tag":
            for one in self.call("GET", f"/{kind}s")["items"]:
                theirs[kind, one[kind]] = one
        for one in self.call("GET", "/queues/default")["by_priority"]:
            if sum(one["counts"].values()):
                theirs["queue", one["priority"]] = one
        self.assertEqual(set(theirs), set(mine.counts))
        for place, one in theirs.items():
            counts = mine.counts[place]
            self.assertEqual(one["counts"], {state: counts[state] for state in STATES}, place)
            if place[0] != "queue":
                self.assertEqual((one["submitted"], one["retries"], one["wait"]["count"], one["run"]["count"]),
                                 tuple(counts[name] for name in ("submitted", "retries", "wait", "run")), place)

    def compare_lists(self, mine):
        for worker in WORKERS:
            with_it = {task["id"] for task in mine.tasks if task.get("worker") == worker}
            self.assertEqual({one["id"] for one in self.listed(f"worker={worker}&limit=9")}, with_it)
        for job in JOBS:
            for states in STATES[:2], STATES[2:5], STATES[5:]:
                wanted = {task["id"] for task in mine.tasks if task["job"] == job and task["state"] in states}
                found = [one["id"] for one in self.listed(f"job={job}&state={','.join(states)}&limit=9")]
                self.assertEqual((set(found), len(found)), (wanted, len(wanted)))

    def compare_errors(self, mine):
        for scope in (None, *JOBS):
            theirs = {one["message"]: one
                      for one in self.call("GET", "/errors" + (f"?job={scope}" if scope else ""))["items"]}
            wanted = {message: counts for (of, message), counts in mine.groups.items() if of == scope}
            self.assertEqual(set(theirs), set(wanted))
            for message, counts in wanted.items():
                one = theirs[message]
                self.assertEqual((one["count"], one["tasks"]), (counts["count"], counts["tasks"]), message)
                if scope is None:
                    self.assertEqual(len(self.listed(f"error={one['error']}")), counts["tasks"])

    def compare_windows(self, mine):
        ends = sorted(mine.windows)
        query = f"resolution_s=10&from_at={ends[0] - 10_000}&to_at={ends[-1]}"
        windows = self.call("GET", f"/stats/series?{query}")["windows"]
        self.assertEqual((windows[0]["at"], windows[-1]["at"]), (ends[0], ends[-1]))
        for one in windows:
            for what in ("submitted", "allocated", "running", "complete", "error", "retries", "cancelled"):
                self.assertEqual(one[what], mine.windows[one["at"]][what], (one["at"], what))

    def compare_map(self, mine, job):
        body = self.server.call("GET", f"/kwq/v1/jobs/{job}/state-map").body
        cells = [(STATES[byte & 15], byte >> 4) for byte in body]
        tasks = [task for task in mine.tasks if task["job"] == job]
        self.assertEqual(Counter(cells), Counter((task["state"], min(task["attempt"], 15)) for task in tasks))
        for index in range(0, len(cells), 7):
            task = self.call("GET", f"/jobs/{job}/task-at?index={index}")
            self.assertEqual((task["state"], task["attempt"], task["job"]), (*cells[index], job))


if __name__ == "__main__":
    unittest.main()
