"""Programs that take turns at every single measurement."""

from comparison.rounds import on_cpus, show_cell
from comparison.served import ProgramFailed, Served
from comparison.turns import rotated


class Interleaved:
    """One program for psyne and one for each peer. They are started anew in each round, so that where their memory happens
    to lie is drawn anew as well. `failures` says why (name, cell) has no value; it is not asked for again."""

    def __init__(self, suite, folder, cpus, pace, progress, serve=Served):
        self._suite = suite
        self._folder = folder
        self._options = [*on_cpus(cpus), *(["--over", suite.over] if suite.over else [])]
        self._pace = pace
        self._progress = progress
        self._serve = serve
        self._running = {}
        self._programs = {program.name: program for program in suite.programs if (folder / program.path).exists()}
        self.failures = {}

    def absent(self, _):
        return [program for program in self._suite.programs if program.name not in self._programs]

    def turn(self, cell, number):
        values = {}
        for name in rotated(self._names(cell), number):
            try:
                value = self._measure(name, cell)
            except ProgramFailed as failure:
                self.failures[name, cell] = str(failure)
                self._running.pop(name).close()
                self._progress.say(f"{name} failed in {show_cell(cell)}: {failure}")
            else:
                if value is not None:
                    values[name] = value
        return values

    def stop(self):
        for program in self._running.values():
            program.close()
        self._running = {}

    def _names(self, cell):
        """Who is measured: psyne alone where it has no peer, and nobody who failed in this cell before."""
        alone = all(row.alone for row in self._suite.rows_of(cell))
        names = [self._suite.psyne.name] if alone else self._programs
        return [name for name in names if (name, cell) not in self.failures]

    def _measure(self, name, cell):
        rows = self._suite.rows_of(cell)
        if name not in self._running:
            self._running[name] = self._serve([self._folder / self._programs[name].path, *self._options])
        return self._running[name].measure(cell[0], cell[1], self._pace.milliseconds_of(rows), rows[0].unit)
