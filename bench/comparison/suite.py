"""What a suite measures and what it must reach: bench/musts.json as values."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

PSYNE = "psyne"


class Threads(int):
    """A size that counts threads; others count bytes."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a measurement, what it is compared with, and how far it must get."""

    work: str
    size: int
    unit: str
    better: str  # "lower" or "higher"
    against: str  # "best" peer, "limit", "absolute", or a peer's name
    must: Optional[float]
    aim: Optional[float]
    limit: Optional[str]  # the physical limit that bounds it: "flag", "flag and back", "copy" or nothing
    label: str  # the work as it is shown
    milliseconds: Optional[int]  # how long to measure when it is not as long as the rest
    alone: bool  # only psyne is measured
    noise: float = 0.0  # by how much of the must two runs of one program differ where all run the same code

    @property
    def cell(self):
        return (self.work, self.size)


@dataclass(frozen=True)
class Program:
    """Who is measured, and by which program below the build's bench folder; `package` brings its library."""

    name: str
    path: str
    package: str = ""


@dataclass(frozen=True)
class Suite:
    name: str
    title: str
    together: bool  # one program measures everybody and everything in each round
    psyne: Program
    peers: tuple
    rows: tuple

    @property
    def programs(self):
        return (self.psyne, *self.peers)

    def cells(self):
        """Each measurement once, in the order of the rows."""
        return list(dict.fromkeys(row.cell for row in self.rows))

    def rows_of(self, cell):
        return [row for row in self.rows if row.cell == cell]


class SuiteError(Exception):
    """The file of musts says something that cannot be meant."""


def load_suites(path):
    """All suites of a file, by name."""
    text = json.loads(Path(path).read_text(encoding="utf-8"))
    return {name: parse_suite(name, words) for name, words in text.items()}


def parse_suite(name, words):
    together = {"each": False, "together": True}[words["cells"]]
    psyne = Program(PSYNE, words["psyne"])
    peers = tuple(
        Program(peer, peer_words.get("program", words["psyne"]), peer_words["package"])
        for peer, peer_words in words["peers"].items()
    )
    counted = {"bytes": int, "threads": Threads}[words.get("sizes", "bytes")]
    rows = tuple(parse_row(row, counted) for row in words["rows"])
    known = {"best", "limit", "absolute", *(peer.name for peer in peers)}
    for row in rows:
        if row.against not in known:
            raise SuiteError(f"{name}: {row.label} {row.size} is compared with {row.against}, which is no peer")
        if row.against == "limit" and row.limit is None:
            raise SuiteError(f"{name}: {row.label} {row.size} is compared with its limit and names none")
    return Suite(name, words["title"], together, psyne, peers, rows)


def parse_row(words, counted):
    if words["better"] not in ("lower", "higher"):
        raise SuiteError(f"{words['work']}: better is lower or higher, not {words['better']}")
    return Row(
        work=words["work"],
        size=counted(words["size"]),
        unit=words["unit"],
        better=words["better"],
        against=words["against"],
        must=words["must"],
        aim=words["aim"],
        limit=words["limit"],
        label=words.get("label", words["work"]),
        milliseconds=words.get("milliseconds"),
        alone=words.get("alone", words["against"] == "absolute"),
        noise=words.get("noise", 0.0),
    )
