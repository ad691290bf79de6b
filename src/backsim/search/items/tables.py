"""Items whose levels matter to what is ordered, as with lost sales: played level by level.

Where items share nothing, one run gives each item at one level of its own, whatever the others
have.  So a few runs of a world give every item at a few levels: coarse ones at first, then finer
ones around the best, and at last every level near it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.files import text_digest
from backsim.results.run import Run
from backsim.search.items.measures import Linear
from backsim.search.items.shortfall import SAME, Levelled, Measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int64]

AT_ONCE = 12
"""Levels of each item that a table has."""
PARTS = ("on_hand", "backlog", "filled", "constant")
"""What a table keeps of each item at each level."""


@dataclass(frozen=True)
class Grid:
    """The levels of a table: of each item the least, and how far they are apart."""

    low: Ints
    step: Ints

    @classmethod
    def over(cls, high: Ints) -> Grid:
        """From 0 to the level at which nobody is turned away."""
        return cls(np.zeros_like(high), np.maximum(1, -(-high // (AT_ONCE - 1))))

    def levels(self, place: int) -> Ints:
        """The level of each item at a place."""
        return np.asarray(self.low + place * self.step)

    def places(self, levels: Ints) -> Ints:
        """The places of some levels, each put within the table."""
        return np.asarray(np.clip((levels - self.low) // self.step, 0, AT_ONCE - 1))

    def around(self, levels: Ints) -> Grid:
        """Finer, around some levels of this one; itself where they are known well enough."""
        wide = self.step > 1
        step = np.where(wide, -(-2 * self.step // (AT_ONCE - 1)), 1)
        places = self.places(levels)
        off = (places == AT_ONCE - 1) | ((places == 0) & (self.low > 0))
        low = np.where(wide, levels - self.step, levels - AT_ONCE // 2)
        moved = np.where(wide | off, np.maximum(0, low), self.low)
        return Grid(np.asarray(moved), np.asarray(step))

    def same(self, other: Grid) -> bool:
        """Whether it is the same one."""
        return np.array_equal(self.low, other.low) and np.array_equal(self.step, other.step)

    @property
    def name(self) -> str:
        """What its results are kept under."""
        return text_digest(f"{self.low.tolist()} {self.step.tolist()}")[:16]


@dataclass(frozen=True)
class Table:
    """A world, each item at each level of a grid."""

    grid: Grid
    parts: Floats
    """(levels, `PARTS`, items)."""
    ordered: Floats
    """Units ordered, by item."""

    @classmethod
    def of(cls, row: Floats, grid: Grid) -> Table:
        """What `OneRunEach` has made a row of."""
        count = len(grid.low)
        parts = row[count:].reshape(AT_ONCE, len(PARTS), count)
        return cls(grid, parts, row[:count])

    def at(self, levels: Ints) -> Levelled:
        """All items at some levels of the grid."""
        here = self.parts[self.grid.places(levels), :, np.arange(len(levels))]
        on_hand, backlog, filled, constant = here.T
        return Levelled(on_hand, backlog, filled, constant, self.ordered)

    def rows(self) -> list[Levelled]:
        """All items at each place of the grid."""
        return [
            Levelled(on_hand, backlog, filled, constant, self.ordered)
            for on_hand, backlog, filled, constant in self.parts
        ]


class TableCurves:
    """Metrics at all levels of a grid, in the mean of some worlds: one item after the other."""

    blocks = None

    def __init__(self, runs: Sequence[Table]) -> None:
        self.runs, grid = runs, runs[0].grid
        self.low: Ints = grid.low
        self.step: Ints | int = grid.step
        self.first = np.arange(len(self.low)) * AT_ONCE
        self.length = len(self.low) * AT_ONCE

    def mean(self, metric: Callable[[Levelled], Linear]) -> Floats:
        """A metric whose sum over items is the whole's."""
        total = np.zeros((AT_ONCE, len(self.low)))
        for run in self.runs:
            total += [metric(at).each(at) for at in run.rows()]
        return np.asarray(total.T.reshape(-1) / len(self.runs))


@dataclass(frozen=True)
class OneRunEach:
    """Reads from runs of a world, one at each level of a grid, what these levels do."""

    rates: tuple[Floats, Floats]
    """What a unit that waits costs per day, and once, by item, over the days that count."""
    names: tuple[str, ...]

    def row(self, runs: Iterator[Run]) -> Floats:
        """What a world says of all levels of the grid, as `Table.of` reads it."""
        played = list(map(self.of, runs))
        parts = [getattr(one, name) for one in played for name in PARTS]
        return np.concatenate([played[0].ordered, *parts])

    def of(self, run: Run) -> Measured:
        """What a run has measured of each item."""
        waiting, waits = self.rates
        found = Measured.of(run)
        charged = waiting * found.backlog + waits * (found.ordered - found.filled)
        rest = found.total - run.model.costs["holding"] * found.on_hand - charged
        return replace(found, constant=rest)

    def check(self, one: Run, other: Run, same: Flags) -> None:
        """Two runs of a world in which some items stay at their level measure the same of these.

        Raises InputError where not: items whose levels act on each other share something.
        """
        first, second = self.of(one), self.of(other)
        for name in PARTS:
            apart = ~np.isclose(getattr(first, name), getattr(second, name), rtol=SAME, atol=SAME)
            wrong = np.flatnonzero(apart & same)
            if len(wrong):
                raise InputError(
                    "search: stock[*].reorder: where customers do not all wait, expected items "
                    f"that share nothing, got {self.names[wrong[0]]}, which changes with the "
                    "levels of others. Search the levels one by one: policy.reorder.S: "
                    "{integers: [0, 60]}"
                )
