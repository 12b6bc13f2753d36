"""What several rows have to reach together: the geometric mean of their ratios."""

import statistics

from comparison.ratios import meets
from comparison.table import show_value


def reached(mean, outcomes):
    """Nothing where one of the rows was not measured."""
    ratios = [outcome.ratio for outcome in outcomes if outcome.row.work in mean.works]
    return statistics.geometric_mean(ratios) if ratios and all(ratios) else None


def lines(means, outcomes):
    """One line for each mean, for people."""
    found = []
    for mean in means:
        value = reached(mean, outcomes)
        met = "yes" if meets(value, mean.must, "lower") else "NO"
        found.append(f"geometric mean of the ratios of {mean.label}: {show_value(value)}, must <= {show_value(mean.must)}, met: {met}")
    return found


def shortfalls(means, outcomes):
    """One sentence for each that is missed."""
    found = []
    for mean in means:
        value = reached(mean, outcomes)
        if value is None:
            found.append(f"missed: the mean of {mean.label} was not measured whole, must be at most {show_value(mean.must)}")
        elif not meets(value, mean.must, "lower"):
            found.append(f"missed: the mean of {mean.label} is {show_value(value)}, must be at most {show_value(mean.must)}")
    return found
