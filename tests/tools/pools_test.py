"""`psyne info PID` shows what the pools of a process do, and that one of them has too few threads."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PSYNE = sys.argv.pop()
CROWDED = os.environ["CROWDED_POOL"]


class Pools(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="psyne-tools-"))
        self.addCleanup(shutil.rmtree, directory)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PSYNE_")},
            "XDG_RUNTIME_DIR": str(directory),
            "PSYNE_METRICS_DIRECTORY": str(directory / "pages"),
            "PSYNE_CONFIG": "",
        }
        self.program = subprocess.Popen(
            [CROWDED], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(self.program.__exit__, None, None, None)  # closes the pipes and waits
        self.addCleanup(self.program.kill)
        self.assertEqual(self.program.stdout.readline(), "ready\n")

    def info(self, *arguments):
        return subprocess.run(
            [PSYNE, "info", *arguments], env=self.environment, capture_output=True, text=True, timeout=30
        )

    def test_a_table_has_the_pool_its_threads_and_what_limits_it(self):
        shown = self.info(str(self.program.pid))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        _, header, pool, thread, limit = shown.stdout.rstrip().split("\n")
        self.assertEqual(header.split()[:5], ["pool", "workers", "places", "max_threads", "limited"])
        self.assertEqual(pool.split()[:3], ["crowded", "1", "1"])
        self.assertEqual(thread.split()[:3], ["crowded", "thread", "1"])
        self.assertRegex(limit, r"the pool crowded was at its limit of threads .* [1-9]\d* times: raise its max_threads")

    def test_json_has_the_same(self):
        sections = json.loads(self.info(str(self.program.pid), "--json").stdout)["sections"]
        rows = {section["label"]: section["values"] for section in sections if section["kind"] == "pool"}
        self.assertEqual(sorted(rows), ["crowded", "crowded thread 1"])
        self.assertGreater(rows["crowded"]["limited"], 0)
        self.assertGreater(rows["crowded thread 1"]["runs"], 0)

    def test_it_ends_as_a_pool_does(self):
        self.program.stdin.close()
        self.assertEqual(self.program.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
