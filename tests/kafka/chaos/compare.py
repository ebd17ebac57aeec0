"""Compares what clients were told with what is on the topics, as refold.py has folded it."""
import base64

SURE = ("ok", "already")
# Heartbeats are confirmed by an owner that has seen the log's end within the last second; the rest is rounding.
RENEWAL_SLACK_S = 1.25
CLOCK_SLACK_S = 0.05


class Clock:
    """Events have the wall clock, clients the monotonic one."""

    def __init__(self, history):
        both = next((one for one in history if one["kind"] == "clock"), {"wall": 0, "monotonic": 0})
        self.ahead = both["wall"] - both["monotonic"]

    def of(self, at):
        """A client's seconds of an event's milliseconds."""
        return at / 1000 - self.ahead


def compare(log, history):
    """Sentences about what is wrong, those of the fold first."""
    found = list(log.found) + submitted(log, history)
    clock = Clock(history)
    for event in history:
        if event["kind"] == "take":
            found += taken(log, event)
        elif event["kind"] == "settle":
            found += settled(log, event, clock)
        elif event["kind"] == "beat":
            found += renewed(log, event, clock)
    return found + ended(log, history) + counted(log, history)


def submitted(log, history):
    there, found, attempted = {task.id for task in log.tasks}, [], set()
    places = {f"{shard.partition}:{queue}/{priority}@{offset}": task.id for shard in log.shards
              for (queue, priority, offset), task in shard.tasks.items()}
    for event in history:
        if event["kind"] != "submit":
            continue
        attempted.add(event["id"])
        if event["status"] != 201:
            continue
        if event["id"] not in there:
            found.append(f"{event['id']}: acknowledged, and on no topic")
            continue
        place = place_of(event)
        if place and places.get(place) != event["id"]:
            found.append(f"{event['id']}: acknowledged at {place}, where there is {places.get(place, 'nothing')}")
    return found + [f"{task.where}: {task.id} was submitted by nobody" for task in log.tasks if task.id not in attempted]


def place_of(submit):
    """What its position says: shard:queue/priority@offset."""
    position = submit.get("position") or ""
    return base64.urlsafe_b64decode(position + "=" * (-len(position) % 4)).decode()


def taken(log, take):
    lease = log.leases.get(take["lease"])
    if lease is None:
        return [f"{take['id']}: a worker was told of attempt {take['attempt']}, which counts nowhere on the topics"]
    if (lease.task.id, lease.attempt) != (take["id"], take["attempt"]):
        return [f"{lease.where}: the lease is of {lease.task.id} attempt {lease.attempt}, "
                f"but a worker was told {take['id']} attempt {take['attempt']}"]
    return []


def settled(log, event, clock):
    """An answer must be that of the log: `accepted` is a record, `ok` one that counts, a refusal one that does not."""
    lease, said, outcome = log.leases.get(event["lease"]), event["status"], event["outcome"]
    if lease is None or said in ("", "unknown"):
        return []  # told of a lease that is none: said by taken()
    name = f"{event['id']} attempt {lease.attempt}"
    if said in SURE and lease.outcome != outcome:
        reports = ", ".join(f"{kind} {where}" for where, kind in log.reports.get(event["lease"], [])) or "none"
        return [f"{lease.ended_by or lease.where}: {outcome} of {name} was answered {said}, but it ended by "
                f"{lease.outcome or 'nothing'} (reports: {reports})"]
    if said == "accepted" and event["lease"] not in log.reports:
        return [f"{lease.where}: {outcome} of {name} was answered accepted, and is not on the topics"]
    if said == "lease_lost":
        if lease.outcome == outcome:
            if lease.task.attempt > lease.attempt:
                return []  # of a task that has gone on since, only the last lease's outcome is known
            return [f"{lease.ended_by}: {outcome} of {name} counts, but was answered lease_lost"]
        return lost_too_early(lease, name, event, clock)
    return []


def lost_too_early(lease, name, event, clock):
    if lease.ended_at is None or clock.of(lease.ended_at) > event["ended"] + CLOCK_SLACK_S:
        return [f"{lease.ended_by or lease.where}: {name} was answered lease_lost while it was live"]
    return []


def renewed(log, beat, clock):
    lease = log.leases.get(beat["lease"])
    if lease is None:
        return []
    name = f"{lease.task.id} attempt {lease.attempt}"
    if beat["status"] == "lease_lost":
        return lost_too_early(lease, name, beat, clock)
    until = beat["begun"] + beat["valid_s"]
    if beat["status"] == "ok" and lease.outcome == "expired" and clock.of(lease.ended_at) + RENEWAL_SLACK_S < until:
        return [f"{lease.ended_by}: {name} expires {until - clock.of(lease.ended_at):.2f} s before its worker was told"]
    return []


def ended(log, history):
    states = {task.id: task for task in log.tasks if task.place != "duplicate"}
    return [f"{states[one['id']].where}: {one['id']} is {states[one['id']].state}, but {one['instance']} says {one['state']}"
            for one in history if one["kind"] == "end" and one["id"] in states
            and states[one["id"]].state != one["state"]]


def counted(log, history):
    """Each instance's counters are those of the fold: none wrong, none missing, none too many."""
    mine, found = log.counts(), []
    said = {}
    for event in history:
        if event["kind"] == "group":
            said.setdefault(event["instance"], {})[event["of"]] = event
    for instance, groups in said.items():
        for name in sorted(set(mine) | set(groups)):
            theirs, wanted = groups.get(name), mine.get(name)
            if wanted is None and not any(theirs["counts"].values()):
                continue  # a priority that nothing was submitted at
            if theirs is None or wanted is None:
                found.append(f"{instance} {'does not know' if theirs is None else 'makes up'} {name}")
                continue
            for field in ("counts", "submitted", "retries", "duplicates"):
                if field in theirs and theirs[field] != wanted[field]:
                    found.append(f"{instance}: {field} of {name} are {theirs[field]}, on the topics {wanted[field]}")
    return found
