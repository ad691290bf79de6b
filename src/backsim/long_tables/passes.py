"""Passes over long tables, for machine code: each reads in one go what numpy reads in many.

numpy does the same, to the bit, where they have not been compiled, or a table is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


class Outcome(NamedTuple):
    """What has become of lines."""

    filled: NDArray[Any]
    shipped: NDArray[Any]
    left: NDArray[Any]
    status: NDArray[Any]
    closed: NDArray[np.float64]


def read(lines: Any, found: Outcome) -> None:
    """Read what has become of each line."""
    for index in range(len(lines)):
        line = lines[index]
        found.filled[index] = line.filled
        found.shipped[index] = line.shipped
        found.left[index] = line.left
        found.status[index] = line.status
        found.closed[index] = line.closed


def scan(
    lines: Any, units: NDArray[Any], by_line: Any, rest: Any, state: NDArray[np.int64]
) -> None:
    """Read lines until all are read or `rest` is full.

    `by_line` is (units shipped, place) of all lines, the place being the number of rows before
    and in `rest`, or -1 of lines that were filled at once; `rest` is (the indices of the others,
    their `Often`).  `state` is where to begin, then where to go on; the rows before; and the rows
    of `rest` that are used.
    """
    shipped, place = by_line
    later, often = rest
    row, before = 0, state[1]
    index = state[0]
    while index < len(lines):
        line = lines[index]
        shipped[index] = line.shipped
        place[index] = -1
        if line.filled != units[index]:
            if row == len(later):
                break
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
        index += 1
    state[0], state[2] = index, row


def merge(times: NDArray[np.float64], middle: int, order: NDArray[np.int64]) -> None:
    """The stable order of two runs of times that ascend: up to `middle`, and from there."""
    one, other, at = np.int64(0), np.int64(middle), 0
    while one < middle and other < len(times):
        later = np.int64(times[other] < times[one])  # in numbers: a branch would be guessed wrong
        order[at] = one + later * (other - one)
        one, other, at = one + 1 - later, other + later, at + 1
    for rest in range(one, middle):
        order[at], at = rest, at + 1
    for rest in range(other, len(times)):
        order[at], at = rest, at + 1


def interleave(
    times: NDArray[np.float64],
    ends: NDArray[np.int64],
    starts: NDArray[np.int64],
    spread: tuple[float, float, int, int],
    slots: NDArray[np.int64],
    found: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """The stable order of any number of runs of times that ascend, and the times in this order.

    Each time goes to a slot, of which there are about as many as times; then it is put in its place
    among the few that are there.  The slots of a round stay in the processor's memory.  `spread` is
    (least time, slots per unit of time, rounds, most moves); `found` is (times, order, moves),
    where -1 moves tell that more were needed, and that there is no order.  `starts`, of the runs,
    and `slots` are worked with.
    """
    (low, scale, rounds, most), (merged, order, moves) = spread, found
    count, done = len(slots) - 1, 0
    moves[0] = 0
    for number in range(rounds):
        first, last = number * count, number == rounds - 1
        slots[:] = 0
        for run in range(len(ends)):
            for index in range(starts[run], ends[run]):
                slot = int((times[index] - low) * scale) - first
                if slot >= count and not last:
                    break
                slots[min(slot, count - 1) + 1] += 1
        begins = done
        for slot in range(1, count + 1):
            here = slots[slot]
            slots[slot], done = done, done + here
        for run in range(len(ends)):
            index = starts[run]
            while index < ends[run]:
                slot = int((times[index] - low) * scale) - first
                if slot >= count and not last:
                    break
                slot = min(slot, count - 1) + 1
                at = slots[slot]
                merged[at], order[at], slots[slot] = times[index], index, at + 1
                index += 1
            starts[run] = index
        for index in range(begins + 1, done):
            time, own, at = merged[index], order[index], index
            while at > begins and merged[at - 1] > time:
                merged[at], order[at] = merged[at - 1], order[at - 1]
                at -= 1
            merged[at], order[at] = time, own
            moves[0] += index - at
            if moves[0] > most:
                moves[0] = -1
                return


def invert(
    uniform: NDArray[np.float64],
    steps: NDArray[np.float64],
    guide: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """For each uniform number the first step above it.

    `guide` has it for numbers that are whole multiples of 1 / its length, a power of two; from
    there it is not far.  Source: Chen and Asau, AIIE Transactions 6 (1974) 163-166.
    """
    for index in range(len(uniform)):
        step = guide[np.int64(uniform[index] * len(guide))]
        while uniform[index] >= steps[step]:
            step += 1
        found[index] = step


def find(values: NDArray[np.float64], edges: NDArray[np.float64], found: NDArray[np.int64]) -> None:
    """What `np.searchsorted` gives, of edges that ascend: where the first value of each is."""
    at = 0
    for index in range(len(edges)):
        while at < len(values) and values[at] < edges[index]:
            at += 1
        found[index] = at


def square(
    times: NDArray[np.float64],
    units: NDArray[Any],
    edges: tuple[float, float, int, float],
    sums: NDArray[np.float64],
) -> None:
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
    sums[0], sums[1] = total, squared


def add_up(codes: NDArray[Any], units: NDArray[Any], sums: NDArray[np.int64]) -> None:
    """Add to the sum of each code its units; codes beyond them are left out."""
    for index in range(len(codes)):
        if codes[index] < len(sums):
            sums[codes[index]] += units[index]
