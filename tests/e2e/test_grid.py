"""A search that finds its own work: each completed point submits its neighbours as follow-ups."""
import threading
import unittest
from urllib.parse import quote

from server import KwqTest, eventually

SIZE = 7
LEASE = 3  # an allocation that the kill kept from its worker is back this soon


def neighbours(x, y):
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        if 0 <= x + dx < SIZE and 0 <= y + dy < SIZE:
            yield x + dx, y + dy


class Grid(KwqTest):
    def test_G2_then_with_deterministic_ids_explores_a_grid_to_exhaustion_each_point_once(self):
        self.visited, self.lock = [], threading.Lock()
        self.submit([3, 3], id="point-3-3", job="grid", lease_s=LEASE)
        workers = [threading.Thread(target=self.explore, args=(f"w{n}",), daemon=True) for n in range(4)]
        for worker in workers:
            worker.start()
        eventually(lambda: len(self.visited) >= SIZE * SIZE // 2, "half of the grid", 30)
        self.server.restart()  # and on with it
        for worker in workers:
            worker.join(60)
        everything = [(x, y) for x in range(SIZE) for y in range(SIZE)]
        self.assertEqual(sorted(self.visited), everything)
        job = self.get("/jobs/grid?wait_s=10&until=idle")
        self.assertEqual((job["counts"]["complete"], job["submitted"]), (SIZE * SIZE, SIZE * SIZE))
        pushes = sum(len(list(neighbours(x, y))) for x, y in everything)
        eventually(lambda: self.get("/jobs/grid")["duplicates"] >= pushes - (SIZE * SIZE - 1), "repeats are counted")

    def explore(self, worker):
        """Ends when the grid does: nothing to take, and nothing in flight."""
        while True:
            try:
                leases = self.poll(worker, wait_s=1)["leases"]
                if not leases and self.is_over():
                    return
                for lease in leases:
                    self.visit(lease)
            except OSError:
                pass  # the server is being restarted

    def is_over(self):
        counts = self.get("/jobs/grid")["counts"]
        return sum(counts[state] for state in ("scheduled", "pending", "allocated", "running")) == 0

    def visit(self, lease):
        x, y = lease["task"]["payload"]
        then = [{"id": f"point-{a}-{b}", "payload": [a, b], "job": "grid", "lease_s": LEASE} for a, b in neighbours(x, y)]
        path = f"/kwq/v1/leases/{quote(lease['lease'])}/complete"
        while True:
            try:
                status = self.server.call("POST", path, {"result": x + y, "then": then}).status
            except OSError:
                continue  # repeated until there is an answer
            if status == 503:
                continue
            if status == 200:
                with self.lock:
                    self.visited.append((x, y))
            return  # 409: the lease was lost, another has the point


if __name__ == "__main__":
    unittest.main()
