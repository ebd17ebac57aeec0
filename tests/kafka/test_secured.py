"""A broker that wants TLS and a password: what docs/kafka.md says about it, and that the password is told to nobody."""
import ctypes
import os
import subprocess
import tempfile
import unittest

import broker
import cluster_server
import rights
import security
from server import CLEAN, KWQ, KwqTest, Server, eventually

# A handful of partitions: that there are many is not what is tested.
FEW = ["--partitions", "2"]
PATHS = ("/livez", "/readyz", "/metrics", "/openapi.json", *(f"/kwq/v1/{name}" for name in (
    "tasks", "leases", "jobs", "tags", "queues", "bulk", "dispatch", "stats", "errors", "workers", "limits", "cluster",
    "cluster/ready")))

PREFIX = "t"  # all that cluster_server.py makes up begin so
MADE = {}


def setUpModule():
    folder = tempfile.TemporaryDirectory(prefix="kwq-secured-")
    unittest.addModuleCleanup(folder.cleanup)
    of = security.Security(folder.name)
    cluster = broker.Cluster(security=of)
    unittest.addModuleCleanup(cluster.close)
    cluster.start()
    giver = rights.Giver(cluster.brokers, of.client_properties(user="broker"))
    unittest.addModuleCleanup(giver.close)
    for user in ("kwq", "groupless"):
        giver.give(user, rights.TOPIC, PREFIX, rights.PREFIXED,
                   "create", "describe", "describe_configs", "read", "write", "delete")
    giver.give("kwq", rights.GROUP, PREFIX, rights.PREFIXED, "read")
    MADE.update(folder=folder.name, security=of, cluster=cluster)


class OnSecuredBroker(unittest.TestCase):
    """One broker for all of them."""

    @classmethod
    def setUpClass(cls):
        cls.folder, cls.security, cls.cluster = MADE["folder"], MADE["security"], MADE["cluster"]

    def properties_file(self, **differently):
        handle, path = tempfile.mkstemp(dir=self.folder, suffix=".properties")  # for its owner alone
        with open(handle, "w", encoding="ascii") as out:
            out.write(self.security.client_properties(**differently))
        return path

    def flags_with(self, properties):
        return [*cluster_server.flags(self.cluster.brokers), *FEW, "--kafka-properties-file", properties]

    def assert_untold(self, text, *passwords):
        for password in passwords or (self.security.users["kwq"],):
            self.assertNotIn(password, text, "a password was told")


class Life(OnSecuredBroker, KwqTest):
    def setUp(self):
        self.flags = [*self.flags_with(self.properties_file()), "--log-level", "debug"]
        super().setUp()

    def test_a_task_lives_with_the_rights_that_the_docs_name_and_the_password_is_told_to_nobody(self):
        first, second = self.submit("one", priority=9), self.submit("two", priority=1)
        lease = self.take()
        self.assertEqual(lease["task"]["id"], first)
        self.server.restart()  # by kill -9: what was answered is on the secured broker
        self.complete(lease, {"n": 1})
        self.fail_task(self.take(), retry=False)
        self.assertEqual(self.task(first)["state"], "complete")
        self.assertEqual(self.task(second)["state"], "error")
        told = self.server.call("GET", f"/kwq/v1/tasks/{first}").body.decode()
        for path in PATHS:
            answer = self.server.call("GET", path)
            self.assertIn(answer.status, (200, 400), path)  # some ask what to show: that is an answer, too
            told += answer.body.decode()
        with open(f"/proc/{self.server.process.pid}/cmdline", "rb") as arguments:
            told += arguments.read().decode()
        self.assertEqual(self.server.terminate(), 0)
        for where, _, files in os.walk(self.server.folder):
            for name in files:
                with open(os.path.join(where, name), encoding="utf-8", errors="replace") as file:
                    told += file.read()
        self.assertIn("kafka-properties-file", told)
        self.assert_untold(told)

    def test_what_the_configuration_prints_has_no_password(self):
        for flag in ("--print-config", "--check-config"):
            done = subprocess.run([KWQ, "serve", flag, *self.flags], env=CLEAN, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assert_untold(done.stdout)


class WithoutRights(OnSecuredBroker):
    def test_without_the_right_to_its_group_an_instance_says_so(self):
        server = Server(*self.flags_with(self.properties_file(user="groupless")))
        self.addCleanup(server.close)
        server.start(ready=False)
        eventually(lambda: "Group authorization failed" in server.log(), "a warning about the group")

    def test_without_rights_a_start_is_refused(self):
        with tempfile.TemporaryDirectory() as data:
            done = subprocess.run([KWQ, "serve", "--data", data, "--port", "0",
                                   *self.flags_with(self.properties_file(user="nobody"))], env=CLEAN, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                                  check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("-status: Authorization failed", done.stdout)
        self.assert_untold(done.stdout, self.security.users["nobody"])


class Refusals(OnSecuredBroker):
    def refused(self, properties, *more):
        with tempfile.TemporaryDirectory() as data:
            done = subprocess.run([KWQ, "serve", "--data", data, "--port", "0", *self.flags_with(properties),
                                   "--kafka-start-timeout", "4s", "--log-level", "debug", *more], env=CLEAN, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                                  check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn(f"no broker of {self.cluster.brokers} answered within 4000 ms", done.stdout)
        return done.stdout

    def test_a_wrong_password_is_refused_at_the_start_and_named_as_what_it_is(self):
        wrong = "not-the-password-of-kwq"
        said = self.refused(self.properties_file(password=wrong))
        self.assertIn("Authentication failed", said)
        self.assert_untold(said, wrong, self.security.users["kwq"])

    def test_a_broker_whose_authority_is_not_the_one_to_believe_is_refused(self):
        said = self.refused(self.properties_file(authority=security.Authority(self.folder, "another")))
        self.assertIn("certificate verify failed", said)
        self.assert_untold(said)

    def test_scram_needs_a_newer_client_library_as_the_docs_say(self):
        """Kafka since 4.0 refuses what librdkafka before 2.6.1 answers in SCRAM. When this fails, the docs may say less."""
        client = ctypes.CDLL("librdkafka.so.1")
        self.assertLess(client.rd_kafka_version() >> 8, 0x020601)
        said = self.refused(self.properties_file(mechanism=security.SCRAM))
        self.assertIn(f"Authentication failed during authentication due to invalid credentials with SASL mechanism "
                      f"{security.SCRAM}", said)
        self.assert_untold(said)

    def test_without_tls_there_is_no_way_in(self):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".properties") as nothing:
            said = self.refused(nothing.name)
        self.assertIn("brokers are down", said)

    def test_an_authority_that_is_not_there_is_refused_at_once(self):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".properties") as file:
            file.write(self.security.client_properties().replace("authority.pem", "nowhere.pem"))
            file.flush()
            with tempfile.TemporaryDirectory() as data:
                done = subprocess.run([KWQ, "serve", "--data", data, "--port", "0", *self.flags_with(file.name)],
                                      env=CLEAN, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=20, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("ssl.ca.location", done.stdout)
        self.assert_untold(done.stdout)


if __name__ == "__main__":
    unittest.main()
