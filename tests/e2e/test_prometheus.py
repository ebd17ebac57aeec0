"""/metrics as Prometheus takes it: its own checks, its own scrape, every expression of the dashboard, every alert."""
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import unittest
import urllib.request
from urllib.parse import quote

from server import ROOT, KwqTest, end, eventually

RULES = os.path.join(ROOT, "deploy", "prometheus", "kwq-alerts.yml")
DASHBOARD = os.path.join(ROOT, "deploy", "grafana", "kwq.json")


def promtool(*arguments, stdin=None):
    return subprocess.run(["promtool", *arguments], input=stdin, text=True, timeout=60, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def samples(text):
    """{name{labels}: value} of a page."""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and not line.startswith("#")}


class Page(KwqTest):
    def page(self, accept=None):
        answer = self.server.call("GET", "/metrics", headers={"Accept": accept} if accept else None)
        self.assertEqual(answer.status, 200)
        return answer.body.decode(), answer.headers["Content-Type"]

    def some_life(self):
        self.submit_many([{"payload": n, "job": f"j{n % 3}", "tags": ["t:1"]} for n in range(30)])
        leases = self.poll(max=10, wait_s=5)["leases"]
        for lease in leases[:6]:
            self.complete(lease)
        for lease in leases[6:8]:
            self.fail_task(lease, retry=False)
        self.get("/stats")

    def test_K28_the_page_is_clean_in_promtools_eyes(self):
        self.some_life()
        checked = promtool("check", "metrics", stdin=self.page()[0])
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_K28_counters_are_those_of_stats(self):
        self.some_life()
        values, stats = samples(self.page()[0]), self.get("/stats")
        by_state = {}
        for name, value in values.items():
            if name.startswith("kwq_tasks{"):
                state = re.search(r'state="(\w+)"', name).group(1)
                by_state[state] = by_state.get(state, 0) + value
        self.assertEqual({s: n for s, n in by_state.items() if n}, {s: n for s, n in stats["overall"]["counts"].items() if n})
        self.assertEqual(values["kwq_tasks_submitted_total"], stats["overall"]["submitted"])
        self.assertEqual(values["kwq_tasks_started_total"], stats["scheduler"]["allocated"])
        self.assertEqual(values['kwq_tasks_finished_total{outcome="complete"}'], stats["scheduler"]["completed"])
        self.assertEqual(values['kwq_http_request_seconds_count{route="submit_tasks"}'],
                         values['kwq_http_requests_total{route="submit_tasks",code="2xx"}'])
        for name in ("wait", "run"):
            self.assertEqual(values[f"kwq_task_{name}_seconds_count"], stats["overall"][name]["count"])

    def test_OpenMetrics_is_given_to_who_asks_for_it(self):
        text, kind = self.page("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        self.assertTrue(kind.startswith("application/openmetrics-text; version=1.0.0"))
        self.assertTrue(text.endswith("# EOF\n"))
        self.assertIn("# TYPE kwq_tasks_submitted counter\n", text)
        self.assertIn("\nkwq_tasks_submitted_total ", text)
        self.assertNotIn("EOF", self.page()[0])

    def test_no_name_that_users_give_is_a_label_but_a_queues_and_of_those_200(self):
        self.submit(job="secret-job", tags=["secret-tag"], id="secret-task")
        self.poll("secret-worker", wait_s=5)
        for n in range(205):
            self.call("PUT", f"/queues/q{n:03}", {"priorities": 1})
        text = self.page()[0]
        self.assertNotIn("secret", text)
        values = samples(text)
        self.assertEqual(len([name for name in values if name.startswith("kwq_queue_paused{")]), 200)
        self.assertIn('queue="__other__"', text)
        self.assertEqual(values["kwq_metrics_queues_folded"], 6)


class Scrape(KwqTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        folder = os.path.join(self.server.folder, "prometheus")
        os.makedirs(folder)
        shutil.copy(RULES, folder)
        with open(os.path.join(folder, "prometheus.yml"), "w", encoding="ascii") as file:
            file.write("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
                       "rule_files: [kwq-alerts.yml]\nscrape_configs:\n"
                       f"  - {{job_name: kwq, static_configs: [{{targets: ['127.0.0.1:{self.server.port}']}}]}}\n")
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(end, process)

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.ask("/query?query=" + quote(expression))["result"]

    def try_query(self, expression):
        try:
            return self.query(expression)
        except OSError:
            return []

    def test_a_real_Prometheus_scrapes_a_server_and_every_panel_and_alert_has_what_it_asks_for(self):
        eventually(lambda: self.try_query('up{job="kwq"} == 1'), "the first scrape", 30)
        self.submit_many([{"payload": n} for n in range(40)])
        for lease in self.poll(max=20, wait_s=5)["leases"]:
            self.complete(lease)
        eventually(lambda: self.query("kwq_tasks_submitted_total == 40") and self.query("count_over_time(up[1m]) > 4"),
                   "what happened is scraped", 30)
        targets = self.ask("/targets")["activeTargets"]
        self.assertEqual([(one["health"], one["lastError"]) for one in targets], [("up", "")])
        with open(DASHBOARD, encoding="utf-8") as file:
            dashboard = json.load(file)
        asked = 0
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                expression = (target["expr"].replace("$__rate_interval", "1m").replace("$job", "kwq")
                              .replace("$instance", ".*").replace("$queue", ".*"))
                self.assertTrue(self.query(expression), f"{panel['title']}: {expression} has nothing to show")
                asked += 1
        self.assertGreater(asked, 30)
        names = {one["name"] for group in self.ask("/rules")["groups"] for one in group["rules"]}
        states = {one["name"]: one["health"] for group in self.ask("/rules")["groups"] for one in group["rules"]}
        self.assertGreater(len(names), 10)
        self.assertEqual({name for name, health in states.items() if health == "err"}, set())
        known = {one["__name__"] for one in self.ask("/series?match[]=" + quote('{job="kwq"}'))}
        with open(RULES, encoding="utf-8") as file:
            wanted = set(re.findall(r"\b(?:kwq|process)_[a-z_0-9]+\b", file.read()))
        self.assertEqual(wanted - known, set(), "metrics that an alert asks for and no server has")


class Rules(unittest.TestCase):
    def test_the_alert_rules_are_well_formed_and_do_what_they_say(self):
        for arguments in (("check", "rules", RULES),
                          ("check", "config", os.path.join(ROOT, "deploy", "prometheus", "prometheus.yml")),
                          ("test", "rules", *glob.glob(os.path.join(ROOT, "tests", "prometheus", "*.yml")))):
            done = promtool(*arguments)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_alert_has_its_heading_in_the_docs(self):
        with open(RULES, encoding="utf-8") as file:
            text = file.read()
        alerts = re.findall(r"- alert: (\w+)", text)
        self.assertEqual([f"docs/alerts.md#{name.lower()}" for name in alerts], re.findall(r"runbook_url: (\S+)", text))
        with open(os.path.join(ROOT, "docs", "alerts.md"), encoding="utf-8") as file:
            self.assertEqual(re.findall(r"^## (\w+)", file.read(), re.M), alerts)


if __name__ == "__main__":
    unittest.main()
