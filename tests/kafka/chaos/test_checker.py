"""Histories made by hand: the checker must see each thing that may not be, and nothing in a good one."""
import copy
import unittest

import checker


def good():
    return [
        {"kind": "submit", "id": "t", "begun": 0, "ended": 1, "status": 201},
        {"kind": "take", "id": "t", "lease": "a", "attempt": 1, "begun": 2, "ended": 2.1, "valid_s": 5},
        {"kind": "beat", "lease": "a", "begun": 3, "ended": 3.1, "status": "ok", "valid_s": 5},
        {"kind": "take", "id": "t", "lease": "b", "attempt": 2, "begun": 8.5, "ended": 9, "valid_s": 5},
        {"kind": "settle", "id": "t", "lease": "a", "outcome": "complete", "begun": 9.5, "ended": 9.6, "status": "lease_lost"},
        {"kind": "settle", "id": "t", "lease": "b", "outcome": "complete", "begun": 10, "ended": 10.1, "status": "ok"},
        {"kind": "end", "id": "t", "state": "complete", "instance": "i0"},
        {"kind": "counts", "instance": "i0", "counts": {"complete": 1}},
    ]


class Checker(unittest.TestCase):
    def expect(self, what, change):
        history = copy.deepcopy(good())
        change(history)
        found = checker.check(history)
        self.assertTrue(any(what in one for one in found), f"{what!r} is not among {found}")

    def test_nothing_is_found_in_a_good_history(self):
        self.assertEqual(checker.check(good()), [])

    def test_a_lost_task(self):
        self.expect("nobody knows it", lambda h: h.pop(6))

    def test_a_task_that_did_not_end(self):
        self.expect("but pending at", lambda h: h[6].update(state="pending"))

    def test_a_completion_that_was_confirmed_and_forgotten(self):
        self.expect("a completion was confirmed", lambda h: h[6].update(state="error"))

    def test_two_completions(self):
        self.expect("completed by 2 leases", lambda h: h[4].update(status="ok"))

    def test_one_completion_confirmed_as_the_first_twice(self):
        self.expect("completed twice by one lease", lambda h: h.append({**h[5], "begun": 11, "ended": 12}))

    def test_two_hands_at_once(self):
        self.expect("before its lease was over", lambda h: h[3].update(begun=6, ended=6.5))

    def test_one_lease_for_two_workers(self):
        self.expect("given out twice", lambda h: h.append({**h[3], "attempt": 3}))

    def test_a_stale_settle(self):
        self.expect("was confirmed after", lambda h: h[4].update(status="ok"))

    def test_a_stale_renewal(self):
        self.expect("was renewed after", lambda h: h.append({**h[2], "begun": 9.2, "ended": 9.3}))

    def test_two_leases_of_one_attempt(self):
        self.expect("one attempt's number", lambda h: h[3].update(attempt=1))

    def test_a_wrong_count(self):
        self.expect("counts", lambda h: h[7].update(counts={"complete": 2}))


if __name__ == "__main__":
    unittest.main()
