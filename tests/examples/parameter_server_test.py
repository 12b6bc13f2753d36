"""`parameter_server` learns: both workers take part, every gradient counts, and digits that no worker saw are read."""

import re
import subprocess
import sys
import unittest

from example import printed

PROGRAM = sys.argv.pop()
EACH = 1500


class ParameterServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        row = r"(?m)^ +(\d+) +(\d+), (\d+) +([\d.]+) +([\d.]+) +([\d.]+) % +\d+$"
        cls.rows = [[float(number) for number in row] for row in re.findall(row, printed(PROGRAM))]

    def test_every_gradient_was_applied_once(self):
        self.assertEqual([row[0] for row in self.rows], [EACH * 2 * part // 6 for part in range(1, 7)])
        for gradients, first, second, *_ in self.rows:
            self.assertEqual(first + second, gradients)
        self.assertEqual(self.rows[-1][1:3], [EACH, EACH])

    def test_it_learns(self):
        losses = [row[4] for row in self.rows]
        self.assertLess(losses[-1], losses[0] / 2)
        self.assertGreater(self.rows[-1][5], 85)

    def test_no_worker_runs_far_ahead(self):
        for row in self.rows:
            self.assertLess(row[3], 20)


class WithoutImages(unittest.TestCase):
    def test_it_says_so(self):
        done = subprocess.run([PROGRAM, "/nowhere"], capture_output=True, timeout=100, encoding="utf-8")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere", done.stderr)


unittest.main()
