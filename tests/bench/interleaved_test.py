"""A bench whose programs take turns: who is asked, in which order, and what becomes of those that fail."""

import unittest
import unittest.mock
from pathlib import Path
from tempfile import TemporaryDirectory

from specimens import FAR, NEAR, row, suite

from comparison.interleaved import Interleaved
from comparison.limits import PROGRAM as LIMITS
from comparison.pace import Pace
from comparison.rounds import Rounds
from comparison.served import ProgramFailed

PACE = Pace(rounds=3, milliseconds=10, limit_milliseconds=5, longest_share=0.5, repeats=2, repeats_until_seconds=None)
VALUES = {"mine": 50, "a": 100, "b": 80}


class Quiet:
    def __init__(self):
        self.said = []

    def step(self, _):
        pass

    def say(self, what):
        self.said.append(what)


class Bench(unittest.TestCase):
    """Programs are doubles here: they answer at once and write down what they were asked."""

    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in VALUES:
            (self.folder / name).touch()
        self.flags = None
        self.asked = []
        self.started = []
        self.closed = []
        self.fails = set()
        self.progress = Quiet()

    def serve(self, command):
        return Double(self, command[0].name, command[1:])

    def bench(self, *rows, **more):
        where = (suite(*rows, **more), self.folder, (0, 1), PACE, self.progress)
        self.measurer = Interleaved(*where, self.serve)
        rounds = Rounds(*where, self.measurer, self.serve)
        rounds.run()
        return rounds.records

    def test_everybody_is_measured_in_every_round_and_who_is_first_changes(self):
        record = self.bench()["latency", 8]
        self.assertEqual([turn.values for turn in record.steady], [{"psyne": 50, "A": 100, "B": 80}] * 3)
        names = [name for name, *_ in self.asked]
        self.assertEqual(names, ["mine", "a", "b", "a", "b", "mine", "b", "mine", "a"])

    def test_programs_are_started_anew_in_each_round_on_the_two_cpus_and_closed(self):
        self.bench(row(), row(size=16))
        self.assertEqual(self.started.count(("a", ["--cpus", "0,1"])), 3)
        self.assertEqual(sorted(self.closed), sorted(name for name, _ in self.started))

    def test_programs_of_a_suite_over_something_are_told_so_and_the_limits_are_not(self):
        self.bench(over="tcp")
        self.assertEqual(self.started.count(("mine", ["--cpus", "0,1", "--over", "tcp"])), 3)
        self.assertEqual(self.started.count((LIMITS, ["--cpus", "0,1"])), 3)

    def test_a_row_that_only_psyne_has_is_asked_of_psyne_alone_for_its_own_time(self):
        self.bench(row(work="idle cpu", unit="%", against="absolute", limit=None, milliseconds=2000))
        self.assertEqual(self.asked, [("mine", "idle cpu", 8, 1000, "%")] * 3)

    def test_an_absent_program_is_named_and_the_others_are_measured(self):
        (self.folder / "b").unlink()
        records = self.bench()
        self.assertEqual([program.name for program in self.measurer.absent(records)], ["B"])
        self.assertEqual(records["latency", 8].steady[0].values, {"psyne": 50, "A": 100})

    def test_one_that_has_no_such_work_is_left_out_and_has_not_failed(self):
        with unittest.mock.patch.dict(VALUES, {"a": None}):
            records = self.bench()
        self.assertEqual([turn.values for turn in records["latency", 8].steady], [{"psyne": 50, "B": 80}] * 3)
        self.assertEqual(self.measurer.failures, {})
        self.assertEqual(self.measurer.absent(records), [])

    def test_one_that_fails_is_not_asked_for_that_again_but_for_the_rest(self):
        self.fails = {("a", 8)}
        records = self.bench(row(), row(size=16))
        self.assertEqual(self.measurer.failures, {("A", ("latency", 8)): "broken"})
        self.assertEqual([ask for ask in self.asked if ask[:3] == ("a", "latency", 8)], [("a", "latency", 8, 10, "ns")])
        self.assertEqual([turn.values["A"] for turn in records["latency", 16].steady], [100] * 3)
        self.assertIn("A failed in latency 8 B: broken", self.progress.said)

    def test_a_round_in_which_the_flag_changed_is_repeated_and_said(self):
        self.flags = iter([NEAR] + [FAR] * 6)
        record = self.bench()["latency", 8]
        self.assertEqual((len(record.steady), len(record.thrown_away)), (3, 1))
        self.assertIn("the flag went from 60 to 240 ns", self.progress.said[0])

    def test_repeats_are_bounded(self):
        self.flags = iter([NEAR, FAR] * 50)
        record = self.bench()["latency", 8]
        self.assertLessEqual(len(record.thrown_away), PACE.rounds + PACE.repeats)

    def test_a_machine_whose_limits_cannot_be_read_stops_the_bench(self):
        self.fails = {(LIMITS, 8)}
        with self.assertRaises(ProgramFailed):
            self.bench()
        self.assertEqual(sorted(self.closed), sorted(name for name, _ in self.started))


class Double:
    def __init__(self, bench, name, options):
        self._bench = bench
        self._name = name
        bench.started.append((name, options))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def measure(self, work, size, milliseconds, unit):
        if (self._name, size) in self._bench.fails:
            self._bench.asked.append((self._name, work, size, milliseconds, unit))
            raise ProgramFailed("broken")
        if self._name == LIMITS:
            if work == "latency":
                self._reading = next(self._bench.flags) if self._bench.flags else NEAR
                return self._reading.flag_ns
            return self._reading.copy_gbs
        self._bench.asked.append((self._name, work, size, milliseconds, unit))
        return VALUES[self._name]

    def close(self):
        self._bench.closed.append(self._name)


if __name__ == "__main__":
    unittest.main()
