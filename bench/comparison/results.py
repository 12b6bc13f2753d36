"""The outcome as programs read it."""

import json


def to_json(suite, machine, date, outcomes):
    """The text of a results file."""
    words = {"suite": suite, "machine": machine, "date": date, "rows": [row_words(outcome) for outcome in outcomes]}
    return json.dumps(words, indent=2) + "\n"


def row_words(outcome):
    row = outcome.row
    return {
        "work": row.label,
        "size": row.size,
        "unit": row.unit,
        "better": row.better,
        "psyne": rounded(outcome.psyne),
        "peers": {name: rounded(value) for name, value in outcome.peers.items()},
        "limit": rounded(outcome.limit),
        "ratio": rounded(outcome.ratio),
        "ratio_min": rounded(outcome.ratio_min),
        "ratio_max": rounded(outcome.ratio_max),
        "must": row.must,
        "noise": row.noise,
        "aim": row.aim,
        "met": outcome.met,
    }


def rounded(value):
    """Five significant digits: more are noise."""
    return None if value is None else float(f"{value:.5g}")
