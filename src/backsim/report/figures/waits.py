"""How long customers wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.present.numbers import rough
from backsim.report.captions import Captions
from backsim.report.figures.paths import FAR, chosen, profiles_of
from backsim.report.figures.registry import figure
from backsim.report.figures.style import (
    DASHES,
    GREY,
    PALETTE,
    RIGHT,
    at_edge,
    few_ticks,
    in_percent,
    legend,
    new_axes,
    text,
)
from backsim.report.words import unit_of
from backsim.results.profile import Profile
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CURVES = 6


@figure("waits", "waits", Captions.waits)
def waits(study: Study, ax: Axes | None = None, policies: Sequence[str] | None = None) -> Axes:
    """Share of the units ordered that shipped within so many days, by customer class.

    A colour is a class, a dash a policy: by default the best and the reference.  What was cancelled
    or still waits never ships, so that a curve may end below 1.
    """
    shown = chosen(study, policies, 2)
    courses = {i: profiles_of(study, i) for i in shown}
    classes = list(dict.fromkeys(c for some in courses.values() for c in some[0].classes))
    ax = new_axes(ax, 3.4 + 0.2 * (len(shown) > 1))
    ends: list[float] = []
    for number, name in enumerate(classes[:MOST_CURVES]):
        for dash, some in enumerate(courses.values()):
            share = _share(some, name)
            if share is None:
                continue
            days = some[0].days
            near = np.flatnonzero(share >= share[-1] - 0.005)[0]
            ends.append(float(days[near]))
            ax.plot(days, share, color=PALETTE[number], linestyle=DASHES[dash % 4], linewidth=1.8)
    _cut_right(ax, ends, unit_of(study, "days"))
    ax.set_ylim(top=1.005)
    ax.set_xlabel(unit_of(study, "days waited, at most"))
    ax.set_ylabel("% of the units ordered")
    in_percent(ax.yaxis)
    few_ticks(ax)
    few_ticks(ax, "y")
    keys = [(name, PALETTE[i], "-") for i, name in enumerate(classes[:MOST_CURVES])]
    if len(shown) > 1:
        keys += [(study.policies[i].name, GREY, DASHES[k % 4]) for k, i in enumerate(shown)]
    legend(ax, handles=[_key(*key) for key in keys])
    return ax


def _cut_right(ax: Axes, ends: Sequence[float], days: str) -> None:
    """Show all waits, unless a few are so long that the others would be a line at the left."""
    longest = max(ends, default=0.0)
    near = [end for end in ends if end <= FAR * max(float(np.median(ends)), 0.05)]
    if not ends or longest in near:
        ax.set_xlim(0, max(longest, 0.05) * 1.02)
        return
    ax.set_xlim(0, 1.5 * max(near))
    at_edge(ax, f"up to {rough(longest)} {days} {RIGHT}", (1.0, 0.0))


def _share(some: Sequence[Profile], name: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Share of a class's units shipped within each number of days; None if it ordered nothing."""
    if name not in some[0].classes:
        return None
    code = some[0].classes.index(name)
    ordered = sum(int(p.ordered[code]) for p in some)
    if not ordered:
        return None
    return np.asarray(np.sum([p.within[code] for p in some], axis=0) / ordered)


def _key(name: str, colour: str, dash: Any) -> Any:
    """An entry of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=text(name, 24))
