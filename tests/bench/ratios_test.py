"""How values of many rounds become one row."""

import unittest

from specimens import FAR, NEAR, record, row, suite

from comparison.ratios import best_of, outcome_of
from comparison.turns import Record, Turn


def outcome(rounds, **words):
    only = suite(row(**words)).rows[0]
    return outcome_of(only, rounds if isinstance(rounds, Record) else record(*rounds))


class Ratios(unittest.TestCase):
    def test_values_are_medians_over_the_rounds(self):
        result = outcome([{"psyne": 50, "A": 100}, {"psyne": 70, "A": 90}, {"psyne": 900, "A": 110}])
        self.assertEqual(result.psyne, 70)
        self.assertEqual(result.peers, {"A": 100})

    def test_a_ratio_is_of_one_round_and_its_median_is_taken(self):
        # Medians of the values would give 100/100: it is the pairs that count, for the machine changes between rounds.
        result = outcome([{"psyne": 50, "A": 100}, {"psyne": 100, "A": 50}, {"psyne": 200, "A": 400}])
        self.assertEqual((result.ratio, result.ratio_min, result.ratio_max), (0.5, 0.5, 2.0))

    def test_the_best_peer_is_the_one_with_the_best_median(self):
        rounds = [{"psyne": 50, "A": 100, "B": 80}, {"psyne": 50, "A": 100, "B": 90}, {"psyne": 50, "A": 10, "B": 85}]
        result = outcome(rounds)
        self.assertEqual(result.best, "B")
        self.assertEqual(result.ratio, 50 / 85)

    def test_which_peer_is_best_depends_on_the_direction(self):
        self.assertEqual(best_of({"A": 1, "B": 2}, "lower"), "A")
        self.assertEqual(best_of({"A": 1, "B": 2}, "higher"), "B")
        self.assertIsNone(best_of({}, "higher"))

    def test_the_best_of_some_is_taken_of_them_alone(self):
        result = outcome([{"psyne": 50, "A": 100, "B": 10}], against=["A"])
        self.assertEqual((result.best, result.ratio, result.peers), ("A", 0.5, {"A": 100, "B": 10}))
        self.assertFalse(outcome([{"psyne": 50, "B": 10}], against=["A"]).met)

    def test_a_named_peer_is_compared_with_even_when_another_is_better(self):
        result = outcome([{"psyne": 50, "A": 100, "B": 10}], against="A", must=0.9)
        self.assertEqual((result.best, result.ratio, result.met), ("A", 0.5, True))

    def test_lower_meets_at_most_and_higher_meets_at_least_the_bound_itself_included(self):
        self.assertTrue(outcome([{"psyne": 90, "A": 100}], must=0.9).met)
        self.assertFalse(outcome([{"psyne": 91, "A": 100}], must=0.9).met)
        self.assertTrue(outcome([{"psyne": 130, "A": 100}], better="higher", must=1.3).met)
        self.assertFalse(outcome([{"psyne": 129, "A": 100}], better="higher", must=1.3).met)

    def test_where_two_runs_of_one_program_differ_a_must_is_met_within_that(self):
        self.assertTrue(outcome([{"psyne": 103, "A": 100}], must=1.0, noise=0.03).met)
        self.assertFalse(outcome([{"psyne": 104, "A": 100}], must=1.0, noise=0.03).met)
        self.assertTrue(outcome([{"psyne": 97, "A": 100}], better="higher", must=1.0, noise=0.03).met)
        self.assertFalse(outcome([{"psyne": 96, "A": 100}], better="higher", must=1.0, noise=0.03).met)
        self.assertFalse(outcome([{"psyne": 101, "A": 100}], must=1.0).met)

    def test_an_absolute_must_is_compared_with_the_value_and_has_no_peers(self):
        result = outcome([{"psyne": 0.1}, {"psyne": 0.3}, {"psyne": 0.2}], against="absolute", must=0.2, limit=None)
        self.assertEqual((result.psyne, result.ratio, result.peers, result.met), (0.2, None, {}, True))
        self.assertFalse(outcome([{"psyne": 0.21}], against="absolute", must=0.2, limit=None).met)

    def test_a_row_against_the_limit_uses_the_limit_of_each_round(self):
        rounds = Record(steady=[Turn({"psyne": 120, "A": 1}, NEAR), Turn({"psyne": 480, "A": 1}, FAR)])
        result = outcome(rounds, against="limit", must=1.5)
        self.assertEqual((result.ratio_min, result.ratio_max, result.met), (2.0, 2.0, False))
        self.assertEqual(result.limit, 150)

    def test_a_round_without_one_of_the_two_gives_no_ratio(self):
        result = outcome([{"psyne": 50, "A": 100}, {"A": 10}, {"psyne": 10}])
        self.assertEqual((result.ratio_min, result.ratio_max), (0.5, 0.5))

    def test_without_psyne_or_without_any_peer_a_must_is_missed(self):
        self.assertFalse(outcome([{"A": 100}]).met)
        self.assertFalse(outcome([{"psyne": 100}]).met)
        self.assertIsNone(outcome([{"psyne": 100}]).ratio)
        self.assertFalse(outcome([]).met)

    def test_without_a_must_nothing_is_missed(self):
        self.assertTrue(outcome([{"psyne": 100, "A": 1}], must=None).met)

    def test_rounds_that_were_thrown_away_count_only_when_there_are_no_others(self):
        thrown_away = Turn({"psyne": 1, "A": 1}, NEAR)
        both = Record(steady=[Turn({"psyne": 50, "A": 100}, NEAR)], thrown_away=[thrown_away])
        self.assertEqual((outcome(both).ratio, outcome(both).steady), (0.5, True))
        alone = Record(thrown_away=[thrown_away])
        self.assertEqual((outcome(alone).ratio, outcome(alone).steady), (1.0, False))


if __name__ == "__main__":
    unittest.main()
