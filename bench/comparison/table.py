"""The outcome as people read it."""

from comparison.suite import Count

UNITS = {1 << 30: "GiB", 1 << 20: "MiB", 1 << 10: "KiB"}


def show_size(size):
    if isinstance(size, Count):
        return f"{size} {size.noun}" + ("" if size == 1 else "s")
    for scale, unit in UNITS.items():
        if size >= scale and size % scale == 0:
            return f"{size // scale} {unit}"
    return f"{size} B"


def show_value(value):
    """Three significant digits, and no exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 100:
        return f"{value:.0f}"
    if magnitude >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if magnitude >= 0.095 else f"{value:.2g}"


def show_must(outcome):
    row = outcome.row
    if row.must is None:
        return "-"
    sign = "<=" if row.better == "lower" else ">="
    return f"{sign} {show_bound(row)}"


def show_bound(row):
    """The must, and how far two runs of one program lie apart where that counts."""
    return show_value(row.must) + (f" +-{row.noise:.0%}" if row.noise else "")


def show_met(outcome):
    if outcome.row.must is None:
        return "-"
    return "yes" if outcome.met else "NO"


def show_ratio(outcome):
    if outcome.ratio is None:
        return "-"
    spread = f"[{show_value(outcome.ratio_min)} {show_value(outcome.ratio_max)}]"
    return f"{show_value(outcome.ratio)} {spread}"


def table(outcomes, peers, absent=()):
    """Lines of one aligned table, with a column for each of the suite's peers, and one for the limits if there are any; peers that are
    absent are said to be."""
    limits = ["limit"] if any(outcome.limit is not None for outcome in outcomes) else []
    head = ["work", "size", "unit", *limits, "psyne", *(peer.name for peer in peers), "ratio [min max]", "of", "must", "met"]
    lines = [head]
    for outcome in outcomes:
        row = outcome.row
        others = ["" if row.alone else "absent" if peer in absent else show_value(outcome.peers.get(peer.name)) for peer in peers]
        lines.append(
            [
                row.label,
                show_size(row.size),
                row.unit,
                *(show_value(outcome.limit) for _ in limits),
                show_value(outcome.psyne),
                *others,
                show_ratio(outcome),
                outcome.best if outcome.ratio is not None else "-",
                show_must(outcome),
                show_met(outcome),
            ]
        )
    return aligned(lines, left={0, 2, len(head) - 3, len(head) - 2})


def aligned(lines, left):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]

    def show(line):
        cells = [
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths))
        ]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return [show(lines[0]), rule, *(show(line) for line in lines[1:])]
