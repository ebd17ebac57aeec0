"""Folds the topics of a run by the rules of docs/event-log.md, naively and apart from the server's code.

A wrong decision of an owner is a violation even where the fold makes it void: an owner that is in order writes none. Commands
and ranges are not folded: chaos.py gives no commands and pauses nothing. What cannot be judged is said.
"""

REPORTS = {"complete": "complete", "error": "error", "released": "release", "running": "", "progress": ""}
WAITING = ("ahead", "pending", "scheduled")
OVER = ("complete", "cancelled", "duplicate", "rejected", "error")
STATES = ("scheduled", "pending", "allocated", "running", "complete", "error", "cancelled")
NO_LEASE = (None, "")


class Task:
    def __init__(self, record, body):
        self.where, self.body, self.submitted_at = record.where, body, record.at
        self.id = body.get("id") or record.key or f"{record.topic}-{record.partition}-{record.offset}"
        self.job, self.tags = body.get("job") or "default", list(dict.fromkeys(body.get("tags") or []))
        self.priority = 0
        self.place, self.left_head, self.running = "ahead", False, False
        self.attempt = self.spent = self.retries = 0
        self.lease, self.lease_from = None, (0, 0)  # the claim it was given under, and its t
        self.last = NO_LEASE  # the lease that ended last, and how
        self.limits = {}

    @property
    def state(self):
        if self.place == "leased":
            return "running" if self.running else "allocated"
        return {"ahead": "pending"}.get(self.place, self.place)


class Lease:
    """The story of a lease that counts."""

    def __init__(self, task, event, where):
        self.task, self.attempt, self.where = task, event["attempt"], where
        self.outcome, self.ended_at, self.ended_by = None, None, ""


