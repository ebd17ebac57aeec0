"""What a probe is, and the proof after each group: nothing changed, the server lives and answers the next request."""
import dataclasses
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from server import Server, eventually  # noqa: E402
from wire import Wire, get  # noqa: E402

GOOD = get("/livez")


@dataclasses.dataclass
class Case:
    name: str
    data: bytes
    status: int
    code: str = ""         # of problem+json; empty: not a problem
    closes: bool = True    # the server must end the connection, and answer nothing further on it
    field: str = ""        # errors[0].pointer, when a field is to blame
    says: str = ""         # part of `detail`
    head_only: bool = False
    is_page: bool = False  # for a person: a sentence instead of problem+json


def keeps(name, data, status, code="", **more):
    """A case after which the connection goes on: the next request on it is answered."""
    return Case(name, data, status, code, closes=False, **more)


class ProbeTest(unittest.TestCase):
    """One server for a class of probes, with one task in each of four states."""

    flags = ()
    environment = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags, environment=cls.environment)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.prepare()

    @classmethod
    def prepare(cls):
        for name in ("waits", "leased", "done", "failed"):
            assert cls.api("POST", "/tasks", {"id": name, "payload": name, "job": "old", "tags": ["old"],
                                              "priority": 1 if name == "waits" else 9,
                                              "lease_s": 3600}).status == 201
        leases = {}
        for _ in range(3):
            got = cls.api("POST", "/leases", {"worker": "old", "wait_s": 5}).json["leases"][0]
            leases[got["task"]["id"]] = got["lease"]
        cls.live_lease = leases["leased"]
        cls.stale_lease = leases["done"]
        assert cls.api("POST", f"/leases/{leases['done']}/complete", {"result": 1}).status == 200
        assert cls.api("POST", f"/leases/{leases['failed']}/error", {"message": "m", "retry": False}).status == 200
        eventually(lambda: cls.api("GET", "/tasks/failed").json["state"] == "error", "the tasks are in place")

    @classmethod
    def api(cls, method, path, body=None, **more):
        return cls.server.call(method, "/kwq/v1" + path, body, **more)

    def settled_stats(self):
        stats = self.api("GET", "/stats").json
        return stats if stats["tracker"]["lag"] == 0 else None

    def picture(self):
        """All that bad input must not change."""
        stats = eventually(self.settled_stats, "the tracker has read all there is")
        # Not the number of events: the scheduler notes its cursors when it likes.
        seen = {name: stats["tracker"][name] for name in ("task_records", "void_events", "undecodable_events")}
        seen["overall"] = {k: v for k, v in stats["overall"].items() if isinstance(v, (int, dict)) and
                           not k.endswith(("_at", "_s")) and "rate" not in k}
        seen["dispatch"] = stats["dispatch"]["state"]
        seen["leases"] = stats["scheduler"]["leases"]
        seen["queues"] = [(q["queue"], q["paused"], q["priorities"]) for q in self.api("GET", "/queues").json["items"]]
        return seen

    def setUp(self):
        self.before = self.picture()
        self.log_before = len(self.server.log())
        self.changes = False  # a test that changes something on purpose says so

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), self.server.log()[-4000:])
        if not self.changes:
            self.assertEqual(self.picture(), self.before, "bad input changed something")
        complaints = [line for line in self.server.log()[self.log_before:].splitlines() if " error " in line]
        self.assertEqual(complaints, [], "the server took bad input for a fault of its own")
        with Wire(self.server.port) as wire:
            self.assertEqual(wire.send(GOOD).answer().status, 200)

    def probe(self, cases):
        names = [case.name for case in cases]
        self.assertEqual(len(names), len(set(names)), "every case has a name of its own")
        for case in cases:
            with self.subTest(case.name):
                self.judge(case)

    def judge(self, case):
        with Wire(self.server.port) as wire:
            answer = wire.send(case.data).answer(with_body=not case.head_only)
            self.assertEqual(answer.status, case.status, answer)
            if case.is_page:
                self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8", answer)
            elif not case.head_only:
                self.assertEqual(answer.problem.get("code", ""), case.code, answer)
                self.assert_problem(answer)
            if case.field:
                self.assertEqual(answer.field, case.field, answer)
            self.assertIn(case.says, answer.problem.get("detail", ""), answer)
            if case.closes:
                self.assertEqual(answer.headers.get("connection"), "close", answer)
                self.assertEqual(wire.rest(), b"", "bytes of the request were taken for a second one")
            else:
                self.assertEqual(wire.send(GOOD).answer().json, {"status": "ok"})

    def assert_problem(self, answer):
        """Every refusal has the whole form, never a page, never a 500."""
        self.assertNotEqual(answer.status, 500, answer)
        if answer.status >= 400:
            problem = answer.problem
            self.assertEqual(problem.get("status"), answer.status, answer)
            for name in ("type", "title", "code", "request_id"):
                self.assertTrue(problem.get(name), answer)
            self.assertEqual(problem["type"], "urn:kwq:error:" + problem["code"])
            self.assertEqual(answer.headers.get("cache-control"), "no-store")


def cases_of(module):
    """Every raw case of a module's tables."""
    return [case for table in vars(module).values() if isinstance(table, list)
            for case in table if isinstance(case, Case)]


__all__ = ["Case", "GOOD", "ProbeTest", "Wire", "cases_of", "eventually", "json", "keeps"]
