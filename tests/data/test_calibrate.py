"""From an export to a scenario that runs, and how near its figures are to the truth."""

from __future__ import annotations

import datetime
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from tests.data.exports import SHOP, write

from backsim.cli import run
from backsim.data.calibrate import Calibration, calibrate
from backsim.data.scenariofile import scenario_text
from backsim.data.yamltext import flow, quoted, wrapped
from backsim.scenario import load
from backsim.scenario.yamlfile import parse_value

CLIENT = Path(__file__).parents[3] / "shared" / "data" / "client_export"


def test_two_commands_from_an_export_to_a_simulation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    export, out = write(tmp_path / "export", SHOP), tmp_path / "out"
    assert run(["calibrate", str(export), "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert "lines.csv is taken for lines: order = order" in told.err
    assert "4 order lines of 2 products at 1 site, 2 purchases from 1 supplier" in told.out
    assert sorted(file.name for file in out.iterdir()) == [
        "calibration.json",
        "data.html",
        "experiment.yaml",
        "levels.csv",
        "levels.xlsx",
        "mapping.yaml",
        "open_purchases.csv",
        "scenario.yaml",
        "today.yaml",
    ]
    assert run(["run", str(out / "scenario.yaml"), "-n", "2", "--engine", "simpy"]) == 0
    assert run(["validate", str(out / "experiment.yaml")]) == 0
    figures = json.loads((out / "calibration.json").read_text())
    assert figures["suppliers"]["acme"]["open"] == 1
    assert figures["service"]["all"]["fill_rate"] == pytest.approx(6 / 13)
    page = (out / "data.html").read_text()
    assert "too long" not in page
    assert "Rows that were left out" not in page or "a row of totals" not in page


def test_without_shipments_nothing_is_said_of_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A fill rate of 0 would be a finding, and a wrong one."""
    export, out = write(tmp_path / "export", {"lines.csv": SHOP["lines.csv"]}), tmp_path / "out"
    assert run(["calibrate", str(export), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "how customers were served is not known" in told
    assert "at 1 site, no purchases" in told
    service = json.loads((out / "calibration.json").read_text())["service"]
    assert service["all"] == {
        "lines": 4,
        "units": 13,
        "fill_rate": None,
        "cancel_rate": None,
        "mean_wait": None,
    }


def test_the_guessed_mapping_reads_the_same_export(tmp_path: Path):
    export, out = write(tmp_path / "export", SHOP), tmp_path / "out"
    run(["calibrate", str(export), "--out", str(out)])
    again = calibrate(out / "mapping.yaml")
    assert len(again.history.lines) == 4
    assert again.guesses == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["calibrate"], "expected a folder with an export, or a mapping file"),
        (["calibrate", "nowhere"], "nowhere: expected a folder with an export, or a mapping file"),
        (["calibrate", ".", "--template", "sapp"], "template: expected sap, odoo"),
    ],
)
def test_bad_arguments_say_what_is_expected(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["00123", "yes", "a b", 'q"', "mug", "é", "1.5", "x: y", "-", "*"])
def test_names_are_written_so_that_they_are_read(name: str):
    assert parse_value(flow({name: [name]})) == {name: [name]}
    assert parse_value(quoted(name)) == name


def test_a_product_that_was_only_returned_is_not_reordered(tmp_path: Path):
    lines = SHOP["lines.csv"] + "9,1,lid,-1,2024-03-06 11:00,web\n"
    export, out = write(tmp_path / "export", {**SHOP, "lines.csv": lines}), tmp_path / "out"
    assert run(["calibrate", str(export), "--out", str(out)]) == 0
    text = (out / "scenario.yaml").read_text()
    assert "  - products: [lid]\n    reorder: {rule: none}\n" in text


def test_the_name_of_a_law_is_a_line_of_its_own(tmp_path: Path):
    """It may have a comma, after which a long line would be broken."""
    found = calibrate(write(tmp_path, SHOP))
    text = scenario_text(found)
    for demand in found.classes:
        assert f"      # packs per line: {demand.size_law}\n      size: " in text


def test_names_with_commas_are_not_broken():
    """A line is broken between names, and names stay whole."""
    values = {f'tablets {k}, 30 tabs, "blister"': k for k in range(20)} | {"plain": 1.5}
    text = "\n".join(wrapped("mix: ", flow(values)))
    assert len(text.splitlines()) > 5
    assert parse_value(text) == {"mix": values}


@pytest.fixture(scope="module")
def client() -> Calibration:
    if not CLIENT.is_dir():
        pytest.skip(f"needs {CLIENT}")
    return calibrate(CLIENT)


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads((CLIENT / "truth.json").read_text())


def test_no_row_of_the_client_s_export_is_lost_or_kept_wrongly(client: Calibration, truth: dict):
    """All lines and units of the true history, and none besides."""
    parts = [truth["metrics"][part]["all"] for part in ("train", "held_out")]
    assert len(client.history.lines) == sum(part["lines"] for part in parts)
    assert client.history.lines.units.sum() == sum(part["units"] for part in parts)
    dropped = {why: n for rows in client.history.rows for why, n in rows.dropped.items()}
    assert (dropped["a repeated row"], dropped["a test order"]) == (134, 14)
    assert (client.history.first.isoformat(), client.history.last.isoformat()) == tuple(
        truth["window"]
    )


def test_the_client_was_served_as_in_truth(client: Calibration, truth: dict):
    parts = [truth["metrics"][part]["all"] for part in ("train", "held_out")]
    units = [part["units"] for part in parts]
    for name, key, error in (
        ("fill_rate", "fill_rate", 0.01),
        ("mean_wait", "mean_wait", 0.15),
        ("cancel_rate", "cancel_rate_waiting", 0.002),
    ):
        true = np.average([part[key] for part in parts], weights=units)
        assert getattr(client.service[-1], name) == pytest.approx(true, abs=error), name


def test_demand_of_the_client_is_recovered(client: Calibration, truth: dict):
    named = {c["name"]: c for c in truth["classes"].values()}
    for found in client.classes:
        assert found.rate.holds(named[found.name]["rate"]), found.name
        assert found.mean_lines == pytest.approx(1 + named[found.name]["lines"], rel=0.05)
    items = {item["id"]: item for item in truth["items"]}
    items["890007-A"] = items.pop("470091")
    held = [
        interval.holds(sum(items[name]["mean_units_per_day"].values()))
        for name, interval in zip(
            client.history.products, client.products.units_per_day, strict=True
        )
    ]
    assert np.mean(held) > 0.89  # of 120 at 95 %: fewer has probability 0.3 %


def test_lead_times_of_the_client_are_recovered(client: Calibration, truth: dict):
    """From the evening of a purchase to the morning of the day on which it comes.

    So they are half a day shorter than until it comes; what comes at a weekend is there on Monday.
    """
    by_name = {s.name: s for s in client.lead_times}
    for name in ("100020", "100040", "100010"):
        true, found = truth["suppliers"][name], by_name[name]
        assert found.fit is not None
        assert found.works is None
        assert found.fit.mean.value == pytest.approx(true["mean"] - 0.5, abs=0.5), name
        assert found.fit.sd.value == pytest.approx(true["mean"] * true["cv"], rel=0.1), name
    (outage,) = by_name["100040"].outages
    assert (outage.starts, outage.ends) == (pytest.approx(313, abs=3), pytest.approx(360, abs=3))
    late = truth["suppliers"]["100030"]
    assert by_name["100030"].fit.mean.value == pytest.approx(
        late["mean"] + late["late"] * late["late_mean"] - 0.5, abs=0.5
    )


def test_products_of_large_lines_have_their_demand(tmp_path: Path):
    """Of two products in as many lines, one is ordered in tens: it has ten times the units."""
    draw = np.random.default_rng(1)
    rows = []
    for i in range(600):
        day = np.datetime64("2024-01-01") + i // 3
        name, most = (("bolt", 20), ("pump", 2))[i % 2]
        rows.append(f"{i},{name},{draw.integers(1, most + 1)},{day}")
    found = calibrate(
        write(tmp_path, {"lines.csv": "\n".join(["order,product,units,ordered", *rows])})
    )
    (demand,) = found.classes
    made = demand.rate.value * demand.mean_lines * demand.mean_size.value * demand.products
    assert made == pytest.approx([rate.value for rate in found.products.units_per_day], rel=0.03)
    (told,) = (note for note in found.assumptions if note.startswith("all: lines of some"))
    assert "0.24 times the mean size, of others 1.8 times" in told


def test_no_line_of_the_scenario_is_too_wide(client: Calibration):
    lines = scenario_text(client).splitlines()
    assert (
        max(len(line.split(" #")[0]) for line in lines if not line.strip().startswith("#")) <= 100
    )


def test_patience_of_the_client_is_recovered(client: Calibration, truth: dict):
    named = {c["name"]: c["pat"] for c in truth["classes"].values()}
    for found in client.patience:
        shape, scale = named[found.name]
        weibull = next(fit for fit in found.fits if fit.law == "weibull")
        assert weibull.parameters["scale"] == pytest.approx(scale, rel=0.1), found.name
        if found.name != "Webshop":
            assert weibull.mean.holds(scale * math.gamma(1 + 1 / shape)), found.name


def test_levels_that_purchases_show_are_the_true_ones(client: Calibration, truth: dict):
    items = {item["id"]: item for item in truth["items"]}
    items["890007-A"] = items.pop("470091")
    right = []
    for i, name in enumerate(client.history.products):
        for j, site in enumerate(client.history.sites):
            if not np.isnan(client.policy.top[i, j]):
                error = client.policy.top[i, j] - items[name]["S"][site]
                right.append(abs(error) <= items[name]["pack"])
    assert np.mean(right) > 0.85
    assert client.calendars.reviews.weekdays == (0, 1, 2, 3, 4)
    assert [days.weekdays for days in client.calendars.receiving] == [(0, 1, 2, 3, 4)] * 2
    assert client.policy.agrees > 0.85


def test_the_client_served_first_come_first_served(client: Calibration):
    assert client.priority.rule == "fcfs"
    assert client.priority.explained["fcfs"] > 0.9


def test_the_client_s_scenario_is_read_and_speaks_of_packs(client: Calibration, tmp_path: Path):
    path = tmp_path / "scenario.yaml"
    path.write_text(scenario_text(client))
    model = load(path)
    assert model.scenario.products["470026"].pack == 10
    assert len(model.stock_points) == 240
    days = "tuesday, wednesday, thursday, friday, saturday"  # the midnights after
    assert f"  review: {{dates: [{days}]}}" in path.read_text()
    assert model.scenario.sites["1000"].receiving == "monday_to_friday"
    assert max(map(len, path.read_text().splitlines())) < 160


def test_a_trend_that_the_scenario_has_not_is_told(tmp_path: Path):
    """Orders rise from 5 to 15 per day, in the mean 10."""
    rows, first = ["order,product,units,ordered"], datetime.date(2024, 1, 1)
    for day in range(400):
        for k in range(round(5 + 10 * day / 399)):
            rows.append(f"{day}-{k},mug,1,{first + datetime.timedelta(days=day)}")
    *_, said = calibrate(write(tmp_path, {"lines.csv": "\n".join(rows)})).assumptions
    assert said.startswith("all: orders rise over the history, and the scenario has its mean rate")
    factor, rate = (float(x) for x in re.findall(r"[0-9]+\.[0-9]+|[0-9]+(?= per)", said))
    assert factor == pytest.approx(1.5, abs=0.05)
    assert rate == pytest.approx(15, abs=0.5)
