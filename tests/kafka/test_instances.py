"""Several KWQ instances on one broker: who owns what, and that it does not matter whom a worker asks."""
import base64
import secrets
import time
import unittest
from urllib.parse import quote

import cluster_server
from server import Server, eventually

SHARDS = 16


def shard_of(lease):
    """A lease says where its task is: a byte of version, then two of the shard."""
    raw = base64.urlsafe_b64decode(lease["lease"][:4] + "====")
    return int.from_bytes(raw[1:3], "big")


class Instances(unittest.TestCase):
    count = 2

    def setUp(self):
        self.flags = [*cluster_server.flags(), "--kafka-session-timeout", "3s"]
        self.servers = []
        for _ in range(self.count):
            self.add()
        self.settled_down()

    def add(self):
        server = Server(*self.flags, "--instance", f"i{len(self.servers)}")
        self.servers.append(server)
        self.addCleanup(server.close)
        return server.start()

    def alive(self):
        return [one for one in self.servers if one.process.poll() is None]

    def call(self, at, method, path, body=None, status=200):
        answer = at.call(method, "/kwq/v1" + path, body)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer}\n{at.log()[-2000:]}")
        return answer.json

    def look(self, at, path):
        """Empty while this instance has not read of it yet."""
        answer = at.call("GET", "/kwq/v1" + path)
        return answer.json if answer.status == 200 else {}

    def owned(self, at):
        """By what the instance says of itself."""
        return {one["shard"] for one in self.call(at, "GET", "/cluster")["instances"][0]["shards"]}

    def settled_down(self, seconds=30):
        """Every shard has one owner, and each instance that lives has its part."""
        def shared_out():
            parts = [self.owned(one) for one in self.alive()]
            least = SHARDS // len(parts)
            return (sum(len(part) for part in parts) == SHARDS and set().union(*parts) == set(range(SHARDS))
                    and all(len(part) >= least for part in parts))
        eventually(shared_out, "the shards are shared out", seconds)

    def submit(self, at, number, **fields):
        """With ids of their own, which lie all over the shards; those of one request would not."""
        request = secrets.token_hex(4)
        tasks = [{"id": f"{request}-{n}", "payload": n, **fields} for n in range(number)]
        return [one["id"] for one in self.call(at, "POST", "/tasks", tasks, status=201)["tasks"]]

    def take(self, at, number, seconds=30):
        leases = []
        end = time.monotonic() + seconds
        while len(leases) < number and time.monotonic() < end:
            leases += self.call(at, "POST", "/leases", {"worker": "w", "max": number - len(leases), "wait_s": 1})["leases"]
        self.assertEqual(len(leases), number)
        return leases

    def beat(self, at, lease):
        """As workers do: again when the owner is not sure that it still is, as on a machine with much else to do."""
        def said():
            answer = at.call("POST", "/kwq/v1/leases/heartbeat", {"leases": [lease["lease"]]})
            self.assertIn(answer.status, (200, 503), answer)
            return answer.json["leases"] if answer.status == 200 else None
        return eventually(said, "the owner tells of the lease", 10)


