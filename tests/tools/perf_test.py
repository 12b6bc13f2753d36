"""`psyne perf` measures, says what it measured, and ends by time, not by work."""

import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PSYNE = sys.argv.pop()


def spin():
    while True:
        pass


class Perf(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="psyne-tools-"))
        self.addCleanup(shutil.rmtree, directory)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PSYNE_")},
            "XDG_RUNTIME_DIR": str(directory),
            "PSYNE_METRICS_ENABLED": "no",
        }

    def perf(self, *arguments):
        return subprocess.run(
            [PSYNE, "perf", *arguments], env=self.environment, capture_output=True, text=True, timeout=50
        )

    def test_rows_are_given_for_each_size_by_threads_and_by_processes(self):
        for uri in "memory://", "ipc://", "ipc://named?capacity=1M":
            done = self.perf(uri, "--sizes", "8,1000,65536", "--seconds", "0.05", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = json.loads(done.stdout)["rows"]
            self.assertEqual([row["bytes"] for row in rows], [8, 1000, 65536])
            for row in rows:
                self.assertTrue(0 < row["p50_ns"] <= row["p99_ns"] <= row["p999_ns"] <= row["max_ns"], row)
                self.assertAlmostEqual(row["gigabytes_per_second"] * 1e9, row["messages_per_second"] * row["bytes"], 0)

    def test_a_person_gets_a_table_with_its_units_and_what_was_done(self):
        done = self.perf("ipc://", "--sizes", "64", "--seconds", "0.05")
        lines = done.stdout.splitlines()
        self.assertIn("two processes", lines[0])
        head = next(line for line in lines if "p50 ns" in line)
        row = lines[lines.index(head) + 1]
        self.assertTrue(row.strip().startswith("64 B"), done.stdout)
        self.assertEqual(len(head), len(row), "the columns are aligned")
        self.assertIn("One-way times of 64 B", done.stdout)

    def test_it_ends_though_others_have_the_cpus(self):
        spinners = [multiprocessing.Process(target=spin, daemon=True) for _ in range(2 * os.cpu_count())]
        for spinner in spinners:
            spinner.start()
        try:
            done = self.perf("ipc://", "--sizes", "8,64", "--seconds", "0.2", "--json")
        finally:
            for spinner in spinners:
                spinner.kill()
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_cannot_be_measured_is_an_error_that_says_what_to_do(self):
        done = self.perf("nowhere://")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere", done.stderr)
        for sizes in "x", "0", "8,-1":
            wrong = self.perf("ipc://", "--sizes", sizes)
            self.assertNotEqual(wrong.returncode, 0)
            self.assertIn("--sizes", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
