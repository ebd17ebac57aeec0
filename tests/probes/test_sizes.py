"""Too much of everything: each limit at its edge and one beyond."""
import unittest

from probe import Case, ProbeTest, Wire, eventually, keeps
from wire import get, head, post

TASKS = "POST /kwq/v1/tasks HTTP/1.1"
JSON = "Content-Type: application/json"
MIB = 1 << 20


def announced(name, length, target="/kwq/v1/tasks", *fields, kind=JSON, status=413, code="payload_too_large"):
    """Only the head: what is announced too large is refused before any of it is sent."""
    return Case(name, head(f"POST {target} HTTP/1.1", kind, f"Content-Length: {length}", *fields), status, code)


def fields(count):
    return [f"X-{i}: {i}" for i in range(count - 1)]  # and the Host


def of_bytes(size):
    """A head of exactly `size` bytes."""
    return get("/livez", "X: " + "x" * (size - len(get("/livez", "X: "))))


HEADS = [
    keeps("a head of 8 KiB", of_bytes(8_192), 200),
    Case("a head of 8 KiB and a byte", of_bytes(8_193), 431, "header_too_large"),
    Case("a head of 60 KiB", of_bytes(60_000), 431, "header_too_large"),
    Case("a head of a megabyte", of_bytes(MIB), 431, "header_too_large"),
    Case("a head without an end", of_bytes(MIB)[:-4], 431, "header_too_large"),
    keeps("64 fields", get("/livez", *fields(64)), 200),
    Case("65 fields", get("/livez", *fields(65)), 431, "header_too_large"),
    Case("a thousand empty fields", get("/livez", *(["a:"] * 1000)), 431, "header_too_large"),
    Case("a thousand Hosts", get("/livez", *(["Host:a"] * 900)), 431, "header_too_large"),
    keeps("a target of 4 KiB", get("/livez?" + "x" * 4_089), 200),
    Case("a target of 4 KiB and a byte", get("/livez?" + "x" * 4_090), 414, "header_too_large"),
    Case("a target of a megabyte", get("/" + "x" * MIB), 414, "header_too_large"),
    Case("a target without an end", b"GET /" + b"x" * 100_000, 414, "header_too_large"),
    Case("a method without an end", b"G" * 100_000, 414, "header_too_large"),
    Case("a thousand parameters beyond the target's limit", get("/kwq/v1/tasks?" + "a=b&" * 1_100), 414,
         "header_too_large"),
    keeps("a thousand parameters", get("/livez?" + "a=b&" * 1_000), 200),
    keeps("a cookie of 7 KiB", get("/livez", "Cookie: " + "a=b; " * 1_400), 200),
]

ANNOUNCED = [
    announced("tasks of 8 MiB and a byte", 8 * MIB + 1),
    announced("tasks of a terabyte", 1 << 40),
    announced("tasks of 10^17", 10 ** 17),
    announced("tasks of 8 MiB and a byte, asked first", 8 * MIB + 1, "/kwq/v1/tasks", "Expect: 100-continue"),
    announced("a poll of 8 MiB and a byte", 8 * MIB + 1, "/kwq/v1/leases"),
    announced("heartbeats of 8 MiB and a byte", 8 * MIB + 1, "/kwq/v1/leases/heartbeat"),
    announced("a completion over its limit", 1_572_865, "/kwq/v1/leases/x/complete"),
    announced("an error over its limit", 1_572_865, "/kwq/v1/leases/x/error"),
    announced("a release of 16 KiB and a byte", 16_385, "/kwq/v1/leases/x/release"),
    announced("a pause of 16 KiB and a byte", 16_385, "/kwq/v1/jobs/x/pause"),
    announced("a simulation of 16 KiB and a byte", 16_385, "/kwq/v1/simulations"),
    announced("a sign-in of a megabyte", MIB, "/ui/login"),
    announced("a large body at no address", MIB, "/nowhere", status=404, code="route_unknown"),
    announced("a large body at no address, asked first", MIB, "/nowhere", "Expect: 100-continue", status=404,
              code="route_unknown"),
    announced("a large body of a wrong media type", MIB, kind="Content-Type: text/xml", status=415, code="media_type"),
    Case("a large body for a page", head("PUT /ui/index.html HTTP/1.1", JSON, f"Content-Length: {MIB}"), 405,
         "method_not_allowed"),
]


def payload(size):
    return '"' + "x" * (size - 2) + '"'


def task(size):
    return ('{"payload":' + payload(size) + "}").encode()


