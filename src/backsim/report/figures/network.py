"""The figure of a network: who supplies whom, and the stock and backlog at each site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.report.figures.layout import Layout, Place, is_joined, layout
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import (
    BLUE,
    GREY,
    GROUND,
    INK,
    ORANGE,
    SIZE,
    VERMILION,
    WIDTH,
    new_axes,
    text,
)
from backsim.scenario.model import Model
from backsim.study.analysis import means, rank, shown_policies
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Bars = Mapping[str, tuple[float, ...]]

ON_HAND, *WAITING = "mean_on_hand", "mean_backlog", "mean_site_backlog"
LABELS = ("on hand", "customers wait for", "other sites wait for")
COLOURS = (BLUE, VERMILION, ORANGE)

HEIGHT, WIDEST = 0.64, 2.3
"""Of a box, inches."""
GAP = {True: (0.5, 0.2), False: (0.2, 0.42)}
"""Between boxes beside each other and above each other, across and downwards, inches."""
MARGIN, BAR, NUMBER = 0.08, 0.12, 0.52
"""Inside a box, inches: to the edge, of a bar, for the number behind it."""


def _of_the_best(page: Page) -> Iterator[Drawing]:
    """Of the best policy and the reference, where their sites are joined."""
    for i in network_policies(page.study):
        policy = page.study.policies[i]
        if is_joined(policy.model):
            yield Drawing("network", page.text.network(i), {"policy": policy.name})


@figure("sites", on_page=_of_the_best)
def network(subject: Study | Model, ax: Axes | None = None, policy: str | None = None) -> Axes:
    """Sites as boxes, suppliers before whom they supply; a dashed line joins those that help out.

    Of a run or a study, bars in each box show its units on hand and those that customers and other
    sites wait for: means over time and replications, on one scale.  Of a study that is `policy`, by
    default the best; figures of the best, the reference and of `policy` share the scale.  Of a
    level with many sites those with the most backlog are drawn, and the mean of the others.

    Raises InputError where no site supplies or helps another, and for an unknown policy.
    """
    if isinstance(subject, Model):
        return _draw(subject, {}, {}, ax)
    study = subject
    shown = list(network_policies(study))
    at = shown[0] if policy is None else study.place(policy)
    bars = {i: _bars_of(study, i) for i in (*shown, at)}
    title = study.policies[at].name if len(study.policies) > 1 else ""
    return _draw(study.policies[at].model, bars[at], _highest(list(bars.values())), ax, title)


def network_policies(study: Study) -> tuple[int, ...]:
    """Places of the policies whose networks are drawn beside each other: best and reference."""
    return (0,) if len(study.policies) == 1 else shown_policies(study, rank(study), 2)


def _bars_of(study: Study, policy: int) -> Bars:
    """For each site its units on hand, and those that customers and sites wait for."""

    def mean(metric: str, site: str) -> float:
        return float(np.nan_to_num(means(study.array(metric, "site", site))[policy]))

    sites = study.policies[policy].model.sites
    return {site: tuple(mean(name, site) for name in (ON_HAND, *WAITING)) for site in sites}


def _highest(several: list[Bars]) -> Bars:
    """The longest bars of each site."""
    sites = dict.fromkeys(site for bars in several for site in bars)
    return {
        site: tuple(np.max([bars[site] for bars in several if site in bars], axis=0))
        for site in sites
    }


def _draw(model: Model, bars: Bars, highest: Bars, ax: Axes | None, title: str = "") -> Axes:
    """A network; `highest` sets the scale, and which sites of many are drawn."""
    found = layout(model, {site: sum(waiting) for site, (_, *waiting) in highest.items()})
    if found is None:
        raise InputError("network: expected a scenario with sites that supply sites, got none")
    across, down = GAP[found.across]
    width = min(WIDEST, (WIDTH - across * (found.columns - 1)) / found.columns)
    whole = found.rows * (HEIGHT + down)
    ax = new_axes(ax, whole + (0.45 if bars else 0.1) + (0.22 if title else 0.0))
    ax.set_axis_off()
    unused = WIDTH - found.columns * (width + across) + across
    ax.set_xlim(-unused / 2, WIDTH - unused / 2)
    ax.set_ylim(whole, 0)  # rows count from the top

    def corner(place: Place) -> tuple[float, float]:
        return place.column * (width + across), place.row * (HEIGHT + down) + down / 2

    corners = [corner(place) for place in found.places]
    _lines(ax, found, corners, width)
    most = max((max(b[0], sum(b[1:])) for b in highest.values()), default=0.0) or 1.0
    for place, at in zip(found.places, corners, strict=True):
        _box(ax, place, at, width, not bars)
        if bars:
            own = np.mean([bars[site] for site in place.sites], axis=0)
            _bars(ax, own, at, (width - 2 * MARGIN - NUMBER) / most)
    if bars:
        _legend(ax, title, any(sum(b[2:]) for b in highest.values()))
    return ax


def _lines(ax: Axes, found: Layout, corners: list[tuple[float, float]], width: float) -> None:
    """Arrows from edge to edge for supply, dashed lines for exchange; under the boxes."""
    half = np.array([width, HEIGHT]) / 2
    out = np.array([width / 2, 0]) if found.across else np.array([0, HEIGHT / 2])
    middles = [np.array(corner) + half for corner in corners]
    for above, below in found.supplies:
        start, end = middles[above] + out, middles[below] - out
        if (end - start)[0 if found.across else 1] <= 0:  # against the current
            start, end = middles[above], middles[below]
        arrow: dict[str, Any] = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2}
        ax.annotate("", end, start, arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0}, zorder=1)
    for one, other in found.exchanges:
        line = np.array([middles[one], middles[other]])
        ax.plot(*line.T, color=GREY, linewidth=1.4, linestyle="--", zorder=1)


def _box(ax: Axes, place: Place, corner: tuple[float, float], width: float, alone: bool) -> None:
    """A box, and its name: on top, or in the middle when it stands `alone`."""
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle(
            corner,
            width,
            HEIGHT,
            facecolor=GROUND,
            edgecolor=GREY,
            linewidth=1.0,
            zorder=2,
            clip_on=False,
            linestyle="-" if len(place.sites) == 1 else ":",
        )
    )
    letters = int((width - 2 * MARGIN) * 72 / (0.56 * SIZE))
    ax.text(
        corner[0] + MARGIN, corner[1] + (HEIGHT if alone else MARGIN) / 2,
        text(place.name, letters), va="center" if alone else "top", color=INK, size=SIZE, zorder=3,
    )  # fmt: skip


def _bars(ax: Axes, own: Any, corner: tuple[float, float], scale: float) -> None:
    """Units on hand; below them those waited for, by customers and by sites end to end."""
    left, middle = corner[0] + MARGIN, corner[1] + HEIGHT - 2 * BAR - MARGIN
    for values, colours in ((own[:1], COLOURS[:1]), (own[1:], COLOURS[1:])):
        start = left
        for value, colour in zip(values, colours, strict=True):
            ax.barh(middle, value * scale, BAR, start, color=colour, zorder=3)
            start += value * scale
        whole = float(values.sum())
        decimals = 2 if whole < 10 else 1 if whole < 100 else 0
        number = f"{whole:,.{decimals}f}" if whole else "0"
        ax.text(start + 0.04, middle, number, va="center", color=INK, size=SIZE - 1, zorder=3)
        middle += BAR + 0.05


def _legend(ax: Axes, title: str, between: bool) -> None:
    from matplotlib.patches import Patch

    shown = list(zip(COLOURS, LABELS, strict=True))[: 3 if between else 2]
    made = ax.legend(
        handles=[Patch(color=colour, label=label) for colour, label in shown],
        title=text(title) or None, alignment="left", title_fontsize=SIZE,
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(shown), frameon=False,
        fontsize=SIZE - 1, labelcolor=INK, handlelength=0.9, columnspacing=1.0, borderpad=0,
    )  # fmt: skip
    made.get_title().set(color=INK, weight="bold")


__all__ = ["network", "network_policies"]
