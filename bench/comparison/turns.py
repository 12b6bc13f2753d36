"""Rounds of measurements, each between two looks at the machine, thrown away and repeated when it changed meanwhile."""

import time
from dataclasses import dataclass, field


@dataclass
class Turn:
    """What everybody reached in one measurement of one round, and the limits around it."""

    values: dict  # name: value
    limits: object


@dataclass
class Record:
    """All turns of one cell."""

    steady: list = field(default_factory=list)
    thrown_away: list = field(default_factory=list)

    @property
    def turns(self):
        """The steady ones; when the machine never kept still, those that there are."""
        return self.steady or self.thrown_away


class Patience:
    """How many turns of one cell may be repeated, and until when."""

    def __init__(self, repeats, deadline=None, clock=time.monotonic):
        self._repeats = repeats
        self._deadline = deadline
        self._clock = clock

    def take(self):
        """Whether one more turn may be repeated."""
        self._repeats -= 1
        return self._repeats >= 0 and (self._deadline is None or self._clock() < self._deadline)


def rotated(names, turn):
    """Who goes first changes from turn to turn."""
    start = turn % max(1, len(names))
    return [*names[start:], *names[:start]]


def steady_turn(read_limits, take_turn, record, patience, before, on_thrown_away):
    """One turn that the machine kept still for, into the record. Returns the last look at the limits, which is the next
    turn's first. Gives up when patience ends, leaving a turn less."""
    while True:
        values = take_turn()
        after = read_limits()
        turn = Turn(values, before.middle(after))
        if before.steady_until(after):
            record.steady.append(turn)
            return after
        record.thrown_away.append(turn)
        on_thrown_away(before, after)
        if not patience.take():
            return after
        before = after
