"""Logs made by hand: the fold must see each thing that may not be on the topics, and each answer that they do not bear out."""
import base64
import copy
import json
import unittest

import compare
import refold
import topics

JOB = {"job": "j", "tags": ["a"], "submitted_at": 100, "max_attempts": 3, "lease_s": 3, "backoff_s": 0}
AT = {"v": 1, "queue": "default", "priority": 5}


def position(place):
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def first(lease, at, epoch=0, t=10, **more):
    return owner("allocated", at, epoch, t, lease=lease, worker="w", attempt=1, **JOB, **more)


def owner(kind, at, epoch=0, t=10, **more):
    return {**AT, "type": kind, "at": at, "epoch": epoch, "t": t, "offset": 0, "id": "x", **more}


def report(kind, lease, at, **more):
    return {**AT, "type": kind, "at": at, "offset": 0, "id": "x", "lease": lease, **more}


def claim(at):
    return {"v": 1, "type": "claim", "at": at, "owner": "i", "nonce": str(at)}


def status():
    """Attempt 1 expires under the next owner, whose predecessor decides something too late; attempt 2 completes."""
    return [claim(1000), first("a", 2000), claim(3000),
            owner("lease_expired", 3500, 0, 3200, lease="a"),
            owner("lease_expired", 6100, 2, 3000, lease="a"),
            owner("allocated", 6200, 2, 3100, lease="b", worker="w", attempt=2),
            report("complete", "a", 6300), report("complete", "b", 6400), report("complete", "b", 6500),
            {"v": 1, "type": "cursor", "at": 6600, "epoch": 2, "t": 3200, "queue": "default", "priority": 5, "next": 1}]


def history():
    return [
        {"kind": "clock", "wall": 1000.0, "monotonic": 1000.0},
        {"kind": "submit", "id": "x", "begun": 0, "ended": 1, "status": 201, "position": position("0:default/5@0")},
        {"kind": "take", "id": "x", "lease": "a", "attempt": 1, "begun": 2, "ended": 2.1, "valid_s": 3},
        {"kind": "beat", "lease": "a", "begun": 3, "ended": 3.1, "status": "ok", "valid_s": 3},
        {"kind": "take", "id": "x", "lease": "b", "attempt": 2, "begun": 6.2, "ended": 6.3, "valid_s": 3},
        {"kind": "settle", "id": "x", "lease": "a", "outcome": "complete", "begun": 6.2, "ended": 6.3, "status": "lease_lost"},
        {"kind": "settle", "id": "x", "lease": "b", "outcome": "complete", "begun": 6.4, "ended": 6.5, "status": "ok"},
        {"kind": "end", "id": "x", "state": "complete", "instance": "i0"},
    ] + [{"kind": "group", "instance": "i0", "of": of, "counts": {**dict.fromkeys(refold.STATES, 0), "complete": 1},
          "submitted": 1, "retries": 1, "duplicates": 0} for of in ("overall", "job j", "tag a", "priority 5")]


def task(offset, name="x"):
    return {"topic": "default-5", "partition": 0, "offset": offset, "ts": 100, "key": name,
            "payload": '{"v":1,"id":"%s","job":"j","tags":["a"],"payload":1}' % name}


