"""Load for a server that is about to be killed: submitters, workers that do all a worker may do, a steerer, a reader.

What only a caller can know is checked here: a live lease is not lost, a task does not come back before its back-off, no
task is acknowledged complete twice. The rest is `kwq check --history`'s."""
import asyncio
import random
import time
from urllib.parse import quote

from client import Caller, NotSent

JOBS = ("red", "green", "blue")
PAUSE = 0.02


class Load:
    def __init__(self, server, history, seed, submitters=60, workers=60):
        self.server, self.history = server, history
        self.random = random.Random(seed)
        self.shape = (submitters, workers)
        self.submitting = True
        self.draining = False
        self.next_id = 0
        self.acknowledged = set()  # ids
        self.completed = {}  # id -> how often acknowledged
        self.children = set()  # expected: of acknowledged completions
        self.live = {}  # lease -> (id, until)
        self.retries = {}  # id -> not before
        self.dead = set()
        self.cancelled = set()
        self.problems = []
        self.tasks = []
        self.over = False
        self.refusals = {}  # status -> how often, of submits

    # ---- what is open at this moment

    def submits_in_flight(self):
        return self.history.in_flight("submit")

    def live_leases(self):
        now = time.monotonic()
        self.live = {lease: kept for lease, kept in self.live.items() if kept[1] > now}
        return len(self.live)

    def waiting_retries(self):
        now = time.monotonic()
        self.retries = {one: due for one, due in self.retries.items() if due > now - 5}
        return sum(1 for due in self.retries.values() if due > now)

    def problem(self, text):
        self.problems.append(text)

    # ---- running

    def start(self):
        submitters, workers = self.shape
        for n in range(submitters):
            self.tasks.append(asyncio.create_task(self.forever(self.submit_one)))
        for n in range(workers):
            self.tasks.append(asyncio.create_task(self.forever(Worker(self, f"w{n}").turn)))
        self.tasks.append(asyncio.create_task(self.forever(self.steer)))
        self.tasks.append(asyncio.create_task(self.forever(self.read)))

    async def forever(self, step):
        caller = Caller(self.server, self.history)
        while not self.over:
            try:
                await step(caller)
            except NotSent:
                await asyncio.sleep(PAUSE * (1 + self.random.random()))

    async def stop(self):
        self.over = True
        for one in self.tasks:
            one.cancel()
        for done in await asyncio.gather(*self.tasks, return_exceptions=True):
            if isinstance(done, Exception) and not isinstance(done, asyncio.CancelledError):
                raise done
        self.tasks = []

    # ---- submitting

    def new_task(self):
        self.next_id += 1
        roll = self.random.random()
        task = {"id": f"t{self.next_id}", "payload": {"n": self.next_id, "pad": "x" * self.random.randrange(40)},
                "job": self.random.choice(JOBS), "priority": self.random.randrange(1, 10), "lease_s": 1 if roll < 0.2 else 4,
                "backoff_s": 0 if roll < 0.3 else 1.5, "max_attempts": 2 if roll > 0.95 else 6}
        if roll > 0.9:
            task["timeout_s"] = 30
        return task

    async def submit_one(self, caller):
        if not self.submitting:
            await asyncio.sleep(PAUSE)
            return
        # The workers shall keep up, also where the machine is slow.
        backlog = len(self.acknowledged) - len(self.completed)
        await asyncio.sleep(self.random.random() * max(0, backlog - 1_000) / 2_000)
        many = self.random.random() < 0.1
        tasks = [self.new_task() for _ in range(self.random.randrange(2, 20) if many else 1)]
        for _ in range(8):  # repeating is safe: the ids are the same
            try:
                kind, status, _ = await caller.call(
                    "submit", {"tasks": [{"id": one["id"], "payload": one["payload"]} for one in tasks]}, "POST",
                    "/tasks", tasks if many else tasks[0])
            except NotSent:
                await asyncio.sleep(PAUSE)
                continue
            if kind == "ok":
                self.acknowledged.update(one["id"] for one in tasks)
                return
            if kind == "fail":
                self.refusals[status] = self.refusals.get(status, 0) + 1
                await asyncio.sleep(PAUSE)
                return
            if self.random.random() < 0.3:
                return

    # ---- steering and looking

    async def steer(self, caller):
        await asyncio.sleep(0.05)
        if self.draining:
            return
        if self.dead and self.random.random() < 0.7:
            one = self.random.choice(tuple(self.dead))
            kind, _, _ = await caller.call("retry", {"id": one}, "POST", f"/tasks/{one}/retry", {})
            if kind != "info":
                self.dead.discard(one)
        elif self.next_id > 50:
            one = f"t{self.next_id - self.random.randrange(50)}"
            self.cancelled.add(one)
            await caller.call("cancel", {"id": one}, "POST", f"/tasks/{one}/cancel", {})

    async def read(self, caller):
        await asyncio.sleep(0.02)
        if self.next_id:
            one = f"t{1 + self.random.randrange(min(self.next_id, 200))}"
            await caller.call("look", {"id": one}, "GET", f"/tasks/{one}?payload=false")


