"""Request lines, targets and Hosts that are not what they should be."""
import unittest

from probe import Case, ProbeTest, keeps
from wire import get, head, post

LINES = [
    Case(f"request line {shown}", head(line) if isinstance(line, str) else line, status, code)
    for shown, line, status, code in [
        ("of HTTP/0.9", b"GET /livez\r\n\r\n", 400, "bad_request"),
        ("with a method alone", b"GET\r\n\r\n", 400, "bad_request"),
        ("without a method", " /livez HTTP/1.1", 400, "bad_request"),
        ("without a target", "GET HTTP/1.1", 400, "bad_request"),
        ("with two spaces before the target", "GET  /livez HTTP/1.1", 400, "bad_request"),
        ("with two spaces behind the target", "GET /livez  HTTP/1.1", 400, "bad_request"),
        ("with tabs", "GET\t/livez\tHTTP/1.1", 400, "bad_request"),
        ("with a fourth word", "GET /livez x HTTP/1.1", 400, "bad_request"),
        ("with a space at its end", "GET /livez HTTP/1.1 ", 400, "bad_request"),
        ("with a NUL", "GET /livez\0 HTTP/1.1", 400, "bad_request"),
        ("with a bare CR", "GET /livez\r HTTP/1.1", 400, "bad_request"),
        ("of HTTP/1.2", "GET /livez HTTP/1.2", 505, "not_supported"),
        ("of HTTP/1.9", "GET /livez HTTP/1.9", 505, "not_supported"),
        ("of HTTP/2.0", "GET /livez HTTP/2.0", 505, "not_supported"),
        ("of HTTP/0.9 by name", "GET /livez HTTP/0.9", 505, "not_supported"),
        ("of HTTP/1.10", "GET /livez HTTP/1.10", 400, "bad_request"),
        ("of HTTP/01.1", "GET /livez HTTP/01.1", 400, "bad_request"),
        ("of HTTP/1", "GET /livez HTTP/1", 400, "bad_request"),
        ("of HTTP/1,1", "GET /livez HTTP/1,1", 400, "bad_request"),
        ("of http/1.1", "GET /livez http/1.1", 400, "bad_request"),
        ("of HTTPS/1.1", "GET /livez HTTPS/1.1", 400, "bad_request"),
        ("with other digits", b"GET /livez HTTP/\xef\xbc\x91.\xef\xbc\x91\r\n\r\n", 400, "bad_request"),
        ("with a lower-case method", "get /livez HTTP/1.1", 501, "not_supported"),
        ("with a mixed-case method", "Post /kwq/v1/tasks HTTP/1.1", 501, "not_supported"),
        ("with a made-up method", "BREW /livez HTTP/1.1", 501, "not_supported"),
        ("with a method that begins like one", "GETX /livez HTTP/1.1", 501, "not_supported"),
        ("with a method of a thousand letters", "G" * 1000 + " /livez HTTP/1.1", 501, "not_supported"),
        ("with TRACE", "TRACE /livez HTTP/1.1", 501, "not_supported"),
        ("with CONNECT", "CONNECT localhost:80 HTTP/1.1", 501, "not_supported"),
        ("with PROPFIND", "PROPFIND / HTTP/1.1", 501, "not_supported"),
        ("with brackets in the method", "G[]T /livez HTTP/1.1", 400, "bad_request"),
        ("with a method that is no ASCII", b"G\xc3\x89T /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 400,
         "bad_request"),
        ("behind the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 505, "not_supported"),
        ("of a TLS client", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 64, 400, "bad_request"),
        ("of an SSH client", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400, "bad_request"),
        ("of a mail client", b"EHLO localhost\r\n\r\n", 400, "bad_request"),
        ("of Redis", b"*1\r\n$4\r\nPING\r\n\r\n", 400, "bad_request"),
        ("of a PROXY protocol", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /livez HTTP/1.1\r\n\r\n", 400,
         "bad_request"),
        ("of zeros", b"\0" * 64, 400, "bad_request"),
        ("of bytes beyond ASCII", b"\xff" * 64, 400, "bad_request"),
    ]
] + [
    keeps("OPTIONS on a path has no route", head("OPTIONS /kwq/v1/tasks HTTP/1.1"), 405, "method_not_allowed"),
    keeps("PATCH on a path has no route", head("PATCH /kwq/v1/tasks HTTP/1.1"), 405, "method_not_allowed"),
    keeps("PUT of a page", head("PUT /ui/index.html HTTP/1.1", "Content-Length: 0"), 405, "method_not_allowed"),
]

TARGETS = [
    Case(f"target {shown}", head(b"GET " + target + b" HTTP/1.1"), 400, "bad_request", says="target")
    for shown, target in [
        ("*", b"*"),
        ("in absolute form", b"http://localhost/livez"),
        ("in absolute form, another host", b"http://evil.example/livez"),
        ("in authority form", b"localhost:80"),
        ("without a slash", b"livez"),
        ("with a backslash for a slash", b"\\livez"),
        ("with a fragment", b"/livez#x"),
        ("with raw UTF-8", b"/kwq/v1/jobs/caf\xc3\xa9"),
        ("with a raw byte", b"/livez\x80"),
        ("with a DEL", b"/livez\x7f"),
        ("with a control character", b"/livez\x01"),
        ("with a quote", b'/livez"'),
        ("with brackets", b"/livez<x>"),
        ("with braces", b"/kwq/v1/tasks/{id}"),
        ("with a bar", b"/livez|x"),
        ("with a caret", b"/livez^"),
        ("with a backtick", b"/livez`"),
        ("with a half percent code", b"/livez%2"),
        ("with a percent sign at its end", b"/livez%"),
        ("with a percent code of no hex", b"/livez%zz"),
        ("with a percent code of a sign", b"/livez%+1"),
        ("with a percent code in Unicode", b"/livez%u0041"),
        ("with an encoded NUL", b"/livez%00"),
        ("with an encoded NUL before a suffix", b"/ui/index.html%00.png"),
        ("with half a UTF-8 character", b"/kwq/v1/jobs/%c3"),
        ("with a surrogate in UTF-8", b"/kwq/v1/jobs/%ed%a0%80"),
        ("with an overlong slash", b"/ui/..%c0%af..%c0%afetc/passwd"),
        ("with an overlong dot", b"/ui/%c0%ae%c0%ae/etc/passwd"),
        ("beyond Unicode", b"/kwq/v1/jobs/%f4%90%80%80"),
        ("with a dot segment", b"/ui/./index.html"),
        ("with two dots", b"/ui/../livez"),
        ("with two dots first", b"/../../../../etc/passwd"),
        ("with two dots last", b"/ui/.."),
        ("with encoded dots", b"/ui/%2e%2e/livez"),
        ("with encoded dots in capitals", b"/ui/%2E%2E/livez"),
        ("with one dot encoded", b"/ui/.%2e/livez"),
        ("with dots and an encoded slash", b"/ui/..%2f..%2fetc%2fpasswd/%2e%2e"),
        ("with a query of half a percent code", b"/kwq/v1/tasks?job=%2"),
        ("with a query of no hex", b"/kwq/v1/tasks?job=%gg"),
        ("with a NUL in the query", b"/kwq/v1/tasks?job=a%00b"),
        ("with bad UTF-8 in the query", b"/kwq/v1/tasks?job=%ff"),
        ("with bad UTF-8 in a name of the query", b"/kwq/v1/tasks?%ff=a"),
        ("with a raw bracket in the query", b"/kwq/v1/tasks?tag[]=x"),
    ]
]

# Well-formed, and nothing is there: assets are a fixed table, so no path leads to a file.
NOWHERE = [
    keeps(f"nothing at {target}", get(target), 404, "route_unknown")
    for target in (
        "//livez", "/livez/", "/livez//", "/LIVEZ", "/livez;a=b", "/livez%20", "/livez%2F", "/%6civez", "/kwq",
        "/kwq/v1", "/kwq/v1/", "/kwq/v2/tasks", "/kwq/v1/tasks/", "/kwq/v1//tasks", "/kwq/v1/tasks/a/b",
        "/kwq/v1/tasks/a/explode", "/favicon.ico", "/.git/config", "/.env", "/etc/passwd", "/debug/pprof")
] + [
    keeps(f"no page at {target}", get(target), 404, is_page=True)
    for target in (
        "/ui/..%2f..%2fetc%2fpasswd", "/ui/..%5c..%5cwindows%5cwin.ini", "/ui/....//....//etc/passwd",
        "/ui/%252e%252e/%252e%252e/etc/passwd", "/ui//etc/passwd", "/ui/file:///etc/passwd", "/ui/index.html/",
        "/ui/INDEX.HTML", "/ui/c:%5cboot.ini", "/ui/~root", "/ui/index.html::$DATA", "/swagger/..%2fui%2findex.html")
] + [
    keeps("a name that is half encoded", get("/kwq/v1/jobs/a%2Fb"), 404, "job_unknown"),
    keeps("a job of two dots and a slash", get("/kwq/v1/jobs/..%2F"), 404, "job_unknown"),
    keeps("a method override is not heard", get("/livez", "X-HTTP-Method-Override: DELETE"), 200),
    keeps("a rewritten path is not heard", get("/livez", "X-Original-URL: /kwq/v1/dispatch"), 200),
]

HOSTS = [
    Case("no Host", get("/livez", host=None), 400, "bad_request", says="Host"),
    Case("the Host twice", get("/livez", "Host: localhost"), 400, "bad_request", says="twice"),
    Case("two Hosts", get("/livez", "HOST: evil.example"), 400, "bad_request", says="twice"),
    Case("no Host on HTTP/1.0", head("GET /livez HTTP/1.0", host=None), 421, "host_not_allowed"),
] + [
    Case(f"Host {shown}", get("/livez", host=host), 400, "bad_request", says="Host")
    for shown, host in [
        ("empty", ""), ("with a user", "root@localhost"), ("with a path", "localhost/x"), ("with a query", "localhost?"),
        ("with a scheme", "http://localhost"), ("with a word for a port", "localhost:http"),
        ("with a long port", "localhost:1234567"), ("with two ports", "localhost:80:80"), ("of two", "localhost, a"),
        ("with a space", "local host"), ("with a tab", "local\thost"), ("with a percent code", "%6cocalhost"),
        ("that is no ASCII", "löcalhost"), ("of IPv6 without its end", "[::1"), ("of IPv6 and more", "[::1]x"),
        ("of IPv6 without brackets", "::1"), ("of nothing in brackets", "[]"), ("of an asterisk", "*"),
        ("of a port alone", ":80"),
    ]
] + [
    Case(f"Host {host} is another", get("/livez", host=host), 421, "host_not_allowed")
    for host in ("evil.example", "localhost.evil.example", "evil-localhost", "localhost.", "127.0.0.1.nip.io", "127.1",
                 "2130706433", "0x7f000001", "0.0.0.0", "[::2]", "[::ffff:127.0.0.1]", "127.0.0.2")
] + [
    keeps(f"Host {host} is this one", get("/livez", host=host), 200)
    for host in ("localhost", "LOCALHOST", "localhost:1", "localhost:", "127.0.0.1:8080", "[::1]", "[::1]:9")
]

SPOOFED = get("/livez", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Forwarded-For: 10.0.0.1")

EXPECTS = [
    Case("an expectation nobody knows", post("/kwq/v1/tasks", {"payload": 1}, "Expect: 200-ok"), 417, "bad_request"),
    Case("an empty expectation", post("/kwq/v1/tasks", {"payload": 1}, "Expect:"), 417, "bad_request"),
    Case("two expectations in one", post("/kwq/v1/tasks", {"payload": 1}, "Expect: 100-continue, x"), 417,
         "bad_request"),
    keeps("100-continue in capitals", post("/kwq/v1/queues/default/pause", b"[]", "Expect: 100-CONTINUE"), 400,
          "bad_request"),
]


class Requests(ProbeTest):
    def test_a_request_line_has_three_words_and_a_version(self):
        self.probe(LINES)

    def test_a_target_is_a_path_in_strict_percent_encoding(self):
        self.probe(TARGETS)

    def test_what_is_not_in_the_table_is_not_there(self):
        self.probe(NOWHERE)

    def test_the_Host_is_one_of_ours(self):
        self.probe(HOSTS + [keeps("names that proxies add are not heard", SPOOFED, 200)])

    def test_an_unknown_expectation_is_not_met(self):
        self.probe(EXPECTS)


if __name__ == "__main__":
    unittest.main()
