"""What replications say together."""

from __future__ import annotations

import pytest

import backsim
from backsim.errors import InputError
from backsim.scenario.load import from_dict

SHOP = {
    "horizon": 60,
    "products": "mug",
    "suppliers": {"maker": {"lead_time": 5}},
    "customers": {"web": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
    "policy": {"reorder": {"rule": "s_S", "s": 8, "S": 20}},
}


def test_a_summary_may_be_asked_for_again() -> None:
    """As the cells of a notebook do, in any order and with other intervals."""
    runs = backsim.replicate(from_dict(SHOP), seed=1, replications=4)
    first = runs.summary()
    assert runs.summary() is first
    wide = runs.summary(confidence=0.99)
    assert wide["fill_rate"].mean == first["fill_rate"].mean
    assert wide["fill_rate"].half_width > first["fill_rate"].half_width
    assert "4 replications, 99 % intervals" in wide._repr_html_()
    assert "4 replications, 95 % intervals" in first._repr_html_()


def test_a_summary_of_runs_that_were_taken_is_refused() -> None:
    runs = backsim.replicate(from_dict(SHOP), seed=1, replications=2)
    assert len(list(runs)) == 2
    with pytest.raises(InputError, match="found none left"):
        runs.summary()