CONTENTS = [
    keeps("a payload of a MiB and a byte", post("/kwq/v1/tasks", task(MIB + 1)), 413, "payload_too_large",
          field="/payload"),
    keeps("a single task of 1.5 MiB and a byte", post("/kwq/v1/tasks", b"{" + b" " * 1_572_852 + b'"payload":1}'), 413,
          "payload_too_large"),
    keeps("a payload too large within an array", post("/kwq/v1/tasks", b'[{"payload":1},' + task(MIB + 1) + b"]"), 413,
          "payload_too_large", field="/1/payload", says="task 1"),
    keeps("1,001 tasks", post("/kwq/v1/tasks", [{"payload": 1}] * 1_001), 400, "bad_field"),
    keeps("no tasks", post("/kwq/v1/tasks", []), 400, "bad_field"),
    keeps("1,001 settles", post("/kwq/v1/leases", {"worker": "w", "settle": [{}] * 1_001}), 400, "bad_field",
          field="/settle"),
    keeps("1,001 heartbeats", post("/kwq/v1/leases/heartbeat", {"leases": ["a"] * 1_001}), 400, "bad_field",
          field="/leases"),
    keeps("65 queues in a poll", post("/kwq/v1/leases", {"worker": "w", "queues": ["a"] * 65}), 400, "bad_field",
          field="/queues"),
    keeps("more than 200,000 values", post("/kwq/v1/leases", b'{"worker":"w","x":[' + b"0," * 200_000 + b"0]}"), 400,
          "bad_request", says="200,000"),
    keeps("a reason of 1,001 bytes", post("/kwq/v1/jobs/old/pause", {"reason": "x" * 1_001}), 400, "bad_field",
          field="/reason"),
    keeps("an Idempotency-Key of 201 characters",
          post("/kwq/v1/tasks", {"payload": 1}, "Idempotency-Key: " + "k" * 201), 400, "bad_field"),
    keeps("an empty Idempotency-Key", post("/kwq/v1/tasks", {"payload": 1}, "Idempotency-Key:"), 400, "bad_field"),
    keeps("an Idempotency-Key that is no ASCII", post("/kwq/v1/tasks", {"payload": 1}, b"Idempotency-Key: \xc3\xa9"),
          400, "bad_field"),
]


class Sizes(ProbeTest):
    def test_heads_are_bounded_in_bytes_fields_and_target(self):
        self.probe(HEADS)

    def test_a_body_is_refused_by_what_it_announces(self):
        self.probe(ANNOUNCED)

    def test_what_a_body_holds_is_bounded_too(self):
        self.probe(CONTENTS)

    def test_a_client_that_is_refused_in_the_middle_of_a_large_body_can_read_why(self):
        with Wire(self.server.port) as wire:
            wire.send(head(TASKS, JSON, f"Content-Length: {9 * MIB}") + b" " * (4 * MIB))
            self.assertEqual(wire.answer().status, 413)

    def test_a_result_over_64_KiB_ends_its_task_for_good(self):
        self.changes = True
        self.api("POST", "/tasks", {"id": "large", "payload": 1})
        lease = self.api("POST", "/leases", {"worker": "w", "wait_s": 5}).json["leases"][0]["lease"]
        body = b'{"result":' + payload(65_537).encode() + b"}"
        with Wire(self.server.port) as wire:
            answer = wire.send(post(f"/kwq/v1/leases/{lease}/complete", body)).answer()
            self.assertEqual((answer.status, answer.problem["code"]), (413, "payload_too_large"))
            self.assertEqual(answer.field, "/result")
        eventually(lambda: self.api("GET", "/tasks/large").json["state"] == "error", "the task has ended")

    def test_101_follow_ups_refuse_the_completion(self):
        body = {"then": [{"payload": 1}] * 101}
        self.probe([
            keeps("101", post(f"/kwq/v1/leases/{self.live_lease}/complete", body), 400, "bad_field", field="/then"),
            keeps("over 512 KiB",
                  post(f"/kwq/v1/leases/{self.live_lease}/complete", {"then": [{"payload": "x" * 270_000}] * 2}), 413,
                  "payload_too_large", field="/then"),
            keeps("a bad one", post(f"/kwq/v1/leases/{self.live_lease}/complete",
                                    {"then": [{"payload": 1}, {"payload": 1, "priority": "x"}]}), 400, "bad_field",
                  field="/then/1/priority"),
            keeps("of no queue", post(f"/kwq/v1/leases/{self.live_lease}/complete",
                                      {"then": [{"payload": 1, "queue": "nowhere"}]}), 404, "queue_unknown"),
            keeps("progress of 4 KiB and a byte", post(f"/kwq/v1/leases/{self.live_lease}/heartbeat",
                                                       {"progress": "x" * 4_096}), 413, "payload_too_large",
                  field="/progress"),
            keeps("a message of 16 KiB and a byte",
                  post(f"/kwq/v1/leases/{self.live_lease}/error", {"message": "x" * 16_385}), 400, "bad_field",
                  field="/message"),
        ])


if __name__ == "__main__":
    unittest.main()
