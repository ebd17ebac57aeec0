"""Requests that are well-formed and make no sense: stale leases, ids nobody gave, wrong methods, cursors of other
lists, parameters out of range."""
import unittest

from probe import ProbeTest, Wire, eventually, keeps
from wire import get, head, post, send_json

V1 = "/kwq/v1"
NO_ID = {"with a space": "a%20b", "with a slash": "a%2Fb", "with a quote": "a%22", "of 201": "x" * 201,
         "not ASCII": "%C3%A9", "with a control character": "a%0Ab", "with markup": "%3Cscript%3E"}
NO_QUEUE = {"in capitals": "Mail", "with a dot": "a.b", "with a dash first": "-a", "of 64": "a" * 64,
            "with an underscore": "a_b", "not ASCII": "%C3%A9"}
NO_LABEL = {"of 201": "x" * 201, "with a tab": "a%09b", "with a line end": "a%0Ab", "with a DEL": "%7F"}
REPORTS = {"running": {}, "complete": {"result": 1}, "error": {"message": "m"}, "release": {}, "heartbeat": {}}

NAMES = [
    keeps(f"task {shown}, {verb or 'looked at'}", get(f"{V1}/tasks/{name}") if not verb
          else post(f"{V1}/tasks/{name}/{verb}", {}), 400, "bad_id")
    for shown, name in NO_ID.items() for verb in ("", "cancel", "retry")
] + [
    keeps(f"lease {shown}, {verb}", post(f"{V1}/leases/{name}/{verb}", body), 400, "bad_id")
    for shown, name in NO_ID.items() for verb, body in REPORTS.items()
] + [
    keeps(f"queue {shown}, {verb or 'looked at'}",
          get(f"{V1}/queues/{name}") if not verb else post(f"{V1}/queues/{name}/{verb}", {}), 400, "bad_id")
    for shown, name in NO_QUEUE.items() for verb in ("", "pause", "resume", "empty")
] + [
    keeps(f"queue {shown}, made", send_json("PUT", f"{V1}/queues/{name}", {}), 400, "bad_id")
    for shown, name in NO_QUEUE.items()
] + [
    keeps(f"job {shown}, {verb or 'looked at'}",
          get(f"{V1}/jobs/{name}") if not verb else post(f"{V1}/jobs/{name}/{verb}", {}), 400, "bad_id")
    for shown, name in NO_LABEL.items() for verb in ("", "pause", "resume", "cancel", "retry")
] + [
    keeps(f"tag {shown}", get(f"{V1}/tags/{name}"), 400, "bad_id") for shown, name in NO_LABEL.items()
]

UNKNOWN = [
    keeps("a task nobody submitted", get(f"{V1}/tasks/nobody"), 404, "task_unknown"),
    keeps("a task nobody submitted, cancelled", post(f"{V1}/tasks/nobody/cancel", {}), 404, "task_unknown"),
    keeps("a task nobody submitted, retried", post(f"{V1}/tasks/nobody/retry", {}), 404, "task_unknown"),
    keeps("a job nobody named", get(f"{V1}/jobs/nobody"), 404, "job_unknown"),
    keeps("a job nobody named, retried", post(f"{V1}/jobs/nobody/retry", {}), 404, "job_unknown"),
    keeps("a tag nobody gave", get(f"{V1}/tags/nobody"), 404, "tag_unknown"),
    keeps("a queue nobody made", get(f"{V1}/queues/nobody"), 404, "queue_unknown", says="PUT"),
    keeps("a queue nobody made, paused", post(f"{V1}/queues/nobody/pause", {}), 404, "queue_unknown"),
    keeps("a queue nobody made, emptied", post(f"{V1}/queues/nobody/empty", {}), 404, "queue_unknown"),
    keeps("a submit to a queue nobody made", post(f"{V1}/tasks", {"payload": 1, "queue": "nobody"}), 404,
          "queue_unknown", says="PUT"),
    keeps("one of an array to a queue nobody made",
          post(f"{V1}/tasks", [{"payload": 1}, {"payload": 1, "queue": "nobody"}]), 404, "queue_unknown"),
    keeps("a simulation nobody started", get(f"{V1}/simulations/nobody"), 404, "job_unknown"),
    keeps("a queue made with other priorities", send_json("PUT", f"{V1}/queues/default", {"priorities": 3}), 409,
          "queue_exists"),
    keeps("a priority the queue does not have", post(f"{V1}/queues/default/pause?priority=10", {}), 400, "bad_field"),
    keeps("a cancel of what is complete", post(f"{V1}/tasks/done/cancel", {}), 409, "already_terminal"),
    keeps("a retry of what is complete", post(f"{V1}/tasks/done/retry", {}), 409, "not_retriable"),
    keeps("a retry of what waits", post(f"{V1}/tasks/waits/retry", {}), 409, "not_retriable"),
]


