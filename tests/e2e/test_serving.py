"""Configuration, the description of the API, and who may ask."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from server import CLEAN, KWQ, KwqTest, Server


def serve(*arguments, environment=None):
    return subprocess.run([KWQ, "serve", *arguments], env={**CLEAN, **(environment or {})}, text=True, timeout=20,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Configuration(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "kwq.toml")

    def write(self, text):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def test_K22_a_flag_beats_the_environment_which_beats_the_file(self):
        self.write('port = 1001\npriorities = 7\ntopic-prefix = "fromfile"\n')
        shown = serve("--config", self.file, "--print-config", "--port", "1003",
                      environment={"KWQ_PORT": "1002", "KWQ_PRIORITIES": "8"})
        self.assertEqual(shown.returncode, 0, shown.stdout)
        for expected in (r"port\s*=\s*1003", r"priorities\s*=\s*8", r'topic-prefix\s*=\s*"fromfile"'):
            self.assertRegex(shown.stdout, expected)

    def test_K22_an_unknown_key_is_refused_with_a_suggestion(self):
        self.write("prot = 1001\n")
        for refused in (serve("--config", self.file), serve("--prot", "1001")):
            self.assertNotEqual(refused.returncode, 0)
            self.assertRegex(refused.stdout, r"\bport\b")

    def test_K22_a_value_out_of_bounds_is_refused_by_name(self):
        refused = serve("--port", "70000")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("port", refused.stdout)

    def test_listening_elsewhere_without_a_token_is_refused(self):
        refused = serve("--address", "0.0.0.0", "--port", "0")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("token", refused.stdout)

    def test_a_second_server_on_the_same_data_is_refused(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        refused = serve("--data", os.path.join(server.folder, "data"), "--port", "0")
        self.assertNotEqual(refused.returncode, 0)
        self.assertTrue(server.is_ready())


class Description(KwqTest):
    def test_K24_the_description_is_openapi_3_with_a_relative_server(self):
        answer = self.server.call("GET", "/openapi.json")
        self.assertEqual(answer.status, 200)
        api = answer.json
        self.assertRegex(api["openapi"], r"^3\.")
        self.assertFalse(api["servers"][0]["url"].startswith("http"))
        self.assertGreater(len(api["paths"]), 30)
        for path, methods in api["paths"].items():
            for method, operation in methods.items():
                if method in ("get", "put", "post", "delete"):
                    self.assertIn("responses", operation, f"{method} {path}")

    def test_K24_every_listed_route_answers(self):
        api = self.server.call("GET", "/openapi.json").json
        for path, methods in api["paths"].items():
            for method in methods:
                if method not in ("get", "put", "post", "delete"):
                    continue
                target = re.sub(r"\{[^}]+\}", "x", path)
                body = b"{}" if method != "get" else None
                answer = self.server.call(method.upper(), target, body)
                problem = answer.json if "problem" in answer.headers.get("Content-Type", "") else {}
                self.assertNotIn(problem.get("code"), ("route_unknown", "method_not_allowed"), f"{method} {path}")
                self.assertLess(answer.status, 500, f"{method} {path}: {answer}")

    def test_K24_pages_need_no_other_host(self):
        for path in ("/swagger/", "/ui/"):
            answer = self.server.call("GET", path)
            self.assertEqual(answer.status, 200, path)
            outside = re.findall(rb"(?:src|href)=[\"'](?:https?:)?//[^\"']+", answer.body)
            self.assertEqual(outside, [], path)

    def test_a_foreign_host_is_refused(self):
        answer = self.server.call("GET", "/kwq/v1/stats", headers={"Host": "evil.example"})
        self.assertEqual(answer.json["code"], "host_not_allowed")


# What nobody needs a token for.
OPEN = ("/livez", "/readyz", "/ui/login", "/ui/sign-in.css")


class Token(unittest.TestCase):
    def test_with_a_token_every_route_wants_it(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("a-long-enough-secret-token-0123456789\n")
            file.flush()
            server = Server("--token-file", file.name)
            self.addCleanup(server.close)
            server.start()
            bearer = {"Authorization": "Bearer a-long-enough-secret-token-0123456789"}
            api = server.call("GET", "/openapi.json", headers=bearer).json
            for path, methods in api["paths"].items():
                for method in methods:
                    if method in ("get", "put", "post", "delete") and path not in OPEN:
                        target = re.sub(r"\{[^}]+\}", "x", path)
                        bare = server.call(method.upper(), target, b"{}" if method != "get" else None)
                        self.assertIn(bare.status, (401, 302, 303), f"{method} {path}: {bare}")
            self.assertEqual(server.call("GET", "/livez").status, 200)
            self.assertEqual(server.call("GET", "/kwq/v1/stats", headers=bearer).status, 200)
            wrong = {"Authorization": "Bearer a-long-enough-secret-token-9876543210"}
            self.assertEqual(server.call("GET", "/kwq/v1/stats", headers=wrong).status, 403)


class Bulk(KwqTest):
    def test_a_bad_line_fails_alone_with_its_number(self):
        lines = b'{"payload":1,"id":"a"}\n{broken\n\n{"payload":2,"priority":"x"}\n{"payload":3,"id":"b"}\n'
        answer = self.server.call("POST", "/kwq/v1/tasks/bulk", lines, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200)
        results = [json.loads(line) for line in answer.body.splitlines()]
        self.assertEqual([(one["line"], one["status"]) for one in results],
                         [(1, "ok"), (2, "error"), (4, "error"), (5, "ok")])
        self.assertEqual({lease["task"]["id"] for lease in self.poll(max=5, wait_s=5)["leases"]}, {"a", "b"})

    def test_the_same_key_submits_nothing_twice(self):
        body, key = {"payload": 1}, {"Idempotency-Key": "once"}
        first = self.call("POST", "/tasks", body, status=201, headers=key)
        second = self.call("POST", "/tasks", body, status=201, headers=key)
        self.assertEqual(first["id"], second["id"])
        self.call("POST", "/tasks", {"payload": 2}, status=422, headers=key)
        self.take()
        self.take_nothing(wait_s=0.3)

    def test_a_payload_comes_back_byte_for_byte(self):
        payload = '{ "b" : 1.50, "a":"\\u00fc\u00fc", "big":12345678901234567890, "e":1e5 }'
        text = ('{"id":"exact","payload":' + payload + "}").encode()
        self.assertEqual(self.server.call("POST", "/kwq/v1/tasks", text).status, 201)
        taken = self.server.call("POST", "/kwq/v1/leases", {"worker": "w", "wait_s": 5})
        self.assertIn(b'"payload":' + payload.encode(), taken.body)


if __name__ == "__main__":
    unittest.main()
