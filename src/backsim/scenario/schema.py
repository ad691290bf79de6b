"""What a scenario file may say: each field once, with its type, unit, default and meaning."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from backsim.entities import OVERTAKING, SHIPMENT
from backsim.quantities import (
    Days,
    Level,
    Money,
    NonNegative,
    Number,
    PositiveDays,
    PositiveUnits,
    Probability,
    Rate,
    SomeUnits,
    Weight,
)
from backsim.scenario.distributions import AnyDistribution, Deterministic
from backsim.scenario.part import Part, fault, only_key
from backsim.scenario.ruleuse import (
    PriorityRule,
    RationingRule,
    ReorderRule,
    RuleUse,
    level_or_cover,
)


class Spec(Part):
    """A part whose fields are documented by the strings below them."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def _text(value: Any) -> Any:
    """Names may look like numbers (stock code 22423) in YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, Field(min_length=1), BeforeValidator(_text)]


def _named(value: Any) -> Any:
    """A plain name or a list of names stands for a mapping to defaults."""
    if isinstance(value, str | int):
        return {_text(value): {}}
    if isinstance(value, tuple):
        return {_text(name): {} for name in value}
    return value


def _tuple(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


def _weights(value: Any) -> Any:
    """`mug`, `[mug, plate]` or `"*"`: equal weights."""
    if isinstance(value, str | int):
        return {_text(value): 1.0}
    if isinstance(value, tuple):
        return {_text(name): 1.0 for name in value}
    return value


Selection = Annotated[tuple[Name, ...], BeforeValidator(_tuple)]
"""A name, a list of names, or "*" for all."""
Weights = Annotated[Mapping[Name, Weight], BeforeValidator(_weights)]
"""A name, a list of names, "*" for all, or names with weights."""


class CostRates(Spec):
    """What things cost.  A product's or a class's own value comes before the scenario's."""

    holding: Money | None = None
    """Per unit on hand (or reserved) and day."""
    ordering: Money | None = None
    """Per purchase."""
    purchase: Money | None = None
    """Per unit purchased, counted when ordered."""
    backorder_unit: Money | None = None
    """Per unit that has to wait, once."""
    backorder_time: Money | None = None
    """Per unit that waits and day."""
    lost_margin: Money | None = None
    """Per unit lost or cancelled."""


class Product(Spec):
    """Something that is sold."""

    price: Money = 0.0
    """Revenue per unit shipped."""
    costs: CostRates = CostRates()
    """Costs of this product, where they differ."""


class Site(Spec):
    """A place where stock is kept."""


class Servers(Spec):
    """Purchases queue for one of `servers` servers, first come first served."""

    servers: PositiveUnits
    """How many purchases are worked on at once."""
    service: AnyDistribution
    """Days of work for a purchase, before its lead time starts."""
    per: Literal["purchase", "unit"] = "purchase"
    """Whether the service time is for a whole purchase or for each of its units."""


class Throughput(Spec):
    """Purchases queue; the supplier works at a steady pace, one purchase after the other."""

    units_per_day: Rate
    """Units finished a day."""


def _capacity(value: Any) -> str:
    if isinstance(value, Throughput) or (isinstance(value, dict) and "units_per_day" in value):
        return "throughput"
    return "servers" if isinstance(value, dict | Servers) else "unlimited"


Capacity = Annotated[
    Annotated[Literal["unlimited"], Tag("unlimited")]
    | Annotated[Servers, Tag("servers")]
    | Annotated[Throughput, Tag("throughput")],
    Discriminator(_capacity),
]


class Supplier(Spec):
    """Where purchases go."""

    lead_time: AnyDistribution = Deterministic(value=0.0)
    """Days from the end of service (or the purchase itself) to arrival; one draw a purchase."""
    crossing: bool = True
    """Whether a purchase may arrive before an earlier one of the same stock point."""
    capacity: Capacity = "unlimited"
    """How much the supplier can work on at once."""


class Poisson(Spec):
    """Customers arrive independently of each other."""

    rate: Rate
    """Orders a day, on average."""


class Renewal(Spec):
    """Independent times between orders, of any distribution."""

    interval: AnyDistribution
    """Days between orders."""


class Period(Spec):
    """One order every period, for demand per period.  An order of size 0 is none."""

    every: PositiveDays = 1.0
    """Days between orders."""
    first: Days = 0.0
    """Day of the first order."""


class PoissonArrivals(Spec):
    """`{poisson: {rate: 4}}`"""

    poisson: Poisson


class RenewalArrivals(Spec):
    """`{renewal: {interval: {gamma: {mean: 2, cv: 0.5}}}}`"""

    renewal: Renewal


class PeriodArrivals(Spec):
    """`{period: {every: 1}}`"""

    period: Period


