"""Every field of every body with every wrong type, and just outside its bounds: refused by name, nothing done."""
import unittest

from probe import ProbeTest, Wire, eventually, keeps
from wire import send_json

WRONG = ("bad_field", "bad_id", "bad_request", "not_supported", "payload_too_large")
TYPES = {"null": None, "true": True, "zero": 0, "fraction": 1.5, "word": "x", "list": [1], "object": {"a": 1}}
TEXTS = {"empty": "", "201 bytes": "x" * 201, "a control character": "a\tb", "a DEL": "a\x7f", "a NUL": "a\0"}


def wrong(kind, *right, code="bad_field", **more):
    """Values that are wrong for a field: every type but the right ones, and `more` by name."""
    values = {name: value for name, value in TYPES.items() if name not in right and name != "null"}
    return kind, code, {**values, **more}


LABEL = wrong("label", "word", code="bad_id", **TEXTS)
LABELS = wrong("labels", code="bad_id", a_number_within=["a", 1], an_empty_one=["a", ""], null_within=[None])
ID = wrong("id", "word", code="bad_id", **TEXTS, a_slash="a/b", a_space="a b", not_ascii="é", a_quote='a"', percent="%61")
QUEUE = wrong("queue", "word", code="bad_id", **TEXTS, capitals="Mail", a_dot="a.b", a_dash_first="-a", long="a" * 64)
PRIORITY = wrong("priority", "zero", text="5", exponent=1e300)
INSTANT = wrong("instant", "zero", negative=-1, text="2026-01-01T00:00:00Z", beyond=253_402_300_800_000, huge=1 << 63)

TASK = {
    "id": ID, "queue": QUEUE, "job": LABEL, "source": wrong("label", "word", **{k: v for k, v in TEXTS.items() if v}),
    "tags": LABELS, "affinity": LABELS, "priority": PRIORITY,
    "timeout_s": wrong("seconds", "fraction", negative=-1, text="5", beyond=1e12, tiny=1e-9),
    "lease_s": wrong("seconds", "fraction", negative=-1, text="60", below=0.999, beyond=86_401),
    "backoff_s": wrong("seconds", "fraction", "zero", negative=-0.001, text="5", beyond=3_601),
    "max_attempts": wrong("integer", below=-1, text="4", beyond=1_001, huge=1 << 40),
    "not_before": INSTANT, "expires_at": INSTANT,
    "meta": wrong("meta", "object", a_number={"a": 1}, null_within={"a": None}, below={"a": {}}, no_name={"": "x"},
                  a_long_name={"x" * 201: "y"}, many={str(i): "" for i in range(33)}, large={"a": "x" * 8_192}),
}
# A wrong type of these is refused as a field, a wrong form as a name: see each.
TASK["tags"] = ("labels", None, {**LABELS[2], "many": [str(i) for i in range(1_000)]})
TASK["affinity"] = ("labels", None, {**LABELS[2], "many": [str(i) for i in range(1_000)]})

POLL_LABELS = ("labels", None, {**LABELS[2], "many": ["a"] * 1_001})
BODIES = {
    ("POST", "/kwq/v1/leases", (("worker", "w"),)): {
        "worker": ("label", None, {**LABEL[2], "null": None}),
        "queues": ("queues", None, {**LABELS[2], "capitals": ["A"], "a_dash_first": ["-"], "many": ["a"] * 65}),
        "affinity": POLL_LABELS,
        "max": wrong("integer", below=-1, text="1", beyond=1_001, huge=1 << 62),
        "wait_s": wrong("seconds", "zero", "fraction", negative=-1, text="1", beyond=30.001, huge=1e300),
        "settle": wrong("list", null_within=[None], number_within=[1], empty_within=[{}],
                        no_lease=[{"outcome": "complete"}], no_outcome=[{"lease": "a"}],
                        unknown_outcome=[{"lease": "a", "outcome": "done"}],
                        lease_of_a_number=[{"lease": 1, "outcome": "complete"}],
                        bad_retry=[{"lease": "a", "outcome": "error", "retry": "no"}],
                        bad_delay=[{"lease": "a", "outcome": "release", "delay_s": -1}],
                        bad_then=[{"lease": "a", "outcome": "complete", "then": 1}]),
    },
    ("POST", "/kwq/v1/leases/heartbeat", ()): {
        "leases": ("list", None, {**wrong("list")[2], "null": None, "empty": [], "null_within": [None],
                                  "a_space": ["a b"], "nested": [["a"]], "no_lease": [{"progress": 1}],
                                  "long_progress": [{"lease": "a", "progress": "x" * 4_096}]}),
    },
    ("POST", "/kwq/v1/leases/x/complete", ()): {
        "then": ("tasks", None, {**wrong("list")[2], "null_within": [None], "no_payload": [{}],
                                 "bad_id": [{"payload": 1, "id": "a b"}], "reserved": [{"payload": 1, "after": []}]}),
    },
    ("POST", "/kwq/v1/leases/x/error", ()): {
        "message": wrong("text", "word", long="x" * 16_385),
        "retry": wrong("flag", "true", text="false"),
    },
    ("POST", "/kwq/v1/leases/x/release", ()): {
        "delay_s": wrong("seconds", "zero", "fraction", negative=-1, text="1", beyond=1e12),
    },
    ("POST", "/kwq/v1/jobs/old/pause", ()): {
        "for_s": wrong("seconds", "zero", "fraction", negative=-1, text="1", beyond=366 * 86_400 + 1),
        "reason": wrong("text", "word", long="x" * 1_001),
    },
    ("POST", "/kwq/v1/queues/default/pause", ()): {
        "for_s": wrong("seconds", "zero", "fraction", negative=-1, text="1h", beyond=1e300),
        "reason": wrong("text", "word", long="x" * 1_001),
    },
    ("PUT", "/kwq/v1/queues/fresh", ()): {
        "priorities": wrong("integer", below=-1, text="9", beyond=101),
    },
    ("PUT", "/kwq/v1/dispatch", (("state", "running"),)): {
        "state": ("word", None, {**wrong("word")[2], "null": None, "capitals": "RUNNING", "empty": "", "long": "x" * 99}),
        "for_s": wrong("seconds", "zero", "fraction", negative=-1, text="1", beyond=1e12),
        "reason": wrong("text", "word", long="x" * 1_001),
    },
    ("POST", "/kwq/v1/simulations", ()): {
        "tasks": wrong("integer", below=-1, text="1", beyond=100_001),
        "workers": wrong("integer", below=-1, text="1", beyond=1_001),
        "seconds": wrong("seconds", "zero", "fraction", negative=-1, text="1", beyond=3_601),
        "priorities": wrong("integer", text="1", beyond=6),
    },
}

