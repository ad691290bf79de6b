"""Held-out days of an export against the model of the days before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.data.exports import SHOP, write
from tests.data.recovery import random_scenario

from backsim.api import simulate
from backsim.backtest.backtest import Backtest, Compared, backtest
from backsim.backtest.measures import MEASURES, Group, Groups, realised, simulated
from backsim.backtest.page import backtest_page, causes_table, finding, reasons
from backsim.backtest.replay import DEMAND, RECEIPTS
from backsim.backtest.simulated import tables_of
from backsim.cli import run as cli
from backsim.data.calibrate import calibrate
from backsim.data.history import known_on
from backsim.data.writing import write_export
from backsim.errors import InputError
from backsim.results.run import Run
from backsim.scenario import from_dict


@pytest.fixture(scope="module")
def happened() -> Run:
    values = random_scenario(2) | {"warm_up": 120, "horizon": 400}
    return simulate(from_dict(values), seed=2, engine="simpy")


@pytest.fixture(scope="module")
def export(happened: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    write_export(tables_of(happened), "plain", folder)
    return folder


@pytest.fixture(scope="module")
def tested(export: Path) -> Backtest:
    return backtest(export, 90, 8, seed=5, engine="simpy", replay=True)


def test_a_history_and_its_run_have_the_same_measures(happened: Run, export: Path):
    """What the export tells and what the log tells, by the same names."""
    history = calibrate(export).history
    groups = Groups.of(history)
    told, played = realised(history, groups, 0.0), simulated(happened, history, groups)
    for measure in MEASURES:
        assert told[measure] == pytest.approx(played[measure], rel=1e-4, nan_ok=True), measure
    for measure in ("purchases_per_day", "units_bought_per_day", "lead_time"):
        assert told[measure] == pytest.approx(played[measure], rel=0.02, nan_ok=True), measure
    assert told["mean_on_hand"] == pytest.approx(played["mean_on_hand"], rel=0.3, nan_ok=True)
    assert np.isnan(told["mean_on_hand"]).sum() == len(history.classes)


def test_what_came_later_is_not_known(export: Path):
    history = calibrate(export).history
    cut = known_on(history, 100.0)
    assert cut.lines.time.max() < 100 > np.nanmax(cut.lines.served)
    assert np.nanmax(cut.purchases.received) < 100 > cut.purchases.placed.max()
    assert np.isnan(cut.purchases.received).sum() > 0
    assert (cut.days, cut.last < history.last) == (100, True)
    assert cut.lines.units.sum() == history.lines.units[history.lines.time < 100].sum()


def test_the_model_of_a_simulation_predicts_it(tested: Backtest):
    """False alarm: the total of four measures beyond 4 standard deviations of 8 runs, 2 %."""
    for measure in MEASURES:
        (total,) = tested.of("all", measure)
        assert abs(total.z) < 4, measure
        assert total.low < total.mean < total.high
    assert tested.coverage("units_per_day")[1] == 6
    assert tested.days == 90
    assert len(tested.of("class", "fill_rate")) == 2


def test_a_model_that_is_told_the_receipts_serves_as_it_was(tested: Backtest, happened: Run):
    """What is left is patience; the three parts add up to the difference."""
    assert set(tested.replays) == {DEMAND, RECEIPTS}
    for measure in MEASURES:
        parts = tested.causes(measure)
        (total,) = tested.of("all", measure)
        assert parts is not None
        assert sum(parts.values()) == pytest.approx(total.realised - total.mean)
    assert tested.causes("units_per_day")["supply"] == pytest.approx(0)
    assert tested.causes("units_per_day")["service"] == pytest.approx(0)
    assert abs(tested.causes("fill_rate")["service"]) < 0.02
    (row, *_) = causes_table(tested).rows
    assert row[0] == "units ordered per day"


def test_supply_is_compared_by_supplier(tested: Backtest):
    named = {c.group.name: c for c in tested.of("supplier", "lead_time")}
    assert set(named) == {"near", "far"}
    assert named["far"].mean > 1.5 * named["near"].mean
    assert not tested.of("class", "lead_time")


def test_the_page_says_where_the_model_is_off(tested: Backtest):
    page = backtest_page(tested).replace("\N{NO-BREAK SPACE}", " ")
    assert "90 % prediction interval" in page
    everyone = Group("all", "all")
    far = Compared(everyone, "units_per_day", 200.0, 100.0, 90.0, 110.0, 9.0)
    (said, *_) = reasons(replace(tested, compared=(far,)))
    assert said.startswith("Units ordered per day: 200, above the prediction of 100 (z 9.0).")
    assert "Demand changed" in said


def test_too_few_days_before_the_held_out_ones_are_refused(tmp_path: Path):
    with pytest.raises(
        InputError, match="at least 90 days before the held-out ones, got -167 of 13"
    ):
        backtest(write(tmp_path, SHOP), 180, 4, seed=1)


def test_the_command_prints_and_writes(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    options = ["--hold-out", "60", "-n", "2", "--seed", "1", "--engine", "simpy"]
    arguments = ["backtest", str(export), *options, "--out", str(tmp_path), "--format", "json"]
    assert cli([*arguments, "--workers", "1"]) == 0
    alone = capsys.readouterr().out
    assert cli([*arguments, "--workers", "2"]) == 0
    told = json.loads(beside := capsys.readouterr().out)
    assert beside == alone
    assert told["held_out_days"] == 60
    assert {row["measure"] for row in told["compared"]} > set(MEASURES)
    assert json.loads((tmp_path / "backtest.json").read_text()) == told
    assert (tmp_path / "backtest.html").is_file()


def test_an_export_is_in_the_units_of_products() -> None:
    """Half kilograms at 8 per kg, in wheels of 6 kg: kilograms and their price, not halves."""
    model = from_dict(
        {
            "horizon": 40,
            "products": {"cheese": {"unit": "kg", "smallest": 0.5, "price": 8}},
            "suppliers": {"dairy": {"lead_time": 3}},
            "customers": {"shops": {"demand": {"orders": [
                {"time": 1, "lines": {"cheese": 1}}, {"time": 2, "lines": {"cheese": 7.5}},
            ]}, "tolerance": 2}},
            "stock": [{"initial": 4, "multiple": 6, "reorder": {"rule": "s_S", "s": 2, "S": 9}}],
            "costs": {"purchase": 5},
        }
    )  # fmt: skip
    tables = tables_of(simulate(model, seed=1))
    assert tables["lines"][["units", "price"]].to_numpy().tolist() == [[1, 8], [7.5, 8]]
    assert tables["shipments"]["units"].tolist() == [1, 3]
    assert tables["cancellations"]["units"].tolist() == [4.5]
    master = tables["products"].iloc[0]
    assert [master[n] for n in ("price", "cost", "multiple", "reorder_point", "up_to")] == [
        *(8, 5, 6, 2, 9)
    ]
    assert tables["stock"]["units"].tolist()[0] == 4
    assert tables["purchases"]["units"].tolist() == [18]  # 13.5 are missing, in wheels of 6
    assert tables["stock"]["units"].tolist()[-1] == 4 - 1 - 3 + 18


def test_what_an_export_does_not_tell_is_not_known(tmp_path: Path):
    """Order lines alone: no fill rate of 0 is told, and no purchases of 0 per day."""
    rows = [
        f"{k},{'mug' if k % 3 else 'jug'},{1 + k % 3},2024-{1 + k // 28:02}-{1 + k % 28:02}"
        for k in range(300)
    ]
    folder = write(tmp_path, {"lines.csv": "\n".join(["order,product,units,ordered", *rows])})
    found = backtest(folder, 90, 3, seed=5, engine="simpy")
    realised_values = {c.measure: c.realised for c in found.of("all")}
    assert realised_values.pop("units_per_day") == pytest.approx(2, abs=0.2)
    assert np.isnan(list(realised_values.values())).all()
    page = backtest_page(found)
    assert "how customers were served is not known" in page
    assert "The fill rate was" not in page


def test_the_finding_names_what_no_simulated_history_had(tested: Backtest):
    """Where all predictions are alike there is no z, and what happened may be outside of them."""
    everyone = Group("all", "all")
    rows = (
        Compared(everyone, "fill_rate", 0.9, 0.9, 0.85, 0.95, 0.0),
        Compared(everyone, "cancel_rate", 0.013, 0.0, 0.0, 0.0, np.nan),
        Compared(everyone, "mean_wait", 0.2, np.nan, np.nan, np.nan, np.nan),
    )
    said = finding(replace(tested, compared=rows))
    assert "Outside its interval: cancelled." in said
