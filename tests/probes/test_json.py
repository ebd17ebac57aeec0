"""Bodies that are not JSON, or JSON that two readers would read in two ways, on every call that takes a body."""
import time
import unittest

from probe import ProbeTest, Wire, keeps
from wire import post, send_json

DEEP = 1_000_000

# Each stands where a whole body or the value of one field is wanted.
NOT_JSON = [
    ("words", b"hello"), ("an unclosed object", b"{"), ("an unclosed array", b"["), ("an unclosed string", b'{"a":"b'),
    ("a lone brace", b"}"), ("a name without a value", b'{"a"}'), ("a name without quotes", b"{a:1}"),
    ("single quotes", b"{'a':1}"), ("a comma at the end", b'{"a":1,}'), ("a comma first", b'{,"a":1}'),
    ("two commas", b'{"a":1,,"b":2}'), ("no comma", b'{"a":1 "b":2}'), ("a semicolon", b'{"a":1;"b":2}'),
    ("two colons", b'{"a"::1}'), ("a comment", b'{"a":1/*x*/}'), ("a line comment", b'{"a":1}//x'),
    ("two documents", b'{"a":1}{"b":2}'), ("bytes behind it", b'{"a":1}x'), ("a NUL behind it", b'{"a":1}\0'),
    ("a NUL within", b'{"a":\0 1}'), ("a NUL in a string", b'{"a":"\0"}'), ("a byte order mark", b'\xef\xbb\xbf{"a":1}'),
    ("UTF-16", '{"a":1}'.encode("utf-16")), ("UTF-32", '{"a":1}'.encode("utf-32-le")),
    ("a non-breaking space", b'{\xc2\xa0"a":1}'), ("a form feed", b'{\x0c"a":1}'), ("a vertical tab", b'{"a":\x0b1}'),
    ("True", b'{"a":True}'), ("NULL", b'{"a":NULL}'), ("nul", b'{"a":nul}'), ("nullx", b'{"a":nullx}'),
    ("undefined", b'{"a":undefined}'), ("NaN", b'{"a":NaN}'), ("Infinity", b'{"a":-Infinity}'),
    ("a leading zero", b'{"a":01}'), ("a plus sign", b'{"a":+1}'), ("a hex number", b'{"a":0x10}'),
    ("a point first", b'{"a":.5}'), ("a point last", b'{"a":5.}'), ("an exponent without digits", b'{"a":1e}'),
    ("a lone minus", b'{"a":-}'), ("two minuses", b'{"a":--1}'), ("an underscore in a number", b'{"a":1_000}'),
    ("a line end in a string", b'{"a":"x\ny"}'), ("a tab in a string", b'{"a":"x\ty"}'),
    ("an escape nobody knows", b'{"a":"\\x41"}'), ("a half escape", b'{"a":"\\u12"}'), ("an escape of no hex", b'{"a":"\\u12g4"}'),
    ("a lone high surrogate", b'{"a":"\\ud800"}'), ("a lone low surrogate", b'{"a":"\\udc00"}'),
    ("surrogates the wrong way round", b'{"a":"\\udc00\\ud800"}'), ("a high surrogate and a letter", b'{"a":"\\ud800x"}'),
    ("two high surrogates", b'{"a":"\\ud800\\ud800"}'),
    ("a lone continuation byte", b'{"a":"\x80"}'), ("a lone lead byte", b'{"a":"\xc3"}'), ("Latin-1", b'{"a":"caf\xe9"}'),
    ("an overlong slash", b'{"a":"\xc0\xaf"}'), ("an overlong NUL", b'{"a":"\xc0\x80"}'),
    ("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}'), ("beyond Unicode", b'{"a":"\xf4\x90\x80\x80"}'),
    ("a five-byte character", b'{"a":"\xf8\x88\x80\x80\x80"}'), ("bad UTF-8 in a name", b'{"\xff":1}'),
    ("33 arrays deep", b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"),
    ("33 objects deep", b'{"a":' * 33 + b"1" + b"}" * 33),
    ("a million arrays deep", b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    ("a million arrays never closed", b"[" * DEEP),
    ("a million objects never closed", b'{"a":' * DEEP),
    ("a name twice", b'{"a":1,"a":1}'), ("a name twice, spelt differently", b'{"a":1,"\\u0061":1}'),
    ("a name twice below", b'{"b":{"a":1,"a":2}}'),
    ("a name twice among a thousand", b"{" + b",".join(b'"k%d":1' % (i % 999) for i in range(1000)) + b"}"),
    ("a number of 33 characters", b'{"a":1' + b"0" * 32 + b"}"), ("a fraction of 33", b'{"a":0.' + b"1" * 31 + b"}"),
    ("a million digits", b'{"a":' + b"9" * DEEP + b"}"), ("an exponent of five digits", b'{"a":1e99999}'),
    ("a number beyond a double", b'{"a":1e9999}'), ("a negative exponent of five", b'{"a":1e-99999}'),
    ("an exponent that overflows", b'{"a":1e2147483648}'),
    ("a long fraction and a huge exponent", b'{"a":1.00000000001e-2147483638}'),
]

CALLS = [("POST", "/kwq/v1/tasks"), ("POST", "/kwq/v1/leases"), ("POST", "/kwq/v1/leases/heartbeat"),
         ("POST", "/kwq/v1/leases/x/running"), ("POST", "/kwq/v1/leases/x/complete"), ("POST", "/kwq/v1/leases/x/error"),
         ("POST", "/kwq/v1/leases/x/release"), ("POST", "/kwq/v1/leases/x/heartbeat"),
         ("POST", "/kwq/v1/jobs/old/pause"), ("POST", "/kwq/v1/jobs/old/resume"), ("PUT", "/kwq/v1/queues/fresh"),
         ("POST", "/kwq/v1/queues/default/pause"), ("POST", "/kwq/v1/queues/default/resume"),
         ("PUT", "/kwq/v1/dispatch"), ("POST", "/kwq/v1/simulations")]
SMALL = 16_384  # what most calls read at most

# Not binding within a payload, which is the caller's own.
FREE_IN_A_PAYLOAD = {"a name twice below", "a number of 33 characters", "a fraction of 33", "a million digits",
                     "an exponent of five digits", "a number beyond a double", "a negative exponent of five",
                     "an exponent that overflows", "a long fraction and a huge exponent", "a name twice",
                     "a name twice, spelt differently", "a name twice among a thousand"}
IN_A_PAYLOAD = [
    keeps(f"payload of {name}", post("/kwq/v1/tasks", b'{"payload":' + data + b"}"), 400, "bad_request")
    for name, data in NOT_JSON if name not in FREE_IN_A_PAYLOAD and len(data) < 1 << 20
]


def on(method, target):
    whole = target.endswith(("tasks", "leases", "leases/heartbeat", "complete", "error"))
    return [keeps(f"{method} {target}: {name}", send_json(method, target, data), 400, "bad_request", says="line 1")
            for name, data in NOT_JSON if name != "33 arrays deep" or target != "/kwq/v1/tasks"
            if len(data) <= (1_500_000 if whole else SMALL)]


NO_OBJECT = [
    keeps(f"{method} {target}: {data!r} is no object", send_json(method, target, data), 400, "bad_request")
    for method, target in CALLS for data in (b"null", b"1", b'"x"', b"true")
] + [
    keeps(f"{method} {target}: an array is no object", send_json(method, target, b"[]"), 400, "bad_request")
    for method, target in CALLS if target != "/kwq/v1/tasks"
]

EMPTY = [
    keeps(f"{method} {target}: no body", send_json(method, target, b""), 400, "bad_request")
    for method, target in CALLS if target in ("/kwq/v1/tasks", "/kwq/v1/leases", "/kwq/v1/leases/heartbeat",
                                              "/kwq/v1/dispatch", "/kwq/v1/simulations")
] + [
    keeps(f"{method} {target}: only white space", send_json(method, target, b" \r\n\t "), 400, "bad_request")
    for method, target in CALLS
]


class Json(ProbeTest):
    def test_what_is_not_JSON_is_refused_by_every_call_with_its_place(self):
        for method, target in CALLS:
            with self.subTest(f"{method} {target}"):
                self.probe(on(method, target))

    def test_what_is_not_JSON_is_refused_within_a_payload_too(self):
        self.probe(IN_A_PAYLOAD)

    def test_a_body_must_be_an_object(self):
        self.probe(NO_OBJECT)

    def test_a_body_that_is_wanted_must_be_there(self):
        self.probe(EMPTY)

    def test_a_payload_is_opaque_but_for_form_and_depth(self):
        """What the rules of the envelope refuse is the caller's own business within a payload."""
        self.changes = True
        payloads = {name: data for name, data in NOT_JSON if name in FREE_IN_A_PAYLOAD and len(data) < 1 << 19}
        self.assertGreater(len(payloads), 5)
        for name, data in payloads.items():
            with self.subTest(name), Wire(self.server.port) as wire:
                wire.send(post("/kwq/v1/tasks", b'{"queue":"default","payload":' + data + b"}"))
                task = wire.answer()
                self.assertEqual(task.status, 201, task)
                wire.send(post("/kwq/v1/leases", {"worker": "w", "wait_s": 5}))
                taken = wire.answer()
                self.assertIn(data, taken.body)
                lease = taken.json["leases"][0]["lease"]
                self.assertEqual(wire.send(post(f"/kwq/v1/leases/{lease}/complete", {})).answer().status, 200)

    def test_bombs_are_refused_soon(self):
        """A depth of a million, a million names, a number of a million digits: each soon."""
        names = b"{" + b",".join(b'"%x":0' % i for i in range(1_000_000)) + b"}"
        for name, data in [("depth", b"[" * DEEP), ("digits", b'{"a":' + b"1" * DEEP + b"}"), ("names", names[:8 << 20]),
                           ("a payload's depth", b'{"payload":' + b"[" * DEEP)]:
            with self.subTest(name), Wire(self.server.port) as wire:
                wire.send(post("/kwq/v1/tasks", data)[:-1])
                begin = time.monotonic()
                answer = wire.send(data[-1:]).answer()
                self.assertEqual(answer.status, 400, answer)
                self.assertLess(time.monotonic() - begin, 5, name)


if __name__ == "__main__":
    unittest.main()
