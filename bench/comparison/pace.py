"""How long a bench takes."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Pace:
    rounds: int
    milliseconds: int  # for a measurement
    limit_milliseconds: int  # for each of the limits
    longest_share: float  # of the milliseconds that a row asks for by itself
    repeats: int  # of a cell, because the machine changed
    repeats_until_seconds: Optional[float]  # after the start

    def milliseconds_of(self, rows):
        own = [row.milliseconds for row in rows if row.milliseconds is not None]
        return round(max(own) * self.longest_share) if own else self.milliseconds


FULL = Pace(rounds=7, milliseconds=200, limit_milliseconds=20, longest_share=1.0, repeats=14, repeats_until_seconds=420)
QUICK = Pace(rounds=3, milliseconds=90, limit_milliseconds=10, longest_share=0.2, repeats=3, repeats_until_seconds=35)
