"""Three brokers, three replicas of which two must have a record, three instances: the example runs there as it is."""
import os
import subprocess
import tempfile
import unittest

import broker
import cluster_server
import replicas
from server import CLEAN, KWQ, ROOT, Server, eventually

FILES = 120


class Cluster(unittest.TestCase):
    def test_the_example_runs_unchanged_on_three_brokers_with_three_instances(self):
        cluster = broker.Cluster(3)
        self.addCleanup(cluster.close)
        cluster.start()
        settings = {**cluster_server.settings(cluster.brokers), "kafka-replication": "3", "kafka-min-insync": "2",
                    "kafka-session-timeout": "3s", "partitions": "6"}
        flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
        servers = [Server(*flags, "--instance", f"i{n}") for n in range(2)]
        for server in servers:
            self.addCleanup(server.close)
            server.start()
        eventually(lambda: replicas.all_in_sync(cluster), "all replicas are in sync", 60)
        with tempfile.TemporaryDirectory() as root:
            for n in range(FILES):
                with open(os.path.join(root, f"file-{n}"), "wb") as file:
                    file.write(b"%d " % n * (1 + n * 37 % 5000))
            third = {"KWQ_" + name.upper().replace("-", "_"): value for name, value in settings.items()}
            done = subprocess.run([os.path.join(ROOT, "examples", "checksums", "run.sh"), root],
                                  env={**CLEAN, **third, "KWQ_BIN": KWQ}, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"{FILES} results equal sha256sum's; 0 lost, 0 counted twice", done.stdout)
        self.assertTrue(all(len(all_of) == 3 for _, _, _, all_of, _ in
                            replicas.partitions(cluster.nodes[0].address, cluster.nodes[0].port)))


if __name__ == "__main__":
    unittest.main()
