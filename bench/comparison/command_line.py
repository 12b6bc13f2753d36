"""./bench/compare SUITE [--veth] [--quick] [--check] [--json FILE] [--plot FILE]"""

import argparse
import datetime
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from comparison import machine, means, pace, results, veth
from comparison.interleaved import Interleaved
from comparison.limits import PROGRAM as LIMITS
from comparison.progress import Progress
from comparison.ratios import outcome_of
from comparison.rounds import Rounds, show_cell
from comparison.served import ProgramFailed
from comparison.suite import SuiteError, load_suites, over_veth
from comparison.table import table
from comparison.together import Together
from comparison.verdict import shortfalls

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent


def main(words):
    suites = load_suites(BENCH / "musts.json")
    options = parse(words, suites)
    suite = suites[options.suite]
    folder = options.build / "bench"
    if not build_missing(folder, suite, options.build):
        return 2
    try:
        if options.veth:
            suite = over_veth(suite)
            veth.enter()
    except (SuiteError, veth.NoNetwork) as reason:
        print(f"cannot measure over a pair of virtual interfaces: {reason}", file=sys.stderr)
        return 2
    try:
        measured = measure(suite, folder, pace.QUICK if options.quick else pace.FULL)
    except ProgramFailed as failure:
        print(f"cannot measure the machine's limits: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    show(suite, measured, date)
    if options.json:
        options.json.write_text(results.to_json(suite.name, machine.describe(), date, measured.outcomes), encoding="utf-8")
    if options.plot:
        from comparison.plot import draw  # here, because it alone needs matplotlib

        draw(suite, machine.describe(), date, measured.outcomes, options.plot)
    if not options.check:
        return 0
    found = shortfalls(measured.outcomes, measured.absent, measured.failures)
    return verdict([*found, *means.shortfalls(suite.means, measured.outcomes)])


def parse(words, suites):
    parser = argparse.ArgumentParser(
        prog="./bench/compare",
        description="Measures psyne beside every peer that is installed, in one run, and compares.",
        epilog="example: ./bench/compare ipc --quick --check",
    )
    parser.add_argument("suite", choices=sorted(suites), help="; ".join(f"{s.name}: {s.title}" for s in suites.values()))
    parser.add_argument("--veth", action="store_true", help="TCP through a pair of virtual interfaces, not the loopback device")
    parser.add_argument("--quick", action="store_true", help="3 short rounds in place of 7, in a minute or two")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a must is missed or a peer is absent")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the results (.svg or .png; needs matplotlib)")
    parser.add_argument("--build", type=Path, metavar="FOLDER", default=ROOT / "build" / "release", help="where it is built")
    return parser.parse_args(words)


def build_missing(folder, suite, build):
    """psyne's programs are there, or are built now if this is the usual place. Says what to do otherwise."""
    wanted = [folder / LIMITS, folder / suite.psyne.path]
    if all(program.exists() for program in wanted):
        return True
    if build.resolve() == (ROOT / "build" / "release").resolve():
        subprocess.run([ROOT / "scripts" / "build", "release", "benches"], check=False)
    missing = [program.name for program in wanted if not program.exists()]
    for name in missing:
        print(f"{name} is not built below {folder}. Build it: scripts/build release benches", file=sys.stderr)
    return not missing


@dataclass(frozen=True)
class Measured:
    """What a bench has found."""

    outcomes: list
    thrown_away: int
    absent: list
    failures: dict


def measure(suite, folder, how):
    cpus = machine.two_cpus()
    busy = machine.busy_share()
    if busy > 0.1:
        print(f"Others use {busy:.0%} of this machine's CPUs: these figures will be wrong.", flush=True)
    progress = Progress(how.rounds * len(suite.cells()))
    measurer = (Together if suite.together else Interleaved)(suite, folder, cpus, how, progress)
    rounds = Rounds(suite, folder, cpus, how, progress, measurer)
    rounds.run()
    progress.clear()
    return Measured(
        outcomes=[outcome_of(row, rounds.records[row.cell]) for row in suite.rows],
        thrown_away=sum(len(record.thrown_away) for record in rounds.records.values()),
        absent=measurer.absent(rounds.records),
        failures=measurer.failures,
    )


def show(suite, measured, date):
    print(f"{suite.name}: {suite.title}. {machine.describe()}, {date}")
    for line in table(measured.outcomes, suite.peers, measured.absent):
        print(line)
    for line in means.lines(suite.means, measured.outcomes):
        print(line)
    print("psyne and peers: medians. ratio: psyne over the best peer (or the one named), of the same round.")
    if any(outcome.limit is not None for outcome in measured.outcomes):
        print("limit: the flag between the two cores, or a copy in the cache, of the same rounds.")
    rounds = min(outcome.rounds for outcome in measured.outcomes)
    print(f"{rounds} rounds or more for each row; {measured.thrown_away} were thrown away because the flag changed.")
    for outcome in measured.outcomes:
        if not outcome.steady:
            where = show_cell((outcome.row.label, outcome.row.size))
            print(f"The machine never kept still for {where}: take its figures with care.")
    for program in measured.absent:
        print(f"absent: {program.name} ({program.package} is not installed, or it was not built)")


def verdict(found):
    for sentence in found:
        print(sentence)
    print("check: every must is met" if not found else f"check: {len(found)} fell short")
    return 1 if found else 0
