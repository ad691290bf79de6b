"""Whether items of one supplier have lead times of their own, and how much of that is believed.

Each item's times are those of its supplier times a factor.  An item with few purchases says little,
so its factor is drawn towards 1 by as much as its error is large beside the spread of all factors.
Source: DerSimonian and Laird, Controlled Clinical Trials 7 (1986) 177-188 (the spread); Efron and
Morris, Journal of the American Statistical Association 70 (1975) 311-319 (the drawing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from backsim.data.fit.laws import LAWS, Law
from backsim.data.fit.survival import Fit
from backsim.data.fit.times import SMALLEST, TINY, Times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

STEP = 1.05
"""Factors of a scenario are powers of it: few entries say them all."""
STEPS = np.linspace(-1.5, 1.5, 61)
"""Logarithms of factors that are tried."""
SURE = 0.01
"""Probability of error at which items are believed to differ."""
LEAST = 0.05
"""Spread of the logarithms of the factors below which they do not matter."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemFactors:
    """Factors on a supplier's lead time, by item."""

    items: Codes
    factors: Floats
    spread: float
    """Standard deviation of their logarithms."""

    def of(self, item: Codes) -> Floats:
        """The factor of each item; 1 for those without purchases."""
        table = np.ones(int(max(item.max(initial=0), self.items.max(initial=0))) + 1)
        table[self.items] = self.factors
        return table[item]

    @property
    def steps(self) -> Codes:
        """The power of `STEP` next to the factor of each of the items."""
        return np.rint(np.log(self.factors) / math.log(STEP)).astype(np.int64)


def item_factors(times: Times, fit: Fit) -> ItemFactors | None:
    """The factors of the items (`times.label`) of a supplier; None where none are known."""
    law = next((law for law in LAWS if law.name == fit.law), None)
    if law is None or fit.peak is None:
        return None
    items, place = np.unique(times.label, return_inverse=True)
    ended = np.bincount(place, np.isfinite(times.high), len(items)) >= 2
    if ended.sum() < 2:
        return None
    p = fit.peak.p
    curves = np.stack([_log_likelihood(times, law, p, math.exp(x)) for x in STEPS], axis=1)
    sums = np.stack([np.bincount(place, c, len(items)) for c in curves.T], axis=1)[ended]
    items = items[ended]
    best = np.clip(sums.argmax(axis=1), 1, len(STEPS) - 2)
    row, step = np.arange(len(items)), float(STEPS[1] - STEPS[0])
    left, top, right = (sums[row, best + k] for k in (-1, 0, 1))
    bend = np.maximum(2 * top - left - right, TINY) / step**2
    mean = STEPS[best] + np.clip((right - left) / (2 * step) / bend, -step, step)
    weight = bend
    common = float(mean @ weight / weight.sum())
    unlike = float(weight @ (mean - common) ** 2)
    freedom = len(items) - 1
    room = weight.sum() - (weight**2).sum() / weight.sum()
    spread = math.sqrt(max(0.0, unlike - freedom) / room)
    if stats.chi2.sf(unlike, freedom) > SURE or spread < LEAST:
        return None
    believed = spread**2 / (spread**2 + 1 / weight)
    return ItemFactors(items, np.exp(common + believed * (mean - common)), spread)


def _log_likelihood(times: Times, law: Law, p: Any, factor: float) -> Floats:
    """Of each time, if the law's times are all so many times as long."""
    found, exact, cut = np.empty(len(times)), times.exact, times.entry > 0
    is_open, between = np.isinf(times.high), ~times.exact
    with np.errstate(all="ignore"):
        ended = np.maximum(times.low[exact], SMALLEST) / factor
        found[exact] = law.log_density(ended, p) - math.log(factor)
        ends = np.where(is_open, 1.0, times.high)[between] / factor
        after = np.where(is_open[between], 0.0, law.survival(ends, p))
        mass = law.survival(times.low[between] / factor, p) - after
        found[between] = np.log(np.maximum(mass, TINY))
        found[cut] -= np.log(np.maximum(law.survival(times.entry[cut] / factor, p), TINY))
    return found


def without(times: Times, factors: ItemFactors) -> Times:
    """The times as those of an item of factor 1."""
    by = factors.of(times.label)
    return replace(times, low=times.low / by, high=times.high / by, entry=times.entry / by)
