"""A fault stands where it is, whatever the things around it are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsim.errors import InputError
from backsim.scenario import load

TEXT = """\
horizon: 30
products: {NAME: {}}
suppliers: {NAME: {lead_time: {gamma: {mean: 6, cv: -1}}}}
customers:
  NAME:
    demand:
      arrivals: {poisson: {rate: 0}}
      products: NAME
    tolerance: {NAME2: 3}
policy: {reorder: base_stock}
stock: [{products: NAME, supplier: NAME, initial: -2}]
"""

EXPECTED = """\
FILE:3:W: suppliers.NAME.lead_time.gamma.cv: expected a number > 0 (share of the mean), got -1
FILE:7:28: customers.NAME.demand.arrivals.poisson.rate: expected a number > 0 (per day), got 0
FILE:10:10: policy.reorder: expected `S`, a required field, got nothing
FILE:11:V: stock[0].initial: expected a whole number >= 0 (units), got -2"""


@pytest.mark.parametrize(
    "name",
    ["trace", "orders", "process", "word", "number", "cover", "review", "distribution", "gamma",
     "rule", "other", "deterministic", "demand", "mug", "'[key]'"],
)  # fmt: skip
def test_names_that_are_words_elsewhere(tmp_path: Path, name: str) -> None:
    text = TEXT.replace("    tolerance: {NAME2: 3}\n", "    tolerance: none\n").replace(
        "NAME", name
    )
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load(path)
    spelt = '"[key]"' if "[" in name else name
    columns = {
        3: text.split("\n")[2].index("cv:") + 1,
        11: text.split("\n")[10].index("initial") + 1,
    }
    expected = EXPECTED.replace("NAME", spelt).replace("W", str(columns[3]))
    assert str(caught.value).replace(str(path), "FILE") == expected.replace("V", str(columns[11]))


def test_a_list_of_one_and_one_entry_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "horizon: 30\nproducts: mug\nsuppliers: {acme: {}}\ncustomers:\n"
        "  one: {demand: {orders: [{time: -1, lines: {mug: 1}}]}}\n"
        "  two: {demand: [{orders: [{time: -1, lines: {mug: 1}}]}]}\n"
    )
    with pytest.raises(InputError) as caught:
        load(path)
    one, two = str(caught.value).split("\n")
    assert ":5:28: customers.one.demand.orders[0].time: " in one
    assert ":6:29: customers.two.demand[0].orders[0].time: " in two


def test_anchors_and_merge_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "horizon: 30\nproducts: mug\nsuppliers: {acme: {}}\n"
        "policy: {reorder: &rule {rule: base_stock, S: 3}, withdraw: &yes true}\n"
        "stock: [{products: mug, reorder: {<<: *rule, S: 5}, withdraw: *yes}]\n"
        "customers: {all: {demand: {arrivals: {poisson: {rate: 1}}, products: mug}}}\n"
    )
    point = load(path).scenario.stock[0]
    assert point.reorder is not None
    assert dict(point.reorder.params) == {"S": 5}
    assert point.withdraw is True
