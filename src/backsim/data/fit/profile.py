"""Intervals of a mean or standard deviation over all laws that the data do not rule out.

A law is chosen, but seldom known: where half of the times are censored, an exponential and a
Weibull law explain them equally well and say different means.  The interval holds every value that
some law gives at a likelihood that is near enough to the best of all laws (the level of a
chi-square with one degree of freedom): a profile likelihood, in which the law is one more nuisance
parameter.  Source: Venzon and Moolgavkar, Applied Statistics 37 (1988) 87-94; for the choice of the
law: Dauncey, Kenzie, Wardle and Davies, Journal of Instrumentation 10 (2015) P04015.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from backsim.data.fit.interval import Interval, Z

FURTHEST = 6.0
"""Standard errors beyond which no end of an interval is looked for."""
Log = Callable[[Any], float]
"""The logarithm of something, by the logarithms of a law's parameters."""


class Peak:
    """A law at its most likely parameters."""

    def __init__(self, log_likelihood: Log, p: Any, covariance: Any) -> None:
        self.log_likelihood, self.p = log_likelihood, np.asarray(p, float)
        self.value = log_likelihood(self.p)
        try:
            self.root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            self.root = np.full((len(self.p), len(self.p)), math.nan)

    def ends(self, what: Log, level: float) -> tuple[float, float]:
        """The least and greatest of something where the log likelihood is at least `level`.

        Where the search fails, those of a quadratic likelihood; nothing is known without one.
        """
        if not np.isfinite(self.root).all():
            return -math.inf, math.inf
        radius = math.sqrt(max(0.0, 2 * (self.value - level)))
        return self._end(what, level, radius, -1), self._end(what, level, radius, 1)

    def _end(self, what: Log, level: float, radius: float, sign: int) -> float:
        def at(u: Any) -> Any:
            return self.p + self.root @ u

        def here(u: Any) -> float:
            return what(at(u))

        def further(u: Any) -> float:
            return -sign * here(u) / length

        def slack(u: Any) -> float:
            return max(self.log_likelihood(at(u)) - level, -1e3)

        slope = np.asarray(optimize.approx_fprime(np.zeros(len(self.p)), here, 1e-5))
        length = float(np.linalg.norm(slope))
        if not length > 0:
            return what(self.p)
        bounds: Any = [(-FURTHEST, FURTHEST)] * len(self.p)
        start: Any = sign * radius * slope / length
        within: Any = {"type": "ineq", "fun": slack}
        options: Any = {"maxiter": 40, "ftol": 1e-5, "eps": 1e-5}
        with np.errstate(all="ignore"):
            found = optimize.minimize(
                further,
                start,
                method="SLSQP",
                bounds=bounds,
                constraints=within,
                options=options,
            )
        end = what(at(found.x)) if found.success and slack(found.x) > -0.02 else math.nan
        return end if math.isfinite(end) else what(self.p) + sign * radius * length


def interval(value: float, peaks: Sequence[Peak], whats: Sequence[Log]) -> Interval:
    """The 95 % interval of something of which each law says the logarithm."""
    level = max(peak.value for peak in peaks) - Z**2 / 2
    ends = [
        peak.ends(what, level)
        for peak, what in zip(peaks, whats, strict=True)
        if peak.value >= level
    ]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return Interval(value, math.exp(low), math.exp(high) if high < 700 else math.inf)