class Worker:
    def __init__(self, load, name):
        self.load, self.name, self.random = load, name, random.Random(load.random.random())
        self.held = []  # (lease, task, attempt, asked_at)
        self.settle = []  # (held, outcome body) to go with the next take
        self.unsure = set()  # leases of reports that may have happened

    async def turn(self, caller):
        settle, self.settle = self.settle, []
        bodies = [body for _, body in settle]
        asked = time.monotonic()
        args = {"worker": self.name, "settle": [{"lease": b["lease"], "outcome": b["outcome"]} for b in bodies]}
        try:
            kind, _, answer = await caller.call("take", args, "POST", "/leases", {
                "worker": self.name, "max": self.random.randrange(1, 4), "wait_s": 0.1, "settle": bodies})
        except NotSent:
            self.settle = settle
            raise
        if kind != "ok":
            self.settle = settle  # the same again
            self.unsure.update(body["lease"] for body in bodies)
            return
        told = {one["lease"]: one["status"] for one in answer["settled"]}
        for held, body in settle:
            self.settled(held, body, told.get(body["lease"]), asked)
        for lease in answer["leases"]:
            self.take(lease, asked)
        await self.work(caller)

    def take(self, lease, asked):
        task, now = lease["task"], time.monotonic()
        due = self.load.retries.pop(task["id"], 0)
        if now < due - 0.05:
            self.load.problem(f"{task['id']} came back {due - now:.3f} s before its back-off was over")
        if lease["attempt"] > 30 and not self.load.draining:
            self.load.problem(f"{task['id']} was handed out {lease['attempt']} times")
        # From the asking on: it cannot have begun before.
        self.load.live[lease["lease"]] = (task["id"], asked + task["lease_s"] * 0.9)
        self.held.append((lease["lease"], task, lease["attempt"], asked))

    async def work(self, caller):
        held, self.held = self.held, []
        for one in held:
            lease, task, attempt, _ = one
            await asyncio.sleep(self.random.random() * (0.02 if self.load.draining else 0.15))
            roll = 0.5 if self.load.draining else self.random.random()
            if roll < 0.05:
                continue  # this worker is never heard of again
            if roll < 0.25:
                await self.try_report(caller, one, "running", {})
            if roll < 0.1:
                await self.beat(caller, lease)
            await self.finish(caller, one, roll, attempt)

    async def finish(self, caller, one, roll, attempt):
        lease, task, _, _ = one
        if roll > 0.9 and attempt < 3:
            body = {"lease": lease, "outcome": "error", "message": "no", "retry": self.random.random() < 0.9}
        elif roll > 0.85 and attempt < 20:
            body = {"lease": lease, "outcome": "release", "delay_s": 0.2 if roll > 0.88 else 0}
        else:
            body = {"lease": lease, "outcome": "complete", "result": task["payload"]["n"]}
            if 0.3 < roll < 0.35:
                body["then"] = [{"id": f"{task['id']}.{n}", "payload": {"n": n}, "job": task["job"]} for n in range(2)]
        if self.random.random() < 0.5:
            self.settle.append((one, body))
        else:
            rest = {name: value for name, value in body.items() if name not in ("lease", "outcome")}
            if not await self.try_report(caller, one, body["outcome"], rest):
                self.settle.append((one, body))  # unknown: the same again

    async def try_report(self, caller, held, outcome, body):
        """False when it is not known whether it happened."""
        asked = time.monotonic()
        try:
            kind, _, answer = await caller.call("report", {"lease": held[0], "outcome": outcome}, "POST",
                                                f"/leases/{quote(held[0])}/{outcome}", body)
        except NotSent:
            return outcome == "running"
        if kind == "info":
            self.unsure.add(held[0])
            return outcome == "running"
        status = "ok" if kind == "ok" else {"lease_lost": "lease_lost"}.get(answer.get("code"), "conflict")
        if outcome != "running":
            self.settled(held, {"outcome": outcome, **body}, status, asked)
        return True

    async def beat(self, caller, lease):
        try:
            await caller.look("POST", f"/leases/{quote(lease)}/heartbeat", {})
        except NotSent:
            pass

    def settled(self, held, body, status, asked):
        lease, task, attempt, since = held
        load = self.load
        if status in (None, "unknown"):
            self.unsure.add(lease)
            self.settle.append((held, {"lease": lease, **body}))
            return
        load.live.pop(lease, None)
        now = time.monotonic()
        if status == "lease_lost":
            # A release that may have happened did, and the task has been through other hands since: no loss.
            if lease in self.unsure:
                return
            if now - since < task["lease_s"] * 0.9 and task["id"] not in load.cancelled:
                load.problem(f"the lease of {task['id']} was lost after {now - since:.3f} s of {task['lease_s']}")
            return
        if status not in ("ok", "already"):
            return
        if body["outcome"] == "complete":
            seen = load.completed.setdefault(task["id"], lease)
            if seen != lease:
                load.problem(f"{task['id']} was acknowledged complete under two leases")
            load.children.update(one["id"] for one in body.get("then", []))
        elif body["outcome"] == "error":
            if not body["retry"] or attempt >= task["max_attempts"]:
                load.dead.add(task["id"])
            elif status == "ok" and task["backoff_s"] > 0:
                load.retries[task["id"]] = asked + task["backoff_s"] * 0.9
