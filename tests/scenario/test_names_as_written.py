"""Names that look like numbers to YAML are what is written, or are to be quoted."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

import backsim
from backsim.errors import InputError
from backsim.experiment.load import load_experiment
from backsim.scenario import Model, load

BASE = """
horizon: 10
products: {products}
suppliers: {{acme: {{lead_time: 1}}}}
customers:
  shops:
    demand:
      trace: {{file: t.csv, columns: {{time: d, product: sku, units: qty}}, date_format: days}}
policy: {{reorder: {{rule: base_stock, S: 0}}}}
stock:
 - {{products: "*"}}
 - {{products: {stocked}, initial: 100}}
"""
ODD = ["00123", "0x1F", "1_000", "0o17", "+5"]


def write(folder: Path, odd: str, products: str = "traced", stocked: str = "{odd}") -> Path:
    (folder / "t.csv").write_text(f"d,sku,qty\n1,{odd},4\n2,123,6\n")
    path = folder / "shop.yaml"
    path.write_text(BASE.format(products=products, stocked=stocked.format(odd=odd)))
    return path


def starts(model: Model) -> dict[str, object]:
    points = zip(model.stock_points, model.scenario.stock, strict=True)
    return {product: point.initial for (product, _), point in points}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("stocked", ["{odd}", "[{odd}]", '"{odd}"'])
def test_a_product_is_what_is_written(tmp_path: Path, odd: str, stocked: str) -> None:
    model = load(write(tmp_path, odd, stocked=stocked))
    assert starts(model) == {"123": 0, odd: 100}
    run = backsim.simulate(model, seed=1)
    assert run.metrics["fill_rate"] == pytest.approx(0.4)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("products", ["[{odd}, 123]", "{{{odd}: {{price: 2}}, 123: {{}}}}"])
def test_two_products_that_are_one_number(tmp_path: Path, odd: str, products: str) -> None:
    model = load(write(tmp_path, odd, products.format(odd=odd)))
    assert model.products == (odd, "123")
    assert json.loads(json.dumps(model.to_dict()))["stock"][0]["products"] == [odd]
    assert pickle.loads(pickle.dumps(model)).products == model.products
    assert model.replace({"stock[1].initial": 7}).products == model.products


def test_other_names_and_overrides(tmp_path: Path) -> None:
    path = write(tmp_path, "00123", "[00123, 123]", "123")
    changes = ["stock[1].products=00123", "sites=[007]", "customers.shops.costs.lost_margin=2"]
    model = load(path, [*changes, "suppliers={0x1F: {lead_time: 2}}"])
    assert starts(model)["00123"] == 100
    assert (model.sites, model.suppliers) == (("007",), ("0x1F",))
    model = load(path, ["customers={01: {demand: {orders: [{time: 1, lines: {00123: 2}}]}}}"])
    assert model.classes == ("01",)


def test_names_in_an_experiment(tmp_path: Path) -> None:
    write(tmp_path, "00123", "[00123, 123]", "123")
    path = tmp_path / "x.yaml"
    path.write_text(
        "scenario: shop.yaml\nreplications: 2\npolicies:\n  one: {}\n"
        "  two: {'stock[1].products': 00123}\n"
    )
    one, two = (policy.model for policy in load_experiment(path).policies)
    assert (starts(one)["00123"], starts(two)["00123"]) == (0, 100)


def test_a_whole_number_is_a_number_where_one_is_meant(tmp_path: Path) -> None:
    model = load(write(tmp_path, "00123"), ["horizon=0x0A", "stock[1].initial=1_000"])
    assert model.horizon == 10
    assert starts(model)["00123"] == 1000


@pytest.mark.parametrize("odd", ["true", "1.5", "1e3", "null", "~"])
def test_what_has_no_name_is_to_be_quoted(tmp_path: Path, odd: str) -> None:
    with pytest.raises(InputError, match=r"stock\[1\]\.products.*write it in quotes"):
        load(write(tmp_path, "mug", stocked=odd))


@pytest.mark.parametrize("plain", ["yes", "2024-01-01", "off", "12:30", "1.2.3"])
def test_what_is_text_to_yaml_is_text(tmp_path: Path, plain: str) -> None:
    assert starts(load(write(tmp_path, plain)))[plain] == 100


TWICE = [
    ("products", "[mug, mug]", "mug"),
    ("products", "[123, '123']", "123"),
    ("sites", "[a, b, a]", "a"),
    ("stock[1].products", "[mug, mug]", "mug"),
    ("products.mug.substitutes", "[cup, cup]", "cup"),
]


@pytest.mark.parametrize(("path", "value", "name"), TWICE)
def test_a_name_that_is_there_twice(tmp_path: Path, path: str, value: str, name: str) -> None:
    file = write(tmp_path, "mug", "{mug: {}, cup: {}, 123: {}}", "mug")
    with pytest.raises(InputError) as error:
        load(file, [f"{path}={value}"])
    place = f"{path}: expected each name once (from --set {path}={value}), got "
    assert f"{place}'{name}' a second time" in str(error.value)
