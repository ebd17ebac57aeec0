"""GET /events: answers that come by themselves."""
import json
import os
import tempfile
import time
import unittest
from urllib.parse import quote

from server import KwqTest, Server, eventually


class Listener:
    """One stream of events, read on demand."""

    def __init__(self, server, topics, last=None, headers=None, seconds=30):
        self.connection = server.connect(seconds)
        more = dict(headers or {})
        if last is not None:
            more["Last-Event-ID"] = str(last)
        self.connection.request("GET", "/kwq/v1/events?topics=" + quote(topics), headers=more)
        self.answer = self.connection.getresponse()
        self.ids = []

    def lines(self):
        while True:
            line = self.answer.readline()
            if not line:
                return
            yield line.decode().rstrip("\n")

    def events(self):
        """(topic, data) one after the other; comments as (None, text)."""
        topic, data = "message", None
        for line in self.lines():
            if line.startswith(":"):
                yield None, line
            elif line.startswith("event: "):
                topic = line[7:]
            elif line.startswith("id: "):
                self.ids.append(int(line[4:]))
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif line == "" and data is not None:
                yield topic, data
                topic, data = "message", None

    def until(self, condition):
        for topic, data in self.events():
            if topic is not None and condition(topic, data):
                return data
        raise AssertionError("the stream ended before what was waited for")

    def close(self):
        self.connection.close()


class Events(KwqTest):
    def listen(self, topics, **more):
        listener = Listener(self.server, topics, **more)
        self.addCleanup(listener.close)
        self.assertEqual(listener.answer.status, 200, topics)
        return listener

    def test_a_job_is_followed_from_before_its_first_task_to_its_end(self):
        listener = self.listen("job:live,overview,queues")
        self.assertEqual(listener.until(lambda topic, _: topic == "job:live")["code"], "job_unknown")
        self.submit_many([{"payload": n, "job": "live"} for n in range(3)])
        listener.until(lambda topic, data: topic == "job:live" and data.get("counts", {}).get("pending") == 3)
        for lease in self.poll(max=3, wait_s=5)["leases"]:
            self.complete(lease)
        done = listener.until(lambda topic, data: topic == "job:live" and data["counts"]["complete"] == 3)
        same = self.get("/jobs/live")
        self.assertEqual({name: done[name] for name in ("job", "counts", "submitted")},
                         {name: same[name] for name in ("job", "counts", "submitted")})
        self.assertEqual(listener.ids, sorted(set(listener.ids)), "the numbers grow")

    def test_a_topic_comes_at_most_four_times_a_second(self):
        listener = self.listen("overview")
        listener.until(lambda *_: True)
        start, came = time.monotonic(), 0
        while came < 8:
            self.submit_many([{"payload": n} for n in range(10)])
            listener.until(lambda *_: True)
            came += 1
        self.assertGreater(time.monotonic() - start, 7 * 0.25 - 0.1)

    def test_who_comes_back_is_told_only_what_is_new(self):
        stays = self.listen("dispatch,workers")
        first = self.listen("dispatch,workers")
        seen = set()
        first.until(lambda topic, _: seen.add(topic) or len(seen) == 2)
        last = first.ids[-1]
        first.close()
        self.call("PUT", "/dispatch", {"state": "paused", "reason": "lunch"})
        stays.until(lambda topic, data: topic == "dispatch" and data["state"] == "paused")
        again = self.listen("dispatch,workers", last=last)
        topic, data = next(one for one in again.events() if one[0])
        self.assertEqual((topic, data["reason"]), ("dispatch", "lunch"))
        self.assertGreater(again.ids[0], last)

    def test_after_a_restart_the_stream_says_so_and_the_numbers_go_on_growing(self):
        first = self.listen("dispatch")
        first.until(lambda *_: True)
        last = first.ids[-1]
        self.server.restart()
        again = self.listen("dispatch", last=last)
        topics = []
        again.until(lambda topic, _: topics.append(topic) or topic == "dispatch")
        self.assertEqual(topics, ["resync", "dispatch"])
        self.assertGreater(again.ids[0], last)

    def test_streams_end_whole_when_the_server_stops(self):
        listener = self.listen("dispatch")
        listener.until(lambda *_: True)
        start = time.monotonic()
        self.server.process.terminate()
        self.assertEqual([one for one in listener.events() if one[0]], [])  # an end, and not a cut
        self.assertEqual(self.server.process.wait(timeout=20), 0)
        self.assertLess(time.monotonic() - start, 5)

    def test_a_quiet_stream_is_kept_open(self):
        listener = self.listen("dispatch")
        start = time.monotonic()
        self.assertTrue(next(text for topic, text in listener.events() if topic is None))
        self.assertLess(time.monotonic() - start, 20)

    def test_a_client_that_goes_is_noticed(self):
        for _ in range(3):
            self.listen("overview").close()
        eventually(lambda: b"\nkwq_event_clients 0\n" in self.server.call("GET", "/metrics").body, "nobody listens")

    def test_what_is_not_there_cannot_be_listened_to(self):
        for topics in ("", "nothing", "overview,job:", ",".join(f"job:{n}" for n in range(33))):
            refused = self.server.call("GET", "/kwq/v1/events?topics=" + quote(topics))
            self.assertEqual((refused.status, refused.json["code"] in ("bad_field", "bad_id")), (400, True), topics)


class Access(unittest.TestCase):
    def test_with_a_token_listening_wants_it_or_the_cookie(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "token")
            with open(path, "w", encoding="ascii") as file:
                file.write("a-long-secret-token-for-tests\n")
            os.chmod(path, 0o600)
            server = Server("--token-file", path)
            self.addCleanup(server.close)
            server.start()
            self.assertEqual(server.call("GET", "/kwq/v1/events?topics=overview").status, 401)
            entered = server.call("POST", "/ui/login", {"token": "a-long-secret-token-for-tests"})
            cookie = entered.headers["Set-Cookie"].split(";")[0]
            for headers in ({"Cookie": cookie}, {"Authorization": "Bearer a-long-secret-token-for-tests"}):
                listener = Listener(server, "overview", headers=headers)
                self.addCleanup(listener.close)
                self.assertIn("overall", listener.until(lambda *_: True))


if __name__ == "__main__":
    unittest.main()