def _arrivals(value: Any) -> str | None:
    if isinstance(value, Part):
        return next(iter(type(value).model_fields))
    return only_key(value)


Arrivals = Annotated[
    Annotated[PoissonArrivals, Tag("poisson")]
    | Annotated[RenewalArrivals, Tag("renewal")]
    | Annotated[PeriodArrivals, Tag("period")],
    Discriminator(
        _arrivals,
        custom_error_type="fault",
        custom_error_message="{expected}",
        custom_error_context={"expected": "one of {poisson: ...}, {renewal: ...}, {period: ...}"},
    ),
]


class Cycle(Spec):
    """A season: factors on the rate that repeat."""

    period: PositiveDays
    """Days after which the factors start again."""
    factors: tuple[NonNegative, ...] = Field(min_length=1)
    """Each holds for an equal part of the period; they are scaled to a mean of 1."""


class Pattern(Spec):
    """How the rate of arrivals changes.  The rate is constant within each hour-long step."""

    weekdays: tuple[NonNegative, ...] | None = Field(None, min_length=7, max_length=7)
    """Factors Monday to Sunday, scaled to a mean of 1; needs `start`."""
    months: tuple[NonNegative, ...] | None = Field(None, min_length=12, max_length=12)
    """Factors January to December, scaled to a mean of 1; needs `start`."""
    season: Cycle | None = None
    """A cycle of any length, starting on day 0."""
    trend: Number = 0.0
    """Growth of the rate per day, as a share of the rate on day 0."""


class Process(Spec):
    """Orders that arrive at random, or period by period."""

    arrivals: Arrivals
    """When orders arrive."""
    pattern: Pattern = Pattern()
    """Season, trend and calendar of the rate."""
    products: Weights
    """What is ordered: one product, or several with weights (each line chooses anew)."""
    sites: Weights = {"*": 1.0}
    """Where: one site, or several with weights (each order chooses one)."""
    lines: AnyDistribution = Deterministic(value=1.0)
    """Lines an order (rounded, at least 1)."""
    size: AnyDistribution = Deterministic(value=1.0)
    """Units a line (rounded; a line of 0 or less is none)."""


class Filter(Spec):
    """Keep the rows whose column passes; the others are counted as skipped."""

    column: str
    min: Number | None = None
    """At least this number."""
    max: Number | None = None
    """At most this number."""
    matches: str | None = None
    """The whole text matches this regular expression."""
    excludes: str | None = None
    """The whole text does not match this regular expression."""


class Columns(Spec):
    """Which column of the file holds what."""

    time: str
    product: str
    units: str
    order: str | None = None
    """Rows with the same value are lines of one order; without it each row is an order."""
    site: str | None = None
    """Without it all orders go to the only site, or to `Trace.site`."""
    price: str | None = None
    """Price per unit; its mean is the product's price where none is given."""


class Trace(Spec):
    """Order lines from a CSV file (plain or .gz), replayed as they were."""

    file: str
    """Path of the file; a relative one starts at the scenario file's folder."""
    columns: Columns
    date_format: str
    """As in `strptime`, e.g. "%Y-%m-%d"; or "days" for plain numbers of days."""
    where: tuple[Filter, ...] = ()
    """Filters, all of which a row must pass."""
    top_products: PositiveUnits | None = None
    """Use only the products with most lines."""
    site: Name | None = None
    """The site of all orders."""


class WrittenOrder(Spec):
    """One order, written out in the scenario."""

    time: Days
    lines: Mapping[Name, PositiveUnits]
    """Units of each product."""
    site: Name | None = None
    """May be left out when there is one site."""


class TraceDemand(Spec):
    """`{trace: {file: ..., columns: ..., date_format: ...}}`"""

    trace: Trace


class OrderList(Spec):
    """`{orders: [{time: 1, lines: {mug: 2}}]}`"""

    orders: tuple[WrittenOrder, ...] = Field(min_length=1)


def _demand(value: Any) -> str:
    keys = value if isinstance(value, dict) else type(value).model_fields
    return "trace" if "trace" in keys else "orders" if "orders" in keys else "process"


Demand = Annotated[
    Annotated[Process, Tag("process")]
    | Annotated[TraceDemand, Tag("trace")]
    | Annotated[OrderList, Tag("orders")],
    Discriminator(_demand),
]


def _tolerance(value: Any) -> str:
    return "word" if isinstance(value, str) else "distribution"


