"""Where a request ends. Two programs in a row that see it differently are how requests are smuggled, so every shape
that can be read in two ways gets one answer and the end of the connection."""
import unittest

from probe import Case, ProbeTest, keeps
from wire import get, head

TASKS = "POST /kwq/v1/tasks HTTP/1.1"
JSON = "Content-Type: application/json"
# What an attacker would hide behind the first request: it must never be answered.
HIDDEN = b"POST /kwq/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" \
         b"Content-Length: 13\r\n\r\n{\"payload\":1}"
CHUNKS = b"d\r\n{\"payload\":1}\r\n0\r\n\r\n"


def framed(name, *fields, status=400, code="bad_request", line=TASKS, body=CHUNKS, **more):
    return Case(name, head(line, JSON, *fields) + body + HIDDEN, status, code, **more)


BOTH = [
    framed("length, then chunked", "Content-Length: 13", "Transfer-Encoding: chunked"),
    framed("chunked, then length", "Transfer-Encoding: chunked", "Content-Length: 13"),
    framed("length 0, then chunked", "Content-Length: 0", "Transfer-Encoding: chunked"),
    framed("length, then identity", "Content-Length: 13", "Transfer-Encoding: identity"),
    framed("length, then an empty coding", "Content-Length: 13", "Transfer-Encoding:"),
    framed("length, then chunked in capitals", "Content-Length: 13", "TRANSFER-ENCODING: CHUNKED"),
    framed("length, then chunked behind a tab", "Content-Length: 13", "Transfer-Encoding:\tchunked"),
    framed("length, then chunked with a space before the colon", "Content-Length: 13", "Transfer-Encoding : chunked"),
    framed("length, then chunked on a folded line", "Content-Length: 13", "Transfer-Encoding:\r\n chunked"),
    framed("length, then chunked behind a bare CR", "Content-Length: 13", "X: y\rTransfer-Encoding: chunked"),
    framed("length, then chunked behind a bare LF", "Content-Length: 13", "X: y\nTransfer-Encoding: chunked"),
    framed("length, then chunked in quotes", "Content-Length: 13", 'Transfer-Encoding: "chunked"'),
    framed("length, then chunked with a NUL", "Content-Length: 13", "Transfer-Encoding: chunked\0"),
    framed("length, then a coding with a vertical tab", "Content-Length: 13", "Transfer-Encoding: \x0bchunked"),
    framed("length, then a name with a soft hyphen", "Content-Length: 13", b"Transfer\xc2\xad-Encoding: chunked"),
]

