"""Odd credentials: each is refused, none tells more than another, and nothing is read before it is judged."""
import base64
import unittest

from probe import Case, ProbeTest, Wire, keeps
from wire import get, head

TOKEN = "a-long-enough-secret-token-0123456789"
BASIC = base64.b64encode(f"kwq:{TOKEN}".encode()).decode()
STATS = "/kwq/v1/stats"

NONE = [
    keeps("none", get(STATS), 401, "unauthorized"),
    keeps("a token in the query", get(STATS + f"?token={TOKEN}&access_token={TOKEN}"), 401, "unauthorized"),
    keeps("a token in another field", get(STATS, f"X-Auth-Token: {TOKEN}", f"X-Authorization: Bearer {TOKEN}"), 401,
          "unauthorized"),
    keeps("a token for a proxy", get(STATS, f"Proxy-Authorization: Bearer {TOKEN}"), 401, "unauthorized"),
    keeps("another cookie", get(STATS, f"Cookie: session={TOKEN}"), 401, "unauthorized"),
    keeps("a cookie that ends like it", get(STATS, f"Cookie: xkwq_session={TOKEN}"), 401, "unauthorized"),
    keeps("no address is told without it", get("/nowhere"), 401, "unauthorized"),
    keeps("nor a method", head(f"DELETE {STATS} HTTP/1.1"), 401, "unauthorized"),
]
WRONG = [
    keeps(shown, get(STATS, "Authorization: " + value), 403, "forbidden")
    for shown, value in {
        "empty": "", "the scheme alone": "Bearer", "the scheme and a space": "Bearer ", "another scheme": f"Basic {BASIC}",
        "a digest": f'Digest username="kwq", response="{TOKEN}"', "the token alone": TOKEN, "one byte short":
        f"Bearer {TOKEN[:-1]}", "one byte more": f"Bearer {TOKEN}x", "other case": f"Bearer {TOKEN.upper()}",
        "two spaces": f"Bearer  {TOKEN}", "a tab": f"Bearer\t{TOKEN}", "quotes": f'Bearer "{TOKEN}"',
        "twice in one": f"Bearer {TOKEN} {TOKEN}", "a list": f"Bearer x, Bearer {TOKEN}", "percent-encoded":
        "Bearer " + TOKEN.replace("-", "%2D"), "in base64": "Bearer " + base64.b64encode(TOKEN.encode()).decode(),
        "an asterisk": "Bearer *", "null": "Bearer null", "a JSON web token without a signature":
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJrd3EifQ.", "of 4 KiB": "Bearer " + "x" * 4_096,
        "the token and more beyond ASCII": f"Bearer {TOKEN}\xe9", "no-break space": f"Bearer\xa0{TOKEN}",
        "a prefix": f"Bearer {TOKEN[:16]}", "the scheme glued": f"Bearer{TOKEN}", "a comma": f"Bearer,{TOKEN}",
    }.items()
] + [
    keeps(f"cookie {shown}", get(STATS, "Cookie: " + value), 403, "forbidden")
    for shown, value in {
        "with the token itself": f"kwq_session={TOKEN}", "empty": "kwq_session=x", "with a wrong first one":
        f"kwq_session=x; kwq_session={TOKEN}", "among others": f"a=b; kwq_session={TOKEN}; c=d"}.items()
]
BROKEN = [
    Case("twice, the right one first", get(STATS, f"Authorization: Bearer {TOKEN}", "Authorization: Bearer x"), 400,
         "bad_request", says="twice"),
    Case("twice, the right one last", get(STATS, "Authorization: Bearer x", f"Authorization: Bearer {TOKEN}"), 400,
         "bad_request", says="twice"),
    Case("folded", get(STATS, f"Authorization: Bearer\r\n {TOKEN}"), 400, "bad_request"),
    Case("with a NUL", get(STATS, f"Authorization: Bearer {TOKEN}\0"), 400, "bad_request"),
    Case("with a space before the colon", get(STATS, f"Authorization : Bearer {TOKEN}"), 400, "bad_request"),
    Case("a large body without it", head("POST /kwq/v1/tasks HTTP/1.1", "Content-Type: application/json",
                                         "Content-Length: 8000000", "Expect: 100-continue"), 401, "unauthorized"),
    Case("a bulk body without it", head("POST /kwq/v1/tasks/bulk HTTP/1.1", "Content-Type: application/x-ndjson",
                                        "Content-Length: 8000000"), 401, "unauthorized"),
]
RIGHT = [
    keeps("right", get(STATS, f"Authorization: Bearer {TOKEN}"), 200),
    keeps("the scheme in any case", get(STATS, f"authorization: bEaReR {TOKEN}"), 200),
    keeps("alive without it", get("/livez"), 200),
    keeps("ready without it", get("/readyz"), 200),
]


class Authorization(ProbeTest):
    environment = {"KWQ_TOKEN": TOKEN}

    @classmethod
    def api(cls, method, path, body=None, **more):
        return cls.server.call(method, "/kwq/v1" + path, body, headers={"Authorization": f"Bearer {TOKEN}"}, **more)

    def test_no_credentials_are_told_what_is_wanted(self):
        self.probe(NONE)
        with Wire(self.server.port) as wire:
            self.assertIn("Bearer", wire.send(get(STATS)).answer().headers["www-authenticate"])

    def test_wrong_credentials_are_refused_alike(self):
        self.probe(WRONG)
        bodies = set()
        for case in WRONG:
            with Wire(self.server.port) as wire:
                bodies.add(wire.send(case.data).answer().problem["detail"])
        self.assertEqual(len(bodies), 1, bodies)

    def test_what_can_be_read_in_two_ways_is_not_read(self):
        self.probe(BROKEN)

    def test_right_credentials_and_open_routes_are_answered(self):
        self.probe(RIGHT)

    def test_a_signed_in_page_of_another_origin_changes_nothing(self):
        def pause(*fields):
            return head("POST /kwq/v1/queues/default/pause HTTP/1.1", "Content-Length: 0", *fields)

        with Wire(self.server.port) as wire:
            login = f'{{"token":"{TOKEN}"}}'.encode()
            answer = wire.send(head("POST /ui/login HTTP/1.1", "Content-Type: application/json",
                                    f"Content-Length: {len(login)}") + login).answer()
        cookie = answer.headers["set-cookie"].split(";")[0]
        self.assertNotIn(TOKEN, answer.headers["set-cookie"])
        self.probe([
            keeps(shown, pause(f"Cookie: {cookie}", *fields), 403, "forbidden") for shown, fields in {
                "cross-site": ["Sec-Fetch-Site: cross-site"], "same-site": ["Sec-Fetch-Site: same-site"],
                "by hand": ["Sec-Fetch-Site: none"], "another origin": ["Origin: http://evil.example"],
                "no origin": ["Origin: null"], "an origin that ends like it": ["Origin: http://evil-localhost"],
                "an origin of another scheme and port": ["Origin: https://localhost:1"],
                "an empty origin": ["Origin:"]}.items()])

    def test_the_token_is_in_no_log(self):
        self.assertNotIn(TOKEN, self.server.log())


if __name__ == "__main__":
    unittest.main()
