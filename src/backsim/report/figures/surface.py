"""Costs around a policy: over one number, and over two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.present.numbers import precise
from backsim.report.figures.style import (
    BLUE,
    FAINT,
    GREY,
    GROUND,
    INK,
    ORANGE,
    SIZE,
    few_ticks,
    new_axes,
    text,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def along(
    values: Sequence[float],
    apart: Floats,
    half_widths: Floats,
    chosen: float,
    labels: tuple[str, str],
    violates: Sequence[bool],
) -> Axes:
    """Differences from the policy chosen over one number, with intervals.

    Policies that violate a constraint are marked by a cross.
    """
    ax = new_axes(None)
    ax.axhline(0, color=INK, linewidth=0.9)
    ax.plot(values, apart, color=BLUE, linewidth=1.5)
    ax.vlines(values, apart - half_widths, apart + half_widths, colors=BLUE, linewidth=1.5)
    for value, difference, lacks in zip(values, apart, violates, strict=True):
        if lacks:
            ax.scatter(value, difference, s=42, c=ORANGE, marker="x", linewidths=1.8, zorder=3)
        else:
            fill = GROUND if value == chosen else BLUE
            ax.scatter(value, difference, s=32, c=fill, edgecolors=BLUE, linewidths=1.5, zorder=3)
    ax.set_xlabel(text(labels[0]))
    ax.set_ylabel(wrapped(labels[1], 34))
    few_ticks(ax)
    few_ticks(ax, "y")
    return ax


def surface(
    values: Floats,
    apart: Floats,
    half_widths: Floats,
    chosen: Sequence[float],
    labels: Sequence[str],
    violates: Sequence[bool],
    sign: float = 1.0,
) -> Axes:
    """Differences from the policy chosen over two numbers: a square each, the worse the darker.

    `values` of shape (policies, 2); a difference within its half-width cannot be told from 0, and
    is marked; those of policies that violate a constraint are crossed out; `sign` is -1 where more
    is better.
    """
    ax = new_axes(None, 3.9)
    columns, rows = (np.unique(values[:, i]) for i in (0, 1))
    places = [np.searchsorted(axis, values[:, i]) for i, axis in ((1, rows), (0, columns))]
    ax.grid(visible=False)
    most = float(np.max(sign * apart)) if len(apart) else 0.0
    rest = apart, half_widths, violates
    for row, column, value, width, lacks in zip(*places, *rest, strict=True):
        part = min(1.0, max(0.0, sign * value) / most) if most > 0 else 0.0
        ax.add_patch(_square(column, row, part))
        same = columns[column] == chosen[0] and rows[row] == chosen[1]
        mark = "best" if same else _apart(value, width)
        ink = GREY if lacks else INK
        ax.text(column, row, mark, ha="center", va="center", fontsize=SIZE - 2, color=ink)
        if lacks:
            ends = [column - 0.5, column + 0.5]
            ax.plot(ends, [row - 0.5, row + 0.5], color=ORANGE, linewidth=1.0, alpha=0.7)
            ax.plot(ends, [row + 0.5, row - 0.5], color=ORANGE, linewidth=1.0, alpha=0.7)
    ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
    ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_xlabel(text(labels[0]))
    ax.set_ylabel(text(labels[1]))
    return ax


def _apart(value: float, half_width: float) -> str:
    text = precise(value, half_width)
    sign = "+" if value > 0 and float(text.replace(",", "")) else ""
    return f"{sign}{text}{' ?' if 0 < half_width >= abs(value) else ''}"


def _square(column: int, row: int, part: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (column - 0.5, row - 0.5),
        1,
        1,
        facecolor=BLUE,
        alpha=0.06 + 0.5 * part,
        edgecolor=FAINT,
        linewidth=0.8,
    )


def swings(names: Sequence[str], lows: Floats, highs: Floats, middle: float, x: str) -> Axes:
    """What each change does to a figure: a bar from one value to the other, the widest on top."""
    from backsim.report.figures.style import name_across, name_rows, rows_height

    ax = new_axes(None, rows_height(len(names)))
    rows = range(len(names))
    ax.barh(list(rows), highs - lows, left=lows, color=BLUE, alpha=0.7, height=0.55)
    ax.axvline(middle, color=GREY, linewidth=1.2)
    name_rows(ax, list(names))
    name_across(ax, x)
    few_ticks(ax)
    return ax


__all__ = ["along", "surface", "swings"]
