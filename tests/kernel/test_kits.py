"""What is made starts with as many units as the scarcest component allows; the rest follows.

Three bicycles are ordered on day 1: of two wheels and a frame each.  There are four wheels and a
frame; frames come on days 3 and 5, the last wheels on day 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play, tell

from backsim.engines.log import Log
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.results.profile import profile
from backsim.scenario.model import Model


def bicycles(starts_with: str = "available", **fields: Any) -> Model:
    customer = {"demand": orders((1, {"bicycle": 3})), **fields.pop("customer", {})}
    stand = {"lead_time": 1, **fields.pop("stand", {})}
    return build(
        {"a": customer},
        products=("bicycle", "wheel", "frame"),
        suppliers={"stand": stand, "maker": {"lead_time": 1}},
        stock=[
            {
                "products": ["bicycle"],
                "supplier": "stand",
                "made_from": {"wheel": 2, "frame": 1},
                "starts_with": starts_with,
                "reorder": {"rule": "base_stock", "S": 0},
            },
            {"products": ["wheel"], "supplier": "maker", "initial": 4, "inbound": inbound((4, 2))},
            {
                "products": ["frame"],
                "supplier": "maker",
                "initial": 1,
                "inbound": inbound((3, 1), (5, 1)),
            },
        ],
        **fields,
    )


def made(log: Log) -> list[tuple[float, float, int]]:
    """(started, arrived, units) of what was made, in order of arrival."""
    rows = log.purchases[(log.purchases["stock"] == len(log.stocks) - 3)]
    return sorted(tuple(row[name] for name in ("sent", "arrives", "units")) for row in rows)  # type: ignore[misc]


def played(model: Model) -> Log:
    log = play(model)
    check_ledger(model, log)
    return log


def test_each_unit_starts_when_its_components_are_there():
    log = played(bicycles())
    assert made(log) == [(1.0, 2.0, 1), (3.0, 4.0, 1), (5.0, 6.0, 1)]
    assert [(s["time"], s["units"]) for s in log.shipments] == [(2.0, 1), (4.0, 1), (6.0, 1)]
    wheels = [row for row in tell(log) if row.split()[1:3] in (["reserve", "1"], ["ship", "1"])]
    assert wheels == ["1 reserve 1 4", "1 ship 1 2", "3 ship 1 2", "4 reserve 1 2", "5 ship 1 2"]


def test_a_whole_batch_waits_for_the_last_frame():
    assert made(played(bicycles("all"))) == [(5.0, 6.0, 3)]


def test_what_is_there_at_once_starts_as_one():
    model = bicycles().replace({"stock.frame.initial": 9, "stock.wheel.initial": 5})
    assert made(played(model)) == [(1.0, 2.0, 2), (4.0, 5.0, 1)]


@pytest.mark.parametrize("starts_with", ["available", "all"])
@pytest.mark.parametrize("estimate", ["quoted", "live", "quantile"])
@pytest.mark.parametrize("supplier", [{}, {"messages": {"when": "every", "days": 1}}])
def test_who_waits_for_components_is_told_when_the_last_are_there(
    estimate: str, starts_with: str, supplier: Any
):
    """The second frame comes on day 5, and the last bicycle is made of it on day 6, not on 2."""
    told = {"notice": "at_order", "estimate": estimate}
    log = played(bicycles(starts_with, stand=supplier, policy=told))
    assert log.notices[["time", "promise"]].tolist() == [(1.0, 6.0)]
    assert log.lines["closed"].tolist()[0] == 6.0


def test_what_waits_is_told_anew_when_a_component_is_late():
    """The frames of day 3 and 5 are expected a day after the day on which they were to come."""
    model = bicycles("all", policy={"notice": "on_change", "estimate": "live"})
    late = {"lateness": {"share": 1, "days": 2}, "messages": "exact", "lead_time": 3}
    model = model.replace(
        {
            "suppliers.maker": late,
            "stock.frame.inbound": [],
            "stock.frame.reorder": {"rule": "base_stock", "S": 1},
        }
    )
    log = played(model)
    assert log.notices["promise"].tolist() == [1.0 + 3 + 2 + 1]
    assert log.lines["closed"].tolist()[0] == 7.0


def test_each_start_is_work_of_its_own():
    """A machine takes three days for a batch, whatever its size."""
    log = played(bicycles(stand={"capacity": {"servers": 1, "service": 3}}))
    assert made(log) == [(1.0, 5.0, 1), (3.0, 8.0, 1), (5.0, 11.0, 1)]


def test_who_does_not_wait_gets_what_can_be_made_at_this_instant():
    gone = {"tolerance": "none"}
    model = bicycles(customer=gone, stand={"lead_time": 0})
    assert played(model).lines[["shipped", "left"]].tolist() == [(1, 2)]
    whole = bicycles("all", customer=gone, stand={"lead_time": 0})
    assert played(whole).lines[["shipped", "left"]].tolist() == [(0, 3)]


def test_a_part_has_the_outcome_of_its_purchase():
    """All are ten days late, and half of what is made is scrap: of one unit it is good."""
    stand = {"lateness": {"share": 1, "days": 10}, "yield_share": 0.5, "messages": "exact"}
    log = played(bicycles(stand=stand, horizon=40))
    assert [row[1] for row in made(log)[:3]] == [12.0, 14.0, 16.0]


@pytest.mark.parametrize(("starts_with", "waited"), [("available", 2.0), ("all", 4.0)])
def test_metrics_count_each_start(starts_with: str, waited: float):
    """Wheels and frames wait from the order to their start: 0, 2 and 4 days, or all of them 4."""
    model = bicycles(starts_with, costs={"ordering": 6}, horizon=10)
    log = played(model)
    found = measure(model, log)
    assert found["mean_site_wait"] == pytest.approx(waited)
    own = found.get("purchases_per_day", "product", "bicycle")
    assert own == pytest.approx(1 / 10)  # one purchase, however it starts
    stock = profile(model, log).stock
    assert (stock >= 0).all()
    assert stock[-1] == sum(int(s["on_hand"] + s["reserved"]) for s in log.stocks)
    assert np.isfinite(found["cost.total"])


def test_price_breaks_are_those_of_the_purchase():
    """Three units at 8 each, though one after the other starts."""
    breaks = {"price": 10, "breaks": [{"units": 3, "price": 8}]}
    model = bicycles(horizon=10).replace({"stock.bicycle.costs": {"purchase": breaks}})
    found = measure(model, played(model))
    assert found.get("cost.purchase", "product", "bicycle") == pytest.approx(24 / 10)
