"""What a suite measures and what it must reach: bench/musts.json as values."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

PSYNE = "psyne"


class Count(int):
    """A size that counts something; others are bytes."""

    noun = ""


class Threads(Count):
    noun = "thread"


class Links(Count):
    noun = "link"


class Subscribers(Count):
    noun = "subscriber"


SIZES = {"bytes": int, "threads": Threads, "links": Links, "subscribers": Subscribers}


@dataclass(frozen=True)
class Row:
    """One line of the table: a measurement, what it is compared with, and how far it must get."""

    work: str
    size: int
    unit: str
    better: str  # "lower" or "higher"
    against: str  # "best" peer, "limit", "absolute", or a peer's name
    among: tuple  # the peers of whom the best is taken; empty: all
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
class Mean:
    """What the rows of some works must reach together: at most so much of the best peer, as the geometric mean."""

    label: str
    works: tuple
    must: float


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
    over: Optional[str]  # what programs that can talk over several things are told to talk over
    psyne: Program
    peers: tuple
    rows: tuple
    means: tuple = ()

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


def over_veth(suite):
    """The same through a pair of virtual interfaces: what is measured over TCP, by the same musts."""
    rows = tuple(row for row in suite.rows if suite.over == "tcp" or " tcp" in row.work)
    if not rows:
        raise SuiteError(f"{suite.name} measures nothing over TCP")
    title = suite.title.replace(", through the loopback device", "") + ", through a pair of virtual interfaces"
    works = {row.work for row in rows}
    means = tuple(mean for mean in suite.means if works.issuperset(mean.works))
    return replace(suite, name=f"{suite.name}-veth", title=title, rows=rows, means=means)


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
    rows = tuple(parse_row(row, words.get("sizes", "bytes")) for row in words["rows"])
    names = {peer.name for peer in peers}
    for row in rows:
        for other in {row.against, *row.among} - {"best", "limit", "absolute", *names}:
            raise SuiteError(f"{name}: {row.label} {row.size} is compared with {other}, which is no peer")
        if row.against == "limit" and row.limit is None:
            raise SuiteError(f"{name}: {row.label} {row.size} is compared with its limit and names none")
    means = tuple(Mean(mean["label"], tuple(mean["works"]), mean["must"]) for mean in words.get("means", ()))
    for mean in means:
        for work in set(mean.works) - {row.work for row in rows}:
            raise SuiteError(f"{name}: the mean of {mean.label} is of {work}, which is not measured")
    return Suite(name, words["title"], together, words.get("over"), psyne, peers, rows, means)


def parse_row(words, sizes):
    if words["better"] not in ("lower", "higher"):
        raise SuiteError(f"{words['work']}: better is lower or higher, not {words['better']}")
    several = isinstance(words["against"], list)
    return Row(
        work=words["work"],
        size=SIZES[words.get("sizes", sizes)](words["size"]),
        unit=words["unit"],
        better=words["better"],
        against="best" if several else words["against"],
        among=tuple(words["against"]) if several else (),
        must=words["must"],
        aim=words["aim"],
        limit=words["limit"],
        label=words.get("label", words["work"]),
        milliseconds=words.get("milliseconds"),
        alone=words.get("alone", words["against"] == "absolute"),
        noise=words.get("noise", 0.0),
    )
