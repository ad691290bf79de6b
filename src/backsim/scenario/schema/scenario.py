"""A scenario file as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
)

from backsim.quantities import (
    Days,
    Positive,
    PositiveDays,
)
from backsim.scenario.costs import CostRates
from backsim.scenario.dates import Calendar, Date
from backsim.scenario.part import fault
from backsim.scenario.schema.customers import CustomerClass
from backsim.scenario.schema.opening import Opening
from backsim.scenario.schema.policy import Policy
from backsim.scenario.schema.products import Product, Site
from backsim.scenario.schema.purchase_limits import PurchaseLimit
from backsim.scenario.schema.rule_use import Process
from backsim.scenario.schema.stock import ResolvedPoint, StockPoint
from backsim.scenario.schema.suppliers import Supplier
from backsim.scenario.shorthand import (
    OFF_TAPE,
    Name,
    Spec,
    defaults,
    listed,
    named,
    written,
)


class Limits(Spec):
    """The largest amount of work allowed per replication; checked before the run starts."""

    events: Positive = 200e6
    """Expected events per replication."""
    memory: Positive = 8.0
    """Expected memory of a replication, in GB (1e9 bytes)."""


def _products(value: Any) -> Any:
    """Traced products are not known yet: there are none, for now."""
    if value == "traced":
        return {}
    if value == {}:
        raise fault("at least one product")
    return defaults(value)


class Scenario(Spec):
    """A scenario: who the customers, products, sites and suppliers are, and which rules run."""

    title: Annotated[str, OFF_TAPE] = ""
    """One line for tables and reports."""
    horizon: PositiveDays
    """Days simulated."""
    warm_up: Annotated[Days, OFF_TAPE] = 0.0
    """Days at the start that no metric counts."""
    start: Date | None = None
    """The date of day 0. Calendars need it; without it, a trace starts on its first day."""
    known_until: PositiveDays | None = None
    """Day up to which traces are known when levels in days, levels from a service and first
    forecasts are computed: as known on that day.  Default: to their end, the future included."""
    time_unit: Annotated[str, OFF_TAPE] = "days"
    """What "day" means here, as `months`: a label, which costs and money per year also read."""
    currency: Annotated[str, OFF_TAPE] = ""
    """What money is counted in, as `EUR`; a label, nothing is converted."""
    products: Annotated[
        Mapping[Name, Product],
        BeforeValidator(_products, json_schema_input_type=Literal["traced"] | written(Product)),
    ]
    """What is sold; "traced" takes the products of the traces."""
    sites: Annotated[Mapping[Name, Site], Field(min_length=1), named(Site)] = Field(
        {"main": Site()}
    )
    """Where stock is kept."""
    suppliers: Mapping[Name, Supplier] = Field(min_length=1)
    """Where stock comes from."""
    calendars: Mapping[Name, Calendar] = {}
    """Calendars of working days by name, for suppliers, sites, deliveries and reviews; they need
    `start`, and times in days."""
    customers: Mapping[Name, CustomerClass] = Field(min_length=1)
    """The customer classes."""
    policy: Policy = Policy()
    """How all stock points are run, unless `stock` says otherwise."""
    stock: tuple[StockPoint, ...] = (StockPoint(),)
    """The stock points."""
    opening: Opening | None = None
    """What there is at the start: open orders, stock, purchases under way."""
    costs: Annotated[CostRates, OFF_TAPE] = CostRates()
    """Costs, unless a stock point, product or class has its own. Default: 0."""
    purchase_limits: Annotated[tuple[PurchaseLimit, ...], OFF_TAPE] = ()
    """Room, credit or money that purchases of several stock points share."""
    processes: Annotated[tuple[Process, ...], listed(Process, least=0), OFF_TAPE] = Field(
        (), exclude_if=lambda given: not given
    )
    """Processes of your own that run alongside the model, from a file that `--rules` names: a name,
    or a mapping with its parameters. Such runs need the SimPy engine."""
    limits: Annotated[Limits, OFF_TAPE] = Limits()
    """The largest amount of work allowed per replication."""


class ResolvedScenario(Scenario):
    """A scenario with every default filled in, every star expanded, and every level a number."""

    stock: tuple[ResolvedPoint, ...]
