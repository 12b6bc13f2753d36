"""What --check finds wanting."""

from comparison.table import show_bound, show_ratio, show_size, show_value


def shortfalls(outcomes, absent, failures):
    """One sentence for each: a must that is missed, a peer that is absent, a program that failed."""
    found = [f"absent: {program.name} (install {program.package}, then build again)" for program in absent]
    for (name, cell), why in failures.items():
        found.append(f"failed: {name} in {cell[0]} {show_size(cell[1])}: {why}")
    for outcome in outcomes:
        if not outcome.met:
            found.append(f"missed: {missed(outcome)}")
    return found


def missed(outcome):
    row = outcome.row
    where = f"{row.label} {show_size(row.size)}"
    bound = f"must be {'at most' if row.better == 'lower' else 'at least'} {show_bound(row)}"
    if outcome.reached is None:
        return f"{where} was not measured, {bound}"
    if row.against == "absolute":
        return f"{where} is {show_value(outcome.psyne)} {row.unit}, {bound}"
    return f"{where} is {show_ratio(outcome)} of {outcome.best}, {bound}"
