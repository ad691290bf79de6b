"""Quantities that are not whole: kilograms in quarters, cases and pallets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import assert_equal

from backsim import streams
from backsim.engines import simpy
from backsim.errors import InputError
from backsim.results.metrics import METRICS, measure
from backsim.results.run import play_and_check
from backsim.scenario import from_dict
from backsim.scenario.demand.laws import flows, moments_of
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.model import Model

HOLDING, ORDERING = 0.4, 20


def mill(quarters: bool, **fields: Any) -> Model:
    """Flour in kilograms, with 0.25 kg as the least quantity; or the same in quarters."""
    one = 4 if quarters else 1  # of what the numbers below count, in a kilogram
    flour = {"price": 6 / one, "volume": 2 / one, "costs": {"waste": 0.5 / one}, "shelf_life": 40}
    return from_dict(
        {
            "horizon": 300,
            "warm_up": 50,
            "products": {"flour": flour if quarters else flour | {"smallest": 0.25, "unit": "kg"}},
            "suppliers": {"mill": {"lead_time": {"gamma": {"mean": 4, "cv": 0.3}}}},
            "customers": {
                "bakers": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 2}},
                        "products": "flour",
                        "size": {"gamma": {"mean": 2.5 * one, "cv": 0.8}},
                    },
                    "tolerance": {"exponential": {"mean": 3}},
                    "returns": {"share": 0.05, "after": 2},
                    "costs": {"backorder_time": 0.3 / one},
                },
                "mills": {
                    "demand": {
                        "orders": [
                            {"time": 60, "lines": {"flour": int(7.25 * one) if quarters else 7.25}}
                        ]
                    }
                },
            },
            "policy": {
                "reorder": {"rule": "s_S", "s": 30.5 * one, "S": {"units": 20 * one, "above": "s"}},
                "least_order": 5 * one,
                "multiple": 1 if quarters else 0.25,
                "backlog_limit": {"units": 40 * one},
            },
            "stock": [
                {
                    "initial": int(22.5 * one) if quarters else 22.5,
                    "inbound": [{"units": int(2.75 * one) if quarters else 2.75, "arrives": 1}],
                }
            ],
            "costs": {
                "holding": HOLDING / one,
                "ordering": ORDERING,
                "purchase": {"price": 3 / one, "breaks": [{"units": 25 * one, "price": 2.8 / one}]},
                "lost_margin": {"share": 0.5, "of": "price"},
                "backorder_unit": {"bakers": 0.2 / one},
            },
            "purchase_limits": [{"of": "storage", "most": 70 * one, "unit": "units"}],
            **fields,
        }
    )


def test_kilograms_and_quarters_give_the_same_log_and_the_same_money() -> None:
    kilograms, quarters = mill(quarters=False), mill(quarters=True)
    logs = [simpy.run(m, streams.draw(m, 3), record=True) for m in (kilograms, quarters)]
    assert_equal(*logs)
    in_kilograms, in_quarters = (
        measure(m, log) for m, log in zip((kilograms, quarters), logs, strict=True)
    )
    assert len(logs[0].lines) > 400
    for name, metric in METRICS.items():
        one, other = in_kilograms.values[name], in_quarters.values[name]
        if metric.unit == "money per unit":
            other = other * 4
        elif metric.unit.startswith("units"):
            other = other / 4
        np.testing.assert_allclose(one, other, 1e-12, err_msg=name)


def test_the_explicit_form_says_kilograms_and_is_the_same_model() -> None:
    model = mill(quarters=False)
    said = model.to_dict()
    (point,) = said["stock"]
    assert point["reorder"] == {"rule": "s_S", "s": 30.5, "S": 50.5}
    assert (point["initial"], point["least_order"], point["multiple"]) == (22.5, 5, 0.25)
    assert point["costs"]["holding"] == HOLDING
    assert point["costs"]["purchase"]["breaks"] == [{"units": 25, "price": 2.8}]
    assert said["products"]["flour"]["price"] == 6
    again = from_dict(said)
    assert again.to_dict() == said
    assert again.digest == model.digest
    tapes = [streams.draw(m, 1) for m in (model, again)]
    assert_equal(*(simpy.run(m, t) for m, t in zip((model, again), tapes, strict=True)))


def test_tables_of_a_run_say_kilograms() -> None:
    model = mill(quarters=False)
    run = play_and_check(model, streams.draw(model, 1), "simpy", "as asked")
    units = run.log.lines["units"]
    assert (run.orders["units"] == units / 4).all()
    assert (
        run.orders["units"] == run.orders["shipped"] + run.orders["left"] + run.orders["open"]
    ).all()
    assert (run.purchases["units"] * 4 == run.log.purchases["units"]).all()
    assert run.events["on_hand"].iloc[0] * 4 == pytest.approx(90)
    assert run.profile.stock[0] == 22.5


def test_sizes_are_rounded_to_the_nearest_smallest_unit() -> None:
    """1.1 kg are four quarters, 1.125 kg are four (half to even), 0.1 kg are none."""
    sizes = {"discrete": {"values": [1.1, 1.125, 0.1], "weights": [1, 1, 1]}}
    demand = {"arrivals": {"period": {}}, "products": "flour", "size": sizes}
    model = mill(quarters=False, customers={"bakers": {"demand": demand}})
    drawn = streams.draw(model, 1).columns["units"]
    assert set(drawn.tolist()) == {4}
    (flow,) = flows(model.scenario, {})["flour", "main"]
    assert moments_of(flow.units)[0] == pytest.approx(8 / 3)
    assert mean_demand(model.scenario, {})["flour", "main"] == pytest.approx(8 / 3)


# -- packs -----------------------------------------------------------------------------------------


def brewery(**fields: Any) -> Model:
    return from_dict(
        {
            "horizon": 30,
            "products": {"beer": {"packs": {"case": 12, "pallet": 480}}, "cup": {}},
            "suppliers": {"maker": {"lead_time": 2}},
            "customers": {
                "bars": {"demand": {"orders": [{"time": 1, "lines": {"beer": "2 case", "cup": 5}}]}}
            },
            "policy": {"reorder": {"rule": "s_S", "s": 100, "S": 900}},
            "stock": [{}, {"products": "beer", "multiple": "case", "least_order": "1.5 pallet"}],
            **fields,
        }
    )


def test_packs_are_names_of_quantities() -> None:
    model = brewery()
    beer, cup = model.scenario.stock
    assert (beer.multiple, beer.least_order, cup.multiple) == (12, 720, 1)
    assert streams.draw(model, 1).columns["units"].tolist() == [24, 5]
    assert model.to_dict()["stock"][0]["least_order"] == 720


def test_customers_may_order_cases() -> None:
    demand = {"arrivals": {"period": {}}, "products": ["beer", "cup"], "size": 3}
    model = brewery(
        products={"beer": {"packs": {"case": 12, "pallet": 480}, "pack": "case"}, "cup": {}},
        customers={"bars": {"demand": demand}},
    )
    assert set(streams.draw(model, 1).columns["units"].tolist()) == {36, 3}


# -- several smallest units ------------------------------------------------------------------------


def kitchen(flour: float = 0.25, **fields: Any) -> Model:
    """Bread of 0.75 kg of flour, and flour that is sold, too."""
    return from_dict(
        {
            "horizon": 40,
            "products": {"bread": {"price": 4}, "flour": {"smallest": flour, "unit": "kg"}},
            "suppliers": {"mill": {"lead_time": 3}, "oven": {"lead_time": 1}},
            "customers": {
                "guests": {
                    "demand": [
                        {"arrivals": {"poisson": {"rate": 2}}, "products": "bread", "size": 2},
                        {"arrivals": {"poisson": {"rate": 1}}, "products": "flour", "size": 1.5},
                    ]
                }
            },
            "stock": [
                {"products": "bread", "supplier": "oven", "made_from": {"flour": 0.75},
                 "reorder": {"rule": "base_stock", "S": 10}},
                {"products": "flour", "supplier": "mill",
                 "reorder": {"rule": "base_stock", "S": 31.5}},
            ],
            "costs": {"holding": 0.1},
            **fields,
        }
    )  # fmt: skip


def test_a_bill_of_materials_counts_smallest_units() -> None:
    model = kitchen()
    assert model.scenario.stock[0].made_from == {"flour": 3}
    assert model.to_dict()["stock"][0]["made_from"] == {"flour": 0.75}


def test_metrics_add_up_units_of_products_and_not_smallest_units() -> None:
    """However finely flour is counted, loaves and kilograms add up to the same."""
    found = []
    for smallest in (0.25, 0.05):
        model = kitchen(smallest)
        found.append(measure(model, simpy.run(model, streams.draw(model, 1))))
    for name, values in found[0].values.items():
        np.testing.assert_allclose(values, found[1].values[name], 1e-9, err_msg=name)
    in_units = found[0]
    ordered = [in_units.get("units_per_day", "product", p) for p in ("bread", "flour")]
    assert in_units["units_per_day"] == pytest.approx(sum(ordered))


def test_capacities_in_units_are_those_of_the_product() -> None:
    suppliers = {"mill": {"capacity": {"units_per_day": 5}}, "oven": {"lead_time": 1}}
    model = kitchen(suppliers=suppliers)
    assert model.scenario.suppliers["mill"].servers is not None
    assert model.scenario.suppliers["mill"].servers.service.moments()[0] == pytest.approx(0.05)
    assert model.to_dict()["suppliers"]["mill"]["capacity"] == {"units_per_day": 5}


# -- tables ----------------------------------------------------------------------------------------


def test_files_of_orders_and_of_open_purchases_have_decimals(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("day,item,kg\n1,flour,2.75\n2,flour,0.5\n")
    (tmp_path / "coming.csv").write_text("product,units,arrives\nflour,12.25,3\n")
    columns = {"time": "day", "product": "item", "units": "kg"}
    trace = {"file": "orders.csv", "columns": columns, "date_format": "days"}
    values = mill(quarters=False).remake.values | {
        "customers": {"bakers": {"demand": {"trace": trace}}},
        "opening": {"tables": {"purchases": {"file": "coming.csv", "date_format": "days"}}},
        "costs": {},
    }
    model = from_dict(values, folder=tmp_path)
    assert streams.draw(model, 1).columns["units"].tolist() == [11, 2]
    assert model.scenario.stock[0].inbound[0].units == 49
    (tmp_path / "orders.csv").write_text("day,item,kg\n1,flour,2.8\n")
    with pytest.raises(InputError, match=r"the `smallest` one of the product.*'2\.8' in line 2"):
        from_dict(values, folder=tmp_path)


# -- what is refused -------------------------------------------------------------------------------


SLOW_OVEN = {"capacity": {"servers": 1, "per": "unit", "service": {"exponential": {"mean": 1}}}}
IN_BREAKS = {"price": 3, "breaks": [{"units": 25.1, "price": 2.8}]}
OF_FLOUR = "expected a whole number of 0.25 kg"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"policy": {"reorder": {"rule": "base_stock", "S": 12.3}}},
            f"policy.reorder.S: {OF_FLOUR}, for flour, got 12.3",
        ),
        ({"stock": [{"initial": 0.1}]}, f"stock[0].initial: {OF_FLOUR}, for flour, got 0.1"),
        (
            {"stock": [{"multiple": "2 box"}]},
            "stock[0].multiple: expected a number, for flour, got '2 box'",
        ),
        ({"stock": [{"priority": "lp"}]}, "as the program weighs units"),
        (
            {"suppliers": {"mill": SLOW_OVEN}},
            "suppliers.mill.capacity.service: expected a number of days per unit",
        ),
        (
            {"opening": {"stock": [{"product": "flour", "units": 1.1}]}},
            f"opening.stock[0].units: {OF_FLOUR}, got 1.1",
        ),
        ({"costs": {"purchase": IN_BREAKS}}, f"costs.purchase.breaks[0].units: {OF_FLOUR}"),
    ],
)
def test_what_is_no_whole_number_of_smallest_units_is_refused(fields: Any, told: str) -> None:
    with pytest.raises(InputError) as error:
        mill(quarters=False, **fields)
    assert told in str(error.value)


def test_without_smallest_units_quantities_are_whole_as_before() -> None:
    with pytest.raises(InputError, match=r"least_order: expected a whole number > 0 \(units\)"):
        mill(quarters=True, policy={"reorder": "none", "least_order": 0.5})


def test_a_pinch_is_no_quantity_of_another_product() -> None:
    with pytest.raises(
        InputError, match=r"stock\[1\].least_order: expected a whole number, for cup"
    ):
        brewery(stock=[{}, {"products": "cup", "least_order": 2.5}])


def test_substitutes_are_counted_alike() -> None:
    products = {"bread": {"substitutes": "flour"}, "flour": {"smallest": 0.25, "unit": "kg"}}
    with pytest.raises(InputError, match=r"a product counted in 1, like bread, got 0\.25"):
        kitchen(products=products)


def test_fractions_are_exact() -> None:
    products = {"bread": {}, "flour": {"smallest": 0.1, "unit": "kg"}}
    stock = [{"products": "flour", "supplier": "mill", "initial": 0.3, "multiple": 0.7,
              "reorder": {"rule": "base_stock", "S": 1.1}},
             {"products": "bread", "supplier": "oven", "reorder": "none"}]  # fmt: skip
    model = kitchen(products=products, stock=stock)
    flour = model.scenario.stock[0]
    assert (flour.initial, flour.multiple, flour.reorder.params["S"]) == (3, 7, 11)
    assert model.to_dict()["stock"][0]["initial"] == 0.3
