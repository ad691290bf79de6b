"""Confidence intervals over independent replications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backsim.statistics.checks import student


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


def estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Student's t interval for the mean of independent values; nan values are left out.

    Source: Law, Simulation Modeling and Analysis (2015), section 9.4.1.
    """
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
