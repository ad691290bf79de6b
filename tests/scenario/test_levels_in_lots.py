"""Levels from a service where purchases, or orders, come in lots: the least that reach it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.scenario import from_dict
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import FileError

LEAD, HALVES, DOZENS = 3.0, {k: 0.5**k for k in range(1, 50)}, {12: 1.0}
GEOMETRIC = {"geometric": {"p": 0.5}}


def model(size: Any, level: Any, policy: dict[str, Any], **fields: Any) -> Model:
    """One order a day in the mean, and a lead time of three days."""
    reorder = {
        "base_stock": {"rule": "base_stock", "S": level},
        "s_S": {"rule": "s_S", "s": level, "S": {"units": 10, "above": "s"}},
        "r_nQ": {"rule": "r_nQ", "r": level, "Q": 24},
    }[policy["reorder"]]
    demand = {"arrivals": {"poisson": {"rate": 1}}, "products": "mug", "size": size}
    return from_dict(
        {
            "horizon": 1000,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": LEAD}},
            "customers": {"all": {"demand": demand}},
            "policy": policy | {"reorder": reorder},
            **fields,
        }
    )


def bought(rule: str, level: int, least: int = 1, multiple: int = 1) -> Callable[[int], int]:
    """What is ordered by the position, in words of our own."""

    def units(position: int) -> int:
        if rule == "base_stock":
            missing = level - position
        elif position > level:
            missing = 0
        elif rule == "s_S":
            missing = level + 10 - position
        else:
            missing = 24 * math.ceil((level + 1 - position) / 24)
        return math.ceil(max(missing, least) / multiple) * multiple if missing > 0 else 0

    return units


def fill_rate(sizes: dict[int, float], start: int, order: Callable[[int], int]) -> float:
    """The exact one: the Markov chain of the position, and compound Poisson demand below it."""
    chances = np.zeros(300)  # demand over the lead time: Panjer's recursion
    chances[0] = math.exp(-LEAD)
    for n in range(1, 300):
        terms = (k * p * chances[n - k] for k, p in sizes.items() if k <= n)
        chances[n] = LEAD / n * sum(terms)
    at = {start: 1.0}
    total: dict[int, float] = {}
    for step in range(600):
        after: dict[int, float] = {}
        for position, chance in at.items():
            for units, share in sizes.items():
                left = position - units
                left += order(left)
                after[left] = after.get(left, 0.0) + chance * share
        at = after
        if step >= 240:  # 360 orders later: a multiple of every cycle here
            for position, chance in at.items():
                total[position] = total.get(position, 0.0) + chance / 360
    served = sum(
        chance * chances[d] * share * min(units, position - d)
        for position, chance in total.items()
        for d in range(max(0, position))
        for units, share in sizes.items()
    )
    return float(served / sum(units * share for units, share in sizes.items()))


@pytest.mark.parametrize(
    ("size", "sizes", "policy", "level"),
    [
        (GEOMETRIC, HALVES, {"reorder": "base_stock", "multiple": 12}, 10),
        (GEOMETRIC, HALVES, {"reorder": "base_stock", "least_order": 20}, 8),
        (GEOMETRIC, HALVES, {"reorder": "s_S", "least_order": 20, "multiple": 4}, 7),
        (GEOMETRIC, HALVES, {"reorder": "s_S", "multiple": 4}, 9),
        (12, DOZENS, {"reorder": "r_nQ"}, 60),
        (12, DOZENS, {"reorder": "base_stock", "multiple": 12}, 71),
        (12, DOZENS, {"reorder": "base_stock", "multiple": 8}, 69),
    ],
    ids=str,
)
def test_a_level_is_the_least_that_reaches_its_fill_rate_in_lots(
    size: Any, sizes: dict[int, float], policy: dict[str, Any], level: int
):
    found = model(size, {"fill_rate": 0.9, "demand": "compound"}, policy).scenario.stock[0]
    assert found.reorder is not None
    name = next(iter(found.reorder.params))
    assert found.reorder.params[name] == level

    def reached(units: int) -> float:
        lots = {"least": policy.get("least_order", 1), "multiple": policy.get("multiple", 1)}
        there = model(size, units, policy).scenario.stock[0].initial
        assert isinstance(there, int)
        return fill_rate(sizes, there, bought(policy["reorder"], units, **lots))

    assert reached(level - 1) < 0.9 <= reached(level)


INITIAL = [{"initial": 25}]
OPENING = {
    "stock": [{"product": "mug", "units": 30}],
    "orders": [{"customer": "all", "lines": {"mug": 5}}],
}


@pytest.mark.parametrize(
    ("policy", "fields", "position"),
    [
        ({"reorder": "r_nQ"}, {"stock": INITIAL}, 25),  # 0.88 where it started at its level
        ({"reorder": "r_nQ"}, {"stock": [{"initial": 1201}]}, 1201),
        ({"reorder": "r_nQ"}, {"opening": OPENING}, 25),
        (
            {"reorder": "r_nQ"},
            {"stock": [{"initial": 20, "inbound": [{"units": 5, "arrives": 2}]}]},
            25,
        ),
        ({"reorder": "base_stock", "multiple": 12}, {"stock": INITIAL}, 25),
        ({"reorder": "s_S", "multiple": 12}, {"stock": INITIAL}, 25),
    ],
    ids=str,
)
def test_a_level_in_lots_sees_what_there_is_at_the_start(
    policy: dict[str, Any], fields: dict[str, Any], position: int
):
    """Where all comes and goes in dozens, one unit at the start is there for ever."""
    target = {"fill_rate": 0.9, "demand": "compound"}
    resolved = model(12, target, policy, **fields, horizon=40_000, warm_up=2000)
    reorder = resolved.scenario.stock[0].reorder
    assert reorder is not None
    level = int(next(iter(reorder.params.values())))

    def reached(units: int) -> float:
        order = bought(policy["reorder"], units, multiple=policy.get("multiple", 1))
        below = position % 12 + 12 * (units // 12)
        while order(below) > 0:
            below += order(below)
        return fill_rate(DOZENS, below, order)

    assert reached(level - 1) < 0.9 <= reached(level)
    fill = backsim.simulate(resolved, seed=1).metrics["fill_rate"]
    assert fill == pytest.approx(reached(level), abs=0.008)  # five standard errors


@pytest.mark.parametrize(
    ("size", "policy"),
    [
        (12, {"reorder": "r_nQ"}),  # 0.87 where every position was thought to be met
        (GEOMETRIC, {"reorder": "base_stock", "multiple": 12, "review": 2}),
        (GEOMETRIC, {"reorder": "s_S", "least_order": 20, "review": 3}),
    ],
    ids=str,
)
def test_the_simulation_attains_it(size: Any, policy: dict[str, Any]):
    target = {"fill_rate": 0.9, "demand": "compound"}
    run = backsim.simulate(model(size, target, policy, horizon=40_000, warm_up=1000), seed=1)
    assert 0.895 < run.metrics["fill_rate"] < 0.95  # s.e. 0.0015


def test_a_fill_rate_is_refused_where_there_is_no_room_for_it():
    policy = {"reorder": "base_stock", "most_stock": 10}
    with pytest.raises(FileError, match="a fill rate that can be reached"):
        model(GEOMETRIC, {"fill_rate": 0.9, "demand": "compound"}, policy)
    roomy = model(GEOMETRIC, {"fill_rate": 0.9, "demand": "compound"}, policy | {"most_stock": 14})
    assert roomy.scenario.stock[0].reorder == roomy.replace({}).scenario.stock[0].reorder
    again = roomy.replace({"policy.most_stock": "unlimited", "policy.multiple": 12})
    assert again.scenario.stock[0].reorder is not None
    assert again.scenario.stock[0].reorder.params == {"S": 10}


@pytest.mark.parametrize("shipment", ["line", "order", {"consolidate": 2}], ids=str)
def test_a_level_for_customers_who_take_no_part_of_an_order(shipment: Any):
    """An order for a dozen is served at once if 12 or more are there: P(D <= S - 12) of S."""
    target = {"fill_rate": 0.9, "demand": "compound"}
    partial = model(12, target, {"reorder": "base_stock"}, horizon=40_000, warm_up=1000)
    whole = partial.replace({"customers.all.shipment": shipment})
    orders = math.exp(-LEAD) * np.cumsum([LEAD**k / math.factorial(k) for k in range(12)])
    least = 12 * (int(np.searchsorted(orders, 0.9)) + 1)
    assert whole.scenario.stock[0].reorder is not None
    assert whole.scenario.stock[0].reorder.params == {"S": least}
    assert partial.scenario.stock[0].reorder is not None
    assert partial.scenario.stock[0].reorder.params == {"S": 71}  # 0.82 of whole orders
    fill = backsim.simulate(whole, seed=1).metrics["fill_rate"]
    assert fill == pytest.approx(orders[least // 12 - 1], abs=0.008)  # five standard errors
