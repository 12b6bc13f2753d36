"""./bench/compare as it is called, with programs that answer at once in place of those that measure."""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from specimens import ROOT, program, serving

LIMITS = '{"latency": 60, "stream": 40}[work]'
# By work: what a psyne that meets every must says, and what each peer says.
GOOD = """{"latency": 50, "stream": 30, "in place": 30, "messages": 400, "idle cpu": 0, "idle wakes": 0,
           "memory": 12}[work]"""
PEER = '{"latency": 100, "stream": 10, "in place": 10, "messages": 20}[work]'


class Compare(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = Path(folder.name)
        self.bench = self.build / "bench"
        serving(self.bench / "psyne_bench_limits", LIMITS)
        self.psyne = serving(self.bench / "messages" / "psyne_bench_messages_psyne", GOOD)
        for peer in ("ucx", "open_mpi", "libfabric", "zeromq", "nng"):
            serving(self.peer(peer), PEER)

    def peer(self, name):
        return self.bench / "messages" / f"psyne_bench_messages_{name}"

    def compare(self, *words):
        command = [sys.executable, ROOT / "bench" / "compare", *words, "--build", self.build]
        return subprocess.run(command, capture_output=True, text=True, timeout=50)

    def test_every_must_met_is_status_0_and_a_table_and_a_file(self):
        file = self.build / "results.json"
        result = self.compare("ipc", "--quick", "--check", "--json", file)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("check: every must is met", result.stdout)
        self.assertIn("0.50 [0.50 0.50]", result.stdout)
        words = json.loads(file.read_text())
        self.assertEqual(words["suite"], "ipc")
        self.assertTrue(all(row["met"] for row in words["rows"]))
        self.assertEqual(words["rows"][0]["peers"].keys(), {"UCX", "Open MPI", "libfabric", "ZeroMQ", "nng"})

    def test_a_missed_must_and_an_absent_peer_are_named_and_status_1(self):
        serving(self.psyne, GOOD.replace('"messages": 400', '"messages": 59'))
        self.peer("nng").unlink()
        result = self.compare("ipc", "--quick", "--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("missed: messages 8 B is 2.95", result.stdout)
        self.assertIn("absent: nng (install libnng-dev", result.stdout)
        self.assertIn("check: 2 fell short", result.stdout)

    def test_without_check_a_shortfall_is_shown_and_status_0(self):
        serving(self.psyne, GOOD.replace('"messages": 400', '"messages": 59'))
        result = self.compare("ipc", "--quick")
        self.assertEqual(result.returncode, 0)
        self.assertIn("NO", result.stdout)

    def test_a_peer_that_breaks_is_named(self):
        program(self.peer("ucx"), "import sys; input(); sys.exit('no memory left')")
        result = self.compare("ipc", "--quick", "--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("failed: UCX in latency 8 B: no memory left", result.stdout)

    def test_a_suite_that_is_not_built_says_how_to_build_it(self):
        self.psyne.unlink()
        result = self.compare("ipc", "--quick")
        self.assertEqual(result.returncode, 2)
        self.assertIn("scripts/build release benches", result.stderr)

    def test_a_suite_that_is_never_over_tcp_cannot_go_over_veth(self):
        result = self.compare("ipc", "--quick", "--veth")
        self.assertEqual(result.returncode, 2)
        self.assertIn("ipc measures nothing over TCP", result.stderr)

    def test_an_unknown_suite_is_refused(self):
        result = self.compare("speed")
        self.assertEqual(result.returncode, 2)
        self.assertIn("ipc", result.stderr)


if __name__ == "__main__":
    unittest.main()
