"""A bench whose one program measures everybody."""

import sys
import unittest
from pathlib import Path

from specimens import record, row, suite

from comparison.pace import Pace
from comparison.served import ProgramFailed
from comparison.together import Together, run_bounded, values_of

PACE = Pace(rounds=3, milliseconds=10, limit_milliseconds=5, longest_share=0.5, repeats=2, repeats_until_seconds=None)
CELL = ("spsc", 8)


def line(name, value, work="spsc", size=8, unit="M/s"):
    return f'{{"work": "{work}", "size": {size}, "unit": "{unit}", "name": "{name}", "value": {value}}}\n'


class Quiet:
    def __init__(self):
        self.said = []

    def say(self, what):
        self.said.append(what)


class Bench(unittest.TestCase):
    def setUp(self):
        self.progress = Quiet()
        self.suite = suite(row(work="spsc", unit="M/s", better="higher", limit=None), cells="together")

    def together(self, run):
        return Together(self.suite, Path("bench"), (2, 5), PACE, self.progress, run)

    def test_the_program_is_asked_for_one_work_on_the_two_cpus(self):
        asked = []
        self.together(lambda command: asked.append(command) or "").turn(CELL, 0)
        self.assertEqual(asked, [[Path("bench/mine"), "--cpus", "2,5", "--milliseconds", "10", "--work", "spsc"]])

    def test_each_name_gets_the_median_of_its_values(self):
        output = line("psyne", 400) + line("A", 300) + line("psyne", 420) + line("A", 100) + line("psyne", 100)
        self.assertEqual(self.together(lambda _: output).turn(CELL, 0), {"psyne": 400, "A": 200})

    def test_a_failure_is_kept_and_said(self):
        def fail(_):
            raise ProgramFailed("a queue lost values")

        together = self.together(fail)
        self.assertEqual(together.turn(CELL, 0), {})
        self.assertEqual(together.failures, {("psyne", CELL): "a queue lost values"})
        self.assertEqual(self.progress.said, ["mine failed in spsc 8 B: a queue lost values"])

    def test_a_peer_without_any_value_is_absent(self):
        absent = self.together(None).absent({CELL: record({"psyne": 1, "A": 1})})
        self.assertEqual([program.name for program in absent], ["B"])


class Output(unittest.TestCase):
    def test_other_measurements_are_left_aside(self):
        output = line("A", 1) + line("A", 9, work="mpsc") + line("A", 9, size=64)
        self.assertEqual(values_of(output, CELL, "M/s"), {"A": 1})

    def test_another_unit_is_refused(self):
        with self.assertRaisesRegex(ProgramFailed, "wanted in M/s"):
            values_of(line("A", 1, unit="ns"), CELL, "M/s")

    def test_what_is_no_measurement_is_refused(self):
        for output in ("starting\n", "{}\n", '{"work": "spsc", "size": 8, "unit": "M/s", "name": "A", "value": null}\n'):
            with self.assertRaises(ProgramFailed):
                values_of(output, CELL, "M/s")


class RunBounded(unittest.TestCase):
    def test_what_was_printed(self):
        self.assertEqual(run_bounded([sys.executable, "-c", "print('a line')"]), "a line\n")

    def test_a_bad_end_is_reported_with_the_last_words(self):
        with self.assertRaisesRegex(ProgramFailed, "no such work"):
            run_bounded([sys.executable, "-c", "import sys; sys.exit('first\\nno such work')"])
        with self.assertRaisesRegex(ProgramFailed, "status 3"):
            run_bounded([sys.executable, "-c", "import sys; sys.exit(3)"])

    def test_one_that_does_not_end_is_given_up(self):
        with self.assertRaisesRegex(ProgramFailed, "too long"):
            run_bounded([sys.executable, "-c", "import time; time.sleep(600)"], seconds=0.2)


if __name__ == "__main__":
    unittest.main()
