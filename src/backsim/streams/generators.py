"""Generators of named streams, and endless streams of one distribution."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.kernel.grid import to_grid
from backsim.scenario.distributions.fields import Deterministic, Distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def generator(seed: int, replication: int, name: str) -> np.random.Generator:
    """The generator of one named stream."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, *words(name)))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[int, ...]:
    """A name as four numbers of 32 bits."""
    digest = hashlib.sha256(name.encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8, 12))


def fresh_seed() -> int:
    """A seed from the operating system's entropy."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def seed_of(given: Any) -> int:
    """The seed that was given, a fresh one for None.  Raises InputError for anything else."""
    return fresh_seed() if given is None else whole_number("seed", given)


def whole_number(name: str, given: Any) -> int:
    """A whole number of 0 or more that was given.  Raises InputError for anything else."""
    if (
        isinstance(given, bool)
        or not hasattr(given, "__index__")
        or np.size(given) != 1
        or given < 0
    ):
        raise InputError(f"{name}: expected a whole number of 0 or more, got {given!r}")
    return int(given)


def ends_of(gaps: Floats, ticks: float) -> Floats:
    """The moments at which gaps end, one after the other: sums of whole ticks, which are exact."""
    counts = np.rint(gaps * ticks)
    return np.asarray(np.cumsum(counts, out=counts) / ticks)


@dataclass(eq=False)
class Draws:
    """An endless stream of one distribution: value k is the same however many are asked for.

    Where they are days, the values lie on the grid of time (`ticks` a day); 0 is for others.
    """

    distribution: Distribution
    source: Callable[[], np.random.Generator]
    ticks: float = 0.0
    values: Floats = field(default_factory=lambda: np.empty(0))
    lock: Any = field(default_factory=Lock, repr=False, compare=False)

    def first(self, count: int) -> Floats:
        """At least `count` values from the start of the stream, each 0 or more."""
        if count > len(self.values):
            with self.lock:
                more = max(count - len(self.values), len(self.values))
                if count > len(self.values):  # no other thread has grown it meanwhile
                    new = self._next(more)
                    self.values = np.concatenate([self.values, new]) if len(self.values) else new
        return self.values

    def _next(self, count: int) -> Floats:
        if isinstance(self.distribution, Deterministic):  # needs no generator
            values = np.full(count, self.distribution.value)
        else:
            values = self.distribution.sample(self._generator, count)
        values = np.maximum(values, 0.0)
        return np.asarray(to_grid(values, self.ticks)) if self.ticks else values

    @cached_property
    def _generator(self) -> np.random.Generator:
        return self.source()


def alias_of(weights: list[float]) -> tuple[Floats, Integers]:
    """For indices with probabilities proportional to the weights: (share of its own, the other).

    The alias method: a constant time for any number of weights.  Source: Vose, IEEE Transactions on
    Software Engineering 17 (1991) 972-975.
    """
    count = len(weights)
    share = np.array(weights) * (count / sum(weights))
    other = np.arange(count)
    small = [i for i in range(count) if share[i] < 1]
    large = [i for i in range(count) if share[i] >= 1]
    while small and large:
        low, high = small.pop(), large[-1]
        other[low] = high
        share[high] -= 1 - share[low]
        if share[high] < 1:
            small.append(large.pop())
    share[small + large] = 1.0
    return share, other


def pick(alias: tuple[Floats, Integers], uniform: Floats) -> Integers:
    """Indices, from a uniform number each."""
    share, other = alias
    uniform = uniform * len(share)
    place = uniform.astype(np.int64)
    if share.min() >= 1:  # all are as likely
        return place
    uniform -= place
    return np.where(uniform < share[place], place, other[place])