class CustomerClass(Spec):
    """Customers who share demand, priority and tolerance."""

    demand: Annotated[tuple[Demand, ...], BeforeValidator(_tuple)] = Field(
        min_length=1
    )
    """What they order: one entry or a list, each an independent stream."""
    priority: SomeUnits = 1
    """1 is the most important class."""
    tolerance: Annotated[
        Annotated[Literal["unlimited", "none"], Tag("word")]
        | Annotated[AnyDistribution, Tag("distribution")],
        Discriminator(_tolerance),
    ] = "unlimited"
    """Days a customer waits: unlimited (full backordering), none (lost sale), or a distribution."""
    backorder_share: Probability = 1.0
    """Share of customers who wait at all; the others are lost when there is no stock."""
    due_in: AnyDistribution = Deterministic(value=0.0)
    """Days from the order to its due date."""
    shipment: Literal[SHIPMENT] = "partial"  # type: ignore[valid-type]
    """Ship units as they come (partial), whole lines (line), or whole orders (order)."""
    costs: CostRates = CostRates()
    """Costs of this class, where they differ."""


class Review(Spec):
    """Periodic review."""

    period: PositiveDays
    """Days between reviews."""
    first: Days = 0.0
    """Day of the first review."""
    after_demand: bool = False
    """Review after the demand of the same instant instead of before it."""


def _review(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"period": value}
    return value


def _review_kind(value: Any) -> str:
    return "word" if isinstance(value, str) else "review"


class Policy(Spec):
    """How a stock point is run.  `policy` is for all; entries of `stock` may differ."""

    reorder: ReorderRule | None = None
    """When and how much to order."""
    review: Annotated[
        Annotated[Literal["continuous"], Tag("word")] | Annotated[Review, Tag("review")],
        Discriminator(_review_kind),
        BeforeValidator(_review),
    ] = "continuous"
    """After each event that lowers the position, or periodic: a number of days or a mapping."""
    priority: PriorityRule = RuleUse("fcfs")
    """Who is served first when stock arrives."""
    rationing: RationingRule = RuleUse("none")
    """Stock held back for more important classes."""
    overtaking: Literal[OVERTAKING] = "skip"  # type: ignore[valid-type]
    """May a line be served when the one before it cannot be filled whole?  (skip: yes)"""
    withdraw: bool = False
    """When a customer cancels, withdraw as many units that the supplier has not started."""


class Inbound(Spec):
    """A purchase already under way at the start."""

    units: PositiveUnits
    arrives: Days


class StockPoint(Policy):
    """Stock points: products at sites, and how they differ from `policy`.

    Several entries may match one stock point; of each field the last one given counts.
    """

    products: Selection = ("*",)
    sites: Selection = ("*",)
    supplier: Name | None = None
    """May be left out when there is one supplier."""
    initial: level_or_cover(SomeUnits) | None = None  # type: ignore[valid-type]
    """Units on hand at the start; without it, what the reorder rule orders when nothing is there."""
    inbound: tuple[Inbound, ...] = ()
    """Purchases under way at the start."""
    lead_time: AnyDistribution | None = None
    """Lead time of this stock point, where it differs from its supplier's."""


class Limits(Spec):
    """The largest work a replication may be; checked before anything is done."""

    events: NonNegative = 200e6
    """Expected events a replication."""
    memory: NonNegative = 8.0
    """Expected memory of a replication, in GB (1e9 bytes)."""


def _products(value: Any) -> Any:
    return value if value == "traced" else _named(value)


class Scenario(Spec):
    """A scenario: who the customers, products, sites and suppliers are, and which rules run."""

    title: str = ""
    """One line for tables and reports."""
    horizon: PositiveDays
    """Days simulated."""
    warm_up: Days = 0.0
    """Days at the start that no metric counts."""
    start: datetime.date | None = Field(None, strict=False)
    """The date of day 0; calendars need it, and a trace takes its first day if there is none."""
    time_unit: str = "days"
    """What "day" means here; a label, nothing is converted."""
    products: Annotated[
        Mapping[Name, Product] | Literal["traced"], BeforeValidator(_products)
    ] = Field(min_length=1)
    """What is sold; "traced" takes the products of the traces."""
    sites: Annotated[Mapping[Name, Site], BeforeValidator(_named)] = Field({"main": Site()}, min_length=1)
    """Where stock is kept."""
    suppliers: Mapping[Name, Supplier] = Field(min_length=1)
    """Where stock comes from."""
    customers: Mapping[Name, CustomerClass] = Field(min_length=1)
    """The customer classes."""
    policy: Policy = Policy()
    """How all stock points are run, unless `stock` says otherwise."""
    stock: tuple[StockPoint, ...] = (StockPoint(),)
    """The stock points."""
    costs: CostRates = CostRates()
    """Costs, unless a product or class has its own; 0 where nothing is said."""
    limits: Limits = Limits()
    """The largest work a replication may be."""

    def check_span(self) -> None:
        """Refuse a warm-up that leaves nothing to measure."""
        if self.warm_up >= self.horizon:
            raise fault("a warm-up shorter than the horizon")
