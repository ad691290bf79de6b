"""Where the variance comes from: what does not vary has no share, what alone varies has all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.experiment import shop as shops
from tests.experiment.shop import SHOP

from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.experiment.variance import variance
from backsim.results.store import to_yaml
from backsim.streams import draw
from backsim.streams.sources import source_of

FIXED = {"suppliers.acme.lead_time": 3, "customers.silver.tolerance": 2}


def shares(points: int = 8, metric: str = "cost.total", **changes: Any) -> Any:
    return variance(shops.shop(**changes), metric, points=points, engine="simpy", workers=1)


def test_demand_has_it_all_where_nothing_else_is_random() -> None:
    found = shares(32, **FIXED)
    assert found["supply"].total.mean == found["supply"].first.mean == 0
    assert found["behaviour"].total.mean == 0
    assert found["demand"].total.mean == pytest.approx(1, abs=0.4)


def test_behaviour_has_a_share_where_customers_differ() -> None:
    found = shares(metric="cancel_rate", **{"suppliers.acme.lead_time": 3})
    assert found["behaviour"].total.mean > 0
    assert found["supply"].total.mean == 0


def test_a_world_of_parts_has_each_part_of_its_own_replication() -> None:
    model = shops.shop()
    one, other = draw(model, 1, 0), draw(model, 1, 1)
    mixed = draw(model, 1, 0, {"supply": 1})
    assert (mixed.columns["time"] == one.columns["time"]).all()
    assert (mixed.columns["tolerance"] == one.columns["tolerance"]).all()
    assert (mixed.lead_times[0].first(9)[:9] == other.lead_times[0].first(9)[:9]).all()
    mixed = draw(model, 1, 0, {"demand": 1})
    assert (mixed.columns["time"] == other.columns["time"]).all()
    assert (mixed.lead_times[0].first(9)[:9] == one.lead_times[0].first(9)[:9]).all()


def test_every_stream_has_its_source() -> None:
    assert source_of("lead_time/mug@main@acme") == "supply"
    assert source_of("informed.tolerance/gold/0") == "behaviour"
    assert source_of("tolerance/gold/0") == "behaviour"
    assert source_of("arrivals/gold/0") == source_of("due/gold/0") == "demand"


def test_the_command_prints_the_shares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.yaml").write_text(to_yaml(SHOP))
    file = str(tmp_path / "shop.yaml")
    options = ["-n", "4", "--seed", "1", "--engine", "simpy", "--workers", "1"]
    assert cli(["variance", file, "--metric", "mean_wait[silver]", *options]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Shares of the variance of mean_wait[silver] between replications")
    assert [line.split()[0] for line in said.splitlines()[3:6]] == ["demand", "supply", "behaviour"]


def test_wrong_questions_are_told() -> None:
    with pytest.raises(InputError, match="points: expected at least 4, got 2"):
        shares(points=2)
    with pytest.raises(InputError, match=r"cost\.totl"):
        shares(metric="cost.totl")
