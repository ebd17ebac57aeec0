"""Bulk submits: a bad line fails alone and says its number, whatever is wrong with it and wherever the body ends."""
import json
import unittest

from probe import Case, ProbeTest, Wire, eventually, keeps
from test_json import NOT_JSON
from wire import head

BULK = "POST /kwq/v1/tasks/bulk HTTP/1.1"
NDJSON = "Content-Type: application/x-ndjson"
GOOD_LINE = b'{"payload":1,"job":"bulk"}'
LINE_BYTES = 1_572_864


def bulk(data, *fields):
    return head(BULK, NDJSON, f"Content-Length: {len(data)}", *fields) + data


def results(answer):
    return [json.loads(line) for line in answer.body.splitlines()]


class BulkLines(ProbeTest):
    def sent(self, data):
        with Wire(self.server.port, timeout=60) as wire:
            answer = wire.send(bulk(data)).answer()
            self.assertEqual(answer.status, 200, answer)
            return results(answer)

    def submitted(self):
        return self.api("GET", "/stats").json["overall"]["submitted"]

    def test_lines_that_are_no_task_fail_alone_with_their_numbers(self):
        bad = [data for name, data in NOT_JSON if len(data) < LINE_BYTES and b"\n" not in data and data.strip()]
        bad += [b"null", b"1", b"[]", b"{}", b'{"payload":1,"priority":"x"}', b'{"payload":1,"queue":"nobody"}',
                b'{"payload":1,"id":"a b"}', b'{"payload":1,"array":{}}', b'[{"payload":1}]']
        answers = self.sent(b"\n".join(bad))
        self.assertEqual([one["line"] for one in answers], list(range(1, len(bad) + 1)))
        for one, data in zip(answers, bad):
            self.assertEqual(one["status"], "error", data[:100])
            self.assertTrue(one["code"] and one["detail"], one)

    def test_good_lines_between_bad_ones_are_submitted(self):
        self.changes = True
        before = self.submitted()
        answers = self.sent(b"\n".join([GOOD_LINE, b"{", b"", GOOD_LINE, b"   ", b'{"payload":', GOOD_LINE, b"\0"]))
        self.assertEqual([(one["line"], one["status"]) for one in answers],
                         [(1, "ok"), (2, "error"), (4, "ok"), (6, "error"), (7, "ok"), (8, "error")])
        eventually(lambda: self.submitted() == before + 3, "three tasks more")

    def test_a_line_that_is_too_long_fails_alone(self):
        self.changes = True
        long = b'{"payload":"' + b"x" * LINE_BYTES + b'"}'
        large = b'{"payload":"' + b"x" * (1 << 20) + b'"}'
        endless = b"x" * (8 * LINE_BYTES)
        answers = self.sent(b"\n".join([long, GOOD_LINE, large, endless, GOOD_LINE]))
        self.assertEqual([(one["line"], one["status"], one.get("code")) for one in answers],
                         [(1, "error", "payload_too_large"), (2, "ok", None), (3, "error", "payload_too_large"),
                          (4, "error", "payload_too_large"), (5, "ok", None)])

    def test_a_body_of_nothing_but_line_ends_is_answered_with_nothing(self):
        self.assertEqual(self.sent(b"\n" * 500_000), [])
        self.assertEqual(self.sent(b"\r\n" * 1_000 + b" \t\r\n"), [])
        self.assertEqual(self.sent(b""), [])

    def test_a_body_cut_off_in_the_middle_of_a_line_submits_the_whole_lines_only(self):
        self.changes = True
        before = self.submitted()
        for leave in (Wire.close, Wire.reset):
            wire = Wire(self.server.port)
            wire.send(head(BULK, NDJSON, "Content-Length: 100000") + GOOD_LINE + b"\n" + GOOD_LINE + b"\n" + GOOD_LINE)
            wire.until(b'"line":2')
            leave(wire)
        eventually(lambda: self.submitted() == before + 4, "the whole lines are in")
        self.assertEqual(self.submitted(), before + 4)

    def test_a_last_line_without_an_end_counts_and_may_be_bad(self):
        self.assertEqual([(one["line"], one["status"]) for one in self.sent(b'\n\n{"payload":1')], [(3, "error")])

    def test_what_is_no_bulk_body_is_refused_as_a_whole(self):
        self.probe([
            keeps("another type", head(BULK, "Content-Type: application/json", "Content-Length: 2") + b"{}", 415,
                  "media_type", says="application/x-ndjson"),
            Case("chunked", head(BULK, NDJSON, "Transfer-Encoding: chunked") + b"0\r\n\r\n", 411, "length_required"),
            keeps("a bad Idempotency-Key", bulk(b"", "Idempotency-Key: a b"), 400, "bad_field"),
        ])

    def test_a_client_that_sends_and_never_reads_holds_no_more_than_its_share(self):
        """Answers wait for a reader up to a limit; then no more is read, and the rest of the server does not notice."""
        before = self.server.rss()
        with Wire(self.server.port, receive_buffer=4_096) as wire:
            wire.send(head(BULK, NDJSON, f"Content-Length: {1 << 40}"))
            wire.socket.settimeout(3)
            sent = 0
            try:
                while sent < 512 << 20:
                    sent += wire.socket.send(b"{\n" * 32_768)
            except TimeoutError:
                pass
            self.assertLess(sent, 64 << 20, "it was read without end")
            with Wire(self.server.port) as other:
                self.assertEqual(other.send(head("GET /readyz HTTP/1.1")).answer().status, 200)
            self.assertLess(self.server.rss() - before, 160 << 20)


if __name__ == "__main__":
    unittest.main()
