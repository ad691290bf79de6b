"""A model with some fields changed is the model that a file with these changes would be."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.quantities import Level
from backsim.rules import FAMILIES, reorder
from backsim.scenario.load import from_dict

SHOP: dict[str, Any] = {
    "horizon": 100,
    "products": {"mug": {"price": 5}, "plate": {"price": 7, "shelf_life": 30}, "cup": {}},
    "sites": ["hub", "branch"],
    "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}, "other": {}},
    "customers": {
        "gold": {"demand": {"arrivals": {"poisson": {"rate": 9}}, "products": "*", "sites": "*"}},
        "late": {"demand": {"orders": [{"time": 5, "site": "hub", "lines": {"mug": 2}}]}},
    },
    "policy": {"reorder": {"rule": "s_S", "s": {"days": 3}, "S": {"days": 9}}},
    "stock": [
        {"supplier": "acme"},
        {"products": "cup", "reorder": {"rule": "base_stock", "S": 12}, "costs": {"holding": 2}},
        {"products": "mug", "reorder": {"rule": "base_stock", "S": {"fill_rate": 0.9}}},
    ],
}

NETWORK = {"stock[1].supplier": {"site": "hub"}, "stock[1].sites": "branch"}
BY_CLASS = {"rule": "critical_level", "levels": {"gold": 0, "late": 2, "branch": 1}}

CHANGES: list[dict[str, Any]] = [
    {"horizon": 50, "warm_up": 5},
    {"products.mug.price": 3},
    {"products.cup.shelf_life": 9},
    {"products.plate": {}},
    {"products": ["mug", "plate", "cup"]},
    {"products": ["mug", "plate"]},
    {"suppliers.acme.lead_time": 2},
    {"suppliers.acme.lead_tme": 2},
    {"suppliers": "acme"},
    {"customers.gold.demand.arrivals": {"poisson": {"rate": 4}}},
    {"customers.gold.returns": {"share": 0.1, "after": 2}},
    {"customers.late.demand.orders[0].lines": {"cup": 1}},
    {"customers.late.demand.orders[0].site": "nowhere"},
    {"policy.reorder.s": {"days": 5}},
    {"policy.priority": "lifo"},
    {"policy.rationing": BY_CLASS},
    {"stock[1].initial": 4},
    {"stock.cup.reorder.S": 20},
    {"stock[1].reorder.S": -3},
    {"stock[1].supplier": "nobody"},
    {"stock[1].costs.holding": {"share_of_price": 0.2}},
    {"stock[2].reorder.S": {"days": 4}},
    {"stock[0].supplier": "other"},
    {"stock": [{"supplier": "acme"}]},
    {"stock": {"supplier": "acme"}},
    {"sites.branch": {}},
    {"costs.holding": 0.5},
    {"time_unit": "weeks"},
    NETWORK,
    {**NETWORK, "policy.rationing": BY_CLASS},
]


def found(model: Any, changes: dict[str, Any]) -> Any:
    """A changed model in plain values, or what is wrong with it."""
    try:
        return model(changes).to_dict()
    except InputError as error:
        return str(error)


def fresh(changes: dict[str, Any]) -> Any:
    return found(lambda c: from_dict(SHOP, changes=c), changes)


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: str(changes)[:60])
def test_a_change_says_the_same_as_a_file_with_it(changes: dict[str, Any]) -> None:
    assert found(from_dict(SHOP).replace, changes) == fresh(changes)


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: str(changes)[:60])
def test_so_does_one_after_another(changes: dict[str, Any]) -> None:
    """After others, from which some of it is known: a network that ends is one of them."""
    first = {**NETWORK, "horizon": 80, "policy.rationing": BY_CLASS}
    back = {"horizon": 100, "policy.rationing": "none", "stock": SHOP["stock"]}
    model = from_dict(SHOP).replace(first).replace(back)
    assert found(model.replace, changes) == fresh({"policy.rationing": "none", **changes})


def test_what_a_network_allowed_is_refused_without_it() -> None:
    model = from_dict(SHOP).replace({**NETWORK, "policy.rationing": BY_CLASS})
    expected = "policy.rationing.levels.branch: expected a known customer class"
    assert expected in found(model.replace, {"stock[1].supplier": "acme"})


def test_the_model_itself_stays_as_it_is() -> None:
    model = from_dict(SHOP)
    before = model.to_dict()
    model.replace({"stock[1].initial": 4, "products.mug.price": 3})
    assert model.to_dict() == before
    assert model.replace(horizon=100).to_dict() == before


def test_a_model_from_another_process_can_be_changed() -> None:
    copy = pickle.loads(pickle.dumps(from_dict(SHOP)))
    assert copy.replace(horizon=50).to_dict() == fresh({"horizon": 50})


def test_a_rule_that_is_written_anew_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    family = FAMILIES["reorder"]
    monkeypatch.setattr(family, "rules", dict(family.rules))

    _up_to_level()
    model = from_dict(SHOP).replace({"policy.reorder": {"rule": "up_to_level", "level": 5}})
    _up_to_level_and_three()
    models = [model, *(model.replace(horizon=days) for days in (100, 50))]
    place = model.stock_code["plate", "hub"]
    assert [changed.scenario.stock[place].initial for changed in models] == [5, 8, 8]


def _up_to_level() -> None:
    @reorder
    def up_to_level(position: int, level: Level) -> int:
        """Up to a level."""
        return max(0, int(level) - position)


def _up_to_level_and_three() -> None:
    @reorder
    def up_to_level(position: int, level: Level) -> int:
        """Up to a higher level."""
        return max(0, int(level) + 3 - position)
