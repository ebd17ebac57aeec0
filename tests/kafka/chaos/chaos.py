#!/usr/bin/env python3
"""Breaks instances and brokers while clients work, then judges what the clients were told, and the topics: see README.md.

Exit code 0: nothing was found. 1: something was; the history is kept.
"""
import argparse
import base64
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True
import broker  # noqa: E402
import checker  # noqa: E402
import cluster_server  # noqa: E402
import compare  # noqa: E402
import refold  # noqa: E402
import replicas  # noqa: E402
import topics  # noqa: E402
from server import Server, eventually  # noqa: E402

LEASE_S = 3
SESSION = "2s"
JOB = "chaos"


class History:
    def __init__(self):
        self.mutex = threading.Lock()
        self.events = []
        self.add("clock", wall=time.time(), monotonic=time.monotonic())

    def add(self, kind, **fields):
        with self.mutex:
            self.events.append({"kind": kind, **fields})


class Client(threading.Thread):
    """Talks to any instance; whoever does not answer is left for another."""

    server = None  # else to this one alone

    def __init__(self, run, name, seed):
        super().__init__(name=name, daemon=True)
        self.run_, self.random = run, random.Random(seed)
        self.start()

    def call(self, path, body, timeout=2.5):
        """Status, JSON, begun, ended; status 0 when nobody answered."""
        server = self.server or self.random.choice(self.run_.servers)
        begun = time.monotonic()
        try:
            answer = server.call("POST", "/kwq/v1" + path, body, timeout=timeout)
            return answer.status, answer.json if answer.body else {}, begun, time.monotonic()
        except (OSError, ValueError, AttributeError):  # http.client says so in several ways
            return 0, {}, begun, time.monotonic()
        except Exception as error:  # noqa: BLE001: an answer that was cut is no answer
            if type(error).__module__ != "http.client":
                raise
            return 0, {}, begun, time.monotonic()


class Producer(Client):
    def run(self):
        number = 0
        while not self.run_.ending.is_set():
            number += 1
            task = {"id": f"{self.name}-{number}", "payload": number, "job": JOB, "lease_s": LEASE_S, "backoff_s": 0.2,
                    "priority": self.random.randint(1, 9), "max_attempts": 1000, "tags": ["all", f"t{number % 3}"]}
            while True:  # a repeat is safe: the id is the client's
                status, answer, begun, ended = self.call("/tasks", task)
                self.run_.history.add("submit", id=task["id"], begun=begun, ended=ended, status=status,
                                      position=answer.get("position"))
                if status == 201:
                    break
                time.sleep(0.2)
            time.sleep(self.random.uniform(0, 0.3))  # less than the workers can do


class Worker(Client):
    most = 3

    def run(self):
        while not self.run_.done.is_set():
            status, answer, begun, ended = self.call("/leases", {"worker": self.name, "max": self.most, "wait_s": 1})
            if status != 200:
                time.sleep(0.1)
                continue
            mine = answer["leases"]
            for one in mine:
                valid_s = LEASE_S
                self.run_.history.add("take", id=one["task"]["id"], lease=one["lease"], attempt=one["attempt"],
                                      begun=begun, ended=ended, valid_s=valid_s)
                self.run_.note_answer(one["lease"], begun, ended)
            for one in mine:
                self.work(one)

    def work(self, one):
        what = self.random.random()
        if what < 0.04:
            return  # forgotten: its lease runs out
        if what < 0.2:
            time.sleep(self.random.uniform(0.5, 2))
            if not self.beat(one):
                return
        time.sleep(self.random.uniform(0, 0.03))
        self.settle(one, self.random.choices(("complete", "release", "error"), (95, 3, 2))[0])

    def settle(self, one, outcome):
        body = {"message": "no luck"} if outcome == "error" else {}
        for _ in range(30):
            status, answer, begun, ended = self.call(f"/leases/{one['lease']}/{outcome}", body)
            verdict = {200: answer.get("status", ""), 202: "accepted", 409: answer.get("code", "lease_lost")}.get(status, "")
            self.run_.history.add("settle", id=one["task"]["id"], lease=one["lease"], outcome=outcome, begun=begun,
                                  ended=ended, status=verdict)
            if verdict:
                return
            time.sleep(0.2)

    def beat(self, one):
        status, answer, begun, ended = self.call("/leases/heartbeat", {"leases": [one["lease"]]})
        verdict = answer["leases"][0]["status"] if status == 200 else ""
        self.run_.history.add("beat", lease=one["lease"], begun=begun, ended=ended, status=verdict, valid_s=LEASE_S)
        return verdict != "lease_lost"


