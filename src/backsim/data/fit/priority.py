"""Who was served first: how well each rule explains the order of service of waiting lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

MOST_LINES = 20_000
"""Served lines that are looked at, evenly spread over the history."""
BETTER = 0.02
"""So much more of the pairs must another rule explain than first come, first served."""


@dataclass(frozen=True, slots=True, eq=False)
class Priority:
    """Of pairs of lines that waited for the same stock, the share that each rule explains.

    A pair is a line that was served and one that had to go on waiting; ties count half.
    """

    pairs: int
    explained: dict[str, float]
    rank: tuple[int, ...]
    """By class: 1 for the one that was served first most often."""

    @property
    def rule(self) -> str:
        """The rule that explains most; first come, first served where none is clearly better."""
        if not self.explained:
            return "fcfs"
        best = max(self.explained, key=lambda name: self.explained[name])
        return best if self.explained[best] > self.explained["fcfs"] + BETTER else "fcfs"


def priority_in_use(history: History) -> Priority:
    """The rule by which stock was given to waiting lines."""
    lines = history.lines
    served, waiting = _pairs(history)
    if not len(served):
        return Priority(0, {}, (1,) * len(history.classes))
    group, count = lines.customer_class, len(history.classes)
    wins = np.zeros((count, count))
    np.add.at(wins, (group[served], group[waiting]), 1.0)
    both = wins + wins.T
    share = np.divide(wins, both, out=np.full_like(wins, 0.5), where=both > 0)
    order = np.argsort(-(share.sum(axis=1)), kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(1, count + 1)
    day = lines.time if history.clocked else np.floor(lines.time)
    keys = {"fcfs": day, "lifo": -day, "smallest_first": lines.units}
    due = history.masters.due_days
    if not np.isnan(due).all():
        keys["earliest_due"] = lines.time + np.nan_to_num(due, nan=np.nanmax(due))[group]
    if count > 1:
        keys["class_priority"] = rank[group] * 1e6 + day
    return Priority(
        len(served),
        {name: _share(key[served], key[waiting]) for name, key in keys.items()},
        tuple(rank.tolist()),
    )


def _share(first: Floats, second: Floats) -> float:
    return float((first < second).mean() + (first == second).mean() / 2)


def _pairs(history: History) -> tuple[Codes, Codes]:
    """(lines served, lines that waited on then): of each served line all at its stock point."""
    lines = history.lines
    waited = np.flatnonzero(lines.known & (lines.at_once < lines.units - 1e-9))
    if len(waited) > MOST_LINES:
        waited = waited[np.linspace(0, len(waited) - 1, MOST_LINES).astype(int)]
    found = list(_of_each_stock_point(history, waited))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    served, waiting = (np.concatenate(part) for part in zip(*found, strict=True))
    return served, waiting


def _of_each_stock_point(history: History, waited: Codes) -> Iterator[tuple[Codes, Codes]]:
    lines = history.lines
    place = lines.product[waited] * len(history.sites) + lines.site[waited]
    waited = waited[np.argsort(place, kind="stable")]
    ends = np.flatnonzero(np.diff(np.sort(place))) + 1
    for rows in np.split(waited, ends):
        time, served = lines.time[rows], lines.served[rows]
        gone = np.where(np.isnan(lines.cancelled[rows]), np.inf, lines.cancelled[rows])
        end = np.where(np.isnan(served), gone, served)
        for i in np.flatnonzero(~np.isnan(served)).tolist():
            others = rows[(time < served[i]) & (end > served[i] + 1e-6)]
            if len(others):
                yield np.full(len(others), rows[i]), others
