"""Every cost that is declared is a part of the total."""

from __future__ import annotations

from backsim.results.metrics.money import ADDED, PARTS


def test_all_costs_are_added_once():
    assert sorted(ADDED) == sorted(PARTS)
