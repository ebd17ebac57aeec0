"""The checksums example on a small tree with names of every kind."""
import os
import subprocess
import tempfile
import unittest

from server import CLEAN, KWQ, ROOT


def make_tree(root):
    os.makedirs(os.path.join(root, "deep", "er"))
    names = [b"spaces in name.txt", b'quote"back\\slash.txt', b"newline\nin.txt", b"not-utf8-\xff\xfe.bin",
             "gr\u00fc\u00dfe.md".encode(), b"empty", b"-dash.txt", b"dollar $HOME `x`.sh", b"ends with newline\n"]
    names += [b"file-%03d.%s" % (n, (b"txt", b"png", b"json", b"so")[n % 4]) for n in range(300 - len(names))]
    for number, name in enumerate(names):
        folder = (b"", b"deep", b"deep/er")[number % 3]
        with open(os.path.join(os.fsencode(root), folder, name), "wb") as file:
            if name != b"empty":
                file.write(b"%d " % number * (1 + number * 37 % 5000))
    os.symlink("empty", os.path.join(root, "link"))


class Checksums(unittest.TestCase):
    def test_every_result_is_right_through_kills_of_server_and_worker(self):
        with tempfile.TemporaryDirectory() as root:
            make_tree(root)
            done = subprocess.run([os.path.join(ROOT, "examples", "checksums", "run.sh"), root],
                                  env={**CLEAN, "KWQ_BIN": KWQ}, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertIn("300 results equal sha256sum's; 0 lost, 0 counted twice", done.stdout)
        self.assertEqual(done.stdout.count("killed the server"), 3)
        self.assertEqual(done.stdout.count("killed the worker"), 2)


if __name__ == "__main__":
    unittest.main()
