"""Clients that are slow on purpose, in every way at the same time: each is ended when its deadline is over, and nobody
else notices. The deadlines are the server's own: /kwq/v1/limits."""
import threading
import time
import unittest

from probe import GOOD, ProbeTest, Wire, keeps
from wire import get, head, post


class Slow(ProbeTest):
    def together(self, *programs):
        """Runs all at the same time; gives back how long each took."""
        took, failures = {}, []

        def run(program):
            begin = time.monotonic()
            try:
                program()
            except Exception as failure:  # told by the test's own thread
                failures.append((program.__name__, repr(failure)))
            took[program.__name__] = time.monotonic() - begin

        threads = [threading.Thread(target=run, args=(program,)) for program in programs]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with Wire(self.server.port) as wire:  # a good client all the while
                begin = time.monotonic()
                self.assertEqual(wire.send(GOOD).answer().status, 200)
                self.slowest = max(self.slowest, time.monotonic() - begin)
            threads[0].join(0.05) if threads[0].is_alive() else [t.join(0.05) for t in threads]
        self.assertEqual(failures, [])
        return took

    def drip(self, wire, data, every=0.2):
        """A byte at a time, until the server has had enough."""
        for i in range(len(data)):
            try:
                wire.socket.sendall(data[i:i + 1])
            except OSError:
                return
            wire.socket.settimeout(every)
            try:
                piece = wire.socket.recv(65536)
                wire.kept += piece
                return
            except TimeoutError:
                pass
        self.fail("the server took it all")

    def expect(self, wire, status, code):
        wire.socket.settimeout(20)
        answer = wire.answer()
        if (answer.status, answer.problem["code"]) != (status, code):
            raise AssertionError(answer)
        if wire.rest() != b"":
            raise AssertionError("more came after the refusal")

    def test_each_is_ended_in_its_time(self):
        self.slowest = 0
        limits = self.api("GET", "/limits").json

        def slow_head():
            with Wire(self.server.port) as wire:
                self.drip(wire, get("/livez", "X: " + "x" * 4_000))
                self.expect(wire, 408, "request_timeout")

        def slow_fields():
            with Wire(self.server.port) as wire:
                self.drip(wire, get("/livez", *[f"X-{i}: y" for i in range(60)]), every=0.1)
                self.expect(wire, 408, "request_timeout")

        def head_without_end():
            with Wire(self.server.port) as wire:
                wire.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
                self.expect(wire, 408, "request_timeout")

        def second_head():
            with Wire(self.server.port) as wire:
                wire.send(GOOD + b"GET /li").answer()
                self.expect(wire, 408, "request_timeout")

        def slow_body():
            with Wire(self.server.port) as wire:
                wire.send(head("POST /kwq/v1/tasks HTTP/1.1", "Content-Type: application/json",
                               "Content-Length: 1000"))
                self.drip(wire, b'{"payload":"' + b"x" * 900)
                self.expect(wire, 408, "request_timeout")

        def body_without_end():
            with Wire(self.server.port) as wire:
                wire.send(post("/kwq/v1/tasks", {"payload": 1})[:-1])
                self.expect(wire, 408, "request_timeout")

        def expected_body_never_sent():
            with Wire(self.server.port) as wire:
                wire.send(post("/kwq/v1/tasks", {"payload": 1}, "Expect: 100-continue")[:-13])
                self.expect(wire, 408, "request_timeout")

        def slow_reader():
            """Its answers fill what the kernel holds; then the server cannot write on."""
            with Wire(self.server.port, receive_buffer=4_096) as wire:
                for _ in range(400):
                    wire.send(get("/openapi.json"))
                begin = time.monotonic()
                while time.monotonic() - begin < 25:
                    try:
                        wire.socket.sendall(GOOD)
                    except OSError:
                        return
                    time.sleep(0.2)
                raise AssertionError("the server holds a client that reads nothing")

        def idle():
            with Wire(self.server.port, timeout=80) as wire:
                if wire.rest() != b"":
                    raise AssertionError("an idle connection was told something")

        def idle_after_a_request():
            with Wire(self.server.port, timeout=80) as wire:
                wire.send(GOOD).answer()
                if wire.rest() != b"":
                    raise AssertionError("an idle connection was told something")

        def stalled_bulk():
            with Wire(self.server.port, timeout=80) as wire:
                wire.send(head("POST /kwq/v1/tasks/bulk HTTP/1.1", "Content-Type: application/x-ndjson",
                               "Content-Length: 1000") + b'{"payload":')
                wire.rest()

        took = self.together(slow_head, slow_fields, head_without_end, second_head, slow_body, body_without_end,
                             expected_body_never_sent, slow_reader, idle, idle_after_a_request, stalled_bulk)
        grace = 8  # sweeps, and a machine that is busy with other tests
        for name, limit in [("slow_head", limits["header_timeout_s"]), ("slow_fields", limits["header_timeout_s"]),
                            ("head_without_end", limits["header_timeout_s"]),
                            ("second_head", limits["header_timeout_s"]), ("slow_body", limits["body_timeout_s"]),
                            ("body_without_end", limits["body_timeout_s"]),
                            ("expected_body_never_sent", limits["body_timeout_s"]), ("stalled_bulk", 30),
                            ("idle", limits["idle_timeout_s"]), ("idle_after_a_request", limits["idle_timeout_s"])]:
            self.assertGreater(took[name], limit - 1, f"{name}: {took}")
            self.assertLess(took[name], limit + grace, f"{name}: {took}")
        self.assertLess(self.slowest, 4, "a good client waited for the slow ones")
        self.probe([keeps("the next one", GOOD, 200)])


if __name__ == "__main__":
    unittest.main()
