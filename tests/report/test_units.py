"""Units in words: the scenario's own time unit and currency."""

from __future__ import annotations

import pytest

import backsim
from backsim.report.tables import tables
from backsim.results.units import unit_suffix, unit_words
from backsim.scenario.load import from_dict

YEARS = {
    "horizon": 30,
    "time_unit": "years",
    "currency": "EUR",
    "products": {"paper": {"price": 12}},
    "suppliers": {"press": {"lead_time": 2}},
    "customers": {
        "reader": {"demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "paper"}}
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 4}},
    "costs": {"holding": 1, "backorder_time": 3},
}


@pytest.mark.parametrize(
    ("unit", "words", "suffix"),
    [
        ("money per day", "EUR per year", " EUR a year"),
        ("units per day", "units per year", " units a year"),
        ("days", "years", " years"),
        ("money", "EUR", " EUR"),
        ("share", "share", ""),
    ],
)
def test_units_in_years_and_euros(unit: str, words: str, suffix: str) -> None:
    scenario = from_dict(YEARS).scenario
    assert unit_words(unit, scenario) == words
    assert unit_suffix(unit, scenario) == suffix


def test_without_a_label_money_is_money_and_days_are_days() -> None:
    scenario = from_dict({**YEARS, "time_unit": "days", "currency": ""}).scenario
    assert unit_words("money per day", scenario) == "money per day"
    assert unit_suffix("money per day", scenario) == " a day"


def test_a_study_in_years_says_nothing_of_days() -> None:
    model = from_dict(YEARS)
    study = backsim.compare(
        {"few": model, "more": model.replace({"policy.reorder.S": 6})},
        replications=3,
        objective="minimise cost.total",
        metrics=["cost.total", "mean_wait"],
    )
    assert "EUR a year" in study.finding
    units = [column.unit for table in tables(study) for column in table.columns]
    assert "EUR per year" in units
    assert "years" in units
    assert not any("day" in text for text in [*units, study.finding])
