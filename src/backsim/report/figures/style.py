"""How every figure looks: colours that all eyes can tell apart, plain text, room for names."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.present.numbers import rough

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Okabe and Ito's palette; the same on light and dark ground, where the page may vary each a little.
# Source: Okabe and Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, VERMILION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
SKY, PINK, YELLOW = "#56b4e9", "#cc79a7", "#d9c400"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW)
GREY = "#8a8f98"
INK = "#1b1f24"
FAINT = "#d5d9de"
GROUND = "#fefefe"
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":")

WIDTH = 5.2
SIZE = 11.0
LONGEST = 31
"""Characters of a label: a name that `shortnames` leaves as it is (24), and what marks it."""


def new_axes(ax: Axes | None, height: float = 3.4) -> Axes:
    """The axes to draw on: the caller's, or those of a new figure that belongs to no backend."""
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(WIDTH, height), layout="constrained").subplots()
    ax.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(colors=INK, labelsize=SIZE, length=3, color=GREY)
    ax.xaxis.label.set(color=INK, size=SIZE)
    ax.yaxis.label.set(color=INK, size=SIZE)
    ax.grid(color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def rows_height(rows: int, extra: float = 0.9) -> float:
    """Inches for a figure with a row a policy."""
    return extra + 0.27 * max(rows, 2)


def name_rows(ax: Axes, names: list[str]) -> None:
    """Names down the left, the first on top."""
    ax.set_yticks(range(len(names)), [text(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")


def marked(name: str, reference: bool) -> str:
    """A policy's name, and whether the others are compared with it."""
    return f"{shortened(name, LONGEST - 7)} (ref.)" if reference else name


def name_across(ax: Axes, label: str) -> None:
    """The label of the numbers below rows of names, which may reach below the names."""
    ax.set_xlabel(wrapped(label), loc="right")


CUT = "cut off"
"""The label of axes of which an outlier is cut off; nobody sees it."""
FAR_SHARE = 0.3
"""From the median, for a share to be cut: what is nearer leaves the others enough room."""


def cut_off(
    ax: Axes,
    means: Floats,
    lows: Floats,
    highs: Floats,
    heights: Floats | None = None,
    upright: bool = False,
    names: Sequence[str] = (),
) -> None:
    """Let no outlier squeeze the others: it is cut at the edge, and its number written there.

    `heights` are where the means stand, by default rows 0, 1, ...; `upright`: the means are
    heights, and `heights` says where they stand from left to right.  `names` are written too.

    An outlier lies more than 12 times as far from the median as the rows do in the middle, and
    further from the others' intervals than twice what these span; when more than a quarter would
    be outliers, none is.  Of shares, which lie close together, one is cut that is far from all.
    """
    known, axis = ~np.isnan(means), ax.yaxis if upright else ax.xaxis
    if known.sum() < 4:
        return
    distance = np.abs(means - np.median(means[known]))
    least = FAR_SHARE if _is_in_percent(axis) else 0.0
    out = known & (distance > max(least, 12 * np.median(distance[known])))
    low, high = float(lows[known & ~out].min()), float(highs[known & ~out].max())
    out &= np.maximum(low - means, means - high) > 2 * (high - low)
    if not 0 < out.sum() <= known.sum() / 4:
        return
    low, high = float(lows[known & ~out].min()), float(highs[known & ~out].max())
    margin = 0.12 * (high - low)
    limit = ax.set_ylim if upright else ax.set_xlim
    said = _number_on(axis)
    limit(low if low == 0 else low - margin, high + margin)
    ax.set_label(CUT)
    for row in np.flatnonzero(out).tolist():
        beyond = bool(means[row] > high)
        number, at = said(means[row]), float(row if heights is None else heights[row])
        number = f"{text(names[row], 24)} {number}" if names else number
        edge = 1.0 if beyond else 0.0
        if upright:
            at_edge(ax, f"{UP if beyond else DOWN} {number}", (at, edge), ("data", "axes fraction"))
        else:
            words = f"{number} {RIGHT}" if beyond else f"{LEFT} {number}"
            at_edge(ax, words, (edge, at), ("axes fraction", "data"))


def is_cut(ax: Axes) -> bool:
    """Whether an outlier was cut off in a figure: its caption then says what the mark is."""
    return any(one.get_label() == CUT for one in ax.figure.axes)


def in_percent(axis: Axis) -> None:
    """Shares as percentages along an axis, whose label says %."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, symbol=""))


def _number_on(axis: Axis) -> Callable[[float], str]:
    """How a number is written that belongs on an axis."""
    scale = 100.0 if _is_in_percent(axis) else 1.0
    return lambda value: rough(scale * value)


def _is_in_percent(axis: Axis) -> bool:
    from matplotlib.ticker import PercentFormatter

    return isinstance(axis.get_major_formatter(), PercentFormatter)


RIGHT, LEFT = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "\N{BLACK LEFT-POINTING SMALL TRIANGLE}"
UP, DOWN = "\N{BLACK UP-POINTING SMALL TRIANGLE}", "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"
AXES = ("axes fraction", "axes fraction")


def at_edge(
    ax: Axes, words: str, place: tuple[float, float], coordinates: tuple[str, str] = AXES
) -> None:
    """Say at an edge of the axes what lies beyond it."""
    x = place[0] if coordinates[0] == "axes fraction" else 0.5
    y = place[1] if coordinates[1] == "axes fraction" else 0.5
    ax.annotate(
        words,
        place,
        xycoords=coordinates,
        ha={0.0: "left", 1.0: "right"}.get(x, "center"),
        va={0.0: "bottom", 1.0: "top"}.get(y, "center"),
        fontsize=SIZE - 1,
        color=INK,
        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1.5},
    )


def text(value: str, longest: int = LONGEST) -> str:
    """Someone's words as plain text: one line, cut if long, no dollar starts a formula."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return shortened(clean, longest).replace("$", r"\$")


def shortened(value: str, longest: int) -> str:
    """Cut if long."""
    return value if len(value) <= longest else value[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def wrapped(value: str, width: int = 44) -> str:
    """A label over as many lines as it needs."""
    return "\n".join(textwrap.wrap(text(value, 200), width))


def few_ticks(ax: Axes, axis: str = "x", most: int = 5) -> None:
    """Few enough numbers that they do not touch on a narrow screen."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    chosen: Any = ax.xaxis if axis == "x" else ax.yaxis
    chosen.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    low, high = chosen.get_view_interval()
    if max(abs(low), abs(high)) >= 1000:
        chosen.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def legend(ax: Axes, **settings: Any) -> None:
    """A legend above the figure, never over the data."""
    ax.legend(
        **settings,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.2,
        ncols=2,
        frameon=False,
        fontsize=SIZE - 1,
        labelcolor=INK,
        handlelength=1.6,
        columnspacing=1.2,
    )
