"""Passes over long tables, compiled: each reads in one go what numpy reads field by field.

numpy does the same where the compiler is not loaded, or a table is short (`log`); to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


class Often(NamedTuple):
    """Fields of lines that ledger and metrics read of those that were not filled at once."""

    time: NDArray[np.float64]
    due: NDArray[np.float64]
    closed: NDArray[np.float64]
    units: NDArray[Any]
    stock: NDArray[Any]
    customer_class: NDArray[Any]
    head: NDArray[Any]
    open: NDArray[Any]
    reserved: NDArray[Any]
    shipped: NDArray[Any]
    filled: NDArray[Any]
    left: NDArray[Any]
    status: NDArray[Any]


@numba.njit(**OPTIONS)
def scan(
    lines: Any, units: NDArray[Any], start: int, by_line: Any, rest: Any, before: int
) -> tuple[int, int]:
    """Read lines from one on, until all are read or `rest` is full.

    `by_line` is (units shipped, place) of all lines, the place being the number of rows `before`
    and in `rest`, or -1 of lines that were filled at once; `rest` is (the indices of the others,
    their `Often`).  Gives the rows of `rest` that are used, and where to go on.
    """
    shipped, place = by_line
    later, often = rest
    row = 0
    for index in range(start, len(lines)):
        line = lines[index]
        shipped[index] = line.shipped
        place[index] = -1
        if line.filled != units[index]:
            if row == len(later):
                return row, index
            place[index] = before + row
            later[row] = index
            often.time[row] = line.time
            often.due[row] = line.due
            often.closed[row] = line.closed
            often.units[row] = line.units
            often.stock[row] = line.stock
            often.customer_class[row] = line.customer_class
            often.head[row] = line.head
            often.open[row] = line.open
            often.reserved[row] = line.reserved
            often.shipped[row] = line.shipped
            often.filled[row] = line.filled
            often.left[row] = line.left
            often.status[row] = line.status
            row += 1
    return row, len(lines)


@numba.njit(**OPTIONS)
def merged(times: NDArray[np.float64], middle: int) -> NDArray[np.int64]:
    """The stable order of two runs of times that ascend: up to `middle`, and from there."""
    order = np.empty(len(times), np.int64)
    one, other, at = np.int64(0), np.int64(middle), 0
    while one < middle and other < len(times):
        later = np.int64(times[other] < times[one])  # in numbers: a branch would be guessed wrong
        order[at] = one + later * (other - one)
        one, other, at = one + 1 - later, other + later, at + 1
    for rest in range(one, middle):
        order[at], at = rest, at + 1
    for rest in range(other, len(times)):
        order[at], at = rest, at + 1
    return order


@numba.njit(**OPTIONS)
def places(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """What `np.searchsorted` gives, of edges that ascend: where the first value of each is."""
    found = np.empty(len(edges), np.int64)
    at = 0
    for index in range(len(edges)):
        while at < len(values) and values[at] < edges[index]:
            at += 1
        found[index] = at
    return found


@numba.njit(**OPTIONS)
def squares(
    times: NDArray[np.float64], units: NDArray[Any], edges: tuple[float, float, int, float]
) -> tuple[float, float]:
    """The sums over all periods of their units, and of the squares of these; times ascend.

    Periods start at `start + length * (number - early)`, as many as `count`.
    """
    start, length, count, early = edges
    at, total, squared = 0, 0.0, 0.0
    while at < len(times) and times[at] < start + length * (0 - early):
        at += 1
    for number in range(1, count + 1):
        end, here = start + length * (number - early), 0.0
        while at < len(times) and times[at] < end:
            here += units[at]
            at += 1
        total += here
        squared += here * here
    return total, squared


@numba.njit(**OPTIONS)
def added(codes: NDArray[Any], units: NDArray[Any], size: int) -> NDArray[np.int64]:
    """The sum of the units of each code from 0 to below `size`; what is beyond them is left out."""
    found = np.zeros(size, np.int64)
    for index in range(len(codes)):
        if codes[index] < size:
            found[codes[index]] += units[index]
    return found