class Refold(unittest.TestCase):
    def setUp(self):
        self.events, self.tasks, self.history = status(), [task(0)], copy.deepcopy(history())

    def found(self):
        lines = [{"topic": "status", "partition": 0, "offset": n, "ts": 0, "payload": json.dumps(event)}
                 for n, event in enumerate(self.events)]
        read = {"status": {0: lines}, "default-5": {0: self.tasks}, "control": {}}
        log = refold.Log(topics.from_json(read))
        self.verdicts = log.verdicts
        return compare.compare(log, self.history)

    def expect(self, *what):
        found = self.found()
        self.assertTrue(any(all(one in sentence for one in what) for sentence in found), f"{what} is not among {found}")

    def told(self, kind, n=0):
        return [event for event in self.history if event["kind"] == kind][n]

    def test_nothing_is_found_in_a_good_log(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.verdicts, {"count": 7, "stale_epoch": 1, "lease_lost": 1, "already": 1})

    # ---- what owners may not write ----

    def test_a_claim_makes_void_what_the_owner_before_it_decides(self):
        self.events.insert(3, owner("cancelled", 3100, 0, 20, reason="requested"))
        self.assertEqual(self.found(), [])
        self.assertEqual(self.verdicts["stale_epoch"], 2)

    def test_an_epoch_that_is_no_claim(self):
        self.events[5]["epoch"] = 1
        self.expect("status/0@5", "is no claim before it")

    def test_a_time_that_goes_back(self):
        self.events[5]["t"] = 2999
        self.expect("status/0@5", "t goes back")

    def test_a_hand_out_while_a_lease_is_live(self):
        del self.events[4]
        self.expect("status/0@4", "attempt 1 is still live")

    def test_a_hand_out_of_what_is_complete(self):
        self.events.append(owner("allocated", 7000, 2, 4000, lease="c", worker="w", attempt=3))
        self.expect("status/0@10", "but it is complete")

    def test_an_attempt_left_out(self):
        self.events[5]["attempt"] = 3
        self.expect("attempt 3 after 1")

    def test_a_lease_given_twice(self):
        self.events[5]["lease"] = "a"
        self.expect("status/0@5", "its lease was given at status/0@1 already")

    def test_a_lease_ended_before_its_time_of_its_own_owner(self):
        self.events[2:5] = [owner("lease_expired", 3000, 0, 3009, lease="a")]
        self.expect("status/0@2", "ended after 2999 ms of 3 s")

    def test_a_lease_ended_before_its_fresh_period(self):
        self.events[4]["t"] = 2999
        self.expect("status/0@4", "ended after 2999 ms of 3 s")

    def test_a_first_event_that_tells_otherwise_than_the_record(self):
        self.events[1]["job"] = "other"
        self.expect("status/0@1", "are not those of its record")

    def test_an_event_of_a_record_that_is_not_there(self):
        self.events[1]["offset"] = 7
        self.expect("status/0@1", "not there")

    def test_an_event_of_another_task_than_the_records(self):
        self.events[1]["id"] = "y"
        self.expect("names the record of x")

    def test_a_report_on_a_lease_that_nobody_gave(self):
        self.events[6]["lease"] = "q"
        self.expect("status/0@6", "nothing before it gave")

    def test_a_cursor_that_passes_a_waiting_task(self):
        self.events[9]["next"] = 2
        self.tasks.append(task(1, "y"))
        self.expect("status/0@9", "passes default-5/0@1")

    def test_a_duplicate_dropped_that_is_none(self):
        self.tasks.append(task(1, "y"))
        self.events.append(owner("duplicate", 7000, 2, 4000, **{"offset": 1, "id": "y", "of": {**AT, "offset": 0}}))
        self.expect("status/0@10", "no other record of it counts")

    def test_a_second_completion_of_an_id(self):
        def lines(topic, partition, values):
            return [{"topic": topic, "partition": partition, "offset": n, "ts": 100, "payload": json.dumps(value)}
                    for n, value in enumerate(values)]
        once = [claim(1000), first("a", 2000), report("complete", "a", 2100)]
        again = [claim(1000), first("b", 2000), report("complete", "b", 2100)]
        body = {"id": "x", "job": "j", "tags": ["a"], "payload": 1}
        log = refold.Log(topics.from_json({
            "status": {0: lines("status", 0, once), 1: lines("status", 1, again)},
            "default-5": {0: lines("default-5", 0, [body]), 1: lines("default-5", 1, [body])}}))
        self.assertEqual(log.found, ["status/1@2: x completes a second time, after status/0@2"])

    def test_a_record_that_is_missing(self):
        self.tasks = [task(1)]
        self.expect("default-5/0@1", "from 0 on are missing")

    # ---- what clients were told ----

    def test_an_acknowledged_submit_that_is_nowhere(self):
        self.history.append({**self.told("submit"), "id": "lost", "position": None})
        self.expect("lost: acknowledged, and on no topic")

    def test_an_acknowledged_submit_that_is_elsewhere(self):
        self.told("submit")["position"] = position("0:default/6@0")
        self.expect("acknowledged at 0:default/6@0, where there is nothing")

    def test_a_task_that_nobody_submitted(self):
        self.history.remove(self.told("submit"))
        self.expect("submitted by nobody")

    def test_a_lease_told_that_does_not_count(self):
        self.told("take", 1)["lease"] = "c"
        self.expect("counts nowhere")

    def test_a_lease_told_of_another_attempt(self):
        self.told("take", 1)["attempt"] = 3
        self.expect("was told x attempt 3")

    def test_a_stale_report_that_was_accepted(self):
        self.told("settle")["status"] = "ok"
        self.expect("status/0@4", "complete of x attempt 1 was answered ok, but it ended by expired", "status/0@6")

    def test_a_report_that_was_accepted_and_is_nowhere(self):
        self.told("settle").update(status="accepted")
        del self.events[6]
        self.expect("answered accepted, and is not on the topics")

    def test_a_report_that_counts_and_was_refused(self):
        self.told("settle", 1)["status"] = "lease_lost"
        self.expect("status/0@7", "counts, but was answered lease_lost")

    def test_a_release_repeated_when_the_task_has_gone_on_may_be_refused(self):
        self.events[4] = report("released", "a", 6100, delay_s=0)
        self.told("settle")["outcome"] = "release"
        for group in self.history[8:]:
            group["retries"] = 0
        self.assertEqual(self.found(), [])

    def test_a_lease_said_to_be_lost_while_it_was_live(self):
        self.told("settle").update(begun=4, ended=4.1)
        self.expect("status/0@4", "answered lease_lost while it was live")

    def test_a_renewal_refused_while_the_lease_was_live(self):
        self.told("beat")["status"] = "lease_lost"
        self.expect("answered lease_lost while it was live")

    def test_a_renewal_that_was_confirmed_and_not_kept(self):
        self.told("beat").update(begun=5, ended=5.1)
        self.expect("status/0@4", "expires 1.90 s before its worker was told")

    def test_an_instance_that_says_another_state(self):
        self.told("end")["state"] = "pending"
        self.expect("x is complete, but i0 says pending")

    def test_counters_that_are_not_those_of_the_topics(self):
        for of, field in ((0, "retries"), (1, "submitted"), (2, "duplicates"), (3, "retries")):
            self.setUp()
            self.told("group", of)[field] = 7
            self.expect(f"i0: {field} of {self.told('group', of)['of']} are 7")
        self.setUp()
        self.told("group", 2)["counts"]["complete"] = 2
        self.expect("i0: counts of tag a")

    def test_a_counter_that_an_instance_lacks(self):
        self.history.remove(self.told("group", 2))
        self.expect("i0 does not know tag a")

    def test_a_counter_that_an_instance_makes_up(self):
        self.told("group", 2)["of"] = "tag b"
        self.expect("i0 makes up tag b")


if __name__ == "__main__":
    unittest.main()
