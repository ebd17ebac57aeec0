#!/usr/bin/env python3
"""The proof that run.sh starts: see README.md. Prints a summary; the exit code is 0 only if all of it holds."""
import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter

from actors import Failure, Server, Submitter, Trickle, Worker, require, wait_for
from tree import JOB, PRIORITIES, Tree, line, task_id

# What is killed, and after which part of the tasks is complete.
# The first comes at once: a large tree is then still being submitted.
KILLS = [("server", 0.0), ("worker", 0.15), ("server", 0.30), ("worker", 0.45), ("server", 0.60)]
TRICKLE = 8  # tasks submitted one by one around each kill
HELD_BACK = TRICKLE + 2  # and one that fails first, and one that is slow
SLOW_S = 5
BACKOFF_S = 4
LONG = 3_600  # seconds in which even a slow machine gets a part of a large tree done


class Proof:
    def __init__(self, kwq, root, folder):
        self.kwq, self.folder = kwq, folder
        self.tree = Tree(root)
        self.count = len(self.tree.paths)
        require(self.count >= 2 * HELD_BACK * len(KILLS), f"{root} has {self.count} files, too few to kill anything in")
        order = list(range(self.count))
        random.Random(1).shuffle(order)
        self.held_back = order[:HELD_BACK * len(KILLS)]
        self.in_file = order[HELD_BACK * len(KILLS):]
        self.server = Server(kwq, folder)
        self.worker_log = open(os.path.join(folder, "workers.log"), "ab")
        self.submit_log = open(os.path.join(folder, "submit.log"), "ab")
        self.workers = 0
        self.trickles = []
        self.moments = []  # of each kill: victim, the tasks that waited and ran, the worker, when

    def say(self, text):
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", flush=True)

    def run(self):
        self.begun = time.monotonic()
        self.say(f"{self.count} files, {self.tree.unreadable} more cannot be read")
        self.server.start()
        self.submitter = Submitter(self.kwq, self.server, self.write_file(), self.submit_log)
        self.worker = self.new_worker()
        for number, (victim, part) in enumerate(KILLS):
            self.reach(part)
            self.kill(number, victim)
        self.finish()
        self.check()
        require(self.worker.drain() == 0, "the worker did not drain with exit code 0")
        require(self.server.stop() == 0, "the server did not stop with exit code 0")

    def write_file(self):
        path = os.path.join(self.folder, "tasks.ndjson")
        with open(path, "wb") as file:
            for index in self.in_file:
                # One of 40 fails first, so that retries wait all the way, not only when something is killed.
                more = {"meta": {"fail_first": "yes"}, "backoff_s": BACKOFF_S} if index % 40 == 0 else {}
                file.write(line(self.tree.task(index, **more)))
        return path

    def new_worker(self):
        self.workers += 1
        return Worker(self.kwq, self.server.url, f"checksums-{self.workers}", self.worker_log,
                      max(2, os.cpu_count() or 2))

    def counts(self):
        job = self.server.get(f"/kwq/v1/jobs/{JOB}", otherwise=None)
        return job["counts"] if job else {}

    def reach(self, part):
        wanted = min(int(part * self.count), len(self.in_file) - 1)
        wait_for(f"{part:.0%} complete", lambda: self.counts().get("complete", 0) >= wanted, LONG, pause=0.1)

    def task(self, index):
        return self.server.get(f"/kwq/v1/tasks/{task_id(index)}?payload=false", otherwise={"state": ""})

    def kill(self, number, victim):
        mine = self.held_back[number * HELD_BACK:(number + 1) * HELD_BACK]
        failing, slow, trickled = mine[0], mine[1], mine[2:]
        begun = time.monotonic()
        self.submit(failing, meta={"fail_first": "yes"}, backoff_s=BACKOFF_S)
        # A worker's lease must outlive the server's restart, however slow; a dead worker's should end soon.
        self.submit(slow, meta={"slow_s": str(SLOW_S)}, lease_s=60 if victim == "server" else 5)
        # Within a shard the one that fails runs first; with several it may be the other way round.
        wait_for("a worker runs the slow task, and the other has failed",
                 lambda: task_id(slow) in self.leases(begun=True) and self.task(failing)["state"] == "scheduled")
        moment = {"retries waiting": self.server.get("/kwq/v1/stats")["scheduler"]["scheduled"],
                  "leases live": len(self.leases())}
        trickle = Trickle(self.server)
        self.trickles.append(trickle)
        tasks = [self.tree.task(index) for index in trickled]
        # Some reach the server, and may be in its log when it dies; the others find it frozen.
        trickle.begin(tasks[:TRICKLE // 2])
        self.server.freeze()
        trickle.begin(tasks[TRICKLE // 2:])
        wait_for("submits are in flight", lambda: len(trickle.in_flight) > 0, 5)
        moment["submits unanswered"] = len(trickle.in_flight) + (1 if self.submitter.busy() else 0)
        self.check_moment(moment, time.monotonic() - begun)
        self.moments.append((victim, failing, slow, self.worker.name, time.time() * 1000))
        self.strike(victim, trickle, slow)
        self.say(f"killed the {victim} with -9: " + ", ".join(f"{n} {what}" for what, n in moment.items()))

    def strike(self, victim, trickle, slow):
        unanswered = trickle.unanswered
        if victim == "server":
            self.server.kill()
            wait_for("the submits fail", lambda: trickle.unanswered > unanswered, 10)
            self.server.start()
            wait_for("the lease that was live is settled", lambda: self.task(slow)["state"] == "complete", LONG)
        else:
            self.worker.kill()
            self.server.thaw()
            self.worker = self.new_worker()

    def submit(self, index, **more):
        """A held-back task, ahead of everything that waits."""
        require(self.server.post_task(self.tree.task(index, **{"priority": PRIORITIES, **more})) == 201,
                "a submit was refused")

    def leases(self, begun=False):
        """Ids of what the worker holds, or of what it said it has begun: it has surely heard of those leases."""
        held = self.server.get(f"/kwq/v1/leases?worker={self.worker.name}")["items"]
        return {one["id"] for one in held if one["running"] or not begun}

    @staticmethod
    def check_moment(moment, took):
        require(moment["submits unanswered"] >= 1, "no submit was unanswered")
        require(moment["leases live"] >= 1 and took < SLOW_S, "no lease was live")
        require(moment["retries waiting"] >= 1 and took < BACKOFF_S * 0.85, "no retry was waiting")

    def finish(self):
        for trickle in self.trickles:
            trickle.join()
        wait_for("everything is submitted", lambda: not self.submitter.busy(), LONG, pause=0.1)
        require(self.submitter.failure is None, self.submitter.failure)
        self.say(f"all is submitted, by {self.submitter.runs} runs of kwq submit")
        wait_for("everything is complete", self.is_over, LONG, pause=0.1)

    def is_over(self):
        counts = self.counts()
        return counts.get("complete", 0) + counts.get("error", 0) + counts.get("cancelled", 0) >= self.count

    def check(self):
        self.say("comparing with sha256sum")
        truth = self.tree.sums()
        results = self.results()
        lost = [one for one in truth if one not in results]
        wrong = [one for one in truth if one in results and results[one]["result"] != truth[one]]
        require(not lost, f"{len(lost)} tasks lost, such as {lost[:3]}")
        require(not wrong, f"{len(wrong)} results wrong, such as {wrong[:3]}")
        require(len(results) == self.count, f"{len(results) - self.count} tasks that nobody submitted")
        self.check_counts()
        self.check_attempts()
        retried = sum(1 for one in results.values() if one["attempt"] > 1)
        self.say(f"{self.count} results equal sha256sum's; 0 lost, 0 counted twice; {retried} had several attempts")

    def results(self):
        found, cursor = {}, ""
        while True:
            page = self.server.get(f"/kwq/v1/tasks?job={JOB}&limit=1000{cursor}")
            for one in page["items"]:
                require(one["state"] == "complete", f"{one['id']} is {one['state']}: {one.get('error')}")
                require(one["id"] not in found, f"{one['id']} is listed twice")
                found[one["id"]] = one
            if "next_cursor" not in page:
                return found
            cursor = "&cursor=" + page["next_cursor"]

    def check_counts(self):
        job = self.server.get(f"/kwq/v1/jobs/{JOB}")
        require(job["submitted"] == self.count, f"the tracker counted {job['submitted']} of {self.count} tasks")
        self.require_complete(job["counts"], self.count, "the job")
        tags = self.tree.tags()
        for tag, number in tags.items():
            self.require_complete(self.server.get(f"/kwq/v1/tags/{tag}")["counts"], number, tag)
        levels = {one["priority"]: one["counts"] for one in self.server.get("/kwq/v1/queues/default")["by_priority"]}
        for priority, number in self.priorities().items():
            self.require_complete(levels[priority], number, f"priority {priority}")
        self.say(f"the tracker's counts equal the truth: the job, {len(tags)} tags, {len(levels)} priorities; "
                 f"{job['duplicates']} repeated submits were dropped")

    def priorities(self):
        urgent = {index for number in range(len(KILLS)) for index in self.held_back[number * HELD_BACK:][:2]}
        return Counter(PRIORITIES if index in urgent else self.tree.priority(index) for index in range(self.count))

    @staticmethod
    def require_complete(counts, number, what):
        others = {state: n for state, n in counts.items() if state != "complete" and n}
        require(counts["complete"] == number and not others, f"{what}: {counts}, not {number} complete")

    def check_attempts(self):
        """What was claimed of each moment, by the times that the tracker has."""
        for victim, failing, slow, worker, at in self.moments:
            first, second = self.task(failing)["attempts"][:2]
            require(first["ended_at"] <= at < second["allocated_at"], f"no retry was waiting: {first} {second}")
            attempts = self.task(slow)["attempts"]
            require(attempts[0]["worker"] == worker and attempts[0]["allocated_at"] <= at < attempts[0]["ended_at"],
                    f"no lease was live: {attempts}")
            if victim == "server":
                require(len(attempts) == 1, f"a lease that was live when the server died was lost: {attempts}")
            else:
                require(len(attempts) > 1, f"the killed worker's task did not run again: {attempts}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kwq", required=True, help="the program")
    parser.add_argument("tree", help="the directory whose files are summed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what it started ends with it
    folder = tempfile.mkdtemp(prefix="kwq-checksums-")
    proof = None
    try:
        proof = Proof(os.path.abspath(options.kwq), options.tree, folder)
        proof.run()
    except Failure as failure:
        print(f"run.sh: FAILED: {failure}\nrun.sh: what the processes said is in {folder}", file=sys.stderr)
        return 1
    finally:
        if proof and proof.server.process and proof.server.process.poll() is None:
            proof.server.kill()
        if proof and getattr(proof, "worker", None) and proof.worker.process.poll() is None:
            proof.worker.kill()
    shutil.rmtree(folder)
    killed = [victim for victim, _ in KILLS]
    print(f"ok: {proof.count} files, server killed {killed.count('server')} times, "
          f"worker {killed.count('worker')} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
