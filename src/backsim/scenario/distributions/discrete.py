"""Distributions on single values and on whole numbers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.long_tables import inverted
from backsim.quantities import NonNegative, Number, OpenProbability, Positive
from backsim.scenario.distributions import laws
from backsim.scenario.distributions.base import Distribution, distribution
from backsim.scenario.part import fault

if TYPE_CHECKING:
    from numpy.random import Generator

    from backsim.scenario.distributions.base import Floats


LONGEST = 500.0
"""The largest mean of a Poisson whose probabilities are kept in a table."""

MOST_P = 0.999999
"""The greatest p of a logarithmic series: its quantiles are found value by value."""


@distribution("deterministic")
class Deterministic(Distribution):
    """Always the same value."""

    value: Number

    examples = ({"value": 3.5},)

    def moments(self) -> tuple[float, float]:
        return self.value, 0.0

    def atoms(self) -> tuple[Floats, Floats]:
        return np.array([self.value]), np.ones(1)

    def draw(self, generator: Generator, count: int) -> Floats:
        return np.full(count, float(self.value))

    def least(self) -> float:
        return self.value

    def most(self) -> float:
        return self.value


@distribution("poisson")
class Poisson(Distribution):
    """Poisson, by its mean."""

    counts = True

    mean: Positive

    examples = {"mean": 0.3}, {"mean": 40}

    def moments(self) -> tuple[float, float]:
        return self.mean, self.mean

    def law(self) -> laws.Law:
        return laws.poisson(self.mean)

    def draw(self, generator: Generator, count: int) -> Floats:
        """By inversion, so that a larger mean never makes a value smaller; where it is moderate."""
        if self.mean > LONGEST:
            return generator.poisson(self.mean, count).astype(float)
        return inverted(generator.random(count), _steps_of_poisson(self.mean)).astype(float)


@lru_cache(maxsize=256)
def _steps_of_poisson(mean: float) -> Floats:
    """P(X <= k) for k = 0, 1, ..., until no number below 1 is left."""
    count = math.ceil(mean + 12 * math.sqrt(mean) + 30)
    terms = np.arange(1, count)
    weights = np.exp(np.r_[0.0, np.cumsum(math.log(mean) - np.log(terms))] - mean)
    steps = np.minimum(np.cumsum(weights), 1.0)
    steps[-1] = 1.0  # rounding must not leave a gap at the top
    return np.asarray(steps)


@distribution("geometric")
class Geometric(Distribution):
    """Geometric on 1, 2, ...: trials to the first success, by success probability p or mean 1/p."""

    counts = True

    p: OpenProbability | None = None
    mean: Positive | None = None

    choices = ("p",), ("mean",)
    examples = {"p": 0.3}, {"mean": 2.5}, {"p": 1}

    def check(self) -> None:
        if self.mean is not None and self.mean < 1:
            raise fault("mean >= 1")

    def moments(self) -> tuple[float, float]:
        p = self.p or 1.0 / (self.mean or math.nan)
        return 1 / p, (1 - p) / p**2

    def law(self) -> laws.Law:
        return laws.geometric(1 / self.moments()[0])

    def atoms(self) -> tuple[Floats, Floats] | None:
        return (np.ones(1), np.ones(1)) if self.moments()[0] == 1 else None

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.geometric(1 / self.moments()[0], count).astype(float)

    def least(self) -> float:
        return 1.0


@distribution("negative_binomial")
class NegativeBinomial(Distribution):
    """Negative binomial on 0, 1, ..., with real n: by n and p, n and mean, or mean and variance.

    Mean n (1 - p) / p; a Poisson whose mean is gamma distributed with shape n.
    """

    counts = True

    n: Positive | None = None
    p: OpenProbability | None = None
    mean: Positive | None = None
    variance: Positive | None = None

    choices = ("n", "p"), ("n", "mean"), ("mean", "variance")
    examples = {"n": 0.4, "p": 0.2}, {"n": 2.5, "mean": 4}, {"mean": 4, "variance": 9}

    def check(self) -> None:
        if self.mean and self.variance and self.variance <= self.mean:
            raise fault("variance > mean")
        if self.p == 1:
            raise fault("p < 1")

    def _parameters(self) -> tuple[float, float]:
        if self.mean and self.variance:
            return self.mean**2 / (self.variance - self.mean), self.mean / self.variance
        n = self.n or math.nan
        return n, self.p or n / (n + (self.mean or math.nan))

    def moments(self) -> tuple[float, float]:
        n, p = self._parameters()
        return n * (1 - p) / p, n * (1 - p) / p**2

    def law(self) -> laws.Law:
        return laws.negative_binomial(*self._parameters())

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.negative_binomial(*self._parameters(), count).astype(float)


@distribution("logarithmic")
class Logarithmic(Distribution):
    """Logarithmic series on 1, 2, ...: P(k) proportional to p^k / k."""

    counts = True

    p: OpenProbability

    examples = ({"p": 0.7},)

    def check(self) -> None:
        if self.p > MOST_P:
            raise fault(f"p of at most {MOST_P}")

    def moments(self) -> tuple[float, float]:
        a = -1 / math.log1p(-self.p)
        mean = a * self.p / (1 - self.p)
        return mean, a * self.p / (1 - self.p) ** 2 - mean**2

    def law(self) -> Any:
        from scipy.stats import logser

        return logser(self.p)

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.logseries(self.p, count).astype(float)

    def least(self) -> float:
        return 1.0


@distribution("discrete")
class Discrete(Distribution):
    """The given values, with the given weights (equal ones if none are given)."""

    values: tuple[Number, ...]
    weights: tuple[NonNegative, ...] | None = None

    examples = {"values": (1, 2, 9), "weights": (5, 0, 1)}, {"values": (3, 4)}

    def check(self) -> None:
        if not self.values:
            raise fault("at least one value")
        if self.weights is not None and len(self.weights) != len(self.values):
            raise fault("as many weights as values")
        if self.weights is not None and sum(self.weights) <= 0:
            raise fault("at least one weight above 0")

    def _probabilities(self) -> Floats:
        weights = np.array(self.weights or (1.0,) * len(self.values))
        return np.asarray(weights / weights.sum())

    def moments(self) -> tuple[float, float]:
        values, p = np.array(self.values), self._probabilities()
        mean = float(values @ p)
        return mean, float(((values - mean) ** 2) @ p)

    def atoms(self) -> tuple[Floats, Floats]:
        return np.array(self.values), self._probabilities()

    def draw(self, generator: Generator, count: int) -> Floats:
        steps = np.cumsum(self._probabilities())
        steps[-1] = 1.0  # rounding must not leave a gap at the top
        return np.array(self.values)[inverted(generator.random(count), steps)]

    def least(self) -> float:
        return min(self.values)

    def most(self) -> float:
        return max(self.values)


@distribution("empirical")
class Empirical(Distribution):
    """Observed values, each as likely as the other (drawn with replacement)."""

    values: tuple[Number, ...]

    examples = ({"values": (1, 1, 2, 30)},)

    def check(self) -> None:
        if not self.values:
            raise fault("at least one value")

    def moments(self) -> tuple[float, float]:
        return float(np.mean(self.values)), float(np.var(self.values))

    def atoms(self) -> tuple[Floats, Floats]:
        return np.array(self.values), np.full(len(self.values), 1 / len(self.values))

    def draw(self, generator: Generator, count: int) -> Floats:
        return np.array(self.values)[generator.integers(0, len(self.values), count)]

    def least(self) -> float:
        return min(self.values)

    def most(self) -> float:
        return max(self.values)
