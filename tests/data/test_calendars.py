"""Working days of suppliers and sites, found again in exports of scenarios that have calendars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backsim.api import Run, simulate
from backsim.backtest.simulated import tables_of
from backsim.cli import run as cli
from backsim.data.calibrate import Calibration, calibrate
from backsim.data.scenariofile import scenario_text
from backsim.data.writing import write_export
from backsim.scenario import from_dict, load
from backsim.streams import generator

WEEK, EVERY_DAY = (0, 1, 2, 3, 4), tuple(range(7))
OFFICE = ["monday", "tuesday", "wednesday", "thursday", "friday"]
SUPPLIERS: dict[str, Any] = {
    "maker": {
        "lead_time": {"gamma": {"mean": 6, "cv": 0.3}},
        "lead_time_in": "working_days",
        "calendar": "office",
    },
    "importer": {"lead_time": {"gamma": {"mean": 15, "cv": 0.3}}},
}


def scenario(country: str | None = None, receiving: str | None = "office") -> dict[str, Any]:
    """Two suppliers, of whom the maker counts working days; purchases on three days of the week."""
    products = ["a", "b", "c", "d"]
    office = {"weekdays": OFFICE, **({"country": country} if country else {})}
    return {
        "start": "2024-01-01",
        "warm_up": 60,
        "horizon": 60 + 540,
        "calendars": {"office": office},
        "products": products,
        "sites": {"main": {"receiving": receiving} if receiving else {}},
        "suppliers": SUPPLIERS,
        "customers": {
            "all": {
                "tolerance": {"exponential": {"mean": 15}},
                "demand": {"arrivals": {"poisson": {"rate": 12}}, "products": products},
            }
        },
        "policy": {"review": {"dates": {"on": ["monday", "wednesday", "friday"], "hour": 9}}},
        "stock": [
            {"products": ["a", "b"], "supplier": "maker"} | levels(30, 40),
            {"products": ["c", "d"], "supplier": "importer"} | levels(50, 60),
        ],
    }


def random_scenario(number: int) -> tuple[dict[str, Any], dict[str, tuple[bool, float, float]]]:
    """(a scenario, by supplier: whether it counts working days, its mean and deviation)."""
    draw = generator(number, 0, "calendars")
    values = scenario(receiving="office" if draw.random() < 0.7 else None)
    values["calendars"]["shop"] = {"weekdays": [*OFFICE[1:], "saturday"]}
    truth, suppliers = {}, {}
    for name in SUPPLIERS:
        mean, cv = float(draw.uniform(4, 16)), float(draw.uniform(0.2, 0.6))
        suppliers[name] = {"lead_time": {"gamma": {"mean": mean, "cv": cv}}}
        if working := draw.random() < 0.5:
            calendar = "office" if draw.random() < 0.5 else "shop"
            suppliers[name] |= {"lead_time_in": "working_days", "calendar": calendar}
        truth[name] = bool(working), mean, mean * cv
    return values | {"suppliers": suppliers}, truth


def levels(low: int, high: int) -> dict[str, Any]:
    return {"reorder": {"rule": "s_S", "s": low, "S": high}}


def exported(values: dict[str, Any], folder: Path, dirt: str = "none", more: str = "") -> Path:
    """An export; the first day of the history is day 60, the first of March."""
    run: Run = simulate(from_dict(values), seed=3, engine="simpy")
    write_export(tables_of(run), "plain", folder, dirt, generator(1, 0, "dirt"))  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module", params=["none", "heavy"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """Of dates with times of day, and without."""
    folder = tmp_path_factory.mktemp(request.param)
    return calibrate(exported(scenario(), folder, request.param))


def test_suppliers_and_sites_work_on_the_days_on_which_something_arrives(found: Calibration):
    assert found.calendars.receiving[0].weekdays == WEEK
    assert found.calendars.shipping[0].weekdays == EVERY_DAY
    assert found.calendars.reviews.weekdays == (0, 2, 4)


def test_lead_times_count_working_days_where_that_explains_receipts_better(found: Calibration):
    """Receipts of both suppliers are on working days: the importer's as the site is closed."""
    maker, importer = sorted(found.lead_times, key=lambda one: one.name, reverse=True)
    assert maker.works is not None
    assert maker.works.weekdays == WEEK
    assert importer.works is None
    for one, mean, cv in ((maker, 6, 0.3), (importer, 15, 0.3)):
        assert one.fit is not None
        assert one.fit.mean.holds(mean), one.fit.mean
        assert one.fit.sd.holds(mean * cv), one.fit.sd
    assert maker.mean_days == pytest.approx(6 * 7 / 5, rel=0.05)
    assert importer.mean_days == pytest.approx(15 + 2 / 7, rel=0.05)


def test_the_scenario_has_the_calendars(found: Calibration, tmp_path: Path):
    text = scenario_text(found)
    assert "monday_to_friday: {weekdays: [monday, tuesday, wednesday, thursday, friday]}" in text
    assert "  main: {receiving: monday_to_friday}\n" in text
    assert "    lead_time_in: working_days\n    calendar: monday_to_friday\n" in text
    dates = '{"on": [monday, wednesday, friday], hour: 9}'
    if not found.history.exact:
        assert found.history.within_day.placed == "morning"  # nine o'clock is before most orders
        dates = "[monday, wednesday, friday]"
    assert f"  review: {{dates: {dates}}}" in text
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    assert load(path).scenario.suppliers["maker"].calendar == "monday_to_friday"


