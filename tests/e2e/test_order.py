"""Which task is next: priorities, overtaking, waiting, affinity."""
import threading
import time
import unittest

from server import KwqTest, eventually


class Order(KwqTest):
    def test_K2_every_priority_is_its_own_topic_and_what_is_outside_is_clamped(self):
        for count in (9, 10):
            queue = f"q{count}"
            self.call("PUT", f"/queues/{queue}", {"priorities": count})
            for priority in range(0, count + 6):
                answer = self.call("POST", "/tasks", {"payload": 1, "queue": queue, "priority": priority}, status=201)
                expected = min(max(priority, 1), count)
                self.assertEqual(answer["priority"], expected)
                self.assertEqual(answer.get("clamped", False), priority != expected)
                self.remember(answer)
                task = self.task(answer["id"])
                self.assertEqual(task["priority"], expected)
                self.assertTrue(task["record"].startswith(f"{queue}/{expected}@"), task["record"])

    def test_K3_the_highest_priority_is_handed_out_first(self):
        self.call("PUT", "/queues/five", {"priorities": 5})
        for priority in range(1, 6):
            self.submit(queue="five", priority=priority, id=f"p{priority}")
        taken = [self.take(queues=["five"])["task"]["id"] for _ in range(5)]
        self.assertEqual(taken, ["p5", "p4", "p3", "p2", "p1"])

    def test_K3_tasks_of_one_priority_come_in_the_order_of_their_submits(self):
        ids = self.submit_many([{"payload": n} for n in range(50)])
        leases = self.poll(max=50, wait_s=5)["leases"]
        self.assertEqual([lease["task"]["id"] for lease in leases], ids)

    def test_K4_no_inversion_beyond_what_is_handed_out(self):
        self.submit_many([{"payload": n, "priority": 1} for n in range(1000)])
        self.assertEqual(len(self.poll(max=10, wait_s=5)["leases"]), 10)
        urgent = self.submit(priority=9)
        self.assertEqual(self.take()["task"]["id"], urgent)

    def test_the_first_named_queue_with_work_wins(self):
        for queue in ("a", "b"):
            self.call("PUT", f"/queues/{queue}", {"priorities": 9})
        self.submit(queue="b", priority=9, id="b9")
        self.submit(queue="a", priority=1, id="a1")
        taken = [self.take(queues=["a", "b"])["task"]["id"] for _ in range(2)]
        self.assertEqual(taken, ["a1", "b9"])

    def test_K14_soft_affinity_prefers_a_match_and_starves_nobody(self):
        tasks = [{"payload": n, "affinity": ["curve=USD" if n % 2 else "curve=EUR"]} for n in range(100)]
        self.submit_many(tasks)
        matches = 0
        for n in range(50):
            for currency in ("USD", "EUR"):
                lease = self.take(f"w-{currency}", affinity=[f"curve={currency}"])
                matches += lease["task"]["affinity"] == [f"curve={currency}"]
        self.assertGreater(matches, 90)
        self.submit(affinity=["curve=EUR"], id="only-eur")
        self.assertEqual(self.take("w-USD", affinity=["curve=USD"])["task"]["id"], "only-eur")

    def test_K14_affinity_never_beats_priority(self):
        self.submit(priority=5, affinity=["k"], id="low")
        self.submit(priority=6, id="high")
        self.assertEqual(self.take(affinity=["k"])["task"]["id"], "high")


class Waiting(KwqTest):
    def test_K6_a_task_that_arrives_in_the_window_is_returned_promptly(self):
        answers = []
        waiter = threading.Thread(target=lambda: answers.append((self.take(wait_s=20), time.monotonic())))
        waiter.start()
        eventually(lambda: self.waiting_polls() == 1, "the poll waits")
        submitted = time.monotonic()
        task = self.submit()
        waiter.join(20)
        lease, at = answers[0]
        self.assertEqual(lease["task"]["id"], task)
        self.assertLess(at - submitted, 0.5)

    def test_K6_without_a_task_the_answer_is_empty_and_in_time(self):
        begun = time.monotonic()
        self.take_nothing(wait_s=1)
        took = time.monotonic() - begun
        self.assertGreaterEqual(took, 0.95)
        self.assertLess(took, 1.5)

    def test_K6_a_client_that_has_gone_takes_nothing(self):
        connection = self.server.connect()
        connection.request("POST", "/kwq/v1/leases", b'{"worker":"gone","wait_s":20}',
                           {"Content-Type": "application/json"})
        eventually(lambda: self.waiting_polls() == 1, "the poll waits")
        connection.close()
        eventually(lambda: self.waiting_polls() == 0, "the poll is forgotten", 5)
        task = self.submit()
        lease = self.take("other", wait_s=1)
        self.assertEqual((lease["task"]["id"], lease["attempt"]), (task, 1))

    def test_K7_a_hundred_waiting_workers_do_not_delay_a_submit_and_one_submit_wakes_one(self):
        connections = [self.server.connect() for _ in range(100)]
        for n, connection in enumerate(connections):
            connection.request("POST", "/kwq/v1/leases", b'{"worker":"w%d","wait_s":3}' % n,
                               {"Content-Type": "application/json"})
        eventually(lambda: self.waiting_polls() == 100, "a hundred polls wait")
        begun = time.monotonic()
        self.submit()
        self.assertLess(time.monotonic() - begun, 0.1)
        answers = [exchange_end(connection) for connection in connections]
        self.assertEqual(sum(answer.count(b'"lease"') for answer in answers), 1)

    def waiting_polls(self):
        return self.call("GET", "/stats")["scheduler"]["waiting_polls"]


def exchange_end(connection):
    body = connection.getresponse().read()
    connection.close()
    return body


if __name__ == "__main__":
    unittest.main()
