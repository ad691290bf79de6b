"""Figures of a study or a run: `backsim.plot.ranking(study, ax=None)` and so on, each an `Axes`.

Without `ax` a figure is made that belongs to no window: `ax.figure.savefig("ranking.png")`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from backsim.report.figures import FIGURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__: list[str] = sorted(FIGURES)  # noqa: PLE0605


def __getattr__(name: str) -> Callable[..., Axes]:
    if name not in FIGURES:
        raise AttributeError(f"module 'backsim.plot' has no figure {name!r}: {', '.join(__all__)}")
    return FIGURES[name].draw


def __dir__() -> list[str]:
    return __all__
