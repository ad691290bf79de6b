"""Changing fields: `--set path=value` and `replace`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim.errors import InputError
from backsim.scenario import from_dict, load
from backsim.scenario.override import parse_path
from backsim.scenario.yamlfile import FileError, spell

SHOP = Path(__file__).parent / "valid" / "shop.yaml"


def test_fields_and_values_of_every_kind() -> None:
    model = load(
        SHOP,
        [
            "horizon=300",
            "title=Another shop",
            "suppliers.acme.lead_time={exponential: {mean: 2}}",
            "policy.withdraw=false",
            "products.22423.price=7.5",
            'products."plate, large".price=3',
            "customers.gold.demand[1].sites=north",
            "customers.gold.demand.0.size=4",
            "stock[1].inbound.1.units=9",
            "customers.gold.costs.inquiry=1",
            "policy.rationing.rule=none",
        ],
    )
    s = model.scenario
    assert (s.horizon, s.title, s.policy.withdraw) == (300, "Another shop", False)
    assert s.suppliers["acme"].lead_time.moments() == (2.0, 4.0)
    assert [product.price for product in s.products.values()] == [8.5, 7.5, 3.0]
    explicit = model.to_dict()["customers"]["gold"]
    assert explicit["demand"][1]["sites"] == {"north": 1.0}
    assert explicit["demand"][0]["size"] == 4.0
    assert explicit["costs"] == {"backorder_time": 0.5, "lost_margin": 3.0, "inquiry": 1.0}
    assert [inbound.units for inbound in s.stock[1].inbound] == [4, 9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("horizon", "--set: expected path=value, got 'horizon'"),
        ("=5", "--set: expected a path such as policy.reorder.s, got ''"),
        ("a..b=5", "--set: expected a path such as policy.reorder.s, got 'a..b'"),
        ("[0]=5", "--set: expected a path such as policy.reorder.s, got '[0]'"),
        ("horizon=[1", "expected correct YAML"),
        (
            "horizon=-1",
            "FILE: horizon: expected a number > 0 (days) (from --set horizon=-1), got -1",
        ),
        (
            "horizon.a=1",
            "FILE: horizon: expected a mapping or a list (from --set horizon.a=1), got 200",
        ),
        (
            "customers[2].priority=1",
            "FILE: customers: expected a list with an entry [2] (from --set ",
        ),
        ("stock[9].initial=1", "FILE: stock: expected an entry below 3 (from --set "),
        (
            "stock.first.initial=1",
            "FILE: stock: expected the number of an entry, from 0 (from --set ",
        ),
        (
            "polcy.review=1",
            "FILE: polcy: expected a known key (policy) (from --set polcy.review=1)",
        ),
        ("policy.priority.rule=fifo", "FILE: policy.priority: expected a mapping or a list"),
        (
            "suppliers.acme.lead_time={gamma: {mean: 6, cv: -1}}",
            "FILE: suppliers.acme.lead_time.gamma.cv: expected a number > 0 (share of the mean) "
            "(from --set suppliers.",
        ),
    ],
)
def test_wrong_overrides_are_named(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(SHOP, [text])
    assert message in str(caught.value).replace(str(SHOP), "FILE")
    assert "\n" not in str(caught.value)


def test_replace_leaves_the_model_as_it_was() -> None:
    model = load(SHOP)
    other = model.replace({"policy.overtaking": "skip"}, horizon=400)
    assert (model.horizon, other.horizon) == (200, 400)
    assert {point.overtaking for point in other.scenario.stock} == {"skip"}
    assert {point.overtaking for point in model.scenario.stock} == {"strict"}
    assert other.replace({"policy.overtaking": "strict"}, horizon=200).digest == model.digest


def test_plain_values_of_python_are_read_like_a_file() -> None:
    values = {
        "horizon": 30,
        "products": {22423: {}},
        "suppliers": {"acme": {}},
        "customers": {"all": {"demand": ({"orders": ({"time": 1, "lines": {22423: 1}},)},)}},
        "policy": {"reorder": {"rule": "base_stock", "S": 3}},
    }
    assert from_dict(values).products == ("22423",)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
paths = st.tuples(names, st.lists(st.integers(0, 99) | names)).map(lambda p: (p[0], *p[1]))


@given(paths)
def test_a_path_is_read_as_it_is_spelt(path: tuple[str | int, ...]) -> None:
    assert parse_path(spell(path)) == path


def test_groups_of_products_have_levels_of_their_own_and_a_name_in_paths() -> None:
    """`raise_levels` moves the lowest level by a share and the others by as many units."""
    values = {
        "horizon": 10,
        "products": {
            "mug": {"group": "A"},
            "cup": {"group": "A"},
            "plate": {"group": "B"},
            "pan": {},
        },
        "suppliers": {"acme": {}},
        "customers": {"all": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "*"}}},
        "policy": {"reorder": {"rule": "s_S", "s": 10, "S": 30}},
        "stock": [
            {},
            {"groups": "A", "reorder": {"rule": "s_S", "s": 20, "S": 50}},
            {"products": "cup", "reorder": {"rule": "s_S", "s": 40, "S": 50}},
            {"groups": "A", "raise_levels": 0},
        ],
    }

    def levels(**changes: object) -> dict[str, tuple[float, float]]:
        model = from_dict(values, changes={k.replace("__", "."): v for k, v in changes.items()})
        stock = model.scenario.stock
        assert from_dict(model.to_dict()).digest == model.digest
        return {p.product: (p.reorder.params["s"], p.reorder.params["S"]) for p in stock}

    assert levels() == {"mug": (20, 50), "cup": (40, 50), "plate": (10, 30), "pan": (10, 30)}
    raised = levels(stock__A__raise_levels=0.1)
    assert raised == {**levels(), "mug": (22, 52), "cup": (44, 54)}
    assert levels(stock__cup__reorder__s=45)["cup"] == (45, 50)
    values["stock"].append({"groups": "C"})
    with pytest.raises(FileError, match=r"stock\[4\].groups: expected a group that a product has"):
        from_dict(values)
