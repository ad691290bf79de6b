"""Every scenario that comes with the project: the same log in both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.models import assert_equal, check

from backsim import streams
from backsim.engines import compiled, simpy
from backsim.scenario.load import load
from backsim.scenario.model import Model

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
ORDERS = 4000
SEEDS = (1, 2, 3)


def loaded(path: Path) -> Model:
    """The scenario, or none when its data is not on this machine."""
    try:
        return load(path)
    except Exception as error:
        if "trace" in str(error) and "file" in str(error):
            pytest.skip(f"its data is not here: {str(error).splitlines()[0]}")
        raise


def shortened(model: Model) -> Model:
    """A model with about so many orders."""
    if model.expected_orders <= ORDERS:
        return model
    horizon = model.horizon * ORDERS / model.expected_orders
    fields: dict[str, Any] = {"horizon": horizon}
    if model.warm_up >= horizon:
        fields["warm_up"] = horizon / 10
    return model.replace(**fields)


def test_there_are_scenarios():
    assert SCENARIOS


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_gives_the_same_log_in_both_engines(path: Path):
    model = shortened(loaded(path))
    for seed in SEEDS:
        tape = streams.draw(model, seed)
        log = simpy.run(model, tape, record=True)
        assert_equal(log, compiled.run(model, tape, record=True))
        check(model, log)


def test_data_that_are_not_part_of_backsim(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one scenario without its data says so, and where a copy is named; so does the page."""
    from backsim.cli import run as cli

    root = Path(__file__).parents[2]
    (tmp_path / "scenarios").mkdir()
    copy = tmp_path / "scenarios" / "online_retail.yaml"
    copy.write_text((root / "scenarios" / "online_retail.yaml").read_text())
    assert cli(["validate", str(copy)]) == 2
    said = capsys.readouterr().err
    field = "customers.shops.demand.trace.file"
    assert f"{field}: expected a file that exists" in said
    assert "(a copy elsewhere: --set FIELD=PATH)" in said
    page = (root / "docs" / "scenarios.md").read_text()
    assert f"--set {field}=PATH" in page
    assert f"--set {field}=PATH" in copy.read_text()
