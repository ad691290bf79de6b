"""Levels in days and first forecasts from a trace: as known on a day, or with its future."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.scenario import Model, from_dict

COLUMNS = {"time": "d", "product": "sku", "units": "q"}


def grow(folder: Path, reorder: dict[str, Any], new: int = 0, **fields: Any) -> Model:
    """1 unit a day for 100 days, then 9 a day; `new` lines of a new product from day 150."""
    rows = [f"{day},item,{1 if day < 100 else 9}" for day in range(200)]
    rows += [f"{day},new,2" for day in range(150, 150 + new)]
    (folder / "grow.csv").write_text("\n".join(["d,sku,q", *rows]))
    trace = {"file": "grow.csv", "columns": COLUMNS, "date_format": "days"}
    values = {
        "horizon": 200,
        "products": "traced",
        "suppliers": {"s": {"lead_time": 5}},
        "customers": {"c": {"demand": {"trace": trace}}},
        "policy": {"reorder": reorder},
    }
    return from_dict({**values, **fields}, folder=folder)


DAYS = {"rule": "s_S", "s": {"days": 10}, "S": {"days": 20}}


@pytest.mark.parametrize(
    ("known", "levels"),
    [(None, (50, 100)), (50, (10, 20)), (100, (10, 20)), (120, (24, 47)), (200, (50, 100))],
)
def test_levels_in_days(tmp_path: Path, known: float | None, levels: tuple[int, int]) -> None:
    fields = {} if known is None else {"known_until": known}
    found = grow(tmp_path, DAYS, **fields)
    point = dict(zip(found.stock_points, found.scenario.stock, strict=True))["item", "main"]
    assert point.reorder is not None
    assert (point.reorder.params["s"], point.reorder.params["S"]) == levels
    assert point.initial == levels[1]
    part = "all of it" if known is None else f"its first {known} days"
    assert f"levels in days and first forecasts know {part}" in str(found.trace_reports[0])


def test_a_product_that_nobody_knew(tmp_path: Path) -> None:
    rule = {"rule": "base_stock", "S": {"days": 10}}
    found = grow(tmp_path, rule, new=50, known_until=50)
    point = dict(zip(found.stock_points, found.scenario.stock, strict=True))["new", "main"]
    assert point.initial == 0
    assert found.expected_orders == 250  # what is played is the whole trace


def test_first_forecasts_and_levels_from_a_service(tmp_path: Path) -> None:
    rule = {"rule": "forecast_base_stock"}
    found = grow(tmp_path, rule, known_until=50)
    seen = found.scenario.stock[0].observe
    assert seen is not None
    assert (seen.mean, seen.variance) == (1.0, 0.0)
    service = {"rule": "base_stock", "S": {"cycle_service": 0.9, "demand": "normal"}}
    early = grow(tmp_path, service, known_until=50)
    whole = grow(tmp_path, service)
    one, other = (m.scenario.stock[0].reorder for m in (early, whole))
    assert one is not None
    assert other is not None
    assert one.params["S"] == 5
    assert other.params["S"] > 25


def test_both_engines_and_the_explicit_form(tmp_path: Path) -> None:
    model = grow(tmp_path, DAYS, known_until=50)
    simpy, compiled = (backsim.simulate(model, seed=1, engine=e) for e in ("simpy", "compiled"))
    assert simpy.metrics["fill_rate"] == compiled.metrics["fill_rate"]
    again = from_dict(model.to_dict(), folder=tmp_path)
    assert again.scenario.stock == model.scenario.stock