def parameter(name, path, values):
    return [keeps(f"{path} {name}={shown}", get(f"{V1}{path}{'&' if '?' in path else '?'}{name}={value}"), 400,
                  ("bad_field", "bad_id", "bad_cursor")[kind], field=name if kind < 2 else "")
            for shown, (value, kind) in values.items()]


NUMBERS = {one: (one, 0) for one in ("0", "-1", "1001", "1.5", "x", "", "1e2", "%201", "99999999999999999999", "0x1")}
SECONDS = {one: (one, 0) for one in ("-1", "30.001", "x", "", "1e1", "1s", "NaN", ".", "1.2.3", "9" * 19, "9" * 21)}
POSITIONS = {one[:20]: (one, 0) for one in ("x", "MDpkZWZhdWx0LzVAMQ,", "MDpkZWZhdWx0LzVAMQ==", "%2C", "A" * 4_000)}
POSITIONS.pop("MDpkZWZhdWx0LzVAMQ,")  # a comma at the end ends a list
LABELS = {one: (value, 1) for one, value in (("empty", ""), *NO_LABEL.items())}

PARAMETERS = [
    case for path in ("/tasks", "/jobs", "/tags") for case in parameter("limit", path, NUMBERS)
] + [
    case for path in ("/tasks/done", "/jobs/old", "/simulations/x") for case in parameter("wait_s", path, SECONDS)
] + [
    case for path in ("/tasks", "/tasks/done", "/jobs", "/jobs/old", "/tags", "/tags/old", "/queues", "/queues/default",
                      "/stats") for case in parameter("after", path, POSITIONS)
] + parameter("state", "/tasks", {one: (one, 0) for one in ("done", "PENDING", "", "pending,gone", "null")}) \
  + parameter("order", "/tasks", {one: (one, 0) for one in ("up", "", "Newest")}) \
  + parameter("queue", "/tasks", {one: (value, 1) for one, value in (("empty", ""), *NO_QUEUE.items())}) \
  + parameter("job", "/tasks", LABELS) + parameter("tag", "/tasks", LABELS) + parameter("worker", "/leases", LABELS) \
  + parameter("payload", "/tasks/done", {one: (one, 0) for one in ("yes", "1", "", "TRUE")}) \
  + parameter("until", "/tasks/done", {one: (one, 0) for one in ("idle", "", "done")}) \
  + parameter("until", "/jobs/old", {one: (one, 0) for one in ("terminal", "", "done")}) \
  + parameter("prefix", "/jobs", {"of 201": ("x" * 201, 0)}) \
  + [keeps("leases of nobody in particular", get(f"{V1}/leases"), 400, "bad_field", field="worker")] \
  + [keeps(f"a pause with priority={one}", post(f"{V1}/queues/default/pause?priority={one}", {}), 400, "bad_field",
           field="priority") for one in ("0", "-1", "x", "1001", "")] \
  + [keeps(f"a pause with for_s={one}", post(f"{V1}/jobs/old/pause?for_s={one}", {}), 400, "bad_field", field="for_s")
     for one in ("-1", "x", "99999999", "")]

TYPES = [
    keeps(f"{method} {path} with {kind or 'no type'}",
          head(f"{method} {path} HTTP/1.1", *([f"Content-Type: {kind}"] if kind else []), "Content-Length: 2") + b"{}",
          415, "media_type", says="application/")
    for method, path in (("POST", V1 + "/tasks"), ("POST", V1 + "/leases"), ("PUT", V1 + "/dispatch"),
                         ("POST", V1 + "/jobs/old/pause"), ("POST", V1 + "/tasks/bulk"))
    for kind in ("", "text/plain", "application/jsonp", "application/x-www-form-urlencoded", "multipart/form-data",
                 "json", "*/*", "text/json", "application/xml", "application/json+x")
]