class Two(Instances):
    def test_one_instance_hands_out_and_settles_the_tasks_of_all_shards(self):
        first, second = self.servers
        ids = self.submit(first, 200, job="all")
        leases = self.take(second, 200)
        self.assertEqual({one["task"]["id"] for one in leases}, set(ids))
        self.assertEqual([one["task"]["payload"] for one in leases if one["task"]["id"] == ids[7]], [7])
        self.assertGreater(len({shard_of(one) for one in leases}), SHARDS // 2)
        for lease in leases[:100]:
            self.call(first, "POST", f"/leases/{quote(lease['lease'])}/complete", {"result": 1})
        settle = [{"lease": one["lease"], "outcome": "complete"} for one in leases[100:]]
        verdicts = self.call(second, "POST", "/leases", {"worker": "w", "settle": settle})["settled"]
        self.assertEqual({one["status"] for one in verdicts}, {"ok"})
        for server in self.servers:
            eventually(lambda at=server: self.look(at, "/jobs/all").get("counts", {}).get("complete") == 200,
                       "all is complete")

    def test_tasks_of_one_request_lie_in_one_shard_and_those_of_the_next_in_another(self):
        first = self.servers[0]
        shards = []
        for _ in range(3):
            self.call(first, "POST", "/tasks", [{"payload": n} for n in range(100)], status=201)
            shards.append({shard_of(one) for one in self.take(first, 100)})
        self.assertEqual([len(one) for one in shards], [1, 1, 1])
        self.assertEqual(len(set.union(*shards)), 3)

    def test_K10_a_repeated_report_is_known_and_a_stale_one_refused_at_any_instance(self):
        first, second = self.servers
        self.submit(first, 32)
        for lease in self.take(first, 32):
            path = f"/leases/{quote(lease['lease'])}"
            self.assertEqual([one["status"] for one in self.beat(second, lease)], ["ok"])
            self.call(second, "POST", path + "/running", {})
            self.assertEqual(self.call(second, "POST", path + "/complete", {})["status"], "ok")
            self.assertEqual(self.call(first, "POST", path + "/complete", {})["status"], "already")
            self.call(second, "POST", path + "/error", {"message": "no"}, status=409)

    def test_K11_the_most_urgent_task_comes_first_whichever_instance_has_it(self):
        first, second = self.servers
        for n in range(90):
            self.submit(first, 1, priority=1 + n % 9)
        time.sleep(0.5)  # they exchange what is ready ten times a second
        order = [self.take(second, 1)[0]["task"]["priority"] for _ in range(90)]
        self.assertEqual(order, sorted(order, reverse=True))

    def test_a_worker_that_waits_at_one_instance_gets_the_task_of_another(self):
        first, second = self.servers
        for _ in range(12):
            begun = time.monotonic()
            self.submit(first, 1)
            self.take(second, 1)
            self.assertLess(time.monotonic() - begun, 5)

    def test_a_task_is_cancelled_and_retried_at_any_instance(self):
        first, second = self.servers
        for n, task in enumerate(self.submit(first, 16)):
            at = self.servers[n % 2]
            eventually(lambda a=at, t=task: self.look(a, f"/tasks/{t}"), "the task is known")
            self.call(at, "POST", f"/tasks/{task}/cancel", {})
            eventually(lambda t=task: self.look(second, f"/tasks/{t}").get("state") == "cancelled", "it is cancelled")

    def test_heartbeats_of_a_silent_owner_are_unknown_and_the_others_known(self):
        first, second = self.servers
        self.submit(first, 32)
        leases = self.take(first, 32)
        theirs = self.owned(second)
        second.freeze()
        answer = self.call(first, "POST", "/leases/heartbeat", {"leases": [one["lease"] for one in leases]})["leases"]
        second.thaw()
        self.assertEqual([one["lease"] for one in answer], [one["lease"] for one in leases])
        expected = ["unknown" if shard_of(one) in theirs else "ok" for one in leases]
        self.assertEqual([one["status"] for one in answer], expected)

    def test_a_graceful_end_gives_its_shards_to_the_other_and_loses_no_lease(self):
        first, second = self.servers
        self.submit(first, 64)
        leases = self.take(first, 64)
        self.assertEqual(first.terminate(), 0)
        self.settled_down(15)
        for lease in leases:
            self.call(second, "POST", f"/leases/{quote(lease['lease'])}/complete", {})


class Three(Instances):
    count = 3

    def test_killed_its_shards_go_to_the_others_and_its_leases_stay(self):
        victim, second, third = self.servers
        ids = self.submit(second, 96)
        leases = self.take(victim, 16) + self.take(second, 32)
        theirs = self.owned(victim)
        while not any(shard_of(one) in theirs for one in leases):
            leases += self.take(second, 8)
        victim.kill9()
        begun = time.monotonic()
        # Nobody decides yet: the log takes the report, and the next owner finds it there.
        mine = next(one for one in leases if shard_of(one) in theirs)
        answer = second.call("POST", f"/kwq/v1/leases/{quote(mine['lease'])}/complete", {})
        self.assertIn(answer.status, (200, 202), answer)
        for lease in leases:
            if lease is not mine:
                eventually(lambda one=lease: third.call("POST", f"/kwq/v1/leases/{quote(one['lease'])}/complete",
                                                        {}).status in (200, 202), "it is taken")
        rest = self.take(third, len(ids) - len(leases))
        print(f"all 16 shards hand out again {time.monotonic() - begun:.1f} s after kill -9")
        self.assertEqual({one["task"]["id"] for one in leases + rest}, set(ids))
        eventually(lambda: self.call(second, "GET", "/stats")["overall"]["counts"]["complete"] == len(leases),
                   "all that were held are complete")

    def test_a_frozen_instance_that_wakes_up_decides_nothing(self):
        zombie, second, third = self.servers
        self.submit(second, 48, lease_s=2)
        theirs = self.owned(zombie)
        leases = self.take(zombie, 10) + self.take(second, 38)
        old = [one for one in leases if shard_of(one) in theirs]
        self.assertTrue(old)
        zombie.freeze()
        eventually(lambda: not theirs - self.owned(second) - self.owned(third), "the others own its shards", 30)
        again = []
        ids = {one["task"]["id"] for one in old}

        def handed_out_again():
            again.extend(self.call(third, "POST", "/leases", {"worker": "v", "max": 100})["leases"])
            return ids <= {one["task"]["id"] for one in again}
        eventually(handed_out_again, "its tasks are handed out again", 40)
        zombie.thaw()
        for lease in old:
            answer = zombie.call("POST", f"/kwq/v1/leases/{quote(lease['lease'])}/complete", {})
            self.assertIn(answer.status, (202, 409, 503), answer)
        counts = self.call(second, "GET", "/stats")["overall"]["counts"]
        self.assertEqual(counts["complete"], 0)

    def test_K20_an_instance_that_joins_gets_its_part_without_a_refused_call(self):
        first = self.servers[0]
        ids = self.submit(first, 120)
        leases = self.take(first, 60)
        self.add()
        reports = [f"/leases/{quote(lease['lease'])}/complete" for lease in leases]
        for report in reports:  # 202: its shard has no owner at that moment, the verdict comes later
            self.assertIn(self.servers[-1].call("POST", "/kwq/v1" + report, {}).status, (200, 202))
        self.settled_down()
        for report in reports:
            self.call(self.servers[-1], "POST", report, {})
        rest = self.take(self.servers[-1], 60)
        self.assertEqual({one["task"]["id"] for one in leases + rest}, set(ids))


if __name__ == "__main__":
    unittest.main()
