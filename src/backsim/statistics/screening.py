"""Which inputs matter: elementary effects and variance-based indices, from a radial design.

A design of n base points over k inputs is made of points a and b of the unit cube.  For each base
point it holds a, then a with its i-th number taken from b (i = 1, ..., k), and with indices also b.

Source: Campolongo, Saltelli and Cariboni, "From screening to quantitative sensitivity analysis. A
unified approach", Computer Physics Communications 182 (2011) 978-988 (radial elementary effects);
Saltelli et al., Computer Physics Communications 181 (2010) 259-270, table 2 (b) and (f).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.statistics.checks import student
from backsim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Elementary:
    """Elementary effects of an input: the change of the output over the input's whole range."""

    strength: Estimate
    """Mean of the absolute effects (mu*): how much the input matters."""
    effect: Estimate
    """Mean of the effects (mu): which way."""
    sd: float
    """Standard deviation of the effects (sigma): curved, or together with other inputs."""


@dataclass(frozen=True, slots=True)
class Indices:
    """Shares of the output's variance over the inputs' ranges."""

    first: Estimate
    """What the input explains alone (S1)."""
    total: Estimate
    """What it explains together with all others (ST)."""


def radial(a: Floats, b: Floats, with_b: bool) -> Floats:
    """The points of a design, shape (n (k + 1 or 2), k), base point after base point."""
    count, inputs = a.shape
    points = np.repeat(a[:, None, :], inputs + 1 + with_b, axis=1)
    for i in range(inputs):
        points[:, 1 + i, i] = b[:, i]
    if with_b:
        points[:, -1] = b
    return points.reshape(count * points.shape[1], inputs)


def elementary_effects(points: Floats, values: Floats, level: float) -> tuple[Elementary, ...]:
    """The elementary effects of each input, with intervals over the base points.

    `points` are those of `radial` without b, `values` the output at each.  A step of no length,
    where two levels are one, tells nothing and is left out.
    """
    inputs = points.shape[1]
    x = points.reshape(-1, inputs + 1, inputs)
    y = values.reshape(-1, inputs + 1)
    found = []
    for i in range(inputs):
        step = x[:, 1 + i, i] - x[:, 0, i]
        moved = np.abs(step) > 1e-12
        effects = (y[moved, 1 + i] - y[moved, 0]) / step[moved]
        sd = float(effects.std(ddof=1)) if len(effects) > 1 else float("nan")
        strength = estimate(np.abs(effects).tolist(), level)
        found.append(Elementary(strength, estimate(effects.tolist(), level), sd))
    return tuple(found)


def variance_indices(inputs: int, values: Floats, level: float) -> tuple[Indices, ...]:
    """First and total indices of each input, with intervals by the jackknife over base points.

    `values` are the output at the points of `radial` with b.
    """
    y = values.reshape(-1, inputs + 2)
    return tuple(
        Indices(_jackknife(y, i, _first, level), _jackknife(y, i, _total, level))
        for i in range(inputs)
    )


Index = Callable[["Floats", int], float]


def _first(y: Floats, i: int) -> float:
    variance = np.var(np.concatenate([y[:, 0], y[:, -1]]))
    return float(np.mean(y[:, -1] * (y[:, 1 + i] - y[:, 0])) / variance) if variance > 0 else 0.0


def _total(y: Floats, i: int) -> float:
    variance = np.var(np.concatenate([y[:, 0], y[:, -1]]))
    return float(np.mean((y[:, 0] - y[:, 1 + i]) ** 2) / 2 / variance) if variance > 0 else 0.0


def _jackknife(y: Floats, i: int, index: Index, level: float) -> Estimate:
    """An index with its interval.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 11.
    """
    centred = y - y[:, [0, -1]].mean()  # S1 is less noisy about a mean of 0
    whole, count = index(centred, i), len(y)
    without = np.array([index(np.delete(centred, n, axis=0), i) for n in range(count)])
    error = float(np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2)))
    width = student(0.5 + level / 2, count - 1) * error
    return Estimate(float(whole), width, error, count, level)
