"""Names beside the points of a figure, where there is room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.report.figures.style import GROUND, INK, SIZE, WIDTH, text
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LETTERS = 26
SMALL = SIZE - 1.5
DOT = 0.02
"""Half a mark, of the width or height of the axes."""
SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1))
"""Where a name may stand: right or left of its point, above or below."""


def name_points(ax: Axes, study: Study, means: Floats, rows: list[int]) -> None:
    """Name the points of these policies, in order, each where it covers no mark and no name.

    `means` is of shape (2, policies).  The first is named in any case; others only where there is
    room.
    """
    marks = _inside(ax, means)
    taken: list[Floats] = []
    for row in rows:
        if np.isnan(marks[:, row]).any() or not ((marks[:, row] >= 0) & (marks[:, row] <= 1)).all():
            continue
        name = text(study.policies[row].name, LETTERS)
        boxes = [_box(ax, marks[:, row], len(name), side) for side in SIDES]
        hits = [_hits(box, marks, taken) for box in boxes]
        best = int(np.argmin(hits))
        if hits[best] and taken:
            continue
        taken.append(boxes[best])
        across, up = SIDES[best]
        label = ax.annotate(
            name,
            (means[0, row], means[1, row]),
            xytext=(6 * across, 5 * up),
            textcoords="offset points",
            ha="left" if across > 0 else "right",
            va="bottom" if up > 0 else "top",
            fontsize=SMALL,
            color=INK,
            zorder=4,
        )
        label.set_bbox({"facecolor": GROUND, "edgecolor": "none", "alpha": 0.7, "pad": 0.6})


def _inside(ax: Axes, means: Floats) -> Floats:
    """Points as shares of the width and height of the axes."""
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    return np.asarray((means - low[:, None]) / (high - low)[:, None])


def _box(ax: Axes, mark: Floats, letters: int, side: tuple[int, int]) -> Floats:
    """The corners of a name beside a mark, shares of the axes: (low, high) of x and of y."""
    figure = ax.get_figure(root=True)
    height = 0.8 * (figure.get_size_inches()[1] if figure is not None else WIDTH)
    size = np.array([letters * 0.54 * SMALL / 72 / (0.85 * WIDTH), 1.3 * SMALL / 72 / height])
    near = mark + np.array(side) * (1.2 * DOT, DOT)
    far = near + np.array(side) * size
    return np.array([np.minimum(near, far), np.maximum(near, far)]).T


def _hits(box: Floats, marks: Floats, taken: list[Floats]) -> int:
    """How many marks and names a name would cover; leaving the axes counts most."""
    low, high = box.T
    over = ((marks > low[:, None] - DOT) & (marks < high[:, None] + DOT)).all(axis=0).sum()
    names = sum(bool((low < other[:, 1]).all() and (other[:, 0] < high).all()) for other in taken)
    outside = bool((low < -0.01).any() or (high > 1.01).any())
    return int(over) + names + 10 * outside


__all__ = ["name_points"]
