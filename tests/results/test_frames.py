"""The tables of a run: orders, purchases, notices and events as frames."""

from __future__ import annotations

import pytest

import backsim
from backsim.entities import LINE_STATUS, NOTES, PURCHASE_STATUS
from backsim.results.run import Run
from backsim.scenario.load import from_dict

STORY = {
    "horizon": 10,
    "products": ["mug", "plate"],
    "suppliers": {"acme": {"lead_time": 3}},
    "customers": {
        "gold": {"demand": {"orders": [{"time": 1, "lines": {"mug": 2, "plate": 1}}]}},
        "silver": {"demand": {"orders": [{"time": 2, "lines": {"mug": 1}}]}, "tolerance": 1},
    },
    "policy": {"reorder": {"rule": "s_S", "s": 0, "S": 2}, "notice": "at_order"},
    "stock": [{"products": "*", "initial": 1}],
}


@pytest.fixture(scope="module")
def run() -> Run:
    return backsim.simulate(from_dict(STORY), seed=1)


def test_orders(run: Run) -> None:
    """One row per line: the mugs of the first order wait for the purchase of day 1."""
    assert run.orders[["order", "class", "product", "units", "filled_at_once", "status"]].to_numpy(
        object
    ).tolist() == [
        [0, "gold", "mug", 2, 1, "shipped"],
        [0, "gold", "plate", 1, 1, "shipped"],
        [1, "silver", "mug", 1, 0, "cancelled"],
    ]
    assert run.orders["wait"].tolist()[:2] == [3.0, 0.0]
    assert run.orders["wait"].isna().tolist() == [False, False, True]


def test_words_are_categories(run: Run) -> None:
    """A word of a few is kept as a number and its name, not as a text in every row."""
    for frame, column, words in (
        (run.orders, "status", LINE_STATUS),
        (run.purchases, "status", PURCHASE_STATUS),
        (run.events, "event", NOTES),
    ):
        assert tuple(frame[column].cat.categories) == words


def test_events_name_the_class_of_orders_only(run: Run) -> None:
    purchases = run.events[run.events["purchase"] >= 0]
    assert (purchases[["class", "line"]] == ["", -1]).all(axis=None)
    assert run.events[run.events["line"] == 2]["class"].unique().tolist() == ["silver"]


def test_what_expires_is_nobody_s_line() -> None:
    products = {"mug": {"shelf_life": 4}, "plate": {}}
    story = from_dict({**STORY, "products": products, "stock": [{"products": "*", "initial": 9}]})
    events = backsim.simulate(story, seed=1).events
    gone = events[events["event"] == "expire"]
    assert gone[["time", "class", "line", "units"]].to_numpy(object).tolist() == [[4, "", -1, 6]]


def test_frames_are_copies(run: Run) -> None:
    """Who changes a frame changes no log."""
    before = run.log.column("time").tolist()
    run.orders.loc[:, "time"] = 0.0
    assert run.log.column("time").tolist() == before


def test_names_that_stand_for_several_things() -> None:
    """A site that buys with two priorities, from a site that is named as the supplier."""
    buys = [
        {"products": product, "sites": "shop", "supplier": {"site": "acme", "priority": priority}}
        for priority, product in enumerate(("mug", "plate"), 1)
    ]
    orders = [{"time": 1, "lines": {"mug": 1, "plate": 2}, "site": "shop"}]
    run = backsim.simulate(
        {
            **STORY,
            "sites": ["shop", "acme"],
            "customers": {"gold": {"demand": {"orders": orders}}},
            "policy": {"reorder": {"rule": "base_stock", "S": 0}},
            "stock": [{"products": "*", "sites": "acme", "initial": 5}, *buys],
        },
        seed=1,
    )
    asked = run.events[(run.events["site"] == "acme") & (run.events["event"] == "order")]
    assert asked["class"].tolist() == ["shop", "shop"]
    assert set(run.purchases["supplier"]) == {"acme"}
