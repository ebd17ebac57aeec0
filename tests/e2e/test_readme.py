"""The README's commands work as they stand there: every fenced block marked `sh run` is executed, in order, in one
shell, with a server where the README says one is and `kwq` on the PATH."""
import os
import re
import subprocess
import unittest

from server import CLEAN, KWQ, ROOT, KwqTest

README = os.path.join(ROOT, "README.md")


def blocks(text):
    return re.findall(r"^```sh run\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Readme(KwqTest):
    def test_the_commands_of_the_readme_work(self):
        with open(README, encoding="utf-8") as file:
            commands = blocks(file.read())
        self.assertGreater(len(commands), 0, "no block of the README is marked `sh run`")
        # The README's server listens on 8080; here it is on a free port.
        script = "set -eu\n" + "\n".join(commands).replace("http://127.0.0.1:8080", self.server.url).replace(
            "http://localhost:8080", self.server.url)
        environment = {**CLEAN, "KWQ_URL": self.server.url,
                       "PATH": os.path.dirname(KWQ) + ":" + os.environ["PATH"]}
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, text=True, timeout=50,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, f"{script}\n--- said:\n{done.stdout}")


if __name__ == "__main__":
    unittest.main()
