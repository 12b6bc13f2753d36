"""`inference` answers every query of every client, several at once, and rightly."""

import re
import sys
import unittest

from example import printed

PROGRAM = sys.argv.pop()
IMAGES, CLIENTS = 1797, 3


class Inference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = printed(PROGRAM)
        row = r"(?m)^ +(\d+) +([\d.]+) % +([\d.]+) +(\d+) +(\d+)$"
        cls.rows = [[float(number) for number in row] for row in re.findall(row, cls.text)]

    def test_every_query_was_answered(self):
        self.assertEqual([row[0] for row in self.rows], [IMAGES // CLIENTS] * CLIENTS)

    def test_the_answers_are_right(self):
        right = sum(row[0] * row[1] for row in self.rows) / IMAGES
        self.assertAlmostEqual(right, 98.89, delta=0.05)  # as classify_digits has it

    def test_what_waited_was_answered_together(self):
        self.assertGreater(max(row[2] for row in self.rows), 1)

    def test_times_are_times(self):
        for _, _, _, median, slowest in self.rows:
            self.assertLessEqual(median, slowest)
        self.assertRegex(self.text, r"(?m)^  \d+ answers/s$")


unittest.main()
