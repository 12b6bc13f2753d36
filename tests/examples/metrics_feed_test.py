"""`metrics_feed` shows what the machine counts: every sample that was asked for comes, and no other."""

import re
import sys
import unittest

from example import printed

PROGRAM = sys.argv.pop()
TURNS = 20
CPU = ("cpu.busy", "cpu.context_switches", "cpu.forks", "cpu.load")
MEMORY = ("memory.available", "memory.cached", "memory.used")


class MetricsFeed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = printed(PROGRAM)

    def row(self, topic):
        (line,) = re.findall(rf"^  {re.escape(topic)} .*$", self.text, re.MULTILINE)
        return [float(number) for number in re.findall(r" (\d+\.?\d*)(?= |$)", line)]

    def test_every_sample_came(self):
        for topic in (*CPU, *MEMORY):
            now, least, greatest, samples = self.row(topic)
            self.assertEqual(samples, TURNS, topic)
            self.assertLessEqual(least, now)
            self.assertLessEqual(now, greatest)
        self.assertGreater(self.row("memory.used")[0], 0)
        self.assertGreater(self.row("cpu.context_switches")[2], 0)

    def test_each_subscriber_got_its_own(self):
        self.assertIn(f"subscriber of cpu.*: {TURNS * len(CPU)} samples, 0 missed", self.text)
        self.assertIn(f"subscriber of memory.*: {TURNS * len(MEMORY)} samples, 0 missed", self.text)

    def test_what_nobody_asked_for_went_nowhere(self):
        wanted = TURNS * (len(CPU) + len(MEMORY))
        self.assertIn(f"publisher: {wanted + TURNS} samples, of which {wanted} went to a subscriber", self.text)
        self.assertNotRegex(self.text, r"(?m)^  host\.uptime ")

    def test_without_a_terminal_the_table_is_drawn_once(self):
        self.assertNotIn("\x1b", self.text)
        self.assertEqual(len(re.findall("least", self.text)), 1)


unittest.main()
