"""The figure of a network: who supplies whom, and the stock and backlog at each site."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from backsim.report.figures.style import BLUE, GREY, GROUND, INK, SIZE, VERMILION, new_axes, text
from backsim.results.run import Run
from backsim.scenario.model import Model
from backsim.scenario.network import network_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX = (0.62, 0.5)
"""Width and height of a site, where neighbours stand 1 apart."""


def network(subject: Run | Model, ax: Axes | None = None) -> Axes:
    """Sites as boxes, suppliers to the left of whom they supply.

    Of a run, bars in each box show its units on hand and those that customers or other sites wait
    for, means over time, on one scale.
    """
    model = subject.model if isinstance(subject, Run) else subject
    edges, levels = _edges(model)
    places = _places(levels)
    rows = max(round(max(abs(y) for _, y in places.values()) * 2) + 1, 1)
    ax = new_axes(ax, 0.9 + 1.1 * rows)
    for above, below in edges:
        _arrow(ax, places[above], places[below])
    for site, place in places.items():
        _box(ax, site, place)
    if isinstance(subject, Run):
        _bars(ax, subject, places)
    ax.set_axis_off()
    ax.set_xlim(-0.45, max(x for x, _ in places.values()) + 0.45)
    ax.set_ylim(min(y for _, y in places.values()) - 0.5, max(y for _, y in places.values()) + 0.5)
    return ax


def _edges(model: Model) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """(supplying site, supplied site) of each connection, and how far each is from customers."""
    found = network_of(model)
    edges = {
        (above[1], pair[1]): None
        for pair in found.fields
        for above in found.sites_of(pair)
        if above[1] != pair[1]
    }
    levels = dict.fromkeys(model.sites, 0)
    for _ in model.sites:  # as often as the longest way may be
        for above, below in edges:
            levels[above] = max(levels[above], levels[below] + 1)
    return list(edges), levels


def _places(levels: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Where each site stands: the furthest from customers on the left, equals below each other."""
    most = max(levels.values())
    places: dict[str, tuple[float, float]] = {}
    for level in range(most + 1):
        sites = [site for site, own in levels.items() if own == level]
        for i, site in enumerate(sites):
            places[site] = (float(most - level), (len(sites) - 1) / 2 - i)
    return places


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    half = BOX[0] / 2
    ax.annotate(
        "",
        (end[0] - half, end[1]),
        (start[0] + half, start[1]),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2},
    )


def _box(ax: Axes, site: str, place: tuple[float, float]) -> None:
    from matplotlib.patches import Rectangle

    x, y = place[0] - BOX[0] / 2, place[1] - BOX[1] / 2
    ax.add_patch(Rectangle((x, y), *BOX, facecolor=GROUND, edgecolor=GREY, linewidth=1.0))
    ax.text(x + 0.03, y + BOX[1] - 0.05, text(site, 16), va="top", color=INK, size=SIZE)


def _bars(ax: Axes, run: Run, places: dict[str, tuple[float, float]]) -> None:
    """Stock and backlog of each site, to the same scale."""
    shown = {site: _figures(run, site) for site in places}
    most = max((value for pair in shown.values() for value in pair), default=0.0) or 1.0
    for site, (x, y) in places.items():
        left, width = x - BOX[0] / 2 + 0.03, BOX[0] - 0.26
        for value, colour, height in zip(
            shown[site], (BLUE, VERMILION), (y + 0.0, y - 0.17), strict=True
        ):
            ax.barh(height, width * value / most, 0.12, left, color=colour)
            ax.text(
                left + width * value / most + 0.02,
                height,
                f"{value:,.3g}",
                va="center",
                color=INK,
                size=SIZE - 1,
            )
    ax.plot([], [], color=BLUE, linewidth=6, label="on hand (units)")
    ax.plot([], [], color=VERMILION, linewidth=6, label="backlog (units)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=SIZE - 1)


def _figures(run: Run, site: str) -> tuple[float, float]:
    """(units on hand, units that customers and sites wait for)."""
    waiting = [
        run.metrics.get(name, "site", site) for name in ("mean_backlog", "mean_site_backlog")
    ]
    return run.metrics.get("mean_on_hand", "site", site), sum(
        v for v in waiting if not math.isnan(v)
    )
