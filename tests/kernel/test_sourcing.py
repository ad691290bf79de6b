"""Small stories of a choice among sources, worked by hand: who gets a purchase, and how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play

import backsim
from backsim import sourcing, split
from backsim.engines.log import Log
from backsim.quantities import PositiveUnits
from backsim.results.metrics import measure
from backsim.scenario.model import Model

FAR, NEAR = {"supplier": "far"}, {"supplier": "near", "surcharge": 4}
SUPPLIERS = {"far": {"lead_time": 6}, "near": {"lead_time": 1}}


def model(
    *rows: tuple[float, int], suppliers: Any = None, sources: Any = None, **stock: Any
) -> Any:
    """A mug that costs 5 from the far supplier and 9 from the near one, ordered up to 6."""
    return build(
        {"a": {"demand": orders(*rows)}},
        suppliers=SUPPLIERS if suppliers is None else suppliers,
        costs={"purchase": 5},
        stock=[
            {
                "supplier": [FAR, NEAR] if sources is None else sources,
                "initial": 6,
                "reorder": {"rule": "base_stock", "S": 6},
                **stock,
            }
        ],
    )


def bought(log: Log, at: Model | None = None) -> list[tuple[float, str, int]]:
    """The purchases: (day, supplier, units)."""
    names = ["far", "near", "third"]
    return [(row["placed"], names[row["supplier"]], row["units"]) for row in log.purchases]


def test_what_is_cheap_comes_from_far_and_what_is_urgent_from_near():
    """A purchase is urgent once the day's order leaves at most 2 units on hand.

    Day 1: 6 - 2 = 4 are left, 2 come from far on day 7.  Day 2: 4 - 3 = 1 is left, 3 come from near
    on day 3.  Day 9: 6 - 4 = 2 are left, 4 come from near on day 10.
    """
    rule = {"rule": "cheapest_unless_urgent", "level": 2}
    of = model((1, 2), (2, 3), (9, 4), sourcing=rule)
    log = play(of)
    assert bought(log) == [(1, "far", 2), (2, "near", 3), (9, "near", 4)]
    assert log.purchases["arrives"].tolist() == [7, 3, 10]
    # 2 x 5 from far, 7 x (5 + 4) from near, in 20 days.
    assert measure(of, log)["cost.purchase"] == (2 * 5 + 7 * 9) / 20


def test_cheapest_follows_the_price_of_the_day():
    """Far asks three times as much from day 5 on: 15 against 5 + 4."""
    dear = SUPPLIERS | {"far": {"lead_time": 6, "price_factors": [{"starts": 5, "factor": 3}]}}
    of = model((1, 2), (5, 1), (6, 1), suppliers=dear, sourcing="cheapest")
    assert bought(play(of)) == [(1, "far", 2), (5, "near", 1), (6, "near", 1)]


def test_price_breaks_and_surcharges_make_the_price_of_the_units():
    """A unit costs 10, and 6 in purchases of 3 or more; the ten further from near cost 1 more."""

    @sourcing
    def records_price(price: float) -> float:
        seen.append(price)
        return price

    seen: list[float] = []
    point = {"supplier": [FAR, {"supplier": "near", "surcharge": 1}], "sourcing": "records_price"}
    of = build(
        {"a": {"demand": orders((1, 2), (2, 4))}},
        suppliers=SUPPLIERS,
        stock=[{"initial": 9, "reorder": {"rule": "base_stock", "S": 9}, **point}],
        costs={
            "purchase": {
                "price": 10,
                "breaks": [{"units": 3, "price": 6}],
                "discount": "incremental",
            }
        },
    )
    backsim.simulate(of, seed=1, engine="simpy")
    # 2 units cost 10 each; of 4 units the first 3 cost 10 each and the last one 6.
    assert seen == [10, 11, 9, 10]


def test_within_some_days_the_cheapest_else_the_fastest():
    """Far takes 6 days, near 1: near alone is within 3; none is within half a day."""
    for days, expected in ((6, "far"), (3, "near"), (0.5, "near")):
        rule = {"rule": "cheapest_within", "days": days}
        assert bought(play(model((1, 2), sourcing=rule))) == [(1, expected, 2)]


def test_a_quoted_lead_time_has_the_queue_and_announced_outages():
    """Near works on a purchase for 4 days, one at a time, and is closed from day 10 to day 18.

    Day 1: 4 + 1 against 6.  Day 2: near works on the first, 4 + 4 + 1 = 9 against 6.  Day 11, when
    near has nothing left to do: 7 days until it opens, and 5, against 6.
    """
    near = {
        "lead_time": 1,
        "capacity": {"servers": 1, "service": 4},
        "disruptions": {"planned": [{"starts": 10, "days": 8}], "announced": True},
    }
    of = model((1, 1), (2, 1), (11, 1), suppliers=SUPPLIERS | {"near": near}, sourcing="fastest")
    assert bought(play(of)) == [(1, "near", 1), (2, "far", 1), (11, "far", 1)]


def test_the_fewest_units_on_order():
    """Day 1: 0 and 0, the first of the list.  Day 2: 3 and 0.  Day 2.5: 3 and 1."""
    of = model((1, 3), (2, 1), (2.5, 1), sourcing="least_outstanding")
    assert bought(play(of)) == [(1, "far", 3), (2, "near", 1), (2.5, "near", 1)]


def test_a_purchase_is_split_at_a_capacity():
    """The first source takes 2 at most; `sourcing` says which one is first."""
    limit = {"rule": "at_most", "most": 2}
    of = model((1, 5), (8, 2), sourcing="fastest", split=limit)
    log = play(of)
    assert bought(log) == [(1, "near", 2), (1, "far", 3), (8, "near", 2)]
    assert log.purchases["arrives"].tolist() == [2, 7, 9]
    # 5 + 2 units at 5, of which 4 from near at 4 more.
    assert measure(of, log)["cost.purchase"] == (7 * 5 + 4 * 4) / 20


def test_a_split_keeps_to_the_least_purchase_and_to_multiples():
    """5 units are raised to 6.  Of at most 4 the multiple of 3 is 3, and 3 are left.

    With a least purchase of 4, far cannot send 3 alone, so that near sends all 6.
    """
    limit = {"rule": "at_most", "most": 4}
    for least, expected in ((3, [("far", 3), ("near", 3)]), (4, [("near", 6)])):
        of = model((1, 5), split=limit, least_order=least, multiple=3)
        assert [row[1:] for row in bought(play(of))] == expected


def test_even_parts_and_shares():
    three = [FAR, NEAR, {"supplier": "third"}]
    suppliers = SUPPLIERS | {"third": {"lead_time": 2}}
    of = model((1, 5), suppliers=suppliers, sources=three, split="evenly")
    assert bought(play(of)) == [(1, "far", 1), (1, "near", 2), (1, "third", 2)]
    shared = [{**one, "share": share} for one, share in zip(three, (0.5, 0.3, 0.2), strict=True)]
    of = model((1, 5), (2, 1), suppliers=suppliers, sources=shared, split="in_shares")
    # 2.5 and 1.5 are rounded up, the last one gets what is left; then 1 unit: 0.5 is rounded up.
    # Whoever is furthest behind is asked first: on day 1 far (2.5 behind), on day 2 third
    # (0.2 x 6 - 0 = 1.2 behind), whose part 0.2 is none; then near (0.3 x 6 - 2 = -0.2), none.
    assert bought(play(of)) == [(1, "far", 3), (1, "near", 2), (2, "far", 1)]


def test_customers_who_do_not_wait_are_served_by_a_part_that_is_there_immediately():
    """One of the two sources has no lead time; each of them sends half."""
    prompt = {"far": {"lead_time": 3}, "near": {}}
    of = build(
        {"a": {"demand": orders((1, 4)), "tolerance": "none"}},
        suppliers=prompt,
        stock=[
            {
                "supplier": ["far", "near"],
                "initial": 2,
                "reorder": {"rule": "base_stock", "S": 2},
                "split": "evenly",
            }
        ],
    )
    log = play(of)
    assert log.lines["shipped"].tolist() == [4]
    assert bought(log) == [(1, "far", 2), (1, "near", 2)]


def test_a_late_purchase_that_is_withdrawn_is_placed_elsewhere():
    """Near is down from day 1.5 on and says so: the purchase of day 2 is late and withdrawn."""
    suppliers = {
        "near": {
            "capacity": {"servers": 1, "service": 1},
            "disruptions": {"planned": [{"starts": 1.5, "days": 9}]},
            "messages": "exact",
        },
        "far": {"lead_time": 6},
    }
    of = model((2, 1), suppliers=suppliers, sources=["near", "far"], cancel_late=2)
    withdrawn = play(of).deliveries["cancelled_at"]
    assert np.isfinite(withdrawn).any()
    assert [row["supplier"] for row in play(of).purchases] == [0, 1]


def own_rules() -> None:
    """Rules of a choice, and of a split."""

    @sourcing
    def dodges_outages(
        price: float, down: int, reopens: float, outstanding: int, supplier: Any
    ) -> Any:
        """The cheapest that works, or will within a day; the queue counts a little."""
        closed = 1000.0 if down and reopens > 1.0 else 0.0
        return price + closed + 0.01 * outstanding + 0.001 * supplier.work_queued

    @split
    def by_stock(
        left: int, others: int, on_hand: int, lead_time: float, most: PositiveUnits = 4
    ) -> int:
        """Half of it, but all of it where stock is high; never more than `most`."""
        return min(int(most), left if on_hand > 3 or lead_time > 9 else left // (others + 1))


def dodging(**fields: Any) -> Model:
    own_rules()
    far = {
        "lead_time": 6,
        "disruptions": {"planned": [{"starts": 3, "days": 4}], "announced": True},
    }
    suppliers = SUPPLIERS | {"far": far}
    rules = {"sourcing": "dodges_outages", "split": "by_stock"}
    return model((1, 2), (2, 5), (4, 2), (6.5, 2), suppliers=suppliers, **rules, **fields)


def test_rules_of_ones_own_see_what_a_planner_sees():
    """Day 1: 4 are left on hand, so that far sends both.  Day 2: 0 on hand, far sends 5 // 2.

    Day 4: 0 on hand, and far is closed for three days more, so that near is asked first.  Day 6.5:
    far opens in half a day.
    """
    log = backsim.simulate(dodging(), seed=1, engine="simpy").log
    assert bought(log) == [
        *[(1, "far", 2), (2, "far", 2), (2, "near", 3)],
        *[(4, "near", 1), (4, "far", 1), (6.5, "far", 1), (6.5, "near", 1)],
    ]


@pytest.mark.slow
def test_both_engines_ask_rules_of_ones_own():
    """They are compiled with a kernel of their own."""
    of = dodging(inbound=inbound((3, 1)))
    one, other = (backsim.simulate(of, seed=1, engine=e) for e in ("simpy", "compiled"))
    assert one.log.equals(other.log)
