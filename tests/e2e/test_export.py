"""Lists in full, changes of many tasks at once, and tasks in SQL."""
import csv
import io
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
import unittest
from urllib.parse import quote

from server import CLEAN, KWQ, KwqTest, end, eventually


class Lists(KwqTest):
    def lines(self, query):
        body = self.server.call("GET", "/kwq/v1/tasks?" + query + "&after=" + quote(self.last_position)).body
        return body.decode()

    def test_a_list_as_ndjson_is_all_of_it_as_the_pages_say(self):
        self.submit_many([{"payload": n, "job": f"j{n % 2}", "tags": ["a b"]} for n in range(2500)])
        whole = [json.loads(line) for line in self.lines("format=ndjson&job=j1&order=oldest").splitlines()]
        pages, cursor = [], ""
        while True:
            page = self.get(f"/tasks?job=j1&order=oldest&limit=500{cursor}")
            pages += page["items"]
            if "next_cursor" not in page:
                break
            cursor = "&cursor=" + quote(page["next_cursor"])
        self.assertEqual(len(whole), 1250)
        self.assertEqual(whole, pages)
        self.assertEqual(len(self.lines("format=ndjson&limit=1201").splitlines()), 1201)

    def test_a_list_as_csv_is_read_back_by_a_reader_of_csv_and_runs_no_formula(self):
        nasty = '=HYPERLINK("http://x","y"),\r\nand "more"'
        self.submit(id="bad", job="+sum", tags=["x:1", "@y"], max_attempts=1)
        self.fail_task(self.take(), nasty)
        self.submit(id="good", priority=9)
        self.complete(self.take(), {"n": 1})
        text = self.lines("format=csv&order=oldest")
        rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
        self.assertEqual(set(rows), {"bad", "good"})
        self.assertEqual((rows["bad"]["error"], rows["bad"]["job"], rows["bad"]["tags"]),
                         ("'" + nasty, "'+sum", "x:1;@y"))
        self.assertEqual((rows["good"]["state"], rows["good"]["priority"], rows["good"]["result"]),
                         ("complete", "9", '{"n": 1}'))
        accept = self.server.call("GET", "/kwq/v1/tasks", headers={"Accept": "text/csv"})
        self.assertTrue(accept.headers["Content-Type"].startswith("text/csv"))
        self.assertNotIn('"\'=HYPERLINK', self.lines("format=ndjson"))

    def test_a_reader_that_stops_holds_nobody_up_and_gets_the_whole_list_later(self):
        self.submit_many([{"payload": n, "job": "x" * 200, "tags": ["y" * 190 + str(n % 3)]} for n in range(10_000)])
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.request("GET", "/kwq/v1/tasks?format=ndjson&after=" + quote(self.last_position))
        answer = connection.getresponse()
        first = answer.read(1000)
        for n in range(20):
            self.submit(job="quick", id=f"quick-{n}")
            self.assertEqual(self.task(f"quick-{n}")["state"], "pending")
        ids = {json.loads(line)["id"] for line in (first + answer.read()).splitlines()}
        self.assertEqual(len([one for one in ids if not one.startswith("quick")]), 10_000)

    def test_C7_ls_prints_what_a_query_finds_in_every_form(self):
        self.submit_many([{"payload": n, "id": f"t{n}", "job": f"j{n % 2}", "queue": "default"} for n in range(10)])
        self.get("/stats")
        ids = {f"t{n}" for n in range(0, 10, 2)}
        self.assertEqual({json.loads(line)["id"] for line in self.kwq("ls", "job:j0", "-o", "ndjson").splitlines()}, ids)
        self.assertEqual({row["id"] for row in csv.DictReader(io.StringIO(self.kwq("ls", "job:j0", "-o", "csv")))}, ids)
        self.assertEqual({one["id"] for one in json.loads(self.kwq("tasks", "job:j0", "-o", "json"))["items"]}, ids)
        table = self.kwq("ls", "job:j0", "state:pending,running")
        self.assertTrue(all(task in table for task in ids), table)
        self.kwq("ls", "nonsense", check=2)
        self.kwq("ls", "nonsense:x", check=1)
        self.kwq("ls", "-o", "xml", check=2)