class Holder(Worker):
    """Keeps each task for longer than a lease, by heartbeats to any instance, or to one and no other: owners change
    meanwhile."""

    most = 1

    def work(self, one):
        self.server = self.random.choice([None, *self.run_.servers])  # whoever renews must be heard by the owner too
        end = time.monotonic() + self.random.uniform(1, 3 * LEASE_S)
        while time.monotonic() < end and not self.run_.ending.is_set():
            time.sleep(self.random.uniform(0.2, 0.5))
            if not self.beat(one):
                break  # and says that it is done all the same: nobody may believe it
        self.server = None
        self.settle(one, "complete")


class Run:
    def __init__(self, given):
        self.given = given
        self.random = random.Random(given.seed)
        self.history = History()
        self.ending, self.done = threading.Event(), threading.Event()
        self.cluster = broker.Cluster(given.brokers, links=given.instances).start()
        shared = cluster_server.settings(self.cluster.brokers)
        shared.update({"kafka-session-timeout": SESSION, "partitions": str(given.partitions)})
        if given.brokers == 3:
            shared.update({"kafka-replication": "3", "kafka-min-insync": "2"})
        self.servers = []
        for n in range(given.instances):
            self.prefix = shared["topic-prefix"]
            own = {**shared, "instance": f"i{n}", "kafka-brokers": self.cluster.brokers_through(n)}
            self.servers.append(Server(*[word for name, value in own.items() for word in (f"--{name}", value)]))
        self.epochs = {}  # shard: of the newest lease seen
        self.failovers = []  # seconds, and what struck
        self.ends = []  # exit codes of instances that were not told to end
        self.struck = {}  # shard: when its owner was struck, and by what
        self.mutex = threading.Lock()
        self.read = {}  # what is on the topics in the end
        self.late = []  # what did not happen in its time

    def note_answer(self, lease, begun, ended):
        raw = base64.urlsafe_b64decode(lease + "=" * (-len(lease) % 4))
        shard, epoch = int.from_bytes(raw[1:3], "big"), int.from_bytes(raw[3:11], "big")
        with self.mutex:
            known = self.epochs.get(shard, -1)
            struck, fault = self.struck.get(shard, (0, ""))
            if epoch > known:
                self.epochs[shard] = epoch
                if self.struck.pop(shard, None):
                    self.failovers.append((ended - struck, fault))
            elif epoch == known and begun > struck:
                self.struck.pop(shard, None)  # its owner got over it: nobody took over

    def strike_shards_of(self, server, fault):
        try:
            owned = server.call("GET", "/kwq/v1/cluster", timeout=2).json["instances"][0]["shards"]
        except OSError:
            return
        with self.mutex:
            for one in owned:
                self.struck[one["shard"]] = (time.monotonic(), fault)

    def say(self, what):
        print(f"{time.monotonic() - self.begun:7.1f} s  {what}", flush=True)

    # ---- faults ----

    def kill9(self, server):
        self.strike_shards_of(server, "kill9")
        server.kill9()
        time.sleep(self.random.uniform(0, 4))
        server.start(ready=False)

    def terminate(self, server):
        server.terminate()
        time.sleep(self.random.uniform(0, 2))
        server.start(ready=False)

    def freeze(self, server):
        """Longer than session and lease: it wakes up as a zombie."""
        self.strike_shards_of(server, "freeze")
        server.freeze()
        time.sleep(LEASE_S + self.random.uniform(1, 4))
        server.thaw()

    def stutter(self, server):
        server.freeze()
        time.sleep(self.random.uniform(0.2, 1.5))
        server.thaw()

    def cut_off(self, server):
        """From all brokers, not from clients nor the other instances: it still answers, and owns nothing any more."""
        self.cut(server, "there", "back")

    def cut_answers_off(self, server):
        """What it sends arrives, and it never hears so."""
        self.cut(server, "back")

    def cut(self, server, *ways):
        self.strike_shards_of(server, "cut")
        links = self.cluster.links[self.servers.index(server)]
        for one in links:
            one.cut(*ways)
        time.sleep(self.random.uniform(1, 12))
        for one in links:
            one.heal()

    def kill_cut_off(self, server):
        """What it has not brought to the brokers by then is lost: nobody may have been told that it is there."""
        self.strike_shards_of(server, "kill9")
        links = self.cluster.links[self.servers.index(server)]
        for one in links:
            one.cut()
        time.sleep(self.random.uniform(1, 3))
        server.kill9()
        for one in links:
            one.heal()
        server.start(ready=False)

    def kill_broker(self, _):
        node = self.random.choice(self.cluster.nodes)
        node.kill()
        time.sleep(self.random.uniform(1, 5))
        self.start_broker(node)

    def end_broker(self, _):
        node = self.random.choice(self.cluster.nodes)
        node.kill(signal.SIGTERM)
        time.sleep(self.random.uniform(0, 3))
        self.start_broker(node)

    def wipe_broker(self, _):
        """Its disk is lost: what it had comes back from the others."""
        node = self.random.choice(self.cluster.nodes)
        node.kill()
        shutil.rmtree(node.data)
        node.format(len(self.cluster.nodes))
        self.start_broker(node)

    def freeze_broker(self, _):
        node = self.random.choice(self.cluster.nodes)
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(1, 6))
        node.process.send_signal(signal.SIGCONT)
        self.until_whole()

    def start_broker(self, node):
        node.start()
        node.wait_ready(time.monotonic() + 240)
        self.until_whole()

    def until_whole(self):
        """Three replicas survive one broker's fault, not two at a time."""
        eventually(lambda: replicas.all_in_sync(self.cluster), "all replicas are in sync", 300)

    def faults(self):
        some = [self.kill9, self.freeze, self.cut_off, self.stutter, self.terminate, self.cut_answers_off,
                self.kill_cut_off]
        of_brokers = [self.kill_broker, self.freeze_broker, self.end_broker, self.wipe_broker]
        every = some + (of_brokers if len(self.cluster.nodes) == 3 else [])
        return [one for one in every if not self.given.faults or one.__name__ in self.given.faults.split(",")]

    # ---- the run ----

    def wait(self, probe, what, seconds):
        """What does not happen is one violation; why may be on the topics, so they are judged all the same."""
        try:
            eventually(probe, what, seconds)
        except AssertionError as in_vain:
            self.late.append(str(in_vain))

    def restart_ended(self):
        """As a supervisor would; why it ended is in its log, and counted."""
        for server in self.servers:
            if server.process.poll() is not None:
                self.ends.append(server.process.returncode)
                self.say(f"i{self.servers.index(server)} had ended with {server.process.returncode}: "
                         f"{server.log().splitlines()[-1]}")
                server.start(ready=False)

    def run(self):
        self.begun = time.monotonic()
        for server in self.servers:
            server.start()
        clients = [Producer(self, f"p{n}", n) for n in range(2)] + [Worker(self, f"w{n}", 100 + n) for n in range(4)]
        clients += [Holder(self, f"h{n}", 200 + n) for n in range(3)]
        faults = self.faults()
        for cycle in range(self.given.cycles):
            time.sleep(self.random.uniform(1, 3))
            server, fault = self.random.choice(self.servers), faults[cycle % len(faults)]
            self.say(f"{cycle + 1}: {fault.__name__} {self.servers.index(server)}")
            self.restart_ended()
            fault(server)
        self.restart_ended()
        for number, server in enumerate(self.servers):
            self.wait(server.is_ready, f"i{number} is ready", 60)
            if not server.is_ready():
                self.say(f"i{number}: {server.call('GET', '/readyz')} {server.call('GET', '/kwq/v1/cluster').body}")
        self.ending.set()
        for one in clients[:2]:
            one.join(60)
        ids = {event["id"] for event in self.history.events if event["kind"] == "submit"}
        self.say(f"{len(ids)} tasks; waiting for the last ones")
        self.wait_for_the_end()
        self.done.set()
        for one in clients[2:]:
            one.join(30)
        self.look(ids)

    def wait_for_the_end(self):
        """As long as some task ends now and then."""
        complete, since = 0, time.monotonic()
        while True:
            counts = self.servers[0].call("GET", f"/kwq/v1/jobs/{JOB}").json["counts"]
            if 0 < counts["complete"] == sum(counts.values()):
                return
            if counts["complete"] > complete:
                complete, since = counts["complete"], time.monotonic()
            if time.monotonic() > since + 60:
                self.late.append(f"no task has ended for long: {counts}")
                return
            time.sleep(0.2)

    def look(self, ids):
        for server in self.servers:
            at = f"i{self.servers.index(server)}"
            self.wait(lambda s=server: sum(s.call("GET", f"/kwq/v1/jobs/{JOB}").json["counts"].values()) == len(ids),
                      f"{at} counts all", 30)
            self.history.add("counts", instance=at, counts=server.call("GET", f"/kwq/v1/jobs/{JOB}").json["counts"])
        for task in sorted(ids):
            answer = self.servers[0].call("GET", f"/kwq/v1/tasks/{task}?payload=false")
            if answer.status == 200:
                self.history.add("end", id=task, state=answer.json["state"], instance="i0")

    def look_at_groups(self):
        """Every counter that an instance has of jobs, tags, priorities and all together."""
        groups = []
        for number, server in enumerate(self.servers):
            def get(path, of=server):
                return of.call("GET", "/kwq/v1" + path).json
            named = [("overall", get("/stats")["overall"])]
            named += [(f"job {one['job']}", one) for one in get("/jobs?sort=name")["items"]]
            named += [(f"tag {one['tag']}", one) for one in get("/tags?sort=name")["items"]]
            named += [(f"priority {one['priority']}", one) for one in get("/queues/default")["by_priority"]]
            for name, group in named:
                fields = {key: group[key] for key in ("counts", "submitted", "retries", "duplicates") if key in group}
                groups.append({"kind": "group", "instance": f"i{number}", "of": name, **fields})
        return groups

    def judge_topics(self):
        """When the last duplicates have been dropped, and all instances have heard of it."""
        end = time.monotonic() + 20
        while True:
            groups = self.look_at_groups()
            self.read = topics.read_all(self.cluster.brokers, self.prefix)
            log = refold.Log(self.read)
            if not compare.counted(log, groups) or time.monotonic() > end:
                break
            time.sleep(0.5)
        self.history.events += groups
        self.say(f"on the topics: {len(log.tasks)} records, {len(log.leases)} leases, events: {log.verdicts}")
        return compare.compare(log, self.history.events)

    def judge(self):
        found = [f"an instance was ended by signal {-code}" for code in self.ends if code < 0]
        found += checker.check(self.history.events) + self.judge_topics() + self.late
        for fault in sorted({fault for _, fault in self.failovers} | {""}):
            took = sorted(seconds for seconds, of in self.failovers if fault in ("", of))
            if took:
                at = [took[min(len(took) - 1, int(len(took) * p))] for p in (0.5, 0.9, 0.99)]
                self.say(f"{len(took)} shards changed hands after their owner was struck ({fault or 'all'}): p50 "
                         f"{at[0]:.1f} s, p90 {at[1]:.1f} s, p99 {at[2]:.1f} s, until the first lease of the new owner")
        kinds = {}
        for event in self.history.events:
            kinds[event["kind"]] = kinds.get(event["kind"], 0) + 1
        self.say(f"{self.given.cycles} faults, {len(self.ends)} instances ended by themselves, {kinds}: "
                 f"{len(found)} violations")
        if found:
            print("\n".join(found[:20]))
            self.keep()
        return 1 if found else 0

    def keep(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="kwq-chaos-", delete=False) as kept:
            logs = [server.log() for server in self.servers if os.path.exists(server.log_path)]
            json.dump({"history": self.history.events, "topics": topics.as_json(self.read), "logs": logs}, kept)
        print(f"the history, the topics and the instances' logs are in {kept.name}")

    def close(self):
        for server in self.servers:
            server.close()
        if self.cluster:
            self.cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--instances", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--cycles", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", help="only these, by name, with commas between; else all in turn")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # ends what it started
    run = Run(parser.parse_args())
    try:
        run.run()
        return run.judge()
    except BaseException:
        run.keep()
        for server in run.servers:
            if os.path.exists(server.log_path):
                print(f"--- i{run.servers.index(server)}\n{server.log()[-2500:]}")
        raise
    finally:
        run.close()


if __name__ == "__main__":
    sys.exit(main())
