"""Rows, turns and programs that the tests of bench/compare are about."""

import stat
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from comparison.limits import Limits  # noqa: E402
from comparison.suite import parse_suite  # noqa: E402
from comparison.turns import Record, Turn  # noqa: E402

NEAR = Limits(flag_ns=60, copy_gbs=40)
FAR = Limits(flag_ns=240, copy_gbs=40)


def row(**words):
    """The words of a row in the file of musts."""
    usual = {"work": "latency", "size": 8, "unit": "ns", "better": "lower", "against": "best",
             "must": 0.9, "aim": 0.7, "limit": "flag"}  # fmt: skip
    return {**usual, **words}


def suite(*rows, cells="each", sizes="bytes", **more):
    """A suite with two peers, A and B."""
    peers = {"A": {"program": "a", "package": "liba-dev"}, "B": {"program": "b", "package": "libb-dev"}}
    words = {"title": "a specimen", "cells": cells, "sizes": sizes, "psyne": "mine", "peers": peers,
             "rows": list(rows) or [row()], **more}  # fmt: skip
    return parse_suite("specimen", words)


def record(*rounds, limits=NEAR):
    """Steady turns with these values: dictionaries by name."""
    return Record(steady=[Turn(dict(values), limits) for values in rounds])


def program(path, body):
    """An executable Python program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!" + sys.executable + "\n" + textwrap.dedent(body))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


SERVES = """\
    import json, sys
    units = {"latency": "ns", "stream": "GB/s", "in place": "GB/s", "messages": "M/s", "idle cpu": "%",
             "idle wakes": "wakes/s", "memory": "KiB"}
    for line in sys.stdin:
        work, size, milliseconds = line.rsplit(maxsplit=2)
        value = VALUE
        print(json.dumps({"work": work, "size": int(size), "unit": units[work], "value": value}), flush=True)
"""


def serving(path, value):
    """A program that serves every measurement with this value: a number, or an expression of work and size."""
    return program(path, SERVES.replace("VALUE", str(value)))
