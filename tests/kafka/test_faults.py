"""The broker goes away and comes back under a running server: killed, and stopped without a word."""
import signal
import threading
import time

import broker
import cluster_server
from server import KwqTest, eventually


class Faults(KwqTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = broker.Cluster().start()
        cls.addClassCleanup(cls.cluster.close)

    def setUp(self):
        # Few partitions: making 16 of each topic takes a busy machine long, and is not what breaks here.
        self.flags = [*cluster_server.flags(self.cluster.brokers), "--partitions", "4"]
        super().setUp()
        self.acknowledged, self.answers, self.ended = [], {}, threading.Event()

    def submit_on(self):
        """One task after the other; what was answered 201 is acknowledged."""
        number = 0
        while not self.ended.is_set():
            number += 1
            try:
                status = self.server.call("POST", "/kwq/v1/tasks", {"id": f"t{number}", "payload": number}).status
            except OSError:
                status = "none"
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == 201:
                self.acknowledged.append(f"t{number}")

    def through(self, fault):
        """Submits before, during and after; then every acknowledged task is there once and can be worked on."""
        producer = threading.Thread(target=self.submit_on)
        producer.start()
        try:
            eventually(lambda: len(self.acknowledged) > 20, "tasks are taken")
            lease = self.take()
            fault()
            before = len(self.acknowledged)
            eventually(lambda: len(self.acknowledged) > before + 20, "tasks are taken again", 60)
        finally:
            self.ended.set()
            producer.join()
        print(f"{self.id()}: answers {self.answers}")
        self.assertLessEqual(set(self.answers), {201, 503})
        self.complete(lease)
        taken = [lease["task"]["id"]]
        while leases := self.poll(wait_s=1, max=1000)["leases"]:
            taken += [one["task"]["id"] for one in leases]
        self.assertEqual(len(taken), len(set(taken)), "a task was handed out twice")
        self.assertEqual(set(self.acknowledged) - set(taken), set(), "acknowledged tasks were lost")

    def test_X2_the_broker_is_killed_and_started_again(self):
        def fault():
            node = self.cluster.nodes[0]
            node.kill()
            time.sleep(1)  # the outage itself
            node.start()
            node.wait_ready(time.monotonic() + 90)

        self.through(fault)

    def test_the_broker_stops_without_a_word_and_goes_on(self):
        def fault():
            process = self.cluster.nodes[0].process
            process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(4)  # longer than a request may take in calm
            finally:
                process.send_signal(signal.SIGCONT)

        self.through(fault)
