"""From values of many rounds to one row of the table."""

import statistics
from dataclasses import dataclass, field
from typing import Optional

from comparison.suite import PSYNE


@dataclass
class Outcome:
    """One row, measured. Values are medians over rounds; a ratio is psyne's value divided by the other's, of one round,
    its median, least and greatest over rounds."""

    row: object
    psyne: Optional[float] = None
    peers: dict = field(default_factory=dict)
    best: Optional[str] = None  # the peer that psyne is compared with
    limit: Optional[float] = None
    ratio: Optional[float] = None
    ratio_min: Optional[float] = None
    ratio_max: Optional[float] = None
    rounds: int = 0
    steady: bool = True

    @property
    def reached(self):
        """What the must is compared with."""
        return self.psyne if self.row.against == "absolute" else self.ratio

    @property
    def met(self):
        """Whether the must is met; without a must there is nothing to miss."""
        return meets(self.reached, self.row.must, self.row.better, self.row.noise)

    @property
    def aim_met(self):
        return self.row.aim is not None and meets(self.reached, self.row.aim, self.row.better)


def meets(value, bound, better, noise=0.0):
    if bound is None:
        return True
    if value is None:
        return False
    return value <= bound * (1 + noise) if better == "lower" else value >= bound * (1 - noise)


def best_of(peers, better):
    """The name of the best, nothing when there is no peer."""
    if not peers:
        return None
    return (min if better == "lower" else max)(peers, key=peers.get)


def medians(turns):
    """The median of each name over the turns in which it has a value."""
    names = dict.fromkeys(name for turn in turns for name in turn.values)
    return {name: statistics.median(turn.values[name] for turn in turns if name in turn.values) for name in names}


def outcome_of(row, record):
    """A row out of its cell's record."""
    turns = record.turns
    values = medians(turns)
    outcome = Outcome(row, rounds=len(turns), steady=bool(record.steady))
    outcome.psyne = values.pop(PSYNE, None)
    outcome.peers = {} if row.alone else values
    limits = [limit for limit in (turn.limits.of(row) for turn in turns) if limit is not None]
    outcome.limit = statistics.median(limits) if limits else None
    rivals = {name: value for name, value in values.items() if not row.among or name in row.among}
    outcome.best = best_of(rivals, row.better) if row.against == "best" else row.against
    ratios = list(filter(None, (ratio_of(row, turn, outcome.best) for turn in turns)))
    if ratios:
        outcome.ratio = statistics.median(ratios)
        outcome.ratio_min = min(ratios)
        outcome.ratio_max = max(ratios)
    return outcome


def ratio_of(row, turn, best):
    """psyne's value over the one it is compared with in this turn; nothing when one of them is missing."""
    other = turn.limits.of(row) if row.against == "limit" else turn.values.get(best)
    if not other or PSYNE not in turn.values:
        return None
    return turn.values[PSYNE] / other
