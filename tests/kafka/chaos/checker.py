"""Judges a history of client calls: was anything lost, counted twice, or in two hands at once?

A history is a list of dictionaries in any order. `begun` and `ended` are one clock's seconds around the call:
  submit    id, begun, ended, status
  take      lease, id, attempt, begun, ended, valid_s (of the deadline, from when the call began)
  beat      lease, begun, ended, status ("ok", "lease_lost", "" when nobody answered), valid_s
  settle    lease, id, outcome, begun, ended, status ("ok", "already", "accepted", "lease_lost", "conflict", "unknown", "")
  end       id, state (what each instance says when all is quiet), instance
  counts    instance, job, counts
Nothing here is the server's: rules come from what clients were promised.
"""

SURE = ("ok", "already")
# The owner's clock and the client's differ by the way of the answer at most.
SLACK_S = 0.25


class Tasks:
    """What was done to each task, by kind."""

    def __init__(self, history):
        self.of = {}
        for event in history:
            if "id" in event:
                self.of.setdefault(event["id"], []).append(event)
        self.leases = {event["lease"]: event for event in history if event["kind"] == "take"}
        self.beats = {}
        for event in history:
            if event["kind"] == "beat":
                self.beats.setdefault(event["lease"], []).append(event)

    def kind(self, task, kind):
        return [event for event in self.of[task] if event["kind"] == kind]


def check(history):
    """Sentences about what is wrong."""
    tasks = Tasks(history)
    found = []
    for task in tasks.of:
        found += lost(tasks, task)
        found += twice(tasks, task)
        found += hands(tasks, task)
        found += stale(tasks, task)
    return found + counted(history, tasks)


def lost(tasks, task):
    ends = tasks.kind(task, "end")
    if not any(event["status"] == 201 for event in tasks.kind(task, "submit")):
        return []
    if not ends:
        return [f"{task}: acknowledged, and nobody knows it"]
    return [f"{task}: acknowledged, but {one['state']} at {one['instance']}" for one in ends if one["state"] != "complete"]


def twice(tasks, task):
    """Only one lease of a task can be the one that completed it."""
    winners = {event["lease"] for event in tasks.kind(task, "settle")
               if event["outcome"] == "complete" and event["status"] in SURE}
    found = [f"{task}: completed by {len(winners)} leases"] if len(winners) > 1 else []
    for token in winners:
        first = [e for e in tasks.kind(task, "settle") if e["lease"] == token and e["status"] == "ok"]
        if len(first) > 1:
            found.append(f"{task}: completed twice by one lease")
    states = {one["state"] for one in tasks.kind(task, "end")}
    if winners and states and states != {"complete"}:
        found.append(f"{task}: a completion was confirmed, but it is {', '.join(sorted(states))}")
    return found


def hands(tasks, task):
    """When a lease is given, no other of the task may be valid as its worker was told."""
    takes = sorted(tasks.kind(task, "take"), key=lambda one: one["ended"])
    found = []
    seen = set()
    for take in takes:
        if take["lease"] in seen:
            found.append(f"{task}: one lease was given out twice")
        seen.add(take["lease"])
    for earlier in takes:
        over = ended_at(tasks, task, earlier)
        for later in takes:
            if later["begun"] > earlier["ended"] and later["ended"] + SLACK_S < over:
                found.append(f"{task}: given to another {over - later['ended']:.2f} s before its lease was over")
    return found


def ended_at(tasks, task, take):
    """Until when the worker may believe that the lease is its own."""
    token = take["lease"]
    until = take["begun"] + take["valid_s"]
    for beat in tasks.beats.get(token, []):
        if beat["status"] == "ok":
            until = max(until, beat["begun"] + beat["valid_s"])
    for event in tasks.kind(task, "settle"):
        if event["lease"] == token:
            until = min(until, event["begun"])  # it has let go of it, whatever the answer
    for beat in tasks.beats.get(token, []):
        if beat["status"] == "lease_lost":
            until = min(until, beat["ended"])
    return until


def stale(tasks, task):
    """After a lease was given, no earlier one is confirmed."""
    found = []
    takes = sorted(tasks.kind(task, "take"), key=lambda one: one["attempt"])
    for later in takes:
        for earlier in takes:
            if earlier["attempt"] >= later["attempt"]:
                continue
            for event in tasks.kind(task, "settle"):
                if event["lease"] == earlier["lease"] and event["status"] == "ok" and event["begun"] > later["ended"]:
                    found.append(f"{task}: attempt {earlier['attempt']} was confirmed after {later['attempt']} was given")
            for beat in tasks.beats.get(earlier["lease"], []):
                if beat["status"] == "ok" and beat["begun"] > later["ended"]:
                    found.append(f"{task}: attempt {earlier['attempt']} was renewed after {later['attempt']} was given")
    attempts = [take["attempt"] for take in takes]
    if len(attempts) != len(set(attempts)):
        found.append(f"{task}: two leases have one attempt's number")
    return found


def counted(history, tasks):
    found = []
    known = {event["id"] for event in history if event["kind"] == "end"}
    for event in history:
        if event["kind"] != "counts":
            continue
        counts = event["counts"]
        total = sum(counts.values())
        if total != len(known) or counts.get("complete") != total:
            found.append(f"{event['instance']} counts {counts}, but there are {len(known)} tasks, all complete")
    return found
