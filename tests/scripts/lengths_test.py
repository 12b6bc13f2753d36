"""scripts/check-lengths: finds what is too long, counts what is code, and the bytes of tests to those of source."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Lengths(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="psyne-lengths-"))
        self.addCleanup(shutil.rmtree, self.tree)
        subprocess.run(["git", "init", "--quiet", self.tree], check=True)

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / "check-lengths", self.tree], capture_output=True, text=True, timeout=60
        )

    def test_600_lines_are_allowed_and_601_are_not(self):
        self.write("core/long.cpp", "\n" * 600)
        self.assertEqual(self.check().returncode, 0)
        self.write("core/longer.cpp", "\n" * 601)
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("601 lines  core/longer.cpp  TOO LONG\n", done.stdout)
        self.assertIn("600 lines  core/long.cpp\n", done.stdout)

    def test_tests_are_held_to_it_too_and_data_is_not(self):
        self.write("examples/data/digits.csv", "\n" * 5000)
        self.assertEqual(self.check().returncode, 0)
        self.write("tests/a_test.py", "\n" * 601)
        self.assertEqual(self.check().returncode, 1)

    def test_what_git_ignores_does_not_count(self):
        self.write(".gitignore", "/build/\n")
        self.write("build/generated.cpp", "\n" * 5000)
        self.assertEqual(self.check().returncode, 0)

    def test_the_ratio_is_of_bytes(self):
        self.write("core/a.cpp", "x" * 1000)
        self.write("tools/b.cpp", "x" * 1000)
        self.write("bench/c.cpp", "x" * 7777)
        self.write("tests/core/a_test.cpp", "x" * 1700)
        self.assertIn("1,700 bytes of tests to 2,000 of source: 0.85\n", self.check().stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
