"""Confidence intervals over independent replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backsim.statistics.checks import check_confidence, student


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with its confidence interval, mean +- half_width.

    `half_width` is nan with fewer than two values: one replication says nothing about chance.
    """

    mean: float
    half_width: float
    sd: float
    count: int
    confidence: float
    more: bool = False
    """The mean is larger: of some values no more is known than that they are."""


def unseen(count: int, error: float) -> float:
    """The largest share of replications in which what none of `count` has may happen.

    About 3 / count at 95 %: the rule of three.
    Source: Hanley and Lippman-Hand, JAMA 249 (1983) 1743-1745.
    """
    return float(1.0 - error ** (1.0 / count))


def times(found: Any, factor: float) -> Any:
    """An estimate or a difference of values, as of the values times a positive factor."""
    sizes = ("mean", "half_width", "sd")
    return replace(found, **{name: factor * getattr(found, name) for name in sizes})


def estimate_from_below(
    values: Sequence[float], bounds: Sequence[float], confidence: float = 0.95
) -> Estimate:
    """The mean of values of which some are not known (nan), but larger than their bounds.

    Where any is, the bounds stand in for them: the mean is a bound itself (`more`).
    """
    known, least = np.asarray(values, float), np.asarray(bounds, float)
    open_ended = np.isnan(known) & ~np.isnan(least)
    found = estimate(np.where(open_ended, least, known).tolist(), confidence)
    return replace(found, half_width=math.nan, more=True) if open_ended.any() else found


def estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Student's t interval for the mean of independent values; nan values are left out.

    Source: Law, Simulation Modeling and Analysis (2015), section 9.4.1.
    """
    check_confidence(confidence)
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    count = len(known)
    if count == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, confidence)
    mean = float(known.mean())
    if count == 1:
        return Estimate(mean, math.nan, math.nan, 1, confidence)
    sd = float(known.std(ddof=1))
    half_width = student(0.5 + confidence / 2, count - 1) * sd / math.sqrt(count)
    return Estimate(mean, half_width, sd, count, confidence)
