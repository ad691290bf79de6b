"""Probability distributions, by the names and parameters people know.

In a file: a plain number (always that value), or one key: ``{gamma: {mean: 6, cv: 0.5}}``.  Each
distribution knows its mean and variance and draws from a generator that it is given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    PlainSerializer,
    Tag,
    create_model,
    model_validator,
)

from backsim.quantities import NonNegative, Number, OpenProbability, Positive
from backsim.scenario.part import Part, fault, nearest, only_key

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Distribution(Part):
    """A distribution.  Which keys go together is in `choices`; none given means all are needed."""

    def choices(self) -> tuple[tuple[str, ...], ...]:
        """The sets of keys that describe the distribution."""
        return ()

    @model_validator(mode="after")
    def _check_keys(self) -> Distribution:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if self.choices() and given not in [set(choice) for choice in self.choices()]:
            options = " or ".join("{" + ", ".join(choice) + "}" for choice in self.choices())
            raise fault(f"the keys {options}")
        self.check()
        return self

    def check(self) -> None:
        """Refuse parameters that do not go together."""

    def moments(self) -> tuple[float, float]:
        """(mean, variance) of one value."""
        raise TypeError(f"{type(self).__name__} does not say its moments")

    def draw(self, generator: Generator, count: int) -> Floats:
        """Independent values, shape (count,), in the order of the generator's stream."""
        raise TypeError(f"{type(self).__name__} does not draw")

    def least(self) -> float:
        """No value is below this."""
        return 0.0


D = TypeVar("D", bound=type[Distribution])
REGISTRY: dict[str, type[Distribution]] = {}


def named(name: str) -> Any:
    """Register a distribution under the name it has in files."""

    def register(cls: D) -> D:
        REGISTRY[name] = cls
        return cls

    return register


@named("deterministic")
class Deterministic(Distribution):
    """Always the same value."""

    value: Number

    def moments(self) -> tuple[float, float]:
        return self.value, 0.0

    def draw(self, generator: Generator, count: int) -> Floats:
        return np.full(count, float(self.value))

    def least(self) -> float:
        return self.value


@named("exponential")
class Exponential(Distribution):
    """Exponential, by its mean or its rate (1 / mean)."""

    mean: Positive | None = None
    rate: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("mean",), ("rate",)

    def moments(self) -> tuple[float, float]:
        mean = self.mean or 1.0 / (self.rate or math.nan)
        return mean, mean * mean

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.standard_exponential(count) * self.moments()[0]


@named("gamma")
class Gamma(Distribution):
    """Gamma, by mean and coefficient of variation (cv), mean and sd, or shape and scale."""

    mean: Positive | None = None
    cv: Positive | None = None
    sd: Positive | None = None
    shape: Positive | None = None
    scale: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("mean", "cv"), ("mean", "sd"), ("shape", "scale")

    def moments(self) -> tuple[float, float]:
        if self.shape and self.scale:
            return self.shape * self.scale, self.shape * self.scale**2
        return _spread(self.mean, self.cv, self.sd)

    def draw(self, generator: Generator, count: int) -> Floats:
        mean, variance = self.moments()
        return generator.standard_gamma(mean**2 / variance, count) * (variance / mean)


@named("lognormal")
class Lognormal(Distribution):
    """Lognormal, by mean and cv, mean and sd, or mu and sigma of the logarithm."""

    mean: Positive | None = None
    cv: Positive | None = None
    sd: Positive | None = None
    mu: Number | None = None
    sigma: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("mean", "cv"), ("mean", "sd"), ("mu", "sigma")

    def moments(self) -> tuple[float, float]:
        if self.mu is None or self.sigma is None:
            return _spread(self.mean, self.cv, self.sd)
        mean = math.exp(self.mu + self.sigma**2 / 2)
        return mean, mean**2 * math.expm1(self.sigma**2)

    def draw(self, generator: Generator, count: int) -> Floats:
        mean, variance = self.moments()
        sigma_squared = math.log1p(variance / mean**2)
        mu = math.log(mean) - sigma_squared / 2
        return generator.lognormal(mu, math.sqrt(sigma_squared), count)


@named("weibull")
class Weibull(Distribution):
    """Weibull, by shape and scale, or shape and mean."""

    shape: Positive
    scale: Positive | None = None
    mean: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("shape", "scale"), ("shape", "mean")

    def _scale(self) -> float:
        return self.scale or (self.mean or math.nan) / math.gamma(1 + 1 / self.shape)

    def moments(self) -> tuple[float, float]:
        first, second = (math.gamma(1 + k / self.shape) for k in (1, 2))
        return self._scale() * first, self._scale() ** 2 * (second - first**2)

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.weibull(self.shape, count) * self._scale()


@named("uniform")
class Uniform(Distribution):
    """Uniform between low and high."""

    low: Number
    high: Number

    def check(self) -> None:
        if self.low >= self.high:
            raise fault("low < high")

    def moments(self) -> tuple[float, float]:
        return (self.low + self.high) / 2, (self.high - self.low) ** 2 / 12

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.uniform(self.low, self.high, count)

    def least(self) -> float:
        return self.low


@named("triangular")
class Triangular(Distribution):
    """Triangular: low, most likely (mode), high."""

    low: Number
    mode: Number
    high: Number

    def check(self) -> None:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise fault("low <= mode <= high, and low < high")

    def moments(self) -> tuple[float, float]:
        a, c, b = self.low, self.mode, self.high
        return (a + b + c) / 3, (a * a + b * b + c * c - a * b - a * c - b * c) / 18

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.triangular(self.low, self.mode, self.high, count)

    def least(self) -> float:
        return self.low


