"""A bench: every measurement of a suite, in rounds."""

import time

from comparison.limits import PROGRAM as LIMITS
from comparison.limits import read_limits
from comparison.served import Served
from comparison.table import show_size
from comparison.turns import Patience, Record, steady_turn


class Rounds:
    """Measures every cell of a suite `pace.rounds` times. Afterwards `records` has a Record for each cell.

    `measurer` has turn(cell, number), one value for each name, with the number saying who goes first; and stop(), after
    each round."""

    def __init__(self, suite, folder, cpus, pace, progress, measurer, serve=Served):
        self._limits = [folder / LIMITS, *on_cpus(cpus)]
        self._pace = pace
        self._progress = progress
        self._measurer = measurer
        self._serve = serve
        self.records = {cell: Record() for cell in suite.cells()}
        until = None if pace.repeats_until_seconds is None else time.monotonic() + pace.repeats_until_seconds
        self._patience = {cell: Patience(pace.repeats, until) for cell in self.records}

    def run(self):
        for number in range(self._pace.rounds):
            try:
                self._round(number)
            finally:
                self._measurer.stop()

    def _round(self, number):
        with self._serve(self._limits) as limits:
            before = read_limits(limits, self._pace.limit_milliseconds)
            for index, cell in enumerate(self.records):
                self._progress.step(f"round {number + 1} of {self._pace.rounds}: {show_cell(cell)}")
                before = steady_turn(
                    lambda: read_limits(limits, self._pace.limit_milliseconds),
                    lambda cell=cell, turn=number + index: self._measurer.turn(cell, turn),
                    self.records[cell],
                    self._patience[cell],
                    before,
                    lambda first, last, cell=cell: self._say_thrown_away(cell, first, last),
                )

    def _say_thrown_away(self, cell, first, last):
        self._progress.say(
            f"{show_cell(cell)}: the flag went from {first.flag_ns:.0f} to {last.flag_ns:.0f} ns, the round is thrown away"
        )


def show_cell(cell):
    return f"{cell[0]} {show_size(cell[1])}"


def on_cpus(cpus):
    return ["--cpus", f"{cpus[0]},{cpus[1]}"]