class Misuse(ProbeTest):
    def test_names_that_are_none(self):
        self.probe(NAMES)

    def test_things_that_are_not_there(self):
        self.probe(UNKNOWN)

    def test_parameters_out_of_range(self):
        self.probe(PARAMETERS)

    def test_a_body_of_another_type(self):
        self.probe(TYPES)

    def test_every_route_refuses_every_other_method_and_names_its_own(self):
        api = self.server.call("GET", "/openapi.json").json
        for path, methods in api["paths"].items():
            target = path.replace("{", "").replace("}", "")
            own = {method.upper() for method in methods if method in ("get", "put", "post", "delete")}
            for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - own:
                with self.subTest(f"{method} {path}"), Wire(self.server.port) as wire:
                    answer = wire.send(head(f"{method} {target} HTTP/1.1", "Content-Length: 0")).answer()
                    if method == "GET" and answer.status in (404, 400):
                        continue  # another route's name stands for this word: /tasks/{id} for /tasks/bulk
                    self.assertEqual((answer.status, answer.problem.get("code")), (405, "method_not_allowed"), answer)
                    allowed = set(answer.headers["allow"].split(", "))
                    self.assertLessEqual(own, allowed, answer)
                    self.assertNotIn(method, allowed)

    def test_leases_that_are_not_live(self):
        live, stale = self.live_lease, self.stale_lease
        forged = [live[:-1] + ("A" if live[-1] != "A" else "B"), live[:-8], live + "A", live.swapcase(), "x", "A" * 200,
                  "AAAA" + live[4:], live[::-1], "0", "-", "....", "~" * 43]
        cases = []
        for verb, body in REPORTS.items():
            cases += [keeps(f"{verb} of forged lease {i}", post(f"{V1}/leases/{lease}/{verb}", body), 409, "lease_lost")
                      for i, lease in enumerate(forged)]
        for verb in ("running", "release", "heartbeat"):
            cases.append(keeps(f"{verb} of a settled lease", post(f"{V1}/leases/{stale}/{verb}", {}), 409,
                               "lease_lost" if verb != "release" else "outcome_conflict"))
        cases.append(keeps("another outcome of a settled lease",
                           post(f"{V1}/leases/{stale}/error", {"message": "m"}), 409, "outcome_conflict"))
        self.probe(cases)

    def test_settles_that_are_refused_do_not_stop_a_poll(self):
        live, stale = self.live_lease, self.stale_lease
        body = {"worker": "w", "queues": ["nothing-here"],
                "settle": [{"lease": "x", "outcome": "complete"}, {"lease": live[:-2] + "zz", "outcome": "complete"},
                           {"lease": stale, "outcome": "error"}]}
        with Wire(self.server.port) as wire:
            answer = wire.send(post(f"{V1}/leases", body)).answer()
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("ok", [one["status"] for one in answer.json["settled"]])

    def test_the_same_outcome_again_is_fine_and_changes_nothing(self):
        self.probe([keeps("complete again", post(f"{V1}/leases/{self.stale_lease}/complete", {"result": 1}), 200)])


class Cursors(ProbeTest):
    def test_a_cursor_belongs_to_its_list_and_its_filters(self):
        self.changes = True
        for i in range(8):
            self.api("POST", "/tasks", {"payload": i, "job": f"j{i}", "tags": [f"t{i}"], "queue": "default"})
        eventually(lambda: len(self.api("GET", "/jobs").json["items"]) > 8, "the jobs are known")
        of_tasks = self.api("GET", "/tasks?limit=2").json["next_cursor"]
        of_oldest = self.api("GET", "/tasks?limit=2&order=oldest").json["next_cursor"]
        of_jobs = self.api("GET", "/jobs?limit=2").json["next_cursor"]
        wrong = [("/tasks?order=oldest", of_tasks), ("/tasks?state=pending", of_tasks), ("/tasks?job=j1", of_tasks),
                 ("/tasks?queue=default", of_tasks), ("/tasks?tag=t1", of_tasks), ("/tasks", of_oldest),
                 ("/tasks", of_jobs), ("/jobs", of_tasks), ("/tags", of_tasks), ("/jobs?prefix=j", of_jobs)]
        made_up = ["x", "AAAA", of_tasks[:-1], of_tasks[:4], of_tasks + "A", of_tasks[::-1], "A" * 1_000, "-" * 100,
                   "bnVsbA", "e30", "%00"[1:], "=", of_tasks.swapcase()]
        wrong += [(path, one) for path in ("/tasks", "/jobs", "/tags") for one in made_up]
        self.before = self.picture()
        self.changes = False
        self.probe([keeps(f"{i}: {path} {cursor[:30]}",
                          get(f"{V1}{path}{'&' if '?' in path else '?'}cursor={cursor}"), 400, "bad_cursor")
                    for i, (path, cursor) in enumerate(wrong)])
        self.probe([keeps("a cursor too long", get(f"{V1}/tasks?cursor=" + "A" * 1_025), 400, "bad_field")])


if __name__ == "__main__":
    unittest.main()
