"""Independent replications of a case: a pilot, then as many more as the precision needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from backsim.statistics import Estimate, estimate
from backsim.statistics.checks import student
from backsim.validation.case import Case
from backsim.validation.compare import USUAL, shortage
from backsim.workers import in_order

if TYPE_CHECKING:
    from backsim.results.run import Run

Value = float | tuple[float, float]
"""What a replication says: a number, or two whose means are divided by each other."""

PILOT = 10
"""Replications before the first look at the half-widths."""
COUNTED = 100_000
"""Orders that a replication of a model in steady state counts."""
RARE = 100.0 / (USUAL * COUNTED)
"""A probability so small that `USUAL` replications, of orders, meet it fewer than 100 times."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How replications are made: the engine, how many at once, and when to give up."""

    seed: int
    engine: str = "compiled"
    workers: int = 1
    most: int = 15_000


def run_case(case: Case, effort: Effort, replication: int) -> Run:
    """One replication.  The ledger of those of the pilot is checked."""
    from backsim.engines.choose import choose, play
    from backsim.results.ledger import check_ledger
    from backsim.results.run import Run
    from backsim.streams import draw

    engine, reason = choose(case.model, effort.engine if case.random else "simpy")
    tape = draw(case.model, effort.seed, replication)
    if case.lead_times:
        tape.lead_times[0].values = np.array(case.lead_times)
    log = play(case.model, tape, engine)
    if replication < PILOT:
        check_ledger(case.model, log)
    return Run(case.model, tape.seed, tape.replication, engine, reason, log)


def own_seed(seed: int, name: str) -> int:
    """A seed for each model, so that their verdicts do not share their luck."""
    return (seed + crc32(name.encode())) % 2**32


def replicate_until(
    play: Callable[[int], Sequence[Value]],
    targets: Callable[[list[float]], Sequence[float]],
    effort: Effort,
    tests: int = 1,
) -> list[Estimate]:
    """Estimates of what `play(k)` returns, from as many replications as it takes.

    `targets` says the half-widths asked for, given the mean values so far; 0 asks for none.  They
    are one of so many `tests`.
    """
    rows: list[Sequence[Value]] = []
    wanted = min(PILOT, effort.most)
    while True:
        rows += [play(0)] if not rows else []  # which compiles what the others need
        rows += in_order(play, range(len(rows), wanted), effort.workers, threads=True)
        found = [_estimate(column) for column in zip(*rows, strict=True)]
        goals = targets([e.mean for e in found])
        needed = max(
            (replications_needed(e, goal, tests) for e, goal in zip(found, goals, strict=True)),
            default=0,
        )
        if needed <= wanted or wanted >= effort.most:
            return found
        spare = 1.0 + 1.0 / math.sqrt(wanted)  # spreads are estimates too
        more = max(PILOT // 2, math.ceil(spare * needed) - wanted)
        wanted = min(effort.most, wanted + min(more, 7 * wanted))


def replications_needed(found: Estimate, target: float, tests: int) -> int:
    """How many replications an estimate takes, if they spread as those do that it is made of.

    No more than it has where a `target` of 0 asks for nothing, or the spread is not known.
    """
    count, missing = found.count, shortage(found, target, tests) if target > 0.0 else 0.0
    while missing > 1.0 and math.isfinite(missing):
        count += max(1, count // 20)
        half_width = student(0.975, count - 1) * found.sd / math.sqrt(count)
        missing = shortage(replace(found, count=count, half_width=half_width), target, tests)
    return count


def _estimate(column: Sequence[Value]) -> Estimate:
    """The mean of values, or the ratio of the means of pairs.

    A mean of ratios would be biased.  The spread of a ratio is that of its linear part.
    Source: Cochran, Sampling Techniques (1977), chapter 6 (ratio estimators).
    """
    table = np.array(column, float)
    if table.ndim == 1:
        return estimate(table.tolist())
    top, bottom = table.T
    ratio = top.mean() / bottom.mean()
    return estimate((ratio + (top - ratio * bottom) / bottom.mean()).tolist())
