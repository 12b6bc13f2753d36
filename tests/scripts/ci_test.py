""".ci/run against pretended stages: it goes on after a failure, counts what ctest counted, and ends as it promises."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = ("test", "sanitize-asan", "sanitize-tsan", "valgrind", "fuzz", "lint")


def ctest(failed, out_of):
    percent = 100 * (out_of - failed) // out_of
    return f"{percent}% tests passed, {failed} tests failed out of {out_of}"


class Ci(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="psyne-ci-"))
        self.addCleanup(shutil.rmtree, self.tree)
        (self.tree / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "run", self.tree / ".ci")
        self.stages = {stage: "@true" for stage in STAGES}
        self.stages["test"] = self.stages["sanitize-asan"] = self.stages["sanitize-tsan"] = f"@echo '{ctest(0, 10)}'"

    def run_ci(self):
        (self.tree / "Makefile").write_text("".join(f"{name}:\n\t{recipe}\n" for name, recipe in self.stages.items()))
        fresh = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run([self.tree / ".ci" / "run"], env=fresh, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines()[-1], done.stdout

    def test_counts_each_test_and_each_other_stage(self):
        self.assertEqual(self.run_ci()[:2], (0, "33 passed, 0 failed"))

    def test_a_failed_test_is_counted_once_and_the_other_stages_still_run(self):
        self.stages["test"] = f"@echo '{ctest(3, 10)}'; exit 8"
        status, last, output = self.run_ci()
        self.assertEqual((status, last), (1, "30 passed, 3 failed"))
        self.assertIn("=== lint", output)

    def test_what_does_not_build_is_one_failure(self):
        self.stages["sanitize-tsan"] = "@echo 'error: expected a semicolon'; exit 1"
        self.assertEqual(self.run_ci()[:2], (1, "23 passed, 1 failed"))

    def test_a_stage_that_fails_after_good_tests_is_not_lost(self):
        self.stages["test"] = f"@echo '{ctest(0, 10)}'; exit 1"
        self.assertEqual(self.run_ci()[:2], (1, "33 passed, 1 failed"))

    def test_a_failed_lint_fails_the_whole(self):
        self.stages["lint"] = "@exit 1"
        status, last, output = self.run_ci()
        self.assertEqual((status, last), (1, "32 passed, 1 failed"))
        self.assertRegex(output, r"lint +\d+ s   failed, exit status 2: see build/ci/lint.log")

    def test_keeps_what_each_stage_said(self):
        self.stages["fuzz"] = "@echo one; echo two >&2"
        self.run_ci()
        self.assertEqual((self.tree / "build/ci/fuzz.log").read_text(), "one\ntwo\n")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