class Bulk(KwqTest):
    def start(self, action, status=202, **fields):
        return self.call("POST", "/bulk?after=" + quote(self.last_position), {"action": action, **fields}, status=status)

    def ended(self, bulk):
        return eventually(lambda: self.call("GET", f"/bulk/{bulk['id']}?wait_s=10").get("ended_at")
                          and self.call("GET", f"/bulk/{bulk['id']}"), "the change ends", 60)

    def fail_all(self, count):
        for start in range(0, count, 500):
            for lease in self.poll(max=500, wait_s=5)["leases"]:
                self.fail_task(lease, f"broken pipe {start}", retry=False)

    def states(self, query):
        body = self.server.call("GET", "/kwq/v1/tasks?format=ndjson&" + query).body
        found = {}
        for line in body.splitlines():
            state = json.loads(line)["state"]
            found[state] = found.get(state, 0) + 1
        return found

    def test_C6_failed_tasks_of_a_tag_are_retried_and_no_others(self):
        self.submit_many([{"payload": n, "tags": [f"customer:{n % 2}"]} for n in range(200)])
        self.fail_all(200)
        dry = self.start("retry", 200, filter={"tag": "customer:1"}, dry_run=True)
        self.assertEqual(dry, {"matched": 100, "exact": True})
        done = self.ended(self.start("retry", filter={"tag": "customer:1"}))
        self.assertEqual((done["state"], done["done"], done["failed"]), ("complete", 100, 0))
        eventually(lambda: self.states("tag=customer:1") == {"pending": 100}, "they wait again")
        self.assertEqual(self.states("tag=customer:0"), {"error": 100})
        self.assertEqual(self.call("GET", "/bulk")["items"][0]["id"], done["id"])

    def test_waiting_tasks_of_a_queue_are_cancelled_while_others_work(self):
        self.call("PUT", "/queues/mail", {"priorities": 3})
        self.submit_many([{"payload": n, "queue": "mail", "job": f"j{n % 3}"} for n in range(300)])
        done = self.ended(self.start("cancel", q="queue:mail job:j1"))
        self.assertEqual((done["state"], done["done"]), ("complete", 100))
        eventually(lambda: self.states("job=j1") == {"cancelled": 100}, "they are cancelled")
        leases = self.poll(max=1000, wait_s=5, queues=["mail"])["leases"]
        self.assertEqual({lease["task"]["job"] for lease in leases}, {"j0", "j2"})

    def test_a_whole_job_is_one_command(self):
        self.submit_many([{"payload": n, "job": "big"} for n in range(2000)])
        done = self.ended(self.start("cancel", filter={"job": "big"}))
        self.assertEqual((done["state"], done["done"]), ("complete", 2000))
        self.take_nothing(wait_s=0.2)

    def test_what_is_submitted_after_it_began_is_new_work(self):
        self.submit_many([{"payload": n, "job": "a", "tags": ["x"]} for n in range(50)])
        self.ended(self.start("cancel", q="job:a tag:x"))
        self.submit(job="a", tags=["x"], id="later")

        self.assertEqual(self.task("later")["state"], "pending")

    def test_it_goes_on_after_a_kill_and_ends_as_if_nothing_had_been(self):
        self.submit_many([{"payload": n, "tags": [f"t:{n % 2}"]} for n in range(6000)])
        self.fail_all(6000)
        self.get("/stats")
        bulk = self.start("retry", filter={"tag": "t:1"})
        eventually(lambda: self.call("GET", f"/bulk/{bulk['id']}")["done"] > 100, "it has begun")
        self.server.restart()
        done = self.ended(bulk)
        self.assertEqual(done["state"], "complete")
        eventually(lambda: self.states("tag=t:1") == {"pending": 3000}, "all wait again")
        self.assertEqual(self.states("tag=t:0"), {"error": 3000})

    def test_tasks_that_wait_are_moved_and_a_kill_between_makes_no_second_one(self):
        self.submit_many([{"payload": n, "tags": [f"t:{n % 2}"], "priority": 3} for n in range(3000)])
        leased = self.poll(max=10, wait_s=5)["leases"]
        self.get("/stats")
        bulk = self.start("reprioritise", filter={"tag": "t:1"}, priority=8)
        eventually(lambda: self.call("GET", f"/bulk/{bulk['id']}")["done"] > 100, "it has begun")
        self.server.restart()
        self.assertEqual(self.ended(bulk)["state"], "complete")
        wanted = 1500 - sum(1 for lease in leased if lease["task"]["tags"] == ["t:1"])
        levels = lambda: {one["priority"]: one["counts"]["pending"] for one in self.get("/queues/default")["by_priority"]}
        eventually(lambda: (levels()[8], levels()[3]) == (wanted, 2990 - wanted), "all that waited are there", 60)
        taken = []
        while len(taken) < 2990:
            taken += self.poll(max=1000, wait_s=5)["leases"]
        self.assertEqual(len({lease["task"]["id"] for lease in taken + leased}), 3000)
        self.assertEqual([lease["task"]["priority"] for lease in taken], [8] * wanted + [3] * (2990 - wanted))
        self.take_nothing(wait_s=0.2)

    def test_the_command_line_counts_first_and_then_does_it(self):
        self.submit_many([{"payload": n, "tags": ["x"], "job": f"j{n % 2}"} for n in range(20)])
        self.fail_all(20)
        self.get("/stats")
        self.assertIn("10 tasks would be changed", self.kwq("retry", "-q", "tag:x job:j1", "--dry-run"))
        self.assertIn("10 of 10 tasks done, 0 refused", self.kwq("retry", "-q", "tag:x job:j1"))
        self.assertIn("10 of 10 tasks done, 0 left", self.kwq("reprioritise", "-p", "7", "-q", "tag:x job:j1"))
        self.kwq("reprioritise", "-q", "tag:x", check=2)
        self.assertIn("is complete", self.kwq("cancel", "--query", "tag:x"))
        self.kwq("retry", "-q", "", check=1)
        self.kwq("retry", "-q", "job:x", "--job", "x", check=2)