class Shard:
    def __init__(self, log, partition, found):
        self.log, self.partition, self.found = log, partition, found
        self.tasks, self.ids, self.cursors = {}, {}, {}
        self.claims, self.epoch, self.t, self.at = set(), -1, 0, None
        for name, partitions in log.topics.items():
            queue, _, priority = name.rpartition("-")
            if priority.isdigit():
                self.take_tasks(queue, int(priority), partitions.get(partition, []))

    def take_tasks(self, queue, priority, records):
        for record in records:
            task = Task(record, record.value)
            task.priority = priority
            self.tasks[queue, priority, record.offset] = task

    def broken(self, what):
        self.found.append(f"{self.at.where}: {what}")

    def take(self, record):
        """Why the event is void, or nothing."""
        self.at, event = record, record.value
        if event["v"] != 1:
            self.broken(f"an event of version {event['v']} cannot be judged")
            return "unknown"
        if event["type"] in REPORTS:
            return self.report(event)
        if event["type"] == "claim":
            self.epoch, self.t = record.offset, 0
            self.claims.add(record.offset)
            return None
        how = getattr(self, "on_" + event["type"], None)
        if how is None or "ranges" in event:
            self.broken(f"{event['type']} cannot be judged")
            return "unknown"
        if event["epoch"] not in self.claims:
            self.broken(f"{event['type']} names the epoch {event['epoch']}, which is no claim before it")
        if event["epoch"] != self.epoch:
            return "stale_epoch"
        if event["t"] < self.t:
            self.broken(f"{event['type']}: t goes back from {self.t} to {event['t']} within one claim")
            return "stale_epoch"
        self.t = event["t"]
        return how(event)

    # ---- tasks ----

    def named(self, event):
        task = self.tasks.get((event["queue"], event["priority"], event["offset"]))
        if task is None:
            self.broken(f"{event['type']} names a record that is not there")
        elif "id" in event and task.id != event["id"]:
            self.broken(f"{event['type']} of {event['id']} names the record of {task.id}")
            return None
        return task

    def first_event(self, task, event):
        if task.place != "ahead":
            return None
        if self.ids.get(task.id, task) is not task:
            return "id_taken"
        if "job" not in event:
            return "no_intro"
        told = (event["job"], event.get("tags") or [], event["submitted_at"])
        if told != (task.job, task.tags, task.submitted_at):
            self.broken(f"job, tags or time of {task.id} are not those of its record: {told}")
        task.limits = event
        self.ids[task.id] = task
        return None

    def end_lease(self, task, how, event):
        lease = self.log.leases[task.lease]
        lease.outcome, lease.ended_at, lease.ended_by = REPORTS.get(how, how), event["at"], self.at.where
        task.last, task.lease, task.running = (task.lease, how), None, False

    def fail(self, task, how, event, retry):
        self.end_lease(task, how, event)
        task.spent += 1
        if not retry or task.spent >= task.limits["max_attempts"]:
            task.place = "error"
            return
        task.retries += 1
        task.place = "scheduled" if task.limits["backoff_s"] > 0 else "pending"

    # ---- what owners decide ----

    def on_allocated(self, event):
        task = self.named(event)
        if task is None:
            return "no_record"
        if task.place not in ("ahead", "pending"):
            self.broken(f"{task.id} is handed out, but it is {task.place}" +
                        (f": attempt {task.attempt} is still live" if task.place == "leased" else ""))
            return "wrong_place"
        void = self.first_event(task, event)
        if void:
            return void
        if event["attempt"] != task.attempt + 1:
            self.broken(f"{task.id}: attempt {event['attempt']} after {task.attempt}")
            return "wrong_attempt"
        if event["lease"] in self.log.leases:
            self.broken(f"{task.id}: its lease was given at {self.log.leases[event['lease']].where} already")
        task.place, task.left_head, task.attempt = "leased", True, event["attempt"]
        task.lease, task.lease_from = event["lease"], (self.epoch, event["t"])
        self.log.leases[event["lease"]] = Lease(task, event, self.at.where)
        return None

    def on_lease_expired(self, event):
        task = self.named(event)
        if task is None or task.lease != event["lease"]:
            return "lease_lost"
        epoch, t = task.lease_from
        since = event["t"] - (t if epoch == self.epoch else 0)
        if since < task.limits["lease_s"] * 1000:
            self.broken(f"the lease of {task.id} is ended after {since} ms of {task.limits['lease_s']} s")
            return "too_early"
        self.fail(task, "expired", event, True)
        return None

    def on_parked(self, event):
        task = self.named(event)
        if task is None or task.place not in ("ahead", "pending"):
            self.broken("parked: the task does not wait")
            return "wrong_place"
        void = self.first_event(task, event)
        if not void:
            task.place, task.left_head = "scheduled", True
        return void

    def on_ready(self, event):
        task = self.named(event)
        wanted = "scheduled" if event["reason"] == "due" else "error"
        if task is None or task.place != wanted:
            return "wrong_place"
        task.place, task.spent = "pending", task.spent if event["reason"] == "due" else 0
        return None

    def on_cancelled(self, event):
        task = self.named(event)
        if task is None or task.place in OVER:
            return "wrong_place"
        void = self.first_event(task, event)
        if void:
            return void
        if task.place == "leased":
            self.end_lease(task, "cancelled", event)
        task.place, task.left_head = "cancelled", True
        return None

    def on_duplicate(self, event):
        task = self.named(event)
        if task is None or task.place != "ahead":
            return "wrong_place"
        first = self.ids.get(task.id, task)
        if first is task:
            self.broken(f"{task.id} is dropped as a duplicate, but no other record of it counts")
            return "not_duplicate"
        of = event["of"]
        if self.tasks.get((of["queue"], of["priority"], of["offset"])) is not first:
            self.broken(f"{task.id} is dropped as a duplicate of another record than that which counts")
        task.place, task.left_head = "duplicate", True
        return None

    def on_cursor(self, event):
        queue, priority = event["queue"], event["priority"]
        begin = self.cursors.get((queue, priority), 0)
        for offset in range(begin, event.get("next", begin)):
            task = self.tasks.get((queue, priority, offset))
            if task is None or not task.left_head:
                self.broken(f"the cursor passes {task.where if task else 'a record that is not there'}, which waits")
        self.cursors[queue, priority] = max(begin, event.get("next", begin))
        for first, last in event.get("done", []):
            for offset in range(first, last):
                task = self.tasks.get((queue, priority, offset))
                if task is None or task.place not in OVER:
                    self.broken(f"the cursor drops {task.where if task else 'a record that is not there'}, which is not over")

    def on_horizon(self, event):
        if event["before_at"] > event["at"]:
            self.broken("the horizon forgets what is settled after it")

    # ---- what workers report ----

    def report(self, event):
        task = self.named(event)
        if task is None:
            return "no_record"
        kind, token = event["type"], event["lease"]
        self.log.reports.setdefault(token, []).append((self.at.where, kind))
        if task.lease != token:
            if token not in self.log.leases:
                self.broken(f"{kind} of {task.id} stands on a lease that nothing before it gave")
            if task.last[0] == token and task.last[1] in ("complete", "error", "released"):
                return "already" if task.last[1] == kind else "outcome_conflict"
            return "lease_lost"
        if kind in ("running", "progress"):
            void = "already" if kind == "running" and task.running else None
            task.running = task.running or kind == "running"
            return void
        if kind == "error":
            self.fail(task, "expired" if event.get("kind") == "timeout" else "error", event, event["retry"])
            return None
        self.end_lease(task, kind, event)
        if kind == "complete":
            task.place = "complete"
            self.log.completed.setdefault(task.id, []).append(self.at.where)
        else:
            task.place = "scheduled" if event["delay_s"] > 0 else "pending"
        return None


