"""Every scenario that comes with the project: the same log in both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.models import assert_equal, check

from backsim import streams
from backsim.engines import compiled, simpy
from backsim.scenario.costs import CustomerCosts, PriceBreaks, StockCosts
from backsim.scenario.dates import Calendar, Shipping
from backsim.scenario.demand.schema import Pattern, Process
from backsim.scenario.load import check_form, load, read
from backsim.scenario.model import Model
from backsim.scenario.schema import Scenario
from backsim.scenario.schema.customers import CustomerClass, Delivery, Returns, Serving
from backsim.scenario.schema.opening import Inbound, Opening
from backsim.scenario.schema.policy import Change
from backsim.scenario.schema.products import Product, Recall, Site
from backsim.scenario.schema.purchase_limits import PurchaseLimit
from backsim.scenario.schema.reactions import Emergency
from backsim.scenario.schema.sources import SiteSource, SupplierSource
from backsim.scenario.schema.stock import StockPoint
from backsim.scenario.schema.suppliers import Disruptions, Supplier

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
ORDERS = 2000
SEEDS = (1, 2, 3)


def loaded(path: Path) -> Model:
    """The scenario, or none when its data is not on this machine."""
    try:
        return load(path)
    except Exception as error:
        if "trace" in str(error) and "file" in str(error):
            pytest.skip(f"its data is not here: {str(error).splitlines()[0]}")
        raise


def shortened(model: Model) -> Model:
    """A model with about so many orders."""
    if model.expected_orders <= ORDERS:
        return model
    horizon = model.horizon * ORDERS / model.expected_orders
    fields: dict[str, Any] = {"horizon": horizon}
    if model.warm_up >= horizon:
        fields["warm_up"] = horizon / 10
    return model.replace(**fields)


def test_there_are_scenarios():
    assert SCENARIOS


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_gives_the_same_log_in_both_engines(path: Path):
    model = shortened(loaded(path))
    for seed in SEEDS:
        tape = streams.draw(model, seed)
        log = simpy.run(model, tape, record=True)
        assert_equal(log, compiled.run(model, tape, record=True))
        check(model, log)


def test_data_that_are_not_part_of_backsim(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one scenario without its data says so, and where a copy is named; so does the page."""
    from backsim.cli import run as cli

    root = Path(__file__).parents[2]
    (tmp_path / "scenarios").mkdir()
    copy = tmp_path / "scenarios" / "online_retail.yaml"
    copy.write_text((root / "scenarios" / "online_retail.yaml").read_text())
    assert cli(["validate", str(copy)]) == 2
    said = capsys.readouterr().err
    field = "customers.shops.demand.trace.file"
    assert f"{field}: expected a file that exists" in said
    assert "(a copy elsewhere: --set FIELD=PATH)" in said
    page = (root / "docs" / "scenarios.md").read_text()
    assert f"--set {field}=PATH" in page
    assert f"--set {field}=PATH" in copy.read_text()


TOLD = (
    *(Calendar, Change, CustomerClass, CustomerCosts, Delivery, Disruptions, Emergency, Inbound),
    *(Opening, Pattern, PriceBreaks, Process, Product, PurchaseLimit, Recall, Returns, Scenario),
    *(Serving, Shipping, Site, SiteSource, StockCosts, StockPoint, Supplier, SupplierSource),
)
"""What a scenario is made of."""
UNTOLD = {
    "Calendar.country",  # needs a package that is not everybody's
    "Emergency.counts",
    "Opening.tables",  # needs files beside the scenario
    "PurchaseLimit.first",
    "PurchaseLimit.products",
    "PurchaseLimit.sites",
    "PurchaseLimit.unit",
    "Scenario.known_until",
    "Scenario.limits",
    "Scenario.processes",  # needs a file of rules
    "Serving.sites",
    "StockPoint.costs",
    "StockPoint.lead_time",
}
"""Fields that no story needs."""


def fields_used(value: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """(class that declares it, field) of all that a scenario says."""
    if isinstance(value, BaseModel):
        kind = type(value)
        for name in value.model_fields_set:
            for base in kind.__mro__:
                if name in getattr(base, "__annotations__", {}):
                    yield base, name
            yield from fields_used(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from fields_used(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from fields_used(part)


def test_stories_use_what_a_scenario_can_say():
    """A field that is added gets a story, or is named above."""
    used = set()
    for path in SCENARIOS:
        scenario, faults = check_form(read(path), Scenario, None)
        assert scenario is not None or path.stem == "online_retail", faults
        used |= set(fields_used(scenario))
    unused = {
        f"{kind.__name__}.{name}"
        for kind in TOLD
        for name in kind.model_fields
        if not any((base, name) in used for base in kind.__mro__)
    }
    assert unused == UNTOLD


def test_the_library_lists_every_scenario():
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    listed = re.findall(r"^\| `(\w+)\.yaml` \|", page, re.MULTILINE)
    assert sorted(listed) == [path.stem for path in SCENARIOS]
