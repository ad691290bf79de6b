"""Products that are ordered together or not at all, and limits that their purchases share."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders, play
from tests.results.test_metrics import one_product

from backsim.entities import NONE
from backsim.results.metrics import measure
from backsim.scenario.model import Model

Bought = list[tuple[float, int, int]]


def bought(log: Any) -> Bought:
    """(day, units, product) of each purchase; products count from the first that is not idle."""
    first = len(log.stocks) - 2
    return [(float(p["placed"]), int(p["units"]), int(p["stock"] - first)) for p in log.purchases]


def pair(*rows: tuple[float, Any], mug: Any = None, plate: Any = None, **fields: Any) -> Model:
    """Mugs cost 5 and plates 2; both have a base stock of 10."""
    return build(
        {"a": {"demand": orders(*rows)}},
        products={
            "mug": {"costs": {"purchase": 5}, "volume": 2},
            "plate": {"costs": {"purchase": 2}},
        },
        stock=[
            {"products": [name], "reorder": {"rule": "base_stock", "S": 10}, **(own or {})}
            for name, own in (("mug", mug), ("plate", plate))
        ],
        **fields,
    )


# -- a least value ---------------------------------------------------------------------------------


def test_nothing_is_ordered_below_the_least_value():
    rows = [(1, {"mug": 2}), (2, {"plate": 3}), (3, {"plate": 2}), (4, {"mug": 1})]
    model = pair(*rows, suppliers={"maker": {"least_value": 20}}, costs={"ordering": 30})
    log = play(model)
    assert bought(log) == [(3, 5, 1), (3, 2, 0)]  # 2 x 5 + 5 x 2 is worth an order
    assert log.purchases["joined"].tolist() == [NONE, 0]
    assert measure(model, log)["cost.ordering"] == pytest.approx(30 / 20)


def test_at_a_review_all_that_are_ordered_together_are_asked():
    weekly = {"review": {"period": 7, "first": 7}}
    rows = [(1, {"mug": 4}), (2, {"plate": 3})]
    log = play(pair(*rows, mug=weekly, plate=weekly, suppliers={"maker": {"least_value": 1}}))
    assert bought(log) == [(7, 4, 0), (7, 3, 1)]  # and not again at the review of plates


# -- containers ------------------------------------------------------------------------------------


def test_a_container_is_filled_with_what_runs_out_first():
    # Mugs are asked for at 0.1 a day, plates at 0.25.  Two mugs take 4 of 10; plates last 40 days,
    # and with 6 more 64; mugs 100.
    rows = [(1, {"mug": 2}), (5, {"plate": 5})]
    log = play(pair(*rows, suppliers={"maker": {"container": 10}}))
    assert bought(log) == [(1, 2, 0), (1, 6, 1)]  # on day 5 there are 11 plates, which is enough


def test_multiples_and_room_hold_for_what_is_added():
    rows = [(1, {"mug": 2}), (5, {"plate": 5})]
    suppliers = {"maker": {"container": 10}}
    log = play(pair(*rows, plate={"multiple": 4}, suppliers=suppliers))
    assert bought(log)[:2] == [(1, 3, 0), (1, 4, 1)]  # after 4 plates there is room for a mug
    log = play(pair(*rows, plate={"most_stock": 12}, suppliers=suppliers))
    assert bought(log)[:2] == [(1, 4, 0), (1, 2, 1)]


# -- limits ----------------------------------------------------------------------------------------


def test_a_store_has_room_for_so_much():
    store = [{"of": "storage", "most": 12, "unit": "units"}]
    model = pair(
        (1, {"plate": 3}),
        mug={"initial": 5},
        plate={"initial": 5, "reorder": "none"},
        suppliers={"maker": {"lead_time": 1}},
        purchase_limits=store,
    )
    assert bought(play(model)) == [(0, 2, 0), (1, 3, 0)]  # when plates leave, mugs find room


def test_a_budget_is_spent_and_comes_again():
    budget = [{"of": "spending", "most": 10, "every": 7, "products": "plate"}]
    model = pair((1, {"plate": 8, "mug": 3}), purchase_limits=budget)
    assert bought(play(model)) == [(1, 5, 1), (1, 3, 0), (7, 3, 1)]


def test_credit_comes_back_when_units_arrive():
    credit = [{"of": "on_order", "most": 6, "products": "plate"}]
    suppliers = {"maker": {"lead_time": 2}}
    model = pair((1, {"plate": 8}), suppliers=suppliers, purchase_limits=credit)
    assert bought(play(model)) == [(1, 3, 1), (3, 3, 1), (5, 2, 1)]
    in_pairs = pair(
        (1, {"plate": 8}), plate={"multiple": 2}, suppliers=suppliers, purchase_limits=credit
    )
    assert bought(play(in_pairs)) == [(1, 2, 1), (3, 2, 1), (5, 2, 1), (7, 2, 1)]


def test_limits_and_groups_together():
    budget = [{"of": "spending", "most": 24, "every": 7}]
    suppliers = {"maker": {"least_value": 20}}
    log = play(pair((1, {"mug": 4, "plate": 5}), suppliers=suppliers, purchase_limits=budget))
    assert bought(log) == [(1, 4, 0), (1, 2, 1)]  # 20 of 24; plates for 6 are below 20 on day 7


def test_without_terms_nothing_changes():
    assert one_product([(1, 2)])["purchases_per_day"] == pytest.approx(0.1)