@named("normal")
class Normal(Distribution):
    """Normal, by mean and standard deviation.  Where a value cannot be negative it is cut at 0."""

    mean: Number
    sd: Positive

    def moments(self) -> tuple[float, float]:
        return self.mean, self.sd**2

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.normal(self.mean, self.sd, count)


@named("poisson")
class Poisson(Distribution):
    """Poisson, by its mean."""

    mean: Positive

    def moments(self) -> tuple[float, float]:
        return self.mean, self.mean

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.poisson(self.mean, count).astype(float)


@named("geometric")
class Geometric(Distribution):
    """Geometric on 1, 2, ...: trials to the first success, by success probability p or mean 1/p."""

    p: OpenProbability | None = None
    mean: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("p",), ("mean",)

    def check(self) -> None:
        if self.mean is not None and self.mean < 1:
            raise fault("mean >= 1")

    def moments(self) -> tuple[float, float]:
        p = self.p or 1.0 / (self.mean or math.nan)
        return 1 / p, (1 - p) / p**2

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.geometric(1 / self.moments()[0], count).astype(float)

    def least(self) -> float:
        return 1.0


@named("negative_binomial")
class NegativeBinomial(Distribution):
    """Negative binomial on 0, 1, ..., with real n: by n and p, n and mean, or mean and variance.

    Mean n (1 - p) / p; a Poisson whose mean is gamma distributed with shape n.
    """

    n: Positive | None = None
    p: OpenProbability | None = None
    mean: Positive | None = None
    variance: Positive | None = None

    def choices(self) -> tuple[tuple[str, ...], ...]:
        return ("n", "p"), ("n", "mean"), ("mean", "variance")

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

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.negative_binomial(*self._parameters(), count).astype(float)


@named("logarithmic")
class Logarithmic(Distribution):
    """Logarithmic series on 1, 2, ...: P(k) proportional to p^k / k."""

    p: OpenProbability

    def check(self) -> None:
        if self.p == 1:
            raise fault("p < 1")

    def moments(self) -> tuple[float, float]:
        a = -1 / math.log1p(-self.p)
        mean = a * self.p / (1 - self.p)
        return mean, a * self.p / (1 - self.p) ** 2 - mean**2

    def draw(self, generator: Generator, count: int) -> Floats:
        return generator.logseries(self.p, count).astype(float)

    def least(self) -> float:
        return 1.0


@named("discrete")
class Discrete(Distribution):
    """The given values, with the given weights (equal ones if none are given)."""

    values: tuple[Number, ...]
    weights: tuple[NonNegative, ...] | None = None

    def check(self) -> None:
        if not self.values:
            raise fault("at least one value")
        if self.weights is not None and len(self.weights) != len(self.values):
            raise fault("as many weights as values")
        if self.weights is not None and sum(self.weights) <= 0:
            raise fault("at least one weight above 0")

    def _probabilities(self) -> Floats:
        weights = np.array(self.weights or (1.0,) * len(self.values))
        return weights / weights.sum()

    def moments(self) -> tuple[float, float]:
        values, p = np.array(self.values), self._probabilities()
        mean = float(values @ p)
        return mean, float(((values - mean) ** 2) @ p)

    def draw(self, generator: Generator, count: int) -> Floats:
        steps = np.cumsum(self._probabilities())
        steps[-1] = 1.0  # rounding must not leave a gap at the top
        return np.array(self.values)[np.searchsorted(steps, generator.random(count), "right")]

    def least(self) -> float:
        return min(self.values)


@named("empirical")
class Empirical(Distribution):
    """Observed values, each as likely as the other (drawn with replacement)."""

    values: tuple[Number, ...]

    def check(self) -> None:
        if not self.values:
            raise fault("at least one value")

    def moments(self) -> tuple[float, float]:
        return float(np.mean(self.values)), float(np.var(self.values))

    def draw(self, generator: Generator, count: int) -> Floats:
        return np.array(self.values)[generator.integers(0, len(self.values), count)]

    def least(self) -> float:
        return min(self.values)


def _spread(mean: float | None, cv: float | None, sd: float | None) -> tuple[float, float]:
    """(mean, variance) from a mean with either a cv or a standard deviation."""
    known = mean or math.nan
    return known, (sd if sd is not None else (cv or math.nan) * known) ** 2


def _read(value: Any) -> Any:
    if isinstance(value, Distribution):
        return {_name(value): value}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"deterministic": {"value": value}}
    key = only_key(value)
    if key is None:
        raise fault("a number, or one distribution such as {gamma: {mean: 6, cv: 0.5}}")
    if key not in REGISTRY:
        raise fault(f"a known distribution ({nearest(key, list(REGISTRY))})")
    return value


def _name(distribution: Distribution) -> str:
    return next(name for name, cls in REGISTRY.items() if cls is type(distribution))


def _write(distribution: Distribution) -> Any:
    if isinstance(distribution, Deterministic):
        return distribution.value
    return {_name(distribution): distribution.model_dump(exclude_none=True)}


_HOLDERS = [
    Annotated[create_model(f"_{name}", __base__=Part, **{name: (cls, ...)}), Tag(name)]  # type: ignore[call-overload]
    for name, cls in REGISTRY.items()
]
_Union: Any = _HOLDERS[0]
for _holder in _HOLDERS[1:]:
    _Union = _Union | _holder

AnyDistribution = Annotated[
    _Union,
    Discriminator(only_key),
    BeforeValidator(_read, json_schema_input_type=float | _Union),
    AfterValidator(lambda holder: next(iter(vars(holder).values()))),
    PlainSerializer(_write),
]
