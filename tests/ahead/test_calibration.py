"""Dates given with a probability are met as often, over the days of a simulated history."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsim.ahead.calibration import calibration
from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.scenario import load
from backsim.scenario.model import Model

SHOP = Path(__file__).parents[1] / "validation" / "outlook_shop.yaml"


@pytest.mark.slow
def test_of_the_dates_given_with_80_percent_as_many_are_met():
    """From 200 days; the standard error of the share is 1.5 points.

    Of 90 %, less: with 19 plays, that a date is given at all is luck where customers may leave.
    """
    found = calibration(load(SHOP), 1, days=200, every=10, ahead=80, engine="compiled")
    levels = {level.probability: level for level in found}
    assert levels[0.8].given > 1500
    assert 0.77 <= levels[0.8].share <= 0.83
    for level in found:
        assert abs(level.share - level.probability) <= 4 * level.error + 0.01


@pytest.mark.parametrize(
    "changes",
    [
        {"policy.review": 7},
        {"suppliers.maker.lateness": {"share": 0.1, "days": 3}},
        {"customers.shop.shipment": "order"},
        {"customers.shop.changes": {"after": 3, "factor": 0.5}},
        {"products": {f"p{i}": {"shelf_life": 30} for i in range(1, 13)}},
    ],
    ids=str,
)
def test_a_state_that_the_opening_cannot_say_is_refused(changes: dict[str, object]):
    model: Model = load(SHOP).replace(changes)
    with pytest.raises(InputError, match="validate-outlook: expected"):
        calibration(model, 1, days=2)


def test_the_command_prints_the_levels_and_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    what = ["validate-outlook", str(SHOP), "--days", "2", "--every", "5", "--ahead", "15"]
    what += ["-n", "9", "--seed", "1", "--engine", "simpy", "--set", "warm_up=20"]
    assert cli([*what, "--format", "csv", "--out", str(tmp_path)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "probability,dates,met,share,error"
    assert len(rows) == 1 + 9
    page = (tmp_path / "calibration.html").read_text()
    assert "probability given" in page
    assert "dates given with 80.0" in page
