"""Generators of many streams are those that each stream has by itself."""

from __future__ import annotations

import numpy as np
import pytest

from backsim.scenario.distributions.continuous import Gamma
from backsim.scenario.distributions.fields import Deterministic
from backsim.streams.generators import Draws, generator
from backsim.streams.seeds import draws_of, generators

NAMES = [f"lead_time/p{i}@hub" for i in range(9)]


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**64 + 3, 2**128 - 1, 2**130 + 7])
@pytest.mark.parametrize("replication", [0, 7, 2**31, 2**33])
def test_they_draw_what_the_generator_of_the_name_draws(seed: int, replication: int) -> None:
    for name, make in zip(NAMES, generators(seed, replication, NAMES), strict=True):
        assert (make().random(4) == generator(seed, replication, name).random(4)).all()


@pytest.mark.parametrize("count", range(6))
def test_however_few_there_are(count: int) -> None:
    made = generators(3, 1, NAMES[:count])
    assert [make().random() for make in made] == [
        generator(3, 1, name).random() for name in NAMES[:count]
    ]


def test_streams_of_days_are_those_of_their_names_and_fixed_days_are_one() -> None:
    law, fixed = Gamma(mean=6, cv=0.5), Deterministic(value=2.0)
    laws = {name: law if i % 2 else fixed for i, name in enumerate(NAMES)}
    found = draws_of(laws, 5, 2, 1024.0)
    for name, draws in zip(NAMES, found, strict=True):
        alone = Draws(laws[name], lambda name=name: generator(5, 2, name), 1024.0)
        np.testing.assert_array_equal(draws.first(40)[:40], alone.first(40)[:40])
    assert len({id(draws) for draws in found}) == 1 + len(NAMES) // 2
