"""A choice among days, stated as steps: has it left by this day, in place of: does it on this day.

An order leaves on one of its days or on none.  With a column for "has left by this day" the rows
that say what has arrived by a day are plain knapsacks, for which solvers know strong inequalities,
and a branch halves the days.  The linear relaxation is the same.
Source: the step formulation of scheduling, Artigues, Operations Research Letters 45 (2017) 154-159.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.solver.program import INF, Program

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

NOTHING = 1e-12
"""An entry below which two that cancel each other leave none."""


@dataclass(frozen=True, eq=False)
class Steps:
    """A program in steps: column j of the old one is `share[i, j]` of column `of[i, j]`, summed.

    `chains`: the columns of each choice, by day, and last whether any of them is chosen.
    """

    program: Program
    of: Codes
    share: Floats
    chains: list[Codes]

    def values(self, steps: Floats) -> Floats:
        """The values of the old columns."""
        return np.asarray((self.share * steps[self.of]).sum(axis=0))

    def steps(self, values: Floats) -> Floats:
        """The values of the new ones."""
        found = values.copy()
        for chain in self.chains:
            found[chain[:-1]] = np.cumsum(values[chain[:-1]])
        found[self.program.upper == 0.0] = 0.0
        return found


def in_steps(program: Program) -> Steps | None:
    """The program in steps; None if there is no choice in it."""
    count = len(program.cost)
    binary = (program.integer != 0) & (program.upper <= 1.0)
    of, share = np.stack([np.arange(count)] * 2), np.stack([np.ones(count), np.zeros(count)])
    column, factor = _multiples(program, binary)
    of[0], share[0] = column, factor
    chains = _chains(program, column, factor, binary)
    if not chains:
        return None
    gone = column != np.arange(count)
    for chain in chains:
        days = chain[:-1]
        of[0, days], of[1, days[1:]] = np.append(days[:-1], chain[-1]), days[:-1]
        share[1, days[1:]] = -1.0
        gone[days[-1]] = True
    multiple = column != np.arange(count)
    of[:, multiple] = of[:, column[multiple]]
    share[:, multiple] = factor[multiple] * share[:, column[multiple]]
    return Steps(_stated(program, of, share, gone, chains), of, share, chains)


def _multiples(program: Program, binary: Flags) -> tuple[Codes, Floats]:
    """(column, factor): what each column is a multiple of, by a row `x - factor y = 0`; itself."""
    found, factor = np.arange(len(program.cost)), np.ones(len(program.cost))
    counts = np.bincount(program.index, minlength=len(program.row_upper))
    pairs = (program.row_lower == 0.0) & (program.row_upper == 0.0) & (counts == 2)
    entry = np.flatnonzero(pairs[program.index])
    entry = entry[np.argsort(program.index[entry], kind="stable")]
    columns, values = (
        part.reshape(-1, 2) for part in (program.entry_columns[entry], program.value[entry])
    )
    swapped = binary[columns[:, 0]]
    columns[swapped], values[swapped] = columns[swapped, ::-1], values[swapped, ::-1]
    fit = ~binary[columns[:, 0]] & binary[columns[:, 1]] & (values.prod(axis=1) < 0.0)
    found[columns[fit, 0]] = columns[fit, 1]
    factor[columns[fit, 0]] = -values[fit, 1] / values[fit, 0]
    return found, factor


def _chains(program: Program, column: Codes, factor: Floats, binary: Flags) -> list[Codes]:
    """Binary columns of which one is chosen where a further one, the last, says so, else none."""
    equal = (program.row_lower == 0.0) & (program.row_upper == 0.0)
    entry = np.flatnonzero(equal[program.index])
    entry = entry[np.argsort(program.index[entry], kind="stable")]
    old = program.entry_columns[entry]
    value, ends = program.value[entry] * factor[old], np.cumsum(np.bincount(program.index[entry]))
    used: set[int] = set()
    found = []
    for own, share in zip(np.split(column[old], ends), np.split(value, ends), strict=True):
        whole = own[share < 0.0]
        if len(own) < 2 or len(whole) != 1 or not binary[own].all() or used & set(own.tolist()):
            continue
        if np.ptp(np.abs(share)) == 0.0 and len(set(own.tolist())) == len(own):
            found.append(np.append(np.sort(own[share > 0.0]), whole))
            used.update(own.tolist())
    return found


def _stated(
    program: Program, of: Codes, share: Floats, gone: Flags, chains: list[Codes]
) -> Program:
    """The program in its new columns, and a row for each step: by a later day, if by an earlier."""
    count, height, entries = len(program.cost), len(program.row_upper), program.entry_columns
    before = np.concatenate([chain[:-2] for chain in chains])
    after = np.concatenate(
        [np.append(chain[1:-2], chain[-1:])[: len(chain) - 2] for chain in chains]
    )
    step = height + np.arange(len(before))
    row = np.concatenate([program.index, program.index, step, step])
    column = np.concatenate([of[0, entries], of[1, entries], before, after])
    value = [program.value * share[0, entries], program.value * share[1, entries]]
    value += [np.ones(len(before)), -np.ones(len(before))]
    place, inverse = np.unique(column * (height + len(step)) + row, return_inverse=True)
    total = np.bincount(inverse, np.concatenate(value))
    kept = np.abs(total) > NOTHING
    place, total = place[kept], total[kept]
    columns = place // (height + len(step))
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=count))])
    cost = sum(np.bincount(of[i], program.cost * share[i], count) for i in (0, 1))
    return replace(
        program,
        cost=np.asarray(cost, float),
        upper=np.where(gone, 0.0, program.upper),
        integer=np.where(gone, 0, program.integer).astype(np.int32),
        start=start.astype(np.int32),
        index=(place % (height + len(step))).astype(np.int32),
        value=total.astype(float),
        row_lower=np.concatenate([program.row_lower, np.full(len(step), -INF)]),
        row_upper=np.concatenate([program.row_upper, np.zeros(len(step))]),
        tie=np.zeros(count),
        rows={},
        columns={},
    )
