"""A linear program at each clearing, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim import simulate
from backsim.engines.log import Log

INF = float("inf")


def story(
    customers: dict[str, Any], stock: dict[str, Any] | list[dict[str, Any]], **rule: Any
) -> Log:
    """The log of a few orders of mugs and plates, under the program or another rule."""
    stock = [stock] if isinstance(stock, dict) else stock
    products = ("mug", "plate") if len(stock) > 1 else ("mug",)
    priority = {"rule": "lp", **rule}
    model = build(
        customers, products=products, stock=stock, policy={"priority": priority}, horizon=20
    )
    return play(model)


def shipped(log: Log) -> list[float]:
    """When each line was closed."""
    return log.lines["closed"].tolist()


def two_products(*mugs: tuple[float, int], plates: tuple[tuple[float, int], ...]) -> Any:
    return [
        {"products": ["mug"], "initial": 0, "inbound": inbound(*mugs)},
        {"products": ["plate"], "initial": 0, "inbound": inbound(*plates)},
    ]


WHOLE = {
    "whole": {"demand": orders((1, {"mug": 1, "plate": 1})), "shipment": "order"},
    "single": {"demand": orders((2, {"mug": 1}))},
}


def test_units_are_not_kept_for_an_order_that_cannot_ship():
    """The plate comes on day 10, the second mug on day 9: the first mug goes to who can use it."""
    stock = two_products((3, 1), (9, 1), plates=((10, 1),))
    log = story(WHOLE, stock, scope="site")
    assert tell(log) == lines_of(
        """1 order 0 1
        1 wait 0 1
        1 order 1 1
        1 wait 1 1
        2 order 2 1
        2 wait 2 1
        3 receive 0 1
        3 ship 2 1
        9 receive 1 1
        10 receive 2 1
        10 reserve 0 1
        10 reserve 1 1
        10 ship 0 1
        10 ship 1 1"""
    )
    assert shipped(story(WHOLE, stock, scope="stock")) == [10.0, 10.0, 9.0]


def test_an_order_is_served_whole_when_it_can_be():
    """Both are there on day 4: no unit leaves before, and none is kept aside."""
    stock = two_products((3, 1), plates=((4, 1),))
    whole = {"whole": WHOLE["whole"]}
    log = story(whole, stock, scope="site")
    assert tell(log)[4:] == lines_of(
        """3 receive 0 1
        4 receive 1 1
        4 reserve 0 1
        4 reserve 1 1
        4 ship 0 1
        4 ship 1 1"""
    )
    kept = story(whole, stock, scope="stock")
    assert tell(kept)[4:6] == ["3 receive 0 1", "3 reserve 0 1"]


@pytest.mark.parametrize(("weight", "closed"), [(3, [3.0, 3.0, 9.0]), (1, [9.0, 9.0, 3.0])])
def test_an_important_order_takes_the_unit_from_one_that_has_waited_as_long(
    weight: int, closed: list[float]
):
    """Both could have the mug of day 3; the whole order saves its weight on two lines."""
    stock = two_products((3, 1), (9, 1), plates=((2, 1),))
    weights = {"whole": weight, "single": 4}
    assert shipped(story(WHOLE, stock, scope="site", weight=weights)) == closed


def test_who_would_leave_before_the_next_arrival_comes_first():
    customers = {
        "patient": {"demand": orders((1, 1))},
        "hasty": {"demand": orders((2, 1)), "tolerance": 3},
    }
    stock = {"initial": 0, "inbound": inbound((3, 1), (6, 1))}
    weights = {"patient": 2, "hasty": 1}
    lost = {"patient": 0, "hasty": 50}
    assert shipped(story(customers, stock, weight=weights, lost=lost)) == [6.0, 3.0]
    assert shipped(story(customers, stock, weight=weights)) == [3.0, 5.0]  # it leaves on day 5
    soon = {"initial": 0, "inbound": inbound((3, 1), (4, 1))}
    assert shipped(story(customers, soon, weight=weights, lost=lost)) == [3.0, 4.0]


def test_who_is_due_later_waits_for_the_next_arrival():
    customers = {
        "later": {"demand": orders((1, 1)), "due_in": 6},
        "now": {"demand": orders((2, 1))},
    }
    stock = {"initial": 0, "inbound": inbound((3, 1), (6, 1))}
    assert shipped(story(customers, stock, weight={"later": 5, "now": 1})) == [6.0, 3.0]
    alone = {"later": customers["later"], "now": {"demand": orders((8, 1))}}
    assert shipped(story(alone, stock)) == [3.0, 8.0]  # a unit is not kept for nothing


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize(
    ("quantity", "supplier"),
    [(3, {}), (6, {"yield_share": 0.5})],
)
def test_each_part_of_a_purchase_has_its_own_date(quantity: int, supplier: Any, engine: str):
    """One unit comes on day 3, one on day 6 and one on day 9: two would be late if one waited.

    Both were taken to come on day 6, on which those who are due on day 7 would still be served.
    """
    later = {"demand": orders((1, 1), (1, 1)), "due_in": 6}
    model = build(
        {"later": later, "now": {"demand": orders((2, 1))}},
        suppliers={"maker": {"lead_time": 2, "parts": {"count": 3, "days": 3}, **supplier}},
        stock=[{"initial": 0, "reorder": {"rule": "r_nQ", "r": -1, "Q": quantity}}],
        policy={"priority": {"rule": "lp", "weight": {"later": 5, "now": 1}}},
    )
    log = simulate(model, seed=1, engine=engine).log  # type: ignore[arg-type]
    assert shipped(log) == [3.0, 6.0, 9.0]


def test_no_more_leaves_in_a_day_than_may():
    customers = {
        "gold": {"demand": orders((1.5, 2))},
        "silver": {"demand": orders((1, 5))},
    }
    weights = {"gold": 3, "silver": 1}
    log = story(customers, {"initial": 9}, capacity=2, weight=weights)
    sent = [text for text in tell(log) if "ship" in text]
    assert sent == ["1 ship 0 2", "2 ship 1 2", "3 ship 0 2", "4 ship 0 1"]
    assert log.stocks[-1]["on_hand"] == 2


def test_a_class_gets_its_least_fill_as_far_as_there_is_stock():
    customers = {
        "gold": {"demand": orders((1, 6))},
        "silver": {"demand": orders((1, 4))},
    }
    stock = {"initial": 0, "inbound": inbound((3, 4))}
    weights = {"gold": 5, "silver": 1}

    def got(**rule: Any) -> list[int]:
        log = story(customers, stock, weight=weights, **rule)
        return log.lines["shipped"].tolist()

    assert got() == [4, 0]
    assert got(min_fill={"silver": 0.5}) == [2, 2]
    assert got(min_fill={"silver": 1, "gold": 1}) == [4, 0]  # 6 units short, whoever gets 4


@pytest.mark.parametrize(
    ("bound", "units"), [(1, [5, 0]), (0.3, [5, 0]), (0.25, [4, 1]), (0, [3, 2])]
)
def test_no_class_falls_further_behind_than_the_bound(bound: float, units: list[int]):
    """Half of what is open can be served now: of silver's 4 units half, less the bound."""
    customers = {
        "gold": {"demand": orders((1, 6))},
        "silver": {"demand": orders((1, 4))},
    }
    stock = {"initial": 0, "inbound": inbound((3, 5), (6, 5))}
    log = story(customers, stock, weight={"gold": 5, "silver": 1}, fairness=bound)
    now = log.shipments[log.shipments["time"] == 3.0]
    assert np.bincount(now["line"], now["units"], 2).tolist() == units


