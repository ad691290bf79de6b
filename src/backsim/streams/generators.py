"""Generators of named streams, and endless streams of one distribution."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.distributions import Deterministic, Distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def generator(seed: int, replication: int, name: str) -> np.random.Generator:
    """The generator of one named stream."""
    digest = hashlib.sha256(name.encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8, 12)]
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, *words))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def fresh_seed() -> int:
    """A seed from the operating system's entropy."""
    return int(np.random.SeedSequence().generate_state(1)[0])


@dataclass(eq=False)
class Draws:
    """An endless stream of one distribution: value k is the same however many are asked for."""

    distribution: Distribution
    source: Callable[[], np.random.Generator]
    values: Floats = field(default_factory=lambda: np.empty(0))
    lock: Any = field(default_factory=Lock, repr=False, compare=False)

    def first(self, count: int) -> Floats:
        """At least `count` values from the start of the stream, each 0 or more."""
        if count > len(self.values):
            with self.lock:
                more = max(count - len(self.values), len(self.values))
                if count > len(self.values):  # no other thread has grown it meanwhile
                    self.values = np.concatenate([self.values, np.maximum(self._next(more), 0.0)])
        return self.values

    def _next(self, count: int) -> Floats:
        if isinstance(self.distribution, Deterministic):
            return np.full(count, self.distribution.value)  # needs no generator
        return self.distribution.draw(self._generator, count)

    @cached_property
    def _generator(self) -> np.random.Generator:
        return self.source()
