"""Why a level from a service is far from it: purchases or shipments wait for something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backsim.rules import PROGRAM
from backsim.scenario.schema import Batches, Scenario


def beside_its_demand(scenario: Scenario, values: Mapping[str, Any]) -> Iterator[str]:
    """Reasons why much less is bought or shipped than the formulas of a service know."""
    supplier = scenario.suppliers.get(values["supplier"][0].supplier)
    if supplier is not None and (supplier.least_value or supplier.container):
        yield "the supplier has a least order value or containers"
    clearing = values["clearing"]
    if isinstance(clearing, Batches) and not clearing.between:
        yield "nothing is shipped between batch runs"
    if values["priority"].rule == PROGRAM and values["priority"].params.get("capacity", 0) > 0:
        yield "no more than a capacity leaves in a day"
