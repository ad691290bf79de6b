"""Figures of a study or a run: `backsim.plot.ranking(study, ax=None)` and so on, each an `Axes`.

Without `ax` a figure is made that belongs to no window: `ax.figure.savefig("ranking.png")`.
"""

from backsim.report.figures import (
    backlog,
    cancellations,
    costs,
    differences,
    network,
    pareto,
    promises,
    ranking,
    regret,
    sensitivity,
    stock,
    waits,
)

__all__ = [
    "backlog",
    "cancellations",
    "costs",
    "differences",
    "network",
    "pareto",
    "promises",
    "ranking",
    "regret",
    "sensitivity",
    "stock",
    "waits",
]