class Sql(KwqTest):
    """G8: a row of an SQL table for each task, whatever happens to server, writer and database."""

    columns = ("id", "queue", "priority", "job", "state", "attempts", "worker", "error", "result", "submitted_at",
               "ended_at")

    def setUp(self):
        super().setUp()
        self.file = os.path.join(self.server.folder, "tasks.db")

    def rows(self):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20) as db:
            found = db.execute(f"SELECT {', '.join(self.columns)} FROM tasks").fetchall()
        db.close()
        result = self.columns.index("result")
        return {row[0]: (*row[:result], row[result] and json.loads(row[result]), *row[result + 1:]) for row in found}

    def first_rows(self):
        """Nothing while there is no file, or no table in it."""
        try:
            return self.rows()
        except sqlite3.OperationalError:
            return {}

    def truth(self):
        body = self.server.call("GET", "/kwq/v1/tasks?format=ndjson").body
        found = {}
        for line in body.splitlines():
            task = json.loads(line)
            task["attempts"] = task["attempt"]
            found[task["id"]] = tuple(task.get(name) for name in self.columns)
        return found

    def follow(self):
        log = open(os.path.join(self.server.folder, "export.log"), "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen([KWQ, "export", "--sqlite", self.file, "--follow", "--interval", "100ms"],
                                   env={**CLEAN, "KWQ_URL": self.server.url}, stdin=subprocess.DEVNULL, stderr=log,
                                   stdout=log)
        self.addCleanup(end, process)
        return process

    def work(self, chance, count):
        for lease in self.poll(max=count, wait_s=1)["leases"]:
            if chance.random() < 0.3:
                self.fail_task(lease, f"error {chance.random()}", retry=chance.random() < 0.5)
            else:
                self.complete(lease, {"n": chance.randrange(100)})

    def test_G8_rows_are_the_truth_after_a_locked_database_a_killed_writer_and_a_killed_server(self):
        chance = random.Random(8)
        self.submit_many([{"payload": n, "job": f"j{n % 7}", "tags": [f"t:{n % 3}"]} for n in range(1500)])
        writer = self.follow()
        eventually(self.first_rows, "the first rows are there")
        self.work(chance, 300)
        with sqlite3.connect(self.file, timeout=20, isolation_level=None) as locked:
            locked.execute("BEGIN EXCLUSIVE")
            self.work(chance, 300)
            self.submit_many([{"payload": n, "job": "late"} for n in range(100)])
            time.sleep(6)  # longer than the writer waits for a lock at a time
            self.assertIsNone(writer.poll(), "it goes on")
            locked.execute("ROLLBACK")
        locked.close()
        writer.kill()
        writer.wait()
        self.work(chance, 300)
        self.follow()
        self.server.restart()
        self.work(chance, 300)
        eventually(lambda: self.rows() == self.truth(), "every row is what the server says", 60)
        self.assertEqual(len(self.rows()), 1600)
        states = {row[4] for row in self.rows().values()}
        self.assertTrue({"pending", "complete", "error"} <= states, states)

    def test_G8_ad_hoc_questions_are_answered(self):
        self.submit_many([{"payload": n, "id": f"t{n}", "job": "sums", "tags": ["even" if n % 2 == 0 else "odd"]}
                          for n in range(10)])
        for lease in self.poll(max=4, wait_s=5)["leases"]:
            self.complete(lease, {"path": "/out/" + lease["task"]["id"]})
        self.get("/stats")
        self.kwq("export", "--sqlite", self.file, "--quiet")
        self.kwq("export", "--sqlite", self.file, "--quiet")  # again: nothing twice
        db = sqlite3.connect(self.file)
        self.addCleanup(db.close)
        self.assertEqual(dict(db.execute("SELECT state, count(*) FROM tasks GROUP BY 1")), {"complete": 4, "pending": 6})
        self.assertEqual(db.execute("SELECT count(*) FROM tasks JOIN task_tags USING (id) WHERE tag = 'odd'").fetchone(),
                         (5,))
        self.assertEqual(db.execute("SELECT json_extract(result, '$.path') FROM tasks WHERE id = 't0'").fetchone(),
                         ("/out/t0",))
        self.assertEqual(db.execute("SELECT count(*) FROM tasks WHERE ended_at >= allocated_at").fetchone(), (4,))

    def test_export_says_where_to_and_stops_when_asked(self):
        self.kwq("export", check=2)
        self.kwq("export", "--sqlite", "/nowhere/tasks.db", check=1)
        writer = self.follow()
        eventually(lambda: os.path.exists(self.file), "it has begun")
        writer.send_signal(signal.SIGINT)
        self.assertEqual(writer.wait(timeout=20), 0)


if __name__ == "__main__":
    unittest.main()
