"""`psyne info` shows what running processes count on their channels."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PSYNE = sys.argv.pop()


class Counters(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="psyne-tools-"))
        self.addCleanup(shutil.rmtree, directory)
        self.pages = directory / "pages"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PSYNE_")},
            "XDG_RUNTIME_DIR": str(directory),
            "PSYNE_METRICS_DIRECTORY": str(self.pages),
            "PSYNE_CONFIG": "",
        }

    def run_perf(self, uri, **environment):
        """Two processes with channels, which last until the end of the test."""
        perf = subprocess.Popen(
            [PSYNE, "perf", uri, "--sizes", "64", "--seconds", "40", "--json"],
            env=self.environment | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def end():
            try:
                os.killpg(perf.pid, 9)
            except ProcessLookupError:
                pass
            perf.wait()

        self.addCleanup(end)
        return perf

    def info(self, *arguments):
        return subprocess.run(
            [PSYNE, "info", *arguments], env=self.environment, capture_output=True, text=True, timeout=30
        )

    def processes(self):
        return json.loads(self.info("--json").stdout)["processes"]

    def wait_for_messages(self, count):
        """What is shown once so many processes have sent something."""
        for _ in range(200):
            found = self.processes()
            busy = [one for one in found if any(two["values"]["messages"] > 0 for two in one["sections"])]
            if len(busy) == count:
                return busy
            time.sleep(0.05)
        self.fail(f"never {count} busy processes, but {found}")

    def test_none_run(self):
        self.assertEqual(self.processes(), [])
        self.assertIn("Running processes that use psyne: none", self.info().stdout)

    def test_both_ends_of_both_processes_are_shown_and_go_on(self):
        perf = self.run_perf("ipc://tools")
        before = {one["pid"]: one for one in self.wait_for_messages(2)}
        self.assertIn(perf.pid, before)
        labels = sorted(section["label"].split(" ")[-1] for one in before.values() for section in one["sections"])
        self.assertEqual(labels, ["receiver", "receiver", "sender", "sender"])
        time.sleep(0.1)
        for after in self.processes():
            for section in after["sections"]:
                old = next(two for two in before[after["pid"]]["sections"] if two["label"] == section["label"])
                self.assertGreater(section["values"]["messages"], old["values"]["messages"])
                self.assertEqual(section["values"]["bytes"] % 64, 0)
                self.assertEqual(section["values"]["lanes"], 1)

    def test_a_table_is_aligned_and_has_no_column_of_zeros(self):
        perf = self.run_perf("ipc://tools")
        self.wait_for_messages(2)
        shown = self.info(str(perf.pid))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        title, header, *rows = shown.stdout.rstrip().split("\n")
        self.assertRegex(title, rf"^psyne \(pid {perf.pid}\), up \d+ s$")
        self.assertEqual(header.split()[:4], ["channel", "messages", "bytes", "lanes"])
        self.assertNotIn("refused", header)
        self.assertEqual(len(rows), 2)
        self.assertTrue(rows[0].lstrip().startswith("ipc://tools"))
        end = header.index("messages") + len("messages")
        for row in rows:
            self.assertTrue(row[end - 1].isdigit() or row[end - 1] in "MG", row)
            self.assertEqual(row[end : end + 3].strip(), "", row)

    def test_a_process_without_a_page_is_an_error_that_says_what_to_do(self):
        shown = self.info("1")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("cannot find the counters of process 1", shown.stderr)
        self.assertIn("metrics.enabled", shown.stderr)

    def test_where_metrics_are_disabled_nothing_is_shown_and_no_page_is_made(self):
        perf = self.run_perf("ipc://tools", PSYNE_METRICS_ENABLED="no")
        names = pathlib.Path(self.environment["XDG_RUNTIME_DIR"], "psyne")
        for _ in range(200):
            if names.is_dir() and len(list(names.glob("tools-*/*.socket"))) == 2:
                break
            time.sleep(0.05)
        else:
            self.fail("perf has not begun")
        self.assertIsNone(perf.poll())
        self.assertEqual(self.processes(), [])
        self.assertFalse(self.pages.exists())


if __name__ == "__main__":
    unittest.main()
