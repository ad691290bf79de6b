"""A better plan than branch and bound has found so far: decide a part of it again, and another.

Columns that hang together by equations, or by one being 1 only if another is (an order that ships
whole, on all of its days), are decided together.  In each round some that draw on the same rows are
free and all others keep their whole numbers; what is left is a small program.
Source: large neighbourhood search, Shaw, CP 98, Lecture Notes in Computer Science 1520 (1998)
417-431; relaxation induced neighbourhoods, Danna, Rothberg and Le Pape, Mathematical Programming
102 (2005) 71-90.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver.parts import components
from backsim.allocation.solver.program import Program

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

Again = Callable[[Program, "Floats", "Codes", float], "Floats | None"]
"""Solves a program from values, some columns held, in so many seconds; None: nothing better."""

FIRST, LEAST, GROWTH = 40, 8, 1.15
"""Groups that are free at first, at least, and how many more when that was easy."""
ROUND = 3.0
"""Seconds that a round may take; what is solved in a fifth of them was easy."""
BETTER = 1e-6


class Scatter:
    """Picks one of so many, the same in every process: a search, not a draw of the model's world.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators (OOPSLA 2014).
    """

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, most: int) -> int:
        """A number from 0 to below `most`."""
        self.count += 1
        z = self.count * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        return (z ^ z >> 31) % most


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of columns that are decided together, and the rows that each draws on."""

    of: Codes
    rows: list[Codes]
    members: list[Codes]

    @staticmethod
    def of_program(program: Program) -> Groups:
        """Columns of whole numbers, joined by equations and by rows that say "only if"."""
        row, column = program.index, program.entry_columns
        equal = program.row_lower == program.row_upper
        only_if = (program.row_upper == 0.0) & (np.bincount(row, minlength=len(equal)) == 2)
        joined = (equal | only_if)[row]
        width, height = len(program.cost), len(program.row_upper)
        _, label = components(row[joined], column[joined], height, width)
        label = np.where(label == height, height + np.arange(width), label)
        names, of = np.unique(label, return_inverse=True)
        whole = np.bincount(of, program.integer, len(names)) > 0
        kept = ~joined & whole[of[column]]
        pairs = np.unique(np.stack([of[column[kept]], row[kept]]), axis=1)
        return Groups(
            np.where(whole[of], of, -1),
            _by(pairs[0], pairs[1], len(names)),
            _by(pairs[1], pairs[0], height),
        )

    def some(self, count: int, pick: Scatter) -> Codes:
        """Groups near each other: from one by a row to another, and on."""
        starts = [g for g, rows in enumerate(self.rows) if len(rows)]
        free = [starts[pick(len(starts))]]
        found = set(free)
        for _ in range(20 * count):
            if len(found) >= count:
                break
            rows = self.rows[free[pick(len(free))]]
            members = self.members[int(rows[pick(len(rows))])]
            other = int(members[pick(len(members))])
            if other not in found:
                found.add(other)
                free.append(other)
        return np.array(free)


def improve(program: Program, values: Floats, seconds: float, again: Again) -> Floats:
    """The values, or better ones that were found in time."""
    stop, pick, size = time.monotonic() + seconds, Scatter(), float(FIRST)
    groups = Groups.of_program(program)
    if not any(len(rows) for rows in groups.rows):
        return values
    while (left := stop - time.monotonic()) > 0.05:
        began = time.monotonic()
        free = np.isin(groups.of, groups.some(int(size), pick))
        held = np.flatnonzero((program.integer != 0) & ~free)
        found = again(program, values, held, min(left, ROUND))
        took = time.monotonic() - began
        if found is not None and program.cost @ found < program.cost @ values - BETTER:
            values = found
        elif took < ROUND / 5.0:
            size *= GROWTH
        if took >= ROUND:
            size = max(LEAST, size / GROWTH)
        if not len(held):
            break
    return values


def _by(code: Codes, value: Codes, count: int) -> list[Codes]:
    """The values of each code."""
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=count))
    return np.split(value[order], ends[:-1])
