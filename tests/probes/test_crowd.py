"""A small crowd of idle and slow clients: what works, not how fast. How fast is `crowd.py`'s own report."""
import resource
import unittest

from crowd import Crowd, measure, raise_file_limit
from probe import GOOD, Server, Wire

IDLE, SLOW = 900, 40


class SmallCrowd(unittest.TestCase):
    def test_good_clients_work_on_among_idle_and_slow_ones(self):
        # As a shell would start it, with a limit below the connections to come: the server raises its own.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = Server("--max-connections", "2000")
        self.addCleanup(server.close)
        server.start()
        raise_file_limit()
        people = Crowd(server.port, IDLE, SLOW)
        seen = measure(server.port, seconds=12)
        account = people.leave()
        self.assertEqual((seen["failed"], seen["failures"]), (0, []))
        self.assertGreater(seen["calls"], 100)
        self.assertEqual(account["idle_gone"], 0, "an idle connection was ended before its time")
        for kind in ("slow_head", "silent"):
            self.assertGreaterEqual(account["ended"][kind], SLOW, account)
        self.assertGreater(account["told"], 0, "slow ones are told why")
        with Wire(server.port) as wire:
            self.assertEqual(wire.send(GOOD).answer().status, 200)

    def test_one_connection_too_many_is_told_and_the_others_go_on(self):
        server = Server("--max-connections", "20")
        self.addCleanup(server.close)
        server.start()
        held = [Wire(server.port) for _ in range(20)]
        for wire in held:
            self.addCleanup(wire.close)
            self.assertEqual(wire.send(GOOD).answer().status, 200)
        with Wire(server.port) as one_more:
            answer = one_more.send(GOOD).answer()
            self.assertEqual((answer.status, answer.problem["code"]), (503, "overloaded"))
            self.assertTrue(answer.headers["retry-after"])
            self.assertEqual(one_more.rest(), b"")
        for wire in held:
            self.assertEqual(wire.send(GOOD).answer().status, 200)


if __name__ == "__main__":
    unittest.main()
