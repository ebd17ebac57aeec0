"""Many requests on one connection: answered in their order, one at a time, and none after the connection has ended."""
import unittest

from probe import GOOD, ProbeTest, Wire, eventually
from wire import get, head, post

SUBMIT = post("/kwq/v1/tasks", {"payload": "behind"})


class Pipelining(ProbeTest):
    def sent(self, *requests):
        wire = Wire(self.server.port)
        self.addCleanup(wire.close)
        return wire.send(b"".join(requests))

    def test_answers_come_in_the_order_of_the_requests(self):
        paths = ["/livez", "/kwq/v1/limits", "/nowhere", "/kwq/v1/stats", "/kwq/v1/tasks/done", "/openapi.json"] * 20
        wire = self.sent(*[get(path) for path in paths])
        answers = [wire.answer() for _ in paths]
        self.assertEqual([a.status for a in answers], [200, 200, 404, 200, 200, 200] * 20)
        self.assertEqual([a.json["id"] for a in answers[4::6]], ["done"] * 20)

    def test_at_most_one_is_in_flight(self):
        """The second poll would settle what the first one waits for: it must not be looked at before."""
        first = post("/kwq/v1/leases", {"worker": "piped", "wait_s": 1, "queues": ["nothing-here"]})
        wire = self.sent(first, GOOD)
        self.assertEqual(wire.answer().json["leases"], [])
        self.assertEqual(wire.answer().json, {"status": "ok"})

    def test_a_refused_body_is_not_the_next_request(self):
        wire = self.sent(post("/kwq/v1/tasks", b"{nonsense"), GOOD)
        self.assertEqual([wire.answer().status, wire.answer().status], [400, 200])

    def test_nothing_is_answered_after_a_broken_head(self):
        wire = self.sent(GOOD, get("/livez", "X : y"), SUBMIT, GOOD)
        self.assertEqual([wire.answer().status, wire.answer().status], [200, 400])
        self.assertEqual(wire.rest(), b"")

    def test_nothing_is_answered_after_a_coding(self):
        wire = self.sent(GOOD, head("POST /kwq/v1/tasks HTTP/1.1", "Content-Type: application/json",
                                    "Transfer-Encoding: chunked"), b"0\r\n\r\n", SUBMIT)
        self.assertEqual([wire.answer().status, wire.answer().status], [200, 411])
        self.assertEqual(wire.rest(), b"")

    def test_nothing_is_answered_after_close(self):
        wire = self.sent(get("/livez", "Connection: close"), SUBMIT, GOOD)
        self.assertEqual(wire.answer().headers["connection"], "close")
        self.assertEqual(wire.rest(), b"")

    def test_nothing_is_answered_after_an_HTTP_1_0_request(self):
        wire = self.sent(head("GET /livez HTTP/1.0"), SUBMIT)
        self.assertEqual(wire.answer().status, 200)
        self.assertEqual(wire.rest(), b"")

    def test_nothing_is_answered_after_a_body_that_was_not_read(self):
        wire = self.sent(head("POST /kwq/v1/tasks HTTP/1.1", "Content-Type: application/json",
                              f"Content-Length: {1 << 40}"), SUBMIT * 100)
        self.assertEqual(wire.answer().status, 413)
        self.assertEqual(wire.rest(), b"")

    def test_a_thousand_in_one_piece(self):
        wire = self.sent(GOOD * 1_000)
        for _ in range(1_000):
            self.assertEqual(wire.answer().status, 200)

    def test_a_megabyte_of_requests_from_a_client_that_does_not_read(self):
        """The server reads no further than it answers; the client gets every answer once it reads."""
        count = 200
        wire = Wire(self.server.port, receive_buffer=4_096)
        self.addCleanup(wire.close)
        wire.send(get("/openapi.json") * count)
        for _ in range(count):
            self.assertEqual(wire.answer().status, 200)

    def test_requests_cut_at_every_byte(self):
        whole = post("/kwq/v1/queues/default/pause", b"[]") + get("/livez?x=%C3%BC")
        for cut in range(1, len(whole)):
            wire = self.sent(whole[:cut])
            wire.send(whole[cut:])
            self.assertEqual([wire.answer().status, wire.answer().status], [400, 200], cut)
            wire.close()

    def test_HEAD_has_no_body_and_the_next_answer_follows(self):
        wire = self.sent(head("HEAD /livez HTTP/1.1"), head("HEAD /nowhere HTTP/1.1"), GOOD)
        self.assertEqual(wire.answer(with_body=False).status, 200)
        self.assertEqual(wire.answer(with_body=False).status, 404)
        self.assertEqual(wire.answer().json, {"status": "ok"})

    def test_an_early_100_continue_does_not_confuse_the_answers(self):
        request = post("/kwq/v1/jobs/old/pause", b"[]", "Expect: 100-continue")
        wire = self.sent(request, request, GOOD)
        self.assertEqual([wire.answer().status for _ in range(3)], [400, 400, 200])


class Gone(ProbeTest):
    """A client that goes while it waits for work must not be given any."""

    def wait_for(self, polls):
        eventually(lambda: self.api("GET", "/stats").json["scheduler"]["waiting_polls"] == polls, f"{polls} polls wait")

    def poll_and(self, leave):
        wires = [Wire(self.server.port) for _ in range(20)]
        for i, wire in enumerate(wires):
            wire.send(post("/kwq/v1/leases", {"worker": f"gone-{i}", "queues": ["default"], "wait_s": 30, "max": 5}))
        # `waits` is there to be taken: one of them gets it and the others wait.
        self.wait_for(20)
        for wire in wires:
            leave(wire)
        self.wait_for(0)

    def setUp(self):
        super().setUp()
        self.changes = True
        if self.before["overall"]["counts"]["pending"]:
            lease = self.api("POST", "/leases", {"worker": "clean", "wait_s": 5}).json["leases"][0]["lease"]
            self.api("POST", f"/leases/{lease}/complete", {})

    def take_own(self, name):
        self.assertEqual(self.api("POST", "/tasks", {"id": name, "payload": 1}).status, 201)
        lease = self.api("POST", "/leases", {"worker": "here", "wait_s": 5}).json["leases"][0]
        self.assertEqual((lease["task"]["id"], lease["attempt"]), (name, 1))
        self.assertEqual(self.api("POST", f"/leases/{lease['lease']}/complete", {}).status, 200)

    def test_polls_that_close_take_nothing(self):
        self.poll_and(Wire.close)
        self.take_own("after-close")

    def test_polls_that_reset_take_nothing(self):
        self.poll_and(Wire.reset)
        self.take_own("after-reset")

    def test_polls_cut_off_in_their_body_take_nothing(self):
        request = post("/kwq/v1/leases", {"worker": "cut", "wait_s": 30})
        for cut in range(len(request) - 1, len(request) - 20, -1):
            with Wire(self.server.port) as wire:
                wire.send(request[:cut])
        self.take_own("after-cut")

    def test_a_submit_cut_off_in_its_body_submits_nothing(self):
        self.changes = False
        self.before = self.picture()
        request = post("/kwq/v1/tasks", [{"payload": i} for i in range(100)])
        for cut in (1, 50, len(request) // 2, len(request) - 1):
            with Wire(self.server.port) as wire:
                wire.send(request[:cut])
            with Wire(self.server.port) as wire:
                wire.send(request[:cut]).reset()


if __name__ == "__main__":
    unittest.main()
