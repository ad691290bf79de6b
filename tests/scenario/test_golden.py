"""Scenarios resolved: what a file leaves out is filled in, and the explicit form is stable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backsim.scenario import from_dict, load
from backsim.scenario.schema import SupplierSource

FOLDER = Path(__file__).parent / "valid"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_explicit_form_resolves_to_itself(path: Path) -> None:
    model = load(path)
    explicit = model.to_dict()
    again = from_dict(explicit, folder=FOLDER)
    assert again.to_dict() == explicit
    assert again.digest == model.digest
    assert json.loads(json.dumps(explicit)) == explicit


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_explicit_form_is_as_it_was(path: Path) -> None:
    """After a change on purpose, write `json.dumps(explicit, indent=1)` to the file again."""
    golden = json.loads(path.with_suffix(".resolved.json").read_text(encoding="utf-8"))
    assert load(path).to_dict() == golden


def test_the_order_of_products_and_classes_is_the_file_s() -> None:
    model = load(FOLDER / "shop.yaml")
    assert model.products == ("mug", "22423", "plate, large")
    assert model.classes == ("gold", "silver", "bronze", "web")


def test_the_last_entry_of_stock_that_gives_a_field_counts() -> None:
    model = load(FOLDER / "shop.yaml")
    points = dict(zip(model.stock_points, model.scenario.stock, strict=True))
    assert points["mug", "north"].supplier == (SupplierSource(supplier="acme"),)
    assert points["22423", "south"].supplier == (SupplierSource(supplier="bolt"),)
    mug = points["mug", "south"]
    assert mug.supplier == (SupplierSource(supplier="core"),)
    assert (mug.reorder.rule, mug.initial) == ("base_stock", 0)
    assert mug.rationing.params["levels"] == {"gold": 0, "silver": 2, "bronze": 4, "web": 0}
    assert sum(inbound.units for inbound in mug.inbound) == 6


def test_the_lead_time_of_a_stock_point_counts_for_its_only_supplier_however_it_is_written() -> (
    None
):
    values = {
        "horizon": 30,
        "products": "mug",
        "suppliers": {"acme": {"lead_time": 9}},
        "customers": {"all": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
        "policy": {"reorder": {"rule": "base_stock", "S": 5}},
    }
    for source in ("acme", {"supplier": "acme"}, {"supplier": "acme", "surcharge": 2}):
        model = from_dict({**values, "stock": [{"supplier": source, "lead_time": 3}]})
        assert model.lanes[0].time.moments() == (3.0, 0.0), source


def test_days_of_demand_become_units() -> None:
    values = {
        "horizon": 30,
        "products": "mug",
        "suppliers": {"acme": {}},
        "customers": {
            "all": {
                "demand": {
                    "arrivals": {"poisson": {"rate": 2}},
                    "products": "mug",
                    "size": 3,
                    "lines": 2,
                }
            }
        },
        "policy": {"reorder": {"rule": "s_S", "s": {"days": 2.1}, "S": {"days": 4}}},
        "stock": [{"initial": {"days": 1}}],
    }
    point = from_dict(values).scenario.stock[0]
    assert point.reorder is not None
    assert dict(point.reorder.params) == {"s": 26, "S": 48}  # 12 units a day; 25.2 rounded up
    assert point.initial == 12


def test_expected_orders_follow_the_pattern() -> None:
    model = load(FOLDER / "least.yaml", ["customers.all.demand.pattern.trend=0.1"])
    assert model.expected_orders == pytest.approx(30 + 0.1 * 30**2 / 2, rel=1e-3)