@pytest.mark.parametrize(("penalty", "closed"), [(0, [6.0, 3.0]), (20, [3.0, 6.0])])
def test_a_promise_that_can_be_kept_is_worth_its_penalty(penalty: float, closed: list[float]):
    """On day 3 the other customer has a promise; the dear one was told nothing yet."""
    after = {"rule": "after_delay", "days": 1}
    ordered = {"other": [(1, 1)], "dear": [(2.5, 1)]}
    log = promised(ordered, units=1, penalty=penalty, notice=after)
    assert 3 <= log.contacts["promise"][0] < 6
    assert shipped(log) == closed


@pytest.mark.parametrize("penalty", [0, 20])
def test_a_promise_that_is_over_is_still_owed(penalty: float):
    """The dear customer was told day 2.5, the other one day 3, which is now: the dear one first."""
    ordered = {"dear": [(0.5, 1)], "other": [(1, 1)]}
    log = promised(ordered, units=1, penalty=penalty)
    assert log.contacts["promise"].tolist() == [2.5, 3.0]
    assert shipped(log) == [3.0, 6.0]


def promised(
    ordered: dict[str, list[tuple[float, int]]],
    units: int,
    penalty: float,
    notice: Any = "at_order",
) -> Log:
    """Every customer is told 2 days; this many units come on day 3, and as many on day 6."""
    told = {"informed": {"grace": "unlimited"}}
    customers = {name: {"demand": orders(*rows), **told} for name, rows in ordered.items()}
    policy = {
        "priority": {
            "rule": "lp",
            "weight": {"dear": 5, "other": 1},
            "promise_penalty": penalty,
        },
        "notice": notice,
        "estimate": {"rule": "fixed", "days": 2},
    }
    stock = [{"initial": 0, "inbound": inbound((3, units), (6, units))}]
    return play(build(customers, stock=stock, policy=policy))


