"""Of which scenarios there is a bound: every feature and file has one, or is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.hindsight.test_bound import bounded, run_of
from tests.properties.strategies import models
from tests.properties.test_features import without_idle

from backsim.engines.features import switches
from backsim.engines.link import SWITCHES
from backsim.errors import InputError
from backsim.hindsight import bound_of
from backsim.hindsight.known import HOLDS, REFUSED
from backsim.scenario.load import from_dict, load
from backsim.scenario.model import Model

CLEARINGS: list[dict[str, Any]] = [
    {},
    {"policy.priority": "lifo", "policy.overtaking": "strict"},
    {"policy.priority": {"rule": "class_priority"}, "policy.sharing": "max_min"},
    {"policy.clearing": 3},
]


def shop(**says: Any) -> Model:
    """Two products at one site, two classes; fields by path, with `__` for a dot."""
    demand = {
        "arrivals": {"poisson": {"rate": 2}},
        "products": ["mug", "cup"],
        "lines": {"discrete": {"values": [1, 2]}},
        "size": {"geometric": {"mean": 2}},
    }
    model = from_dict(
        {
            "horizon": 40.0,
            "start": "2024-01-01",
            "calendars": {"office": {"holidays": ["2024-01-03"]}},
            "products": {"mug": {"price": 3}, "cup": {"price": 2}},
            "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 4, "cv": 0.5}}}},
            "customers": {
                "gold": {"demand": demand, "costs": {"backorder_time": 3}},
                "silver": {"demand": demand, "priority": 2},
            },
            "policy": {"reorder": {"rule": "s_S", "s": 6, "S": 16}},
            "costs": {"holding": 0.1, "backorder_time": 1, "backorder_unit": 2, "lost_margin": 4},
        }
    )
    return model.replace({path.replace("__", "."): value for path, value in says.items()})


MADE: list[dict[str, Any]] = [{"products": "mug"}, {"products": "cup", "made_from": {"mug": 1}}]
REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "returns": ({"customers__gold__returns": {"share": 0.5}}, "customers.NAME.returns"),
    "recall": ({"products__mug__recall": {"starts": 5}}, "products.NAME.recall"),
    "recall of shipped units": (
        {"products__mug__recall": {"starts": 5, "within": 9}},
        "products.NAME.recall",
    ),
    "goodwill": (
        {"customers__gold__goodwill": {"every": 5, "service": [0, 1], "orders": [0.5, 1]}},
        "customers.NAME.goodwill",
    ),
    "changes": (
        {"customers__gold__changes": {"after": 2, "factor": 0.5}},
        "customers.NAME.changes",
    ),
    "shelf life": ({"products__mug__shelf_life": 9}, "products.NAME.shelf_life"),
    "min life": (
        {"products__mug__shelf_life": 9, "customers__gold__min_life": 5},
        "customers.NAME.min_life",
    ),
    "substitutes": (
        {"products__mug__substitutes": "cup", "policy__substitution": "at_order"},
        "policy.substitution: never",
    ),
    "backlog limit": ({"policy__backlog_limit": 3}, "policy.backlog_limit: unlimited"),
    "backlog limit in units": ({"policy__backlog_limit": {"units": 3}}, "policy.backlog_limit"),
    "parts": ({"suppliers__maker__parts": {"count": 2, "days": 1}}, "suppliers.NAME.parts"),
    "made products": ({"stock": MADE}, "stock[i].made_from"),
    "kits": (
        {"stock": [MADE[0], {**MADE[1], "starts_with": "available"}]},
        "stock[i].made_from",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_says_which_field(name: str):
    says, field = REFUSALS[name]
    with pytest.raises(InputError, match=r"^bound: expected a scenario in which") as error:
        bound_of(run_of(shop(**says), 1))
    assert field in str(error.value)


SITES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "site": ({"supplier": {"site": "south"}}, {}, "stock[i].supplier"),
    "transfers": ({"transfers": {"sites": "south"}}, {}, "policy.transfers: never"),
    "served by": ({}, {"served_by": "south"}, "customers.NAME.served_by"),
    "split": ({}, {"served_by": {"sites": "south", "split": "units"}}, "customers.NAME.served_by"),
}


@pytest.mark.parametrize("name", SITES)
def test_sites_that_help_each_other_have_no_bound(name: str):
    """Units leave for other sites, which the bound does not know of."""
    point, customer, field = SITES[name]
    demand = {"arrivals": {"period": {"every": 1}}, "products": "mug", "sites": "north"}
    model = from_dict(
        {
            "horizon": 5,
            "products": "mug",
            "sites": ["north", "south"],
            "suppliers": {"maker": {}},
            "customers": {"a": {"demand": demand, **customer}},
            "policy": {"reorder": "none"},
            "stock": [{"sites": "north", "initial": 1, **point}, {"sites": "south", "initial": 9}],
        }
    )
    with pytest.raises(InputError, match="bound: expected a scenario in which each site") as error:
        bound_of(run_of(model, 1))
    assert field in str(error.value)


BOUNDED: dict[str, dict[str, Any]] = {
    "plain": {},
    "shipments": {"costs__shipment": 2},
    "consolidated": {"customers__gold__shipment": {"consolidate": 3}, "costs__shipment": 2},
    "whole orders": {"customers__gold__shipment": "order", "costs__shipment": 2},
    "collected": {"customers__gold__shipment": "line", "policy__overtaking": "partial"},
    "announced": {"customers__gold__announced": 2},
    "due dates": {"customers__gold__due_in": 3},
    "calendars": {
        "sites": {"main": {"receiving": "office", "shipping": {"calendar": "office", "cut_off": 9}}}
    },
    "reviews on dates": {"policy__review": {"dates": "friday"}},
    "changes on a day": {"policy__changes": [{"starts": 20, "priority": "lifo"}]},
    "prices on a day": {"products__mug__prices": [{"starts": 20, "price": 5}]},
    "an end": {"products__cup__ends": 20, "products__cup__successor": "mug"},
    "seasons": {"suppliers__maker__lead_time_factors": [{"starts": 9, "factor": 2}]},
    "opening": {"opening": {"orders": [{"customer": "gold", "lines": {"mug": 4}, "age": 3}]}},
    "delivery": {"customers__gold__delivery": {"days": {"uniform": {"low": 0, "high": 3}}}},
    "packs": {"products__mug__pack": 6},
    "lots": {"policy__multiple": 5, "policy__most_stock": 30},
    "rejects": {"suppliers__maker__yield_share": 0.7},
    "outages": {"suppliers__maker__disruptions": {"up": 9, "down": 3}},
    "container": {"suppliers__maker__container": 12},
    "on order": {"purchase_limits": [{"of": "on_order", "most": 20, "unit": "units"}]},
    "expedited": {"policy__expedite": {"days": 2, "level": 0}},
}
"""With which there is a bound, the same for all clearings."""


@pytest.mark.parametrize("name", BOUNDED)
def test_the_bound_is_one_for_all_clearings(name: str):
    least, realised = [], []
    for clearing in CLEARINGS:
        model = shop(**BOUNDED[name])
        if "overtaking" in str(clearing) and "overtaking" in str(BOUNDED[name]):
            continue
        if name == "changes on a day" and clearing:
            continue  # they replace the priority
        found = bound_of(run_of(model.replace(clearing), 1))
        assert found.exact, found.given_receipts
        least.append(found.least)
        realised.append(found.realised)
    assert least == pytest.approx([least[0]] * len(least))
    assert least[0] <= min(realised)
    assert least[0] > 0


GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "storage": (
        {"purchase_limits": [{"of": "storage", "most": 12, "unit": "units"}]},
        "a limit to storage",
    ),
    "notices": ({"policy__notice": "at_order"}, "customers are told"),
    "leaving": ({"customers__gold__tolerance": 2}, "customers leave"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_what_changes_receipts_is_told(name: str):
    """And these do change, or might."""
    says, reason = GIVEN[name]
    found = bound_of(run_of(shop(**says), 1))
    assert found.given_receipts.startswith(reason)
    assert found.least <= found.realised


def test_a_limit_to_storage_makes_receipts_depend_on_clearing():
    """Where whole lines wait beside stock on hand, there is less room for purchases."""
    says = {**GIVEN["storage"][0], "customers__gold__shipment": "line"}
    receipts = [
        run_of(shop(**says).replace(clearing), 1).log.receipts[1].sum() for clearing in CLEARINGS
    ]
    assert len(set(receipts)) > 1


def test_every_part_of_the_kernel_is_known():
    assert REFUSED.keys() | HOLDS.keys() == set(SWITCHES)
    assert not REFUSED.keys() & HOLDS.keys()


def test_a_part_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(HOLDS, "SEASONS")
    with pytest.raises(InputError, match="it does not know of this part of the scenario: SEASONS"):
        bound_of(run_of(shop(**BOUNDED["seasons"]), 1))


def test_the_tables_use_every_part_that_is_refused():
    """But those of networks, for which other reasons come first."""
    used = set().union(*(switches(shop(**says)) for says, _ in REFUSALS.values()))
    assert REFUSED.keys() - {"ROUTES", "TRANSFERS"} <= used


def cut(path: Path) -> Model:
    """A scenario file with some 150 orders."""
    try:
        model = load(path)
    except InputError as error:
        pytest.skip(f"its data is not here: {error}")
    days = model.horizon * min(1.0, 150 / model.expected_orders)
    return model.replace(horizon=float(np.ceil(days)), warm_up=0)


@pytest.mark.parametrize("path", sorted(Path("scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_files_of_the_library_have_a_bound_or_say_which_of_their_fields_hinders_it(path: Path):
    model = cut(path)
    try:
        found = bound_of(run_of(model, 1))
    except InputError as error:
        said = re.search(r"\((?:[\w\[\]]+\.)+(\w+): ", str(error))
        assert said
        assert said[1] in path.read_text()
    else:
        assert found.least <= found.realised


FCFS = {"priority": {"rule": "fcfs"}}
LIFO = {
    "priority": {"rule": "lifo"},
    **{"overtaking": "skip", "sharing": "none", "clearing": "at_arrival"},
}


@settings(max_examples=examples(150), deadline=None)
@given(models(), st.integers(0, 99))
def test_random_models_have_one_bound_for_all_clearings(model: Model, seed: int):
    """Customers who stay, under a rule that sees no more than the position."""
    plain = bounded(without_idle(model)).to_dict()
    limits = plain.pop("purchase_limits", ())
    plain["purchase_limits"] = [limit for limit in limits if limit["of"] != "storage"]
    for customer in plain["customers"].values():
        customer |= {"tolerance": "unlimited", "backorder_share": 1.0, "inquiries": None}
    for order in plain.get("opening", {}).get("orders", ()):
        order |= {"promised": None, "told": None, "tolerance": "unlimited"}
    least = []
    for clearing in (FCFS, LIFO):
        for point in plain["stock"]:
            point |= {"reorder": {"rule": "s_S", "s": 2, "S": 6}, "notice": [{"rule": "silent"}]}
            point |= {"changes": [], **clearing}
        found = bound_of(run_of(from_dict(plain), seed))
        assert found.exact, found.given_receipts
        least.append(found.least)
    assert least[0] == pytest.approx(least[1], abs=1e-7)
