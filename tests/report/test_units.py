"""Units in words: the scenario's own time unit and currency."""

from __future__ import annotations

import pytest

import backsim
from backsim.report.captions import Captions
from backsim.report.html import render
from backsim.report.tables import tables
from backsim.results.summary import summarise
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
        ("money per day", "EUR per year", " EUR per year"),
        ("units per day", "units per year", " units per year"),
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
    assert unit_suffix("money per day", scenario) == " per day"


def test_a_study_in_years_says_nothing_of_days() -> None:
    model = from_dict(YEARS)
    study = backsim.compare(
        {"few": model, "more": model.replace({"policy.reorder.S": 6})},
        replications=3,
        objective="minimise cost.total",
        metrics=["cost.total", "mean_wait"],
    )
    assert "EUR per year" in study.finding
    units = [column.unit for table in tables(study) for column in table.columns]
    assert "EUR per year" in units
    assert "years" in units
    assert not any("day" in text for text in [*units, study.finding])


def in_months(**changes: object) -> backsim.Study:
    model = from_dict({**YEARS, "time_unit": "months", **changes})
    return backsim.compare(
        {"few": model, "more": model.replace({"policy.reorder.S": 6})},
        replications=3,
        objective="minimise cost.total",
    )


def test_the_report_says_money_per_year() -> None:
    study = in_months()
    by_name = {table.name: table for table in tables(study)}
    costs, yearly = by_name["costs"], by_name["yearly"]
    place = [column.label for column in yearly.columns].index("total cost")
    assert yearly.columns[place].unit == "EUR"
    for row in yearly.rows:
        monthly = next(other for other in costs.rows if other[0] == row[0])
        month, year = monthly[[c.label for c in costs.columns].index("total cost")], row[place]
        assert (year.mean, year.half_width) == pytest.approx(
            (12 * month.mean, 12 * month.half_width)
        )
    assert "Costs per year" in render(study)


@pytest.mark.parametrize("unit", ["years", "shifts"])
def test_no_money_per_year_where_it_is_said_or_not_known(unit: str) -> None:
    assert "yearly" not in {table.name for table in tables(in_months(time_unit=unit))}


def test_the_summary_and_the_caption_of_waits_are_in_the_scenario_s_units() -> None:
    summary = summarise(backsim.replicate(from_dict(YEARS), replications=2))
    units = {row["metric"]: row["unit"] for row in summary.records()}
    assert (units["cost.total"], units["mean_wait"]) == ("EUR per year", "years")
    study = in_months()
    assert "within a given number of months. At 0 months" in Captions(study, study.ranking).waits()
