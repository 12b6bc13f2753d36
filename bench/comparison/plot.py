"""The outcome as a picture: for each row, how many times better than the best peer psyne is, and what it must be."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator  # noqa: E402

from comparison.table import show_size, show_value  # noqa: E402

PSYNE_COLOUR = "#0b6e4f"
MISSED_COLOUR = "#c0392b"
PEER_COLOURS = ("#4c72b0", "#dd8452", "#8172b3", "#937860", "#da8bc3", "#8c8c8c")
PEER_MARKERS = ("s", "^", "D", "v", "P", "X")
WIDEST = 20  # times: a peer that is further off stands at the edge


def gain(ratio, better):
    """How many times better: above 1 is better, whichever way the unit runs."""
    if not ratio:
        return None
    return 1 / ratio if better == "lower" else ratio


def within(gain):
    return min(max(gain, 1 / WIDEST), WIDEST)


def drawable(outcomes):
    """Rows that are compared with a peer and were measured."""
    return [outcome for outcome in outcomes if outcome.ratio and outcome.row.against != "limit"]


def reference(outcome):
    return outcome.peers.get(outcome.best)


def draw(suite, machine, date, outcomes, path):
    """Writes a .png or .svg."""
    rows = drawable(outcomes)
    figure, axes = plt.subplots(figsize=(9.5, 1.9 + 0.48 * len(rows)))
    heights = range(len(rows), 0, -1)
    axes.axvline(1, color="#444444", linewidth=1, zorder=1)
    for height, outcome in zip(heights, rows):
        draw_row(axes, height, outcome, suite)
    dress(axes, list(heights), rows)
    figure.suptitle(f"psyne beside its peers: {suite.title}", x=0.01, y=1 - 0.08 / figure.get_figheight(),
                    ha="left", va="top", fontsize=13, fontweight="bold")
    figure.text(0.01, 0.012, f"{machine}, {date}", fontsize=8, color="#555555")
    figure.tight_layout(rect=(0, 0.2 / figure.get_figheight(), 1, 1 - 0.42 / figure.get_figheight()))
    figure.savefig(path, dpi=140)
    plt.close(figure)


def draw_row(axes, height, outcome, suite):
    row = outcome.row
    for index, peer in enumerate(suite.peers):
        value = outcome.peers.get(peer.name)
        if value and reference(outcome):
            axes.plot(
                within(gain(value / reference(outcome), row.better)),
                height,
                marker=PEER_MARKERS[index % len(PEER_MARKERS)],
                color=PEER_COLOURS[index % len(PEER_COLOURS)],
                markersize=6,
                linestyle="none",
                label=peer.name,
                zorder=2,
            )
    if row.must is not None:
        axes.plot([gain(row.must, row.better)] * 2, [height - 0.33, height + 0.33], color="#222222", linewidth=2.2,
                  label="must", zorder=3)  # fmt: skip
    if row.aim:
        axes.plot([gain(row.aim, row.better)] * 2, [height - 0.25, height + 0.25], color="#222222", linewidth=1.2,
                  linestyle=":", label="aim", zorder=3)  # fmt: skip
    colour = PSYNE_COLOUR if outcome.met else MISSED_COLOUR
    ends = sorted((gain(outcome.ratio_min, row.better), gain(outcome.ratio_max, row.better)))
    axes.plot(ends, [height, height], color=colour, linewidth=3, alpha=0.45, solid_capstyle="butt", zorder=4)
    axes.plot(gain(outcome.ratio, row.better), height, marker="o", markersize=10, color=colour, linestyle="none",
              label="psyne, must missed" if not outcome.met else "psyne", zorder=5)  # fmt: skip


def dress(axes, heights, rows):
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.xaxis.set_minor_locator(LogLocator(subs=()))
    axes.grid(axis="x", color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks(heights, [f"{o.row.label}  {show_size(o.row.size)}" for o in rows])
    axes.set_ylim(0.4, len(rows) + 0.6)
    axes.set_xlabel("times as good as the peer it is compared with (right is better;\n"
                    f"bar: least and greatest of the rounds; peers more than {WIDEST} times off stand at the edge)")  # fmt: skip
    figures = axes.secondary_yaxis("right")
    figures.set_yticks(heights, [f"{show_value(o.psyne)} {o.row.unit}" for o in rows], color=PSYNE_COLOUR)
    figures.tick_params(length=0)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
        if side in figures.spines:
            figures.spines[side].set_visible(False)
    names, handles = {}, []
    for handle, label in zip(*axes.get_legend_handles_labels()):
        names.setdefault(label, handle)
    order = sorted(names, key=lambda label: (not label.startswith("psyne"), label in ("must", "aim")))
    handles = [names[label] for label in order]
    axes.figure.legend(handles, order, loc="upper left", bbox_to_anchor=(0, 1 - 0.32 / axes.figure.get_figheight()),
                       ncols=len(order), frameon=False, fontsize=8.5, handletextpad=0.4, columnspacing=1.2)  # fmt: skip
