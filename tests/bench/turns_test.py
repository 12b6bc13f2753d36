"""A round that the machine did not keep still for is thrown away and repeated, not for ever."""

import unittest

from specimens import FAR, NEAR

from comparison.limits import Limits
from comparison.turns import Patience, Record, rotated, steady_turn


class Machine:
    """Limits as they are read one after the other, and turns that are numbered."""

    def __init__(self, *readings):
        self._readings = list(readings)
        self.turns = 0
        self.said = []

    def read(self):
        return self._readings.pop(0)

    def turn(self):
        self.turns += 1
        return {"psyne": self.turns}

    def steady_turn(self, before, record, patience):
        return steady_turn(self.read, self.turn, record, patience, before, lambda *change: self.said.append(change))


class SteadyTurn(unittest.TestCase):
    def setUp(self):
        self.record = Record()

    def test_a_steady_turn_is_kept_and_its_last_reading_is_the_next_ones_first(self):
        machine = Machine(Limits(66, 42))
        after = machine.steady_turn(NEAR, self.record, Patience(5))
        self.assertEqual(after, Limits(66, 42))
        self.assertEqual([turn.values for turn in self.record.steady], [{"psyne": 1}])
        self.assertEqual(self.record.steady[0].limits, Limits(63, 41))
        self.assertEqual(machine.said, [])

    def test_a_turn_in_which_the_flag_changed_is_thrown_away_and_repeated(self):
        machine = Machine(FAR, FAR)
        machine.steady_turn(NEAR, self.record, Patience(5))
        self.assertEqual([turn.values for turn in self.record.steady], [{"psyne": 2}])
        self.assertEqual([turn.values for turn in self.record.thrown_away], [{"psyne": 1}])
        self.assertEqual(machine.said, [(NEAR, FAR)])

    def test_a_repeated_turn_is_compared_with_the_machine_as_it_is_now(self):
        machine = Machine(FAR, NEAR, NEAR)
        machine.steady_turn(NEAR, self.record, Patience(5))
        self.assertEqual([turn.values for turn in self.record.steady], [{"psyne": 3}])

    def test_it_gives_up_when_patience_ends(self):
        machine = Machine(*[FAR, NEAR] * 10)
        machine.steady_turn(NEAR, self.record, Patience(3))
        self.assertEqual((len(self.record.steady), len(self.record.thrown_away)), (0, 4))
        self.assertEqual(machine.turns, 4)

    def test_patience_also_ends_at_its_deadline(self):
        times = iter([0, 9, 10, 11])
        patience = Patience(100, deadline=10, clock=lambda: next(times))
        self.assertEqual([patience.take() for _ in range(3)], [True, True, False])


class Steady(unittest.TestCase):
    def test_a_fifth_up_or_down_is_still_steady_and_more_is_not(self):
        flag = lambda nanoseconds: Limits(nanoseconds, 40)  # noqa: E731
        self.assertTrue(flag(100).steady_until(flag(120)))
        self.assertTrue(flag(120).steady_until(flag(100)))
        self.assertFalse(flag(100).steady_until(flag(121)))
        self.assertFalse(flag(121).steady_until(flag(100)))


class Rotated(unittest.TestCase):
    def test_everybody_goes_first_once_and_the_order_is_kept(self):
        orders = [rotated(["x", "y", "z"], turn) for turn in range(4)]
        self.assertEqual(orders, [["x", "y", "z"], ["y", "z", "x"], ["z", "x", "y"], ["x", "y", "z"]])

    def test_nobody_is_an_order_too(self):
        self.assertEqual(rotated([], 3), [])


if __name__ == "__main__":
    unittest.main()
