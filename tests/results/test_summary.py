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


def test_a_summary_reads_metrics_as_experiments_do() -> None:
    """A class and a site of one name are told apart; the class's figures stood for both."""
    shop = {**SHOP, "sites": ["north", "south"]}
    demand = {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}
    shop["customers"] = {
        "north": {"demand": {**demand, "sites": "south"}},
        "web": {"demand": {**demand, "sites": "north"}, "tolerance": "none"},
    }
    summary = backsim.replicate(from_dict(shop), seed=1, replications=2).summary()
    of_class, of_site = (
        summary.get("units_per_day", kind, "north").mean for kind in ("class", "site")
    )
    assert of_class != of_site
    assert summary["units_per_day[class:north]"].mean == of_class
    assert summary["units_per_day[site:north]"].mean == of_site
    assert summary["units_per_day[product:mug]"] == summary["units_per_day[mug]"]
    table = summary.table().loc["units_per_day"]
    assert table["class:north", "mean"] == of_class
    assert table["site:north", "mean"] == of_site
    for wrong, message in (
        ("units_per_day[north]", "expected class:north or site:north"),
        ("units_per_day[class:nort]", r"expected a class \(north"),
        ("units_a_day", "expected a metric"),
    ):
        with pytest.raises(InputError, match=message):
            summary[wrong]


def test_a_view_that_there_is_not() -> None:
    metrics = backsim.simulate(from_dict(SHOP), seed=1).metrics
    with pytest.raises(InputError, match=r"expected a dimension \(class, product, site\), got 'k'"):
        metrics.get("fill_rate", "k", "web")
