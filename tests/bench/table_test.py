"""The table, the verdict and the results file."""

import json
import unittest

from specimens import record, row, suite

from comparison.ratios import outcome_of
from comparison.results import to_json
from comparison.suite import Links, Threads
from comparison.table import show_size, show_value, table
from comparison.verdict import shortfalls

SUITE = suite(
    row(),
    row(work="stream", size=1 << 20, unit="GB/s", better="higher", must=1.3, aim=None, limit="copy"),
    row(work="idle cpu", unit="%", against="absolute", must=0.2, aim=0.0, limit=None),
    row(against="limit", must=None, label="latency over flag"),
)
ROUNDS = [
    record({"psyne": 60, "A": 100, "B": 120}, {"psyne": 66, "A": 110, "B": 90}, {"psyne": 30, "A": 100, "B": 130}),
    record({"psyne": 12, "A": 10}, {"psyne": 11, "A": 10}),
    record({"psyne": 0.31}),
    record({"psyne": 60, "A": 100}),
]
OUTCOMES = [outcome_of(only, rounds) for only, rounds in zip(SUITE.rows, ROUNDS)]


class Table(unittest.TestCase):
    def setUp(self):
        self.lines = table(OUTCOMES, SUITE.peers, [SUITE.peers[1]])

    def cells(self, line):
        return [cell for cell in self.lines[line].split("  ") if cell]

    def test_a_row_says_everything(self):
        self.assertEqual(
            [cell.strip() for cell in self.cells(2)],
            ["latency", "8 B", "ns", "60.0", "60.0", "100", "absent", "0.60 [0.30 0.60]", "A", "<= 0.90", "yes"],
        )

    def test_a_missed_must_and_an_absent_peer_are_seen(self):
        self.assertIn("absent", self.lines[3])
        self.assertTrue(self.lines[3].endswith("NO"))
        self.assertIn(">= 1.30", self.lines[3])

    def test_a_peer_that_has_no_part_in_a_row_is_not_called_absent(self):
        self.assertNotIn("absent", table(OUTCOMES, SUITE.peers)[3])

    def test_a_row_that_only_psyne_has_calls_nobody_absent(self):
        self.assertNotIn("absent", self.lines[4])

    def test_a_row_without_a_must_is_neither_met_nor_missed(self):
        self.assertTrue(self.lines[5].endswith("-"))

    def test_where_nothing_has_a_limit_there_is_no_column_for_it(self):
        self.assertIn("limit", self.lines[0])
        self.assertNotIn("limit", table([OUTCOMES[2]], SUITE.peers)[0])

    def test_threads_are_counted_as_such(self):
        self.assertEqual([show_size(Threads(n)) for n in (1, 2)], ["1 thread", "2 threads"])
        self.assertEqual(show_size(Links(1000)), "1000 links")
        threads = suite(row(work="fib", size=2, limit=None), sizes="threads")
        outcome = outcome_of(threads.rows[0], record({"psyne": 99, "A": 100}))
        self.assertIn("fib   2 threads", table([outcome], threads.peers)[2])
        self.assertEqual(shortfalls([outcome], [], {}), ["missed: fib 2 threads is 0.99 [0.99 0.99] of A, must be at most 0.90"])

    def test_an_absolute_row_may_show_peers(self):
        shown = suite(row(against="absolute", must=0.0, limit=None, alone=False))
        outcome = outcome_of(shown.rows[0], record({"psyne": 0, "A": 17}))
        self.assertTrue(outcome.met)
        self.assertRegex(table([outcome], shown.peers)[2], r" 0 +17\.0 +- +- +- +<= 0 +yes$")

    def test_columns_are_aligned(self):
        end = self.lines[0].index("psyne") + len("psyne")
        for line in self.lines[2:]:
            self.assertRegex(line[end - 1 : end + 1], r"^[^ ] $")

    def test_sizes_and_values_are_short(self):
        self.assertEqual([show_size(n) for n in (8, 1000, 1024, 4096, 65536, 1 << 20, 3 << 30)],
                         ["8 B", "1000 B", "1 KiB", "4 KiB", "64 KiB", "1 MiB", "3 GiB"])  # fmt: skip
        self.assertEqual([show_value(v) for v in (None, 0, 0.0123, 0.5, 9.876, 98.76, 987.6, 80274)],
                         ["-", "0", "0.012", "0.50", "9.88", "98.8", "988", "80274"])  # fmt: skip


class Verdict(unittest.TestCase):
    def test_each_missed_must_is_named_with_what_it_reached(self):
        self.assertEqual(
            shortfalls(OUTCOMES, [], {}),
            [
                "missed: stream 1 MiB is 1.15 [1.10 1.20] of A, must be at least 1.30",
                "missed: idle cpu 8 B is 0.31 %, must be at most 0.20",
            ],
        )

    def test_each_absent_peer_is_named_with_its_package(self):
        found = shortfalls([], [SUITE.peers[1]], {})
        self.assertEqual(found, ["absent: B (install libb-dev, then build again)"])

    def test_each_failed_program_is_named_with_its_reason(self):
        found = shortfalls([], [], {("A", ("latency", 4096)): "it took too long"})
        self.assertEqual(found, ["failed: A in latency 4 KiB: it took too long"])

    def test_what_was_not_measured_is_missed(self):
        found = shortfalls([outcome_of(SUITE.rows[0], record())], [], {})
        self.assertEqual(found, ["missed: latency 8 B was not measured, must be at most 0.90"])

    def test_nothing_is_wanting_when_every_must_is_met(self):
        self.assertEqual(shortfalls([OUTCOMES[0], OUTCOMES[3]], [], {}), [])


class Results(unittest.TestCase):
    def setUp(self):
        self.words = json.loads(to_json("specimen", "a machine", "2026-11-21T10:00:00Z", OUTCOMES))

    def test_the_file_has_these_words_and_no_others(self):
        self.assertEqual(list(self.words), ["suite", "machine", "date", "rows"])
        for words in self.words["rows"]:
            self.assertEqual(
                list(words),
                ["work", "size", "unit", "better", "psyne", "peers", "limit", "ratio", "ratio_min", "ratio_max", "must",
                 "noise", "aim", "met"],
            )  # fmt: skip

    def test_a_row(self):
        self.assertEqual(
            self.words["rows"][0],
            {"work": "latency", "size": 8, "unit": "ns", "better": "lower", "psyne": 60.0,
             "peers": {"A": 100.0, "B": 120.0}, "limit": 60.0, "ratio": 0.6, "ratio_min": 0.3, "ratio_max": 0.6,
             "must": 0.9, "noise": 0.0, "aim": 0.7, "met": True},
        )  # fmt: skip

    def test_losses_and_absences_are_in_it(self):
        self.assertFalse(self.words["rows"][1]["met"])
        self.assertEqual(self.words["rows"][1]["peers"], {"A": 10.0})
        self.assertIsNone(self.words["rows"][2]["ratio"])


if __name__ == "__main__":
    unittest.main()
