"""The same scenario in whole units, and in kilograms of four of them each: one log, one money."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import IDLE_PRODUCTS, assert_equal, interpreted
from tests.properties.strategies import models, networks

from backsim import streams
from backsim.errors import InputError
from backsim.results.metrics import METRICS, measure
from backsim.rules import PROGRAM
from backsim.scenario.counting.scenario import as_written
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def in_kilograms(model: Model) -> Model:
    """The model as a file in kilograms, each of four units; sizes of lines count packs of a unit.

    A network of what cannot be counted so is no example.
    """
    own = {name for name in model.products if name not in IDLE_PRODUCTS}
    for point in model.scenario.stock:
        assume(point.product not in own or point.priority.rule != PROGRAM)
    counted = {"smallest": 0.25, "pack": 1, "volume": 1.0}
    products = {
        name: product.model_copy(update=counted) if name in own else product
        for name, product in model.scenario.products.items()
    }
    limits = tuple(
        limit.model_copy(update={"most": limit.most / 4}) if limit.unit == "units" else limit
        for limit in model.scenario.purchase_limits
    )
    costs = model.scenario.costs.model_copy(update={"purchase": 8.0})  # they were 2 per unit
    fields = {"products": products, "purchase_limits": limits, "costs": costs}
    written = as_written(model.scenario.model_copy(update=fields))
    said = written.model_dump(mode="json", exclude_none=True, warnings=False)
    del said["policy"]
    try:
        return from_dict(said)
    except InputError as error:
        assume("a number of days per unit" not in str(error))
        raise


def check(model: Model, seed: int) -> None:
    kilograms = in_kilograms(model)
    logs = [interpreted(m, streams.draw(m, seed)) for m in (model, kilograms)]
    for log in logs:
        log.stocks["price"] = np.round(log.stocks["price"], 12)  # money per unit
    assert_equal(*logs)
    one, other = (measure(m, log) for m, log in zip((model, kilograms), logs, strict=True))
    for name, metric in METRICS.items():
        if metric.unit in ("money", "money per day"):
            np.testing.assert_allclose(other.values[name], one.values[name], 1e-9, err_msg=name)


@settings(max_examples=examples(8))
@given(models(), st.integers(0, 3))
def test_kilograms_of_whole_units(model: Model, seed: int) -> None:
    check(model, seed)


@settings(max_examples=examples(4))
@given(networks(), st.integers(0, 3))
def test_kilograms_of_whole_units_in_a_network(model: Model, seed: int) -> None:
    check(model, seed)