CODINGS = [
    framed("chunked alone", "Transfer-Encoding: chunked", status=411, code="length_required"),
    framed("chunked, capitals", "Transfer-Encoding: ChUnKeD", status=411, code="length_required"),
    framed("chunked with an extension", "Transfer-Encoding: chunked", status=411, code="length_required",
           body=b"d;a=\"\n\"\r\n{\"payload\":1}\r\n0\r\n\r\n"),
    framed("chunked with a huge size", "Transfer-Encoding: chunked", status=411, code="length_required",
           body=b"ffffffffffffffff1\r\n{\"payload\":1}\r\n0\r\n\r\n"),
    framed("chunked with a negative size", "Transfer-Encoding: chunked", status=411, code="length_required",
           body=b"-1\r\n"),
    framed("chunked with trailers", "Transfer-Encoding: chunked", status=411, code="length_required",
           body=b"0\r\nAuthorization: Bearer x\r\n\r\n"),
    framed("chunked twice", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    framed("chunked, chunked", "Transfer-Encoding: chunked, chunked"),
    framed("gzip", "Transfer-Encoding: gzip"),
    framed("gzip, chunked", "Transfer-Encoding: gzip, chunked"),
    framed("chunked, gzip", "Transfer-Encoding: chunked, gzip"),
    framed("chunked, identity", "Transfer-Encoding: chunked, identity"),
    framed("identity", "Transfer-Encoding: identity"),
    framed("xchunked", "Transfer-Encoding: xchunked"),
    framed("chunkedx", "Transfer-Encoding: chunkedx"),
    framed("chunked with a parameter", "Transfer-Encoding: chunked;q=0.5"),
    framed("a comma and chunked", "Transfer-Encoding: ,chunked"),
    framed("no coding at all", "Transfer-Encoding:"),
    framed("chunked on HTTP/1.0", "Transfer-Encoding: chunked", line="POST /kwq/v1/tasks HTTP/1.0"),
    framed("chunked on a GET", "Transfer-Encoding: chunked", line="GET /livez HTTP/1.1", status=411,
           code="length_required"),
    framed("chunked on a HEAD", "Transfer-Encoding: chunked", line="HEAD /livez HTTP/1.1", status=411,
           code="length_required", head_only=True),
]

LENGTHS = [
    framed(f"length {shown}", *fields, body=b'{"payload":1}')
    for shown, fields in [
        ("twice, equal", ("Content-Length: 13", "Content-Length: 13")),
        ("twice, different", ("Content-Length: 13", "Content-Length: 2")),
        ("twice, one empty", ("Content-Length: 13", "Content-Length:")),
        ("13, 13", ("Content-Length: 13, 13",)),
        ("13, 2", ("Content-Length: 13, 2",)),
        ("+13", ("Content-Length: +13",)),
        ("-13", ("Content-Length: -13",)),
        ("-0", ("Content-Length: -0",)),
        ("0x0d", ("Content-Length: 0x0d",)),
        ("13.0", ("Content-Length: 13.0",)),
        ("1e1", ("Content-Length: 1e1",)),
        ("1 3", ("Content-Length: 1 3",)),
        ("13 a", ("Content-Length: 13 a",)),
        ("1_3", ("Content-Length: 1_3",)),
        ("in quotes", ('Content-Length: "13"',)),
        ("in other digits", (b"Content-Length: \xd9\xa1\xd9\xa3",)),
        ("with a NUL", ("Content-Length: 13\0",)),
        ("with a form feed", ("Content-Length: \x0c13",)),
        ("empty", ("Content-Length:",)),
        ("NaN", ("Content-Length: NaN",)),
        ("2^64 + 13", ("Content-Length: 18446744073709551629",)),
        ("2^64 - 1", ("Content-Length: 18446744073709551615",)),
        ("2^63", ("Content-Length: 9223372036854775808",)),
        ("of a thousand nines", ("Content-Length: " + "9" * 1000,)),
        ("folded", ("Content-Length:\r\n 13",)),
        ("with a space before the colon", ("Content-Length : 13",)),
        ("with a tab before the colon", ("Content-Length\t: 13",)),
        ("behind a leading space", (" Content-Length: 13",)),
    ]
] + [
    framed("a GET with a body", "Content-Length: 13", line="GET /livez HTTP/1.1", body=b'{"payload":1}'),
    framed("a HEAD with a body", "Content-Length: 13", line="HEAD /livez HTTP/1.1", body=b"", head_only=True),
    keeps("a GET with length 0", get("/livez", "Content-Length: 0"), 200),
    keeps("length with leading zeros", head(TASKS, JSON, "Content-Length: 0002") + b"{}", 400, "bad_field"),
    keeps("no length: no body", head(TASKS, JSON), 400, "bad_request"),
    keeps("the body of a refused call is not the next request",
          head("POST /kwq/v1/nowhere HTTP/1.1", JSON, f"Content-Length: {len(HIDDEN)}") + HIDDEN, 404,
          "route_unknown"),
    keeps("nor that of a wrong method",
          head("DELETE /kwq/v1/tasks HTTP/1.1", JSON, f"Content-Length: {len(HIDDEN)}") + HIDDEN, 405,
          "method_not_allowed"),
    keeps("nor that of a wrong media type",
          head(TASKS, "Content-Type: text/plain", f"Content-Length: {len(HIDDEN)}") + HIDDEN, 415, "media_type"),
]

LINES = [
    Case("lines end in a bare LF", b"GET /livez HTTP/1.1\nHost: localhost\n\n", 400, "bad_request"),
    Case("the request line ends in a bare LF", b"GET /livez HTTP/1.1\nHost: localhost\r\n\r\n", 400, "bad_request"),
    Case("the last line ends in a bare LF", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\n", 400, "bad_request"),
    Case("LF CR instead of CR LF", b"GET /livez HTTP/1.1\n\rHost: localhost\n\r\n\r", 400, "bad_request"),
    Case("CR CR LF", b"GET /livez HTTP/1.1\r\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
    Case("a bare CR in a value", get("/livez", "X: a\rb"), 400, "bad_request"),
    Case("a bare CR hides a field", get("/livez", "X: a\rContent-Length: 5"), 400, "bad_request"),
    Case("a bare LF hides a field", get("/livez", "X: a\nContent-Length: 5"), 400, "bad_request"),
    Case("a NUL in a value", get("/livez", "X: a\0b"), 400, "bad_request"),
    Case("a NUL in a name", get("/livez", "X\0Y: a"), 400, "bad_request"),
    Case("a NUL instead of a name", get("/livez", "\0: a"), 400, "bad_request"),
    Case("an escape code in a value", get("/livez", "X: \x1b[31m"), 400, "bad_request"),
    Case("a DEL in a value", get("/livez", "X: \x7f"), 400, "bad_request"),
    Case("a line without a colon", get("/livez", "Nonsense"), 400, "bad_request"),
    Case("a line of spaces", get("/livez", "   "), 400, "bad_request"),
    Case("a field without a name", get("/livez", ": a"), 400, "bad_request"),
    Case("a space within a name", get("/livez", "X Y: a"), 400, "bad_request"),
    Case("a space before the colon", get("/livez", "X : a"), 400, "bad_request"),
    Case("a slash within a name", get("/livez", "X/Y: a"), 400, "bad_request"),
    Case("a bracket within a name", get("/livez", "X[0]: a"), 400, "bad_request"),
    Case("a name that is no ASCII", get("/livez", b"X\xc3\xa9: a"), 400, "bad_request"),
    Case("a name in UTF-16", get("/livez", b"\xff\xfeX\0: a"), 400, "bad_request"),
    Case("a folded line, space", get("/livez", "X: a\r\n b"), 400, "bad_request"),
    Case("a folded line, tab", get("/livez", "X: a\r\n\tb"), 400, "bad_request"),
    Case("a folded first line", b"GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n", 400, "bad_request"),
    Case("a folded Host", b"GET /livez HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n", 400, "bad_request"),
    Case("an empty line first", b"\r\n" + get("/livez"), 400, "bad_request"),
    Case("only empty lines", b"\r\n\r\n", 400, "bad_request"),
    Case("a lone LF", b"\n", 400, "bad_request"),
    keeps("bytes beyond ASCII in a value", get("/livez", b"X: caf\xc3\xa9 \xff"), 200),
    keeps("an empty value", get("/livez", "X:"), 200),
    keeps("white space around a value", get("/livez", "X: \t a \t "), 200),
    keeps("every mark a name may have", get("/livez", "!#$%&'*+-.^_`|~9: a"), 200),
    keeps("an underscore is another name", head(TASKS, JSON, "Content_Length: 13", "Transfer_Encoding: chunked"),
          400, "bad_request"),
]

TWICE = [
    Case(f"{name} twice", get("/livez", f"{name}: a", f"{name.lower()}: a"), 400, "bad_request", says="twice")
    for name in ("Content-Type", "Authorization", "Idempotency-Key", "Expect")
]


class Framing(ProbeTest):
    def test_a_length_and_a_coding_together_are_refused(self):
        self.probe(BOTH)

    def test_a_coding_is_refused_in_every_spelling(self):
        self.probe(CODINGS)

    def test_a_length_is_digits_once_or_refused(self):
        self.probe(LENGTHS)

    def test_lines_end_in_CR_LF_and_fields_have_one_form(self):
        self.probe(LINES)

    def test_what_would_mean_something_else_to_another_reader_is_not_said_twice(self):
        self.probe(TWICE)


if __name__ == "__main__":
    unittest.main()
