"""Means over several rows."""

import unittest

from specimens import record, row, suite

from comparison.means import lines, reached, shortfalls
from comparison.ratios import outcome_of
from comparison.suite import SuiteError

MEAN = {"label": "both", "works": ["latency"], "must": 0.8}


def outcomes(*ratios):
    specimen = suite(*(row(size=8 << number) for number in range(len(ratios))), means=[MEAN])
    found = []
    for one, ratio in zip(specimen.rows, ratios):
        found.append(outcome_of(one, record({"psyne": ratio * 10, "A": 10, "B": 20} if ratio else {"A": 10})))
    return specimen, found


class Means(unittest.TestCase):
    def test_a_mean_is_the_geometric_one_of_the_ratios(self):
        specimen, found = outcomes(0.5, 2.0)
        self.assertAlmostEqual(reached(specimen.means[0], found), 1.0)

    def test_one_that_is_met_is_shown_and_not_missed(self):
        specimen, found = outcomes(0.5, 0.9)
        self.assertEqual(lines(specimen.means, found), ["geometric mean of the ratios of both: 0.67, must <= 0.80, met: yes"])
        self.assertEqual(shortfalls(specimen.means, found), [])

    def test_one_that_is_missed_is_said(self):
        specimen, found = outcomes(0.9, 0.9)
        self.assertEqual(shortfalls(specimen.means, found), ["missed: the mean of both is 0.90, must be at most 0.80"])
        self.assertTrue(lines(specimen.means, found)[0].endswith("met: NO"))

    def test_a_row_without_a_value_leaves_no_mean(self):
        specimen, found = outcomes(0.5, None)
        self.assertIsNone(reached(specimen.means[0], found))
        self.assertIn("was not measured whole", shortfalls(specimen.means, found)[0])

    def test_a_mean_of_what_is_not_measured_is_refused(self):
        with self.assertRaises(SuiteError):
            suite(means=[{"label": "none", "works": ["stream"], "must": 1}])


if __name__ == "__main__":
    unittest.main()
