"""Continuous distributions."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from backsim.quantities import LEAST, Number, Positive, Probability, Variation
from backsim.scenario.distributions import laws
from backsim.scenario.distributions.base import Distribution, distribution, spread
from backsim.scenario.part import fault

if TYPE_CHECKING:
    from numpy.random import Generator

    from backsim.scenario.distributions.base import Floats


@distribution("exponential")
class Exponential(Distribution):
    """Exponential, by its mean or its rate (1 / mean)."""

    mean: Positive | None = None
    rate: Positive | None = None

    choices = ("mean",), ("rate",)
    examples = {"mean": 4.0}, {"rate": 0.25}

    def moments(self) -> tuple[float, float]:
        mean = self.mean or 1.0 / (self.rate or math.nan)
        return mean, mean * mean

    def law(self) -> laws.Law:
        return laws.weibull(1.0, self.moments()[0])

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.standard_exponential(count) * self.moments()[0]


@distribution("gamma")
class Gamma(Distribution):
    """Gamma, by mean and coefficient of variation (cv), mean and sd, or shape and scale."""

    mean: Positive | None = None
    cv: Variation | None = None
    sd: Positive | None = None
    shape: Positive | None = None
    scale: Positive | None = None

    choices = ("mean", "cv"), ("mean", "sd"), ("shape", "scale")
    examples = {"mean": 6, "cv": 0.5}, {"mean": 6, "sd": 3}, {"shape": 0.7, "scale": 2}

    def moments(self) -> tuple[float, float]:
        if self.shape and self.scale:
            return self.shape * self.scale, self.shape * self.scale**2
        return spread(self.mean, self.cv, self.sd)

    def law(self) -> laws.Law:
        mean, variance = self.moments()
        return laws.gamma(mean**2 / variance, variance / mean)

    def draw(self, generator: Generator, count: int) -> Floats:
        mean, variance = self.moments()
        return generator.standard_gamma(mean**2 / variance, count) * (variance / mean)


@distribution("lognormal")
class Lognormal(Distribution):
    """Lognormal, by mean and cv, mean and sd, or mu and sigma of the logarithm."""

    mean: Positive | None = None
    cv: Variation | None = None
    sd: Positive | None = None
    mu: Number | None = None
    sigma: Positive | None = None

    choices = ("mean", "cv"), ("mean", "sd"), ("mu", "sigma")
    examples = {"mean": 6, "cv": 0.4}, {"mean": 6, "sd": 2}, {"mu": 0.5, "sigma": 0.4}

    def check(self) -> None:
        if self.mu is not None and self.mu + (self.sigma or 0.0) ** 2 / 2 < math.log(LEAST):
            raise fault(f"parameters whose mean is at least {LEAST:g}")

    def moments(self) -> tuple[float, float]:
        if self.mu is None or self.sigma is None:
            return spread(self.mean, self.cv, self.sd)
        mean = math.exp(self.mu + self.sigma**2 / 2)
        return mean, mean**2 * math.expm1(self.sigma**2)

    def law(self) -> laws.Law:
        mean, variance = self.moments()
        sigma_squared = math.log1p(variance / mean**2)
        median = mean * math.exp(-sigma_squared / 2)
        return laws.lognormal(median, math.sqrt(sigma_squared))

    def draw(self, generator: Generator, count: int) -> Floats:
        mean, variance = self.moments()
        sigma_squared = math.log1p(variance / mean**2)
        mu = math.log(mean) - sigma_squared / 2
        return generator.lognormal(mu, math.sqrt(sigma_squared), count)


@distribution("weibull")
class Weibull(Distribution):
    """Weibull, by shape and scale, or shape and mean."""

    shape: Positive
    scale: Positive | None = None
    mean: Positive | None = None

    choices = ("shape", "scale"), ("shape", "mean")
    examples = {"shape": 1.5, "scale": 127}, {"shape": 0.9, "mean": 10}

    def _scale(self) -> float:
        return self.scale or (self.mean or math.nan) / math.gamma(1 + 1 / self.shape)

    def moments(self) -> tuple[float, float]:
        first, second = (math.gamma(1 + k / self.shape) for k in (1, 2))
        return self._scale() * first, self._scale() ** 2 * (second - first**2)

    def law(self) -> laws.Law:
        return laws.weibull(self.shape, self._scale())

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.weibull(self.shape, count) * self._scale()


@distribution("uniform")
class Uniform(Distribution):
    """Uniform between low and high."""

    low: Number
    high: Number

    examples = ({"low": -2, "high": 5},)

    def check(self) -> None:
        if self.low >= self.high:
            raise fault("low < high")

    def moments(self) -> tuple[float, float]:
        return (self.low + self.high) / 2, (self.high - self.low) ** 2 / 12

    def law(self) -> laws.Law:
        return laws.straight(np.array([self.low, self.high]), np.array([1.0, 0.0]))

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.uniform(self.low, self.high, count)

    def least(self) -> float:
        return self.low

    def most(self) -> float:
        return self.high


@distribution("triangular")
class Triangular(Distribution):
    """Triangular: low, most likely (mode), high."""

    low: Number
    mode: Number
    high: Number

    examples = {"low": 1, "mode": 2, "high": 7}, {"low": 0, "mode": 0, "high": 1}

    def check(self) -> None:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise fault("low <= mode <= high, and low < high")

    def moments(self) -> tuple[float, float]:
        a, c, b = self.low, self.mode, self.high
        return (a + b + c) / 3, (a * a + b * b + c * c - a * b - a * c - b * c) / 18

    def law(self) -> laws.Law:
        return laws.triangular(self.low, self.mode, self.high)

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.triangular(self.low, self.mode, self.high, count)

    def least(self) -> float:
        return self.low

    def most(self) -> float:
        return self.high


@distribution("normal")
class Normal(Distribution):
    """Normal, by mean and standard deviation.  Where a value cannot be negative it is cut at 0."""

    mean: Number
    sd: Positive

    examples = ({"mean": 10, "sd": 3},)

    def moments(self) -> tuple[float, float]:
        return self.mean, self.sd**2

    def law(self) -> laws.Law:
        return laws.normal(self.mean, self.sd)

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.normal(self.mean, self.sd, count)


@distribution("survival")
class Survival(Distribution):
    """The share of values above each of some values: 1 at the first, 0 at the last, lines between.

    As a tolerance it states which share of customers accepts a promise of this many days.
    """

    values: tuple[Number, ...]
    above: tuple[Probability, ...]

    examples = (
        {"values": (0, 9, 10, 11, 200), "above": (1, 0.81, 0.8, 0.796, 0)},
        {"values": (-1, 2, 3, 5), "above": (1, 0.4, 0.4, 0)},
    )

    def check(self) -> None:
        if len(self.values) < 2 or len(self.above) != len(self.values):
            raise fault("at least two values, and one share for each")
        if any(low >= high for low, high in pairwise(self.values)):
            raise fault("values in ascending order")
        falls = all(high >= low for high, low in pairwise(self.above))
        if not falls or (self.above[0], self.above[-1]) != (1, 0):
            raise fault("shares above that fall from 1 to 0")

    def moments(self) -> tuple[float, float]:
        values, share = np.array(self.values), -np.diff(self.above)
        mean = float(share @ (values[:-1] + values[1:])) / 2
        low, high = values[:-1] - mean, values[1:] - mean
        return mean, float(share @ (low * low + low * high + high * high)) / 3

    def law(self) -> laws.Law:
        return laws.straight(np.array(self.values), np.array(self.above))

    def draw(self, generator: Generator, count: int) -> Floats:
        uniform = generator.random(count)
        return np.asarray(np.interp(uniform, 1.0 - np.array(self.above), np.array(self.values)))

    def least(self) -> float:
        return self.values[0]

    def most(self) -> float:
        return self.values[-1]