RESERVED = [
    keeps(f"{name} is reserved", send_json("POST", "/kwq/v1/tasks", {"payload": 1, name: value}), 400, "not_supported",
          field="/" + name)
    for name, value in [("tenant", "a"), ("gang", 4), ("array", {"from": 1, "to": 9}), ("after", ["a"]), ("v", 2)]
]


class Fields(ProbeTest):
    def refused(self, method, target, base, fields):
        for name, (_, code, values) in fields.items():
            for shown, value in values.items():
                case = keeps(f"{target} {name}: {shown}", send_json(method, target, {**dict(base), name: value}), 0)
                with self.subTest(case.name):
                    self.judge_field(case, name, code)

    def judge_field(self, case, name, code):
        with Wire(self.server.port) as wire:
            answer = wire.send(case.data).answer()
            self.assertIn(answer.status, (400, 413), answer)
            self.assert_problem(answer)
            self.assertIn(answer.problem["code"], [code] if code else WRONG)
            self.assertTrue((answer.field or "").startswith(f"/{name}"), answer)
            self.assertEqual(wire.send(case.data).answer().status, answer.status, "the connection lives on")

    def test_every_field_of_a_task(self):
        self.refused("POST", "/kwq/v1/tasks", [("payload", 1)], TASK)

    def test_every_field_of_every_other_body(self):
        for (method, target, base), fields in BODIES.items():
            self.refused(method, target, base, fields)

    def test_a_payload_is_wanted(self):
        self.probe([keeps("no payload", send_json("POST", "/kwq/v1/tasks", {}), 400, "bad_field", field="/payload"),
                    keeps("a worker is wanted", send_json("POST", "/kwq/v1/leases", {}), 400, "bad_field",
                          field="/worker"),
                    keeps("a state is wanted", send_json("PUT", "/kwq/v1/dispatch", {}), 400, "bad_field",
                          field="/state")])

    def test_fields_of_later_versions_are_refused_by_name(self):
        self.probe(RESERVED)

    def test_fields_that_are_not_the_callers_change_nothing(self):
        """Unknown fields are ignored: state, attempts and leases cannot be given with a task."""
        self.changes = True
        claims = {"state": "complete", "attempt": 99, "attempts": [{}], "lease": "x", "submitted_at": 1, "offset": 7,
                  "partition": 3, "result": "forged", "duplicate": True, "__proto__": {"state": "error"}}
        self.assertEqual(self.api("POST", "/tasks", {"id": "plain", "payload": 1, **claims}).status, 201)
        lease = self.api("POST", "/leases", {"worker": "w", "wait_s": 5, "max": 9}).json["leases"]
        mine = [one for one in lease if one["task"]["id"] == "plain"]
        self.assertEqual([one["attempt"] for one in mine], [1])
        eventually(lambda: self.api("GET", "/tasks/plain").json["state"] == "allocated", "the tracker has seen the lease")
        task = self.api("GET", "/tasks/plain").json
        self.assertIsNone(task.get("result"), task)
        self.assertGreater(task["submitted_at"], 1_000_000_000_000)


if __name__ == "__main__":
    unittest.main()