def test_who_does_not_wait_is_served_by_the_decision_or_lost():
    customers = {
        "waits": {"demand": orders((1, {"plate": 1}))},
        "hasty": {
            "demand": orders((2, {"mug": 1, "plate": 1}), (3, {"mug": 1, "plate": 1})),
            "shipment": "order",
            "tolerance": "none",
        },
    }
    stock = [
        {"products": ["mug"], "initial": 2},
        {"products": ["plate"], "initial": 0, "inbound": inbound((2, 2), (9, 1))},
    ]
    log = story(customers, stock, scope="site")
    lines = log.lines
    assert lines["closed"].tolist() == [2.0, 2.0, 2.0, 3.0, 3.0]
    assert lines["filled"].tolist() == [0, 1, 1, 0, 0]
    assert [text for text in tell(log) if "lose" in text] == ["3 lose 3 1", "3 lose 4 1"]


def test_orders_of_one_moment_are_decided_one_after_the_other():
    """The first takes the last plate; the second finds none."""
    customers = {
        name: {"demand": orders((2, {"mug": 1, "plate": 1})), "shipment": "order"}
        for name in ("first", "second")
    }
    stock = [{"products": ["mug"], "initial": 2}, {"products": ["plate"], "initial": 1}]
    log = story(customers, stock, scope="site", weight={"first": 1, "second": 9})
    assert shipped(log) == [2.0, 2.0, INF, INF]


def test_a_unit_that_is_overdue_is_not_on_hand():
    """What was expected on day 2 comes on day 5; nothing is given out before."""
    customers = {"a": {"demand": orders((1, 2)), "tolerance": 15}}
    supplier = {"lead_time": 2, "lateness": {"share": 1, "days": 3}}
    model = build(
        customers,
        suppliers={"maker": supplier},
        stock=[{"initial": 1}],
        policy={"priority": "lp", "reorder": {"rule": "base_stock", "S": 1}},
    )
    assert [text for text in tell(play(model)) if "ship" in text] == ["1 ship 0 1", "6 ship 0 1"]


def test_batches_decide_at_their_runs():
    customers = {
        "later": {"demand": orders((1, 1)), "due_in": 9},
        "now": {"demand": orders((2, 1))},
    }
    stock = {"initial": 0, "inbound": inbound((3, 1), (6, 1)), "clearing": {"every": 4}}
    assert shipped(story(customers, stock)) == [8.0, 4.0]


def test_where_there_is_enough_for_all_they_are_served_as_they_came():
    rows = ((1, 1), (1, 2), (2, 2), (3, 3), (4, 1))
    log = story({"a": {"demand": orders(*rows)}}, {"initial": 0, "inbound": inbound((6, 9))})
    assert [row for row in tell(log) if "ship" in row] == lines_of(
        """6 ship 0 1
        6 ship 1 2
        6 ship 2 2
        6 ship 3 3
        6 ship 4 1"""
    )
