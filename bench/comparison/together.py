"""One program that measures everybody, psyne and peers, taking turns within itself."""

import json
import os
import signal
import statistics
import subprocess

from comparison.rounds import on_cpus, show_cell
from comparison.served import ProgramFailed


class Together:
    """Runs the suite's program once for each cell of a round: `PROGRAM --cpus A,B --milliseconds N --work WORK`. It prints
    one JSON object a line, {"work", "size", "unit", "name", "value"}, where name says who; several values of one name
    count as their median. `failures` says why (psyne, cell) has no value."""

    def __init__(self, suite, folder, cpus, pace, progress, run=None):
        self._suite = suite
        self._command = [folder / suite.psyne.path, *on_cpus(cpus)]
        self._pace = pace
        self._progress = progress
        self._run = run or run_bounded
        self.failures = {}

    def absent(self, records):
        """The peers that nothing has a value of: the program was built without them."""
        seen = {name for record in records.values() for turn in record.turns for name in turn.values}
        return [peer for peer in self._suite.peers if peer.name not in seen]

    def turn(self, cell, _):
        rows = self._suite.rows_of(cell)
        options = ["--milliseconds", str(self._pace.milliseconds_of(rows)), "--work", cell[0]]
        try:
            return values_of(self._run([*self._command, *options]), cell, rows[0].unit)
        except ProgramFailed as failure:
            self.failures[self._suite.psyne.name, cell] = str(failure)
            self._progress.say(f"{self._command[0].name} failed in {show_cell(cell)}: {failure}")
            return {}

    def stop(self):
        """Nothing runs between turns."""


def values_of(output, cell, unit):
    """{name: value} of a program's output for one cell; lines of other sizes are left aside."""
    found = {}
    for line in output.splitlines():
        try:
            words = json.loads(line)
            said = (words["work"], words["size"])
            said_unit, name, value = words["unit"], words["name"], float(words["value"])
        except (ValueError, KeyError, TypeError):
            raise ProgramFailed(f"it said {line!r}") from None
        if said != cell:
            continue
        if said_unit != unit:
            raise ProgramFailed(f"{show_cell(cell)} is wanted in {unit}, it said {line!r}")
        found.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in found.items()}


def run_bounded(command, seconds=120):
    """What the command printed; its processes are killed when they take too long."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ProgramFailed("it took too long") from None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    if process.returncode != 0:
        lines = errors.strip().splitlines()
        raise ProgramFailed(lines[-1] if lines else f"it ended with status {process.returncode}")
    return output