@pytest.mark.parametrize("dirt", ["none", "heavy"])
def test_a_supplier_from_whom_is_bought_once_a_week(tmp_path: Path, dirt: str):
    """The importer's products are reviewed on Tuesdays, the maker's at any time or on any day."""
    values = scenario(receiving=None)
    tuesdays = {"dates": {"on": ["tuesday"], "hour": 9}}
    values["stock"][1] |= {"review": tuesdays}
    values["policy"] = {}
    found = calibrate(exported(values, tmp_path, dirt))
    of = dict(zip(found.history.suppliers, found.calendars.by_supplier, strict=True))
    assert (of["importer"].weekdays, of["maker"].weekdays) == ((1,), EVERY_DAY)
    assert of["maker"].periodic is not found.history.exact
    text = scenario_text(found)
    dates = '{"on": [tuesday], hour: 9}' if found.history.exact else "[wednesday]"
    assert f"    supplier: importer\n    review: {{dates: {dates}}}" in text
    assert text.count("review:") == (1 if found.history.exact else 2)


def test_an_outage_of_a_supplier_that_counts_working_days(tmp_path: Path):
    """Down on days 300 to 330, 240 to 270 of the history: purchases of then left on day 270."""
    values = scenario()
    maker = SUPPLIERS["maker"] | {"disruptions": {"up": 300, "down": 30, "announced": True}}
    values["suppliers"] = SUPPLIERS | {"maker": maker}
    found = calibrate(exported(values | {"horizon": 60 + 360}, tmp_path))
    (one,) = (one for one in found.lead_times if one.name == "maker")
    (outage,) = one.outages
    assert outage.starts == pytest.approx(240, abs=4)
    assert outage.ends == pytest.approx(270, abs=2)
    assert one.works is not None
    assert one.fit is not None
    assert one.fit.mean.holds(6), one.fit.mean
    text = scenario_text(found)
    assert "announced: true" in text
    (tmp_path / "scenario.yaml").write_text(text)
    assert load(tmp_path / "scenario.yaml").scenario.suppliers["maker"].is_random


@pytest.mark.slow
@pytest.mark.parametrize("dirt", ["none", "heavy"])
def test_calendars_of_random_scenarios(tmp_path: Path, dirt: str):
    """Of 60 suppliers each with times of day and without: what they count, and their means.

    Where the site opens on the days of a supplier's calendar that are fewer, or its days are few,
    both clocks may say the same.
    """
    right, held = [], []
    for number in range(30):
        values, truth = random_scenario(number)
        found = calibrate(exported(values, tmp_path / str(number), dirt))
        for one in found.lead_times:
            working, mean, sd = truth[one.name]
            assert one.fit is not None
            right.append((one.works is not None) == working)
            if right[-1]:
                held += [one.fit.mean.holds(mean), one.fit.sd.holds(sd)]
    assert np.mean(right) >= 0.95
    assert np.mean(held) >= 0.9


def test_holidays_of_a_country_are_closed_where_the_mapping_names_it(tmp_path: Path):
    """Nobody works on the 25th and 26th of December 2024: a mean without them is too long."""
    pytest.importorskip("holidays")
    export = exported(scenario("DE"), tmp_path / "export")
    assert cli(["calibrate", str(export), "--out", str(tmp_path / "out")]) == 0
    mapping = (tmp_path / "out" / "mapping.yaml").read_text() + "country: DE\n"
    (tmp_path / "out" / "mapping.yaml").write_text(mapping)
    found = calibrate(tmp_path / "out" / "mapping.yaml")
    maker = next(one for one in found.lead_times if one.name == "maker")
    assert maker.works is not None
    assert maker.works.share == pytest.approx(5 / 7 - 13 / 540, abs=0.01)
    assert maker.fit is not None
    assert maker.fit.mean.holds(6)
    text = scenario_text(found)
    assert "friday], country: DE}" in text


def test_a_country_that_is_not_known_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("holidays")
    export = exported(scenario() | {"horizon": 130}, tmp_path / "export")
    assert cli(["calibrate", str(export), "--out", str(tmp_path / "out")]) == 0
    mapping = (tmp_path / "out" / "mapping.yaml").read_text() + "country: XX\n"
    (tmp_path / "out" / "mapping.yaml").write_text(mapping)
    capsys.readouterr()
    assert cli(["calibrate", str(tmp_path / "out" / "mapping.yaml")]) == 2
    assert "country: expected the code of a country" in capsys.readouterr().err


def test_days_are_counted_where_no_day_is_closed(tmp_path: Path):
    values = scenario(receiving=None)
    values["suppliers"] = {**SUPPLIERS, "maker": {"lead_time": {"gamma": {"mean": 8, "cv": 0.3}}}}
    found = calibrate(exported(values, tmp_path))
    assert all(one.works is None and one.closed_wait == 0 for one in found.lead_times)
    assert "calendars:" not in scenario_text(found)


def test_today_begins_with_the_age_of_purchases_in_working_days(tmp_path: Path):
    export = exported(scenario(), tmp_path / "export")
    assert cli(["calibrate", str(export), "--out", str(tmp_path / "out")]) == 0
    model = load(tmp_path / "out" / "today.yaml")
    inbound = [row for point in model.scenario.stock for row in point.inbound]
    assert inbound
    assert all(row.age is not None for row in inbound)
    run = simulate(model, seed=1, engine="simpy")
    arrives = run.purchases["arrives"][: len(inbound)]
    assert set((arrives.to_numpy().astype(int) + model.first_date.weekday()) % 7) <= set(WEEK)
