"""The generators of many named streams, whose seeds are worked out together.

What `numpy.random.SeedSequence` does for one name takes as long as drawing a hundred numbers; here
it is done for all names in one go, to the same bits.
Source: numpy/random/bit_generator.pyx, after O'Neill, "Developing a seed_seq alternative" (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from backsim.scenario.distributions.fields import Deterministic, Distribution
from backsim.streams.generators import Draws, generator, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 4
"""Names for which working out seeds one by one is as fast."""

BITS = 0xFFFFFFFF
START_A, TIMES_A = 0x43B0D7E5, 0x931E8875
START_B, TIMES_B = 0x8B51F9DD, 0x58F38DED
LEFT, RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
SHIFT = np.uint32(16)
POOL = 4
"""Words of the pool into which all are mixed."""


def draws_of(
    laws: Mapping[str, Distribution], seed: int, replication: int, ticks: float
) -> tuple[Draws, ...]:
    """Endless streams of days by their names; those that are always the same are one."""
    drawn = [name for name, law in laws.items() if not isinstance(law, Deterministic)]
    sources = dict(zip(drawn, generators(seed, replication, drawn), strict=True))
    fixed: dict[float, Draws] = {}
    found = []
    for name, law in laws.items():
        if isinstance(law, Deterministic):
            source = partial(generator, seed, replication, name)
            found.append(fixed.setdefault(law.value, Draws(law, source, ticks)))
        else:
            found.append(Draws(law, sources[name], ticks))
    return tuple(found)


def generators(
    seed: int, replication: int, names: Sequence[str]
) -> list[Callable[[], np.random.Generator]]:
    """For each of these streams what makes its generator, as `generator` would."""
    if len(names) < FEW:
        return [partial(generator, seed, replication, name) for name in names]
    seeds = cache(lambda: _seeds(seed, replication, names))

    def make(place: int) -> np.random.Generator:
        state: Any = _Seed(seeds()[place])
        return np.random.Generator(np.random.PCG64DXSM(state))

    return [partial(make, place) for place in range(len(names))]


class _Seed(ISeedSequence):
    """The seed of one generator of four words of 64 bits."""

    def __init__(self, state: NDArray[np.uint64]) -> None:
        self.state = state

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[np.uint64]:
        """The words."""
        return self.state


def _seeds(seed: int, replication: int, names: Sequence[str]) -> NDArray[np.uint64]:
    """The seeds, a row of four words each."""
    start: Any = np.random.SeedSequence(seed, spawn_key=(replication,))
    mixed = max(POOL, _words_in(seed)) + _words_in(replication)
    constant = START_A * pow(TIMES_A, POOL * mixed, 1 << 32) & BITS
    pool = [np.full(len(names), word) for word in start.pool]
    for word in np.array([words(name) for name in names], np.uint32).T:
        for place in range(POOL):
            hashed, constant = _hashed(word, constant, TIMES_A)
            mix = LEFT * pool[place] - RIGHT * hashed
            pool[place] = mix ^ (mix >> SHIFT)
    found, constant = [], START_B
    for place in range(2 * POOL):
        hashed, constant = _hashed(pool[place % POOL], constant, TIMES_B)
        found.append(hashed)
    return np.column_stack(found).astype("<u4").view("<u8").astype(np.uint64)


def _words_in(number: int) -> int:
    """Words of 32 bits that a whole number takes."""
    return max(1, -(-number.bit_length() // 32))


def _hashed(word: Any, constant: int, times: int) -> tuple[Any, int]:
    """A word mixed with a constant, and the next constant."""
    word = word ^ np.uint32(constant)
    constant = constant * times & BITS
    word = word * np.uint32(constant)
    return word ^ (word >> SHIFT), constant
