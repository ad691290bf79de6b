"""Ways to clear a backlog, on the same random world: effects in the direction theory says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backsim
from backsim.results.run import Run
from backsim.scenario.load import from_dict

BASE: dict[str, Any] = {
    "horizon": 2000,
    "warm_up": 100,
    "products": "mug",
    "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 5, "cv": 0.5}}}},
    "customers": {
        "gold": {
            "demand": {
                "arrivals": {"poisson": {"rate": 1}},
                "products": "mug",
                "size": {"geometric": {"mean": 2}},
            }
        },
        "silver": {
            "priority": 2,
            "demand": {
                "arrivals": {"poisson": {"rate": 1}},
                "products": "mug",
                "size": {"geometric": {"mean": 2}},
            },
        },
    },
    "policy": {"reorder": {"rule": "r_nQ", "r": 14, "Q": 20}},
}


def play(customers: dict[str, Any] | None = None, **policy: Any) -> Run:
    classes = {name: {**c, **(customers or {})} for name, c in BASE["customers"].items()}
    model = from_dict(
        {**BASE, "customers": classes, "policy": {**BASE["policy"], **policy}}, name="clearing"
    )
    return backsim.simulate(model, seed=5, engine="simpy")


def test_the_rarer_the_runs_the_longer_the_waits() -> None:
    waits = [
        play(clearing=clearing).metrics["mean_wait"]
        for clearing in ("at_arrival", 1, 7, {"every": 7, "between": False})
    ]
    assert waits[0] < waits[1] < waits[2] < waits[3]
    # A unit that arrives at any time waits half a period for the next run, and a bit more.
    assert waits[3] - waits[0] == pytest.approx(3.5, abs=1.0)


def test_runs_that_take_back_serve_the_important_sooner_and_break_what_was_kept() -> None:
    whole = {"shipment": "order"}
    products = {"products": ["mug", "plate"]}
    demand = {**BASE["customers"]["gold"]["demand"], **products, "lines": 2}
    customers = {**whole, "demand": demand}

    def run(reallocate: bool) -> Run:
        classes = {name: {**c, **customers} for name, c in BASE["customers"].items()}
        policy = {**BASE["policy"], "priority": "class_priority"}
        policy["clearing"] = {"every": 2, "reallocate": reallocate}
        model = from_dict({**BASE, **products, "customers": classes, "policy": policy})
        return backsim.simulate(model, seed=5, engine="simpy")

    keep, take = run(False).metrics, run(True).metrics
    assert keep["reallocated_rate"] == 0 < take["reallocated_rate"]
    gold = take.get("mean_wait", "class", "gold") / keep.get("mean_wait", "class", "gold")
    silver = take.get("mean_wait", "class", "silver") / keep.get("mean_wait", "class", "silver")
    assert gold < 1 < silver
    assert take.get("reallocated_rate", "class", "silver") > 3 * take.get(
        "reallocated_rate", "class", "gold"
    )


def test_sharing_keeps_the_total_and_evens_out_the_waits_of_classes() -> None:
    """Among units it lies between first come, first served, which is the most even, and last come.

    Source: Kingman, Proc. Cambridge Phil. Soc. 58 (1962) 163-164.
    """
    short = {"reorder": {"rule": "r_nQ", "r": 6, "Q": 4}}
    ranked = play(priority="class_priority", **short).metrics
    first, last = (play(priority=rule, **short).metrics for rule in ("fcfs", "lifo"))
    for sharing in ("proportional", "max_min"):
        shared = play(priority="class_priority", sharing=sharing, **short).metrics
        assert shared["mean_net_stock"] == ranked["mean_net_stock"]
        assert shared["wait_ratio"] < 0.75 * ranked["wait_ratio"]
        assert first["fairness"] < shared["fairness"] < last["fairness"]


@pytest.mark.parametrize("overtaking", ["strict", "skip", "partial"])
def test_total_backlog_is_the_same_however_it_is_cleared(overtaking: str) -> None:
    """Lines that take parts: the rule decides who waits, not how many units wait."""
    runs = [
        play(overtaking=overtaking, sharing=sharing, priority=priority)
        for sharing in ("none", "proportional", "max_min")
        for priority in ("fcfs", "smallest_first")
    ]
    first = runs[0].log.stocks
    for run in runs[1:]:
        for name in ("on_hand_days", "net_days", "net_squared_days", "ready_days", "clear_days"):
            assert run.log.stocks[name].tobytes() == first[name].tobytes(), name
        assert np.array_equal(run.log.purchases["placed"], runs[0].log.purchases["placed"])


def test_overtaking_trades_small_lines_for_large_ones() -> None:
    def line_waits(overtaking: str) -> tuple[float, float]:
        orders = play({"shipment": "line"}, overtaking=overtaking).orders
        small = orders["units"] <= 2
        return float(orders["wait"][small].mean()), float(orders["wait"][~small].mean())

    strict, skip, partial = map(line_waits, ("strict", "skip", "partial"))
    assert skip[0] < 0.9 * strict[0]
    assert skip[0] / strict[0] < 0.9 * skip[1] / strict[1]
    # First come, first served: what blocks keeps the same units that it would have had in the end.
    assert partial == pytest.approx(strict)


def test_levels_that_end_with_the_next_arrival_hold_back_less() -> None:
    def rule(name: str, **fields: Any) -> Any:
        return {"rule": name, "levels": {"silver": 6}, **fields}

    def figures(rationing: Any) -> tuple[float, float]:
        metrics = play(priority="class_priority", rationing=rationing).metrics
        gold, silver = (metrics.get("fill_rate", "class", name) for name in ("gold", "silver"))
        return gold, silver

    none, always = figures("none"), figures(rule("critical_level"))
    until = [figures(rule("critical_level_until_arrival", days=days)) for days in (0, 2, 1000)]
    assert none[0] < until[1][0] < always[0]
    assert always[1] < until[1][1] < none[1]
    assert until[2] == none  # the next purchase is never more than 1000 days away, or none is
