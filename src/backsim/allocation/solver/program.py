"""The linear program as arrays: what is stated once and rendered for PuLP and for HiGHS."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

INF = float("inf")
LAST = np.iinfo(np.int64).max
"""The rank of costs that are nobody's."""

Entries = tuple[Any, Any, Any]
"""(row within its block, column, coefficient): columns an array, the others arrays or numbers."""


@dataclass(frozen=True, eq=False)
class Program:
    """Minimise offset + cost x, with row_lower <= A x <= row_upper and 0 <= x <= upper.

    A is kept by column: entries `start[j]` to `start[j + 1]` of `index` (rows) and `value` are
    column j's.  Where optima are equal, the one with least `tie` x is taken.  `rows` and `columns`
    say which slice of them is what.  `rank`: whose costs a column's are, 1 before 2 whatever they
    are; None: all count together.
    """

    cost: Floats
    upper: Floats
    integer: NDArray[np.int32]
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Floats
    row_lower: Floats
    row_upper: Floats
    offset: float
    tie: Floats
    rows: Mapping[str, slice]
    columns: Mapping[str, slice]
    rank: Codes | None = None

    @property
    def entry_columns(self) -> Codes:
        """The column of each entry."""
        return np.repeat(np.arange(len(self.cost)), np.diff(self.start))

    @property
    def is_mixed(self) -> bool:
        """Some columns must be whole numbers."""
        return bool(self.integer.any())

    def is_kept_by(self, values: Floats) -> bool:
        """Whether values keep to all rows and bounds, within the tolerance of solvers."""
        activity = np.zeros(len(self.row_upper))
        np.add.at(activity, self.index, self.value * values[self.entry_columns])
        slack = TRACE * np.maximum(1.0, np.abs(activity))
        return bool(
            (activity >= self.row_lower - slack).all()
            and (activity <= self.row_upper + slack).all()
            and (values >= -TRACE).all()
            and (values <= self.upper + TRACE).all()
        )


class Builder:
    """Collects columns and rows, block by block, and makes a Program of them."""

    def __init__(self) -> None:
        self.columns: dict[str, slice] = {}
        self.rows: dict[str, slice] = {}
        self._columns: list[tuple[Any, ...]] = []
        self._ranks: list[Any] = []
        self._bounds: list[tuple[Any, Any]] = []
        self._entries: list[Entries] = []
        self._width = self._height = 0

    def add_columns(
        self, name: str, cost: Any, upper: Any, integer: bool, tie: Any, rank: Any = LAST
    ) -> int:
        """A block of columns; returns the number of its first."""
        count, first = len(cost), self._width
        self.columns[name] = slice(first, first + count)
        self._columns.append((cost, _full(upper, count), _full(int(integer), count), tie))
        self._ranks.append(_full(rank, count))
        self._width += count
        return first

    def make_whole(self, name: str) -> None:
        """The values of a block of columns are whole numbers."""
        place = list(self.columns).index(name)
        cost, upper, integer, tie = self._columns[place]
        self._columns[place] = (cost, upper, np.ones_like(integer), tie)

    def add_rows(
        self, name: str, count: int, lower: Any, upper: Any, entries: Sequence[Entries]
    ) -> None:
        """A block of rows with bounds, and what stands in them."""
        self.rows[name] = slice(self._height, self._height + count)
        self._bounds.append((_full(lower, count), _full(upper, count)))
        for row, column, value in entries:
            size = len(column)
            self._entries.append((_full(row + self._height, size), column, _full(value, size)))
        self._height += count

    def program(self, offset: float, ranked: bool = False) -> Program:
        """All that was added, by column; within a column by row.  `ranked`: ranks are strict."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.argsort(column, kind="stable")
        counts = np.bincount(column, minlength=self._width)
        cost, upper, integer, tie = (
            np.concatenate(part) for part in zip(*self._columns, strict=True)
        )
        lower_rows, upper_rows = (np.concatenate(part) for part in zip(*self._bounds, strict=True))
        start = np.zeros(self._width + 1, np.int32)
        np.cumsum(counts, out=start[1:])
        return Program(
            cost=cost.astype(float, copy=False),
            upper=upper.astype(float, copy=False),
            integer=integer.astype(np.int32, copy=False),
            start=start,
            index=row[order].astype(np.int32, copy=False),
            value=value[order].astype(float, copy=False),
            row_lower=lower_rows.astype(float, copy=False),
            row_upper=upper_rows.astype(float, copy=False),
            offset=float(offset),
            tie=tie.astype(float, copy=False),
            rows=self.rows,
            columns=self.columns,
            rank=np.concatenate(self._ranks) if ranked else None,
        )


def spans(first: NDArray[Any], counts: NDArray[Any]) -> Codes:
    """The `counts[i]` numbers first[i], first[i] + 1, ... of each i, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    numbers: Codes = np.arange(total) + np.repeat(first - ends + counts, counts)
    return numbers


def distinct(*columns: NDArray[Any]) -> Codes:
    """Where the rows of some columns stand, each of equal rows once, in order."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[order[1:]] != column[order[:-1]]
    return np.asarray(order[new])


def _full(value: Any, count: int) -> NDArray[Any]:
    """An array as it is; a number, so many times."""
    return value if isinstance(value, np.ndarray) else np.full(count, value)


OPTIMAL, TIME_LIMIT, INFEASIBLE = "optimal", "time limit", "infeasible"
TRACE = 1e-6
"""Units below which there is none: solvers keep to limits within 1e-7, and print less."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The values of the columns, and what a unit of each row's bound is worth.

    `duals[i]` is by how much the least cost rises with one unit more of row i's bound: 0 or less
    for a limit on what there is.  Those of a mixed program hold while its whole numbers stay
    as they are (nan where all are whole).  `bound`: no plan costs less.
    """

    status: str
    values: Floats
    duals: Floats
    objective: float
    bound: float

    @property
    def found(self) -> bool:
        """Whether there are values: a solver that ran out of time may have none yet."""
        return self.status != INFEASIBLE and self.objective < INF

    @property
    def gap(self) -> float:
        """How far the objective may be from the least, as a share of it."""
        return abs(self.objective - self.bound) / max(1e-9, abs(self.objective))


@dataclass(frozen=True, slots=True)
class Effort:
    """When a solver may stop: seconds, and the relative gap of mixed programs."""

    time_limit: float = float("inf")
    gap: float = 1e-6
    ties: bool = True
    """Whether equal optima are told apart by `Program.tie`."""
    nodes: int | None = None
    """Nodes of branch and bound after which the best so far is taken."""

    def left(self, stop: float) -> Effort:
        """The same until a time of the monotonic clock."""
        return replace(self, time_limit=max(0.01, stop - time.monotonic()))


def no_solution(status: str = INFEASIBLE, bound: float = INF) -> Solution:
    """There is none; or, with the status `time limit`, none yet."""
    nothing = np.empty(0)
    return Solution(status, nothing, nothing, INF, bound)


def without_columns(program: Program) -> Solution:
    """The solution of a program in which nothing can be decided: solvers differ on those."""
    nothing, duals = np.empty(0), np.zeros(len(program.row_upper))
    if (program.row_lower > 0.0).any() or (program.row_upper < 0.0).any():
        return Solution(INFEASIBLE, nothing, nothing, INF, INF)
    return Solution(OPTIMAL, nothing, duals, program.offset, program.offset)
