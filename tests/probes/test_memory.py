"""Bad input leaves nothing behind: the whole list of raw cases, over and over, and the server is no larger."""
import unittest

import test_framing
import test_json
import test_misuse
import test_requests
import test_sizes
from probe import GOOD, ProbeTest, Wire, cases_of
from wire import post

BOUND = 16 << 20
ROUNDS = 10


class Memory(ProbeTest):
    def send_all(self, cases):
        for case in cases:
            with Wire(self.server.port) as wire:
                wire.send(case.data).answer(with_body=False)

    def test_the_whole_list_repeated_does_not_grow_the_server(self):
        modules = (test_framing, test_requests, test_sizes, test_misuse, test_json)
        cases = [case for module in modules for case in cases_of(module)]
        cases = [case for case in cases if case.status >= 300]
        self.assertGreater(len(cases), 700)
        self.send_all(cases)
        self.send_all(cases)  # what is made once is there now: buffers, arenas of the threads
        warm = self.server.rss()
        for _ in range(ROUNDS):
            self.send_all(cases)
        grown = self.server.rss() - warm
        print(f"\n{len(cases)} cases, {ROUNDS} times after two to warm up: {grown / 1024:.0f} KiB more "
              f"of {warm >> 20} MiB")
        self.assertLess(grown, BOUND)

    def test_bombs_do_not_grow_the_server(self):
        names = b"{" + b",".join(b'"%x":0' % i for i in range(1_000_000)) + b"}"
        bombs = [b"[" * 1_000_000, b'{"a":' + b"1" * 1_000_000 + b"}", names[:8 << 20]]
        sizes = []
        for _ in range(8):
            for bomb in bombs:
                with Wire(self.server.port) as wire:
                    self.assertEqual(wire.send(post("/kwq/v1/tasks", bomb)).answer().status, 400)
                    self.assertEqual(wire.send(GOOD).answer().status, 200)
            sizes.append(self.server.rss())
        self.assertLess(sizes[-1] - sizes[3], BOUND, sizes)


if __name__ == "__main__":
    unittest.main()
