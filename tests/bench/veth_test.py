"""The pair of virtual interfaces that a bench may run over: made for real, in processes of its own."""

import subprocess
import sys
import unittest

from specimens import ROOT, row, suite

from comparison import veth
from comparison.suite import SuiteError, over_veth

ENTER = f"""
import sys
sys.path.insert(0, {str(ROOT / "bench")!r})
from comparison import veth
try:
    veth.enter()
except veth.NoNetwork as reason:
    print("none:", reason)
    sys.exit()
"""

MEET = """
import ctypes, os, socket, subprocess

def in_followers():
    with open(os.environ["PSYNE_BENCH_FOLLOWER"]) as there:
        assert ctypes.CDLL(None).setns(there.fileno(), veth.CLONE_NEWNET) == 0

listener = socket.create_server((veth.LEADER, 0))
listener.settimeout(20)
connect = f"import socket; socket.create_connection(('{veth.LEADER}', {listener.getsockname()[1]}), timeout=20)"
follower = subprocess.Popen([sys.executable, "-c", connect], preexec_fn=in_followers)
print(listener.accept()[1][0] == veth.FOLLOWER, os.listdir("/sys/class/net").count(veth.NAME))
follower.wait()
"""


class OverVeth(unittest.TestCase):
    def test_a_suite_over_tcp_is_measured_whole_by_another_name(self):
        over = over_veth(suite(row(), row(work="stream"), over="tcp"))
        self.assertEqual((over.name, len(over.rows)), ("specimen-veth", 2))
        self.assertIn("virtual", over.title)

    def test_of_another_suite_what_it_does_over_tcp(self):
        over = over_veth(suite(row(work="ask ipc"), row(work="ask tcp asleep")))
        self.assertEqual([row.work for row in over.rows], ["ask tcp asleep"])
        with self.assertRaisesRegex(SuiteError, "nothing over TCP"):
            over_veth(suite(row()))


class Pair(unittest.TestCase):
    def run_in_pair(self, program):
        done = subprocess.run([sys.executable, "-c", ENTER + program], capture_output=True, text=True, timeout=50)
        self.assertEqual(done.returncode, 0, done.stderr)
        if done.stdout.startswith("none: "):
            self.skipTest(done.stdout)
        return done.stdout.split()

    def test_the_two_sides_reach_each_other_and_see_their_device(self):
        self.assertEqual(self.run_in_pair(MEET), ["True", "1"])

    def test_nobody_is_paced(self):
        chosen = 'print(open("/proc/sys/net/ipv4/tcp_congestion_control").read())'
        self.assertNotIn("bbr", self.run_in_pair(chosen))

    def test_who_cannot_have_one_is_told_why(self):
        with self.assertRaisesRegex(veth.NoNetwork, "no veth here: cannot find it"):
            veth.run(["sh", "-c", "echo cannot find it >&2; exit 1"], "no veth here")
        with self.assertRaisesRegex(veth.NoNetwork, "iproute2"):
            veth.run(["/no/such/ip"], "no veth here")


if __name__ == "__main__":
    unittest.main()
