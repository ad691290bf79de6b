"""What a unit costs that is not served, where neither its line nor its class says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Capacity, Lines, Options, Sources
from backsim.allocation.solver.parts import components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


def with_lost(lines: Lines, sources: Sources, options: Options, capacity: Capacity) -> Lines:
    """The lines; a lost unit costs as much as one that comes a day after all that may come.

    All that may come to the lines with which the line competes, not to others: a purchase of
    another product says nothing about it.
    """
    group = competitors(lines, sources, options, capacity)
    last = np.zeros(int(group.max(initial=0)) + 1)
    np.maximum.at(last, group[options.line], options.day)
    late = np.maximum(1.0, last[group] + 1.0 - np.maximum(0.0, lines.due))
    return replace(lines, lost=np.where(np.isnan(lines.lost), lines.weight * late, lines.lost))


def competitors(lines: Lines, sources: Sources, options: Options, capacity: Capacity) -> Codes:
    """The group of each line: lines that share a source, a limit or a whole order, by any way."""
    whole = np.flatnonzero(lines.complete)
    before = len(sources) + len(capacity.units)
    group, _ = components(
        np.concatenate([options.line, options.line[capacity.option], whole]),
        np.concatenate([options.source, len(sources) + capacity.row, before + lines.order[whole]]),
        len(lines),
        before + int(lines.order.max(initial=0)) + 1,
    )
    return group