class Log:
    """All shards, folded. `topics`: {name without the prefix: {partition: records}}."""

    def __init__(self, topics):
        self.topics, self.found = topics, []
        self.leases, self.reports, self.completed = {}, {}, {}
        self.verdicts = {}  # how many events counted, or were void and why
        for partitions in topics.values():
            for records in partitions.values():
                self.look_for_gaps(records)
        partitions = {p for records in topics.values() for p in records}
        self.shards = [Shard(self, p, self.found) for p in sorted(partitions)]
        for shard in self.shards:
            for record in topics["status"].get(shard.partition, []):
                void = shard.take(record)
                self.verdicts[void or "count"] = self.verdicts.get(void or "count", 0) + 1
        self.look_for_second_completions()
        for records in topics.get("control", {}).values():
            self.found += [f"{r.where}: a {r.value['type']} cannot be judged" for r in records
                           if r.value["type"] not in ("queue", "dispatch", "gate")]

    def look_for_gaps(self, records):
        for offset, record in enumerate(records):
            if record.offset != offset:
                self.found.append(f"{record.where}: the records from {offset} on are missing")
                return

    def look_for_second_completions(self):
        """Of one id, in whatever shard: within one record the fold itself lets nobody complete twice."""
        for task, places in self.completed.items():
            if len(places) > 1:
                self.found.append(f"{places[1]}: {task} completes a second time, after {places[0]}")

    @property
    def tasks(self):
        return [task for shard in self.shards for task in shard.tasks.values()]

    def counts(self):
        """{group: what it should be counted as}; the groups are "overall", "job …", "tag …", "priority …"."""
        groups = {}
        for task in self.tasks:
            for name in ["overall", f"job {task.job}", f"priority {task.priority}"] + [f"tag {one}" for one in task.tags]:
                group = groups.setdefault(name, {"submitted": 0, "retries": 0, "duplicates": 0,
                                                 "counts": dict.fromkeys(STATES, 0)})
                if task.place == "duplicate":
                    group["duplicates"] += 1
                    continue
                group["submitted"] += 1
                group["retries"] += task.retries
                group["counts"][task.state] += 1
        return groups
