"""Instances that the brokers do not answer, while the other instances still do."""
import time

import broker
import cluster_server
from server import Server, eventually
from test_instances import SHARDS, Instances

# By the group's session alone nobody would take over while a test runs.
SESSION = "120s"


class CutOff(Instances):
    @classmethod
    def setUpClass(cls):
        cls.cluster = broker.Cluster(links=cls.count).start()
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        self.settings = cluster_server.settings(self.cluster.brokers) | {"kafka-session-timeout": SESSION}
        self.servers = []
        for _ in range(self.count):
            self.add()
        self.settled_down(60)

    def add(self):
        number = len(self.servers)
        settings = self.settings | {"kafka-brokers": self.cluster.brokers_through(number), "instance": f"i{number}"}
        server = Server(*(word for name, value in settings.items() for word in (f"--{name}", value)))
        self.servers.append(server)
        self.addCleanup(server.close)
        return server.start()

    def link(self, number):
        return self.cluster.links[number][0]

    def epochs(self, at):
        instances = self.call(at, "GET", "/cluster")["instances"]
        return {one["shard"]: one["epoch"] for instance in instances for one in instance["shards"]}

    def test_one_that_is_cut_off_says_so_and_the_other_takes_over_long_before_its_session_ends(self):
        first, second = self.servers
        ids = set(self.submit(second, 64, lease_s=3))
        self.addCleanup(self.link(0).heal)
        self.link(0).cut()
        begun = time.monotonic()
        eventually(lambda: len(self.owned(second)) == SHARDS, "the other owns all shards", 20)
        print(f"all {SHARDS} shards have an owner {time.monotonic() - begun:.1f} s after the cut")
        seen = set()

        def seen_all():
            """Some may have been given to nobody by the one that is cut off: when their leases end they come again."""
            seen.update(one["task"]["id"] for one in self.call(second, "POST", "/leases", {"worker": "w", "max": 64})["leases"])
            return seen == ids
        eventually(seen_all, "its tasks are handed out", 30)
        refused = first.call("GET", "/kwq/v1/cluster/ready")
        self.assertEqual((refused.status, refused.json["code"]), (503, "out_of_touch"))
        self.link(0).heal()
        self.settled_down(60)
        eventually(lambda: first.call("GET", "/kwq/v1/cluster/ready").status == 200, "it is in touch again")

    def test_while_the_brokers_answer_nobody_nobody_takes_over(self):
        before = self.epochs(self.servers[0])
        for number in range(self.count):
            self.link(number).cut()
        time.sleep(8)
        for number in range(self.count):
            self.link(number).heal()
        ids = self.submit(self.servers[1], 32)
        self.assertEqual({one["task"]["id"] for one in self.take(self.servers[0], 32)}, set(ids))
        self.assertEqual(self.epochs(self.servers[0]), before)


del Instances  # unittest would run what it has for others to build on
