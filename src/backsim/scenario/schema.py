"""What a scenario file may say: each field once, with its type, unit, default and meaning."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    WrapSerializer,
    model_validator,
)

from backsim.entities import OVERTAKING, SHARING, SHIPMENT
from backsim.quantities import (
    Days,
    Money,
    Number,
    OpenProbability,
    Positive,
    PositiveCount,
    PositiveDays,
    PositiveUnits,
    Probability,
    Rate,
    SomeCount,
    SomeUnits,
    SquaredUnitsPerDay,
    Time,
    UnitsPerDay,
)
from backsim.rules import FAMILIES, Rule
from backsim.scenario.costs import ClassCosts, CostRates, CustomerCosts
from backsim.scenario.demand.schema import (
    Demand,
    OrderList,
    Pattern,
    Process,
    Trace,
    TraceDemand,
)
from backsim.scenario.distributions.fields import Duration
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.reactions import Cancelling, Emergency, Expedite, Expediting
from backsim.scenario.ruleuse import (
    Cover,
    EstimateRule,
    ForecastRule,
    NoticeRule,
    PriorityRule,
    RationingRule,
    ReorderRule,
    RuleUse,
    level_kind,
)
from backsim.scenario.shorthand import (
    OFF_TAPE,
    AnyName,
    Name,
    Selection,
    Spec,
    defaults,
    listed,
    named,
    word_or,
    written,
)
from backsim.scenario.supply import Capacity, Servers, Supplier, Throughput


class Substitute(Spec):
    """A product that may be offered in place of another."""

    discount: Money = 0.0
    """Money per unit below its own price."""


class Product(Spec):
    """Something that is sold."""

    price: Annotated[Money, OFF_TAPE] = 0.0
    """Revenue per unit shipped."""
    pack: PositiveUnits = Field(1, exclude_if=lambda units: units == 1)
    """Units per pack: customers order whole packs, and the `size` of a line counts them."""
    substitutes: Annotated[
        Mapping[Name, Substitute],
        BeforeValidator(
            defaults, json_schema_input_type=Mapping[Name, Substitute] | list[Name] | Name
        ),
    ] = {}
    """What is offered when it is out of stock, in this order: names, or names with a discount."""
    costs: Annotated[CostRates, OFF_TAPE] = CostRates()
    """Costs of this product, where they differ."""


def _two(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if len(numbers) != 2:
        raise fault("two numbers, [x, y]", str(len(numbers)))
    return numbers


Place = Annotated[tuple[Number, ...], AfterValidator(_two)]


class Site(Spec):
    """A place where stock is kept."""

    place: Place | None = None
    """Where it is, [x, y] in any unit of distance; needed where the nearest site serves."""


class SiteSource(Spec):
    """Another site that a stock point is supplied from: its purchases are orders there."""

    site: Name
    """The site that supplies; it keeps the same product."""
    transport: Duration = Field(0, validate_default=True)
    """Days from shipment there to arrival here; one draw a purchase."""
    crossing: bool = True
    """Whether units may arrive before some that were shipped earlier."""
    shipment: Literal["partial", "whole"] = "partial"
    """Ship units as they come, each part on its own, or only whole purchases."""
    priority: SomeCount = 1
    """Priority of these purchases there, among customer classes; 1 is the most important."""
    share: OpenProbability | None = None
    """Share of the units bought here; without shares, sources are tried in order."""

    plain: ClassVar[bool] = False
    supplier: ClassVar[None] = None
    emergency: ClassVar[None] = None
    surcharge: ClassVar[float] = 0.0


class Transfers(Spec):
    """Units sent for from other sites of the same level, when there are too few here."""

    sites: Annotated[tuple[Name, ...], Field(min_length=1), listed(Name)]
    """Who may send them, in order of preference; a site in its own list does not count."""
    when: Literal["never", "at_stock_out", "at_level"] = "at_stock_out"
    """Asked for: the units that customers wait for, or what is missing to `level`, if anything."""
    level: SomeUnits = 0
    """With at_level: units that are to be here, or on their way from the other sites."""
    keep: SomeUnits = 0
    """Units on hand that the other site keeps for itself."""
    days: Duration = Field(0, validate_default=True)
    """Days from there to here; one draw a transfer."""

    @model_validator(mode="after")
    def _check_level(self) -> Transfers:
        if self.when == "at_level" and not self.level:
            raise fault("a `level` of 1 unit or more, for at_level", "none")
        if self.when == "at_stock_out" and self.level:
            raise fault("no `level` with at_stock_out", str(self.level))
        return self


class SupplierSource(Spec):
    """A supplier as one of several sources."""

    supplier: Name
    """The supplier."""
    lead_time: Duration | None = None
    """Lead time of this stock point, where it differs from its supplier's."""
    share: OpenProbability | None = None
    """Share of the units bought here; without shares, sources are tried in order."""
    emergency: Emergency | None = None
    """It is asked only in emergencies; there is another source."""
    surcharge: Money = 0.0
    """Money per unit bought here, beside `costs.purchase`."""

    site: ClassVar[None] = None

    @property
    def plain(self) -> bool:
        """Whether no more is said of it than its name."""
        return self == SupplierSource(supplier=self.supplier)


def _by_name(value: Any) -> Any:
    """A supplier of which no more is said than its name."""
    return SupplierSource(supplier=value) if isinstance(value, str) else value


def _source(value: Any) -> str:
    if isinstance(value, SiteSource) or (isinstance(value, dict) and "site" in value):
        return MEMBER + "site"
    return MEMBER + ("supplier" if isinstance(value, SupplierSource | dict) else "name")


def _shortest(value: Any, dump: Any) -> Any:
    """Suppliers of which no more is said by their names; one source without a list around it."""
    plain = [
        source.supplier if source.plain else said
        for source, said in zip(value, dump(value), strict=True)
    ]
    return plain[0] if len(plain) == 1 else plain


Source = Annotated[
    Annotated[SiteSource, member("site")]
    | Annotated[SupplierSource, member("supplier")]
    | Annotated[Name, AfterValidator(_by_name), member("name")],
    Discriminator(_source),
]
Sources = Annotated[
    tuple[Source, ...], Field(min_length=1), listed(Source), WrapSerializer(_shortest)
]
"""Where a stock point buys; one entry stands for a list of one."""


def _word(value: Any) -> str:
    return MEMBER + ("word" if isinstance(value, str) else "other")


Tolerance = Annotated[
    Annotated[Literal["unlimited", "none"], member("word")] | Annotated[Duration, member("other")],
    Discriminator(_word),
    word_or(("unlimited", "none"), "a number or distribution of days"),
]


Grace = Annotated[
    Annotated[Literal["unlimited"], member("word")] | Annotated[Duration, member("other")],
    Discriminator(_word),
    word_or(("unlimited",), "a number or distribution of days"),
]


class Broken(Spec):
    """What a customer does when a promise and its grace have passed."""

    leaves: Probability = 1.0
    """Probability of cancelling, at each broken promise; else they wait on without a promise."""
    shrinks: Positive = 1.0
    """Factor on what is left of their patience: the tolerances, told and not told."""


class Informed(Spec):
    """What customers do when they are told how long they will wait."""

    tolerance: Tolerance | None = None
    """Longest promised wait accepted, from the order; who is told more leaves at once.

    Without it, the same days that the customer waits when told nothing.
    """
    grace: Grace = Field(0, validate_default=True)
    """Days a customer waits past a promise; unlimited: they stay until the order ships."""
    broken: Broken = Broken()
    """What happens when promise and grace have passed."""


class Inquiries(Spec):
    """Customers ask where their order is, while no promise stands."""

    rate: Rate
    """Inquiries a day and waiting order, at random times."""
    at_most: PositiveCount = 5
    """Inquiries of one order."""


class Express(Spec):
    """A faster way to the customer."""

    days: Days
    """Days on the way."""
    slack: Time = 0.0
    """Units go by express that would else arrive less than so many days before the due date."""


class Delivery(Spec):
    """The way from the site to the customer."""

    days: Days = 0.0
    """Days on the way."""
    express: Express | None = None
    """A faster way, for units in a hurry."""


def _delivery(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"days": value}
    return value


Delivering = Annotated[Delivery, BeforeValidator(_delivery, json_schema_input_type=Days | Delivery)]


class Serving(Spec):
    """Which sites serve customers, beside the one where they order."""

    sites: Selection = ("*",)
    """The others: a name, a list in order of preference, or "*" for all."""
    order: Literal["given", "nearest"] = "given"
    """Which of them is tried first: as given, or the nearest to the site of the order."""
    split: bool = True
    """Whether the lines of an order may be served from different sites."""


def _serving(value: Any) -> Any:
    return {"sites": value} if isinstance(value, str | int | tuple) else value


ServedBy = Annotated[
    Serving, BeforeValidator(_serving, json_schema_input_type=AnyName | list[AnyName] | Serving)
]


class CustomerClass(Spec):
    """Customers who share demand, priority and tolerance."""

    demand: Annotated[tuple[Demand, ...], Field(min_length=1), listed(Demand)]
    """What they order: one entry or a list, each an independent stream."""
    priority: Annotated[SomeCount, OFF_TAPE] = 1
    """1 is the most important class."""
    tolerance: Tolerance = "unlimited"
    """Days a customer waits: unlimited (full backordering), none (lost sale), or a distribution."""
    backorder_share: Probability = 1.0
    """Share of customers who wait at all; the others are lost when there is no stock."""
    due_in: Duration = Field(0, validate_default=True)
    """Days from the order to its due date."""
    announced: Annotated[Days, OFF_TAPE] = 0.0
    """Days before it is wanted that an order is known: from then on it lowers the position, and
    nothing ships before.  Waits and due dates count from the day it is wanted."""
    informed: Informed = Informed()
    """What they do when they are told how long they will wait."""
    inquiries: Inquiries | None = None
    """How they ask when they are not told."""
    shipment: Annotated[Literal[SHIPMENT], OFF_TAPE] = "partial"  # type: ignore[valid-type]
    """Ship units as they come (partial), whole lines (line), or whole orders (order)."""
    served_by: ServedBy | None = None
    """The sites that serve an order which the site where it is placed cannot fill; else it waits.

    Names in order of preference, "*" for all, or a mapping.
    """
    delivery: Delivering = Delivery()
    """Days on the way, or a mapping; due dates are dates of delivery."""
    takes_substitute: Probability = 1.0
    """Share of customers who take a substitute; orders shipped whole are offered none."""
    costs: Annotated[ClassCosts, OFF_TAPE] = CustomerCosts()
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


Reviewing = Annotated[
    Annotated[Literal["continuous"], member("word")] | Annotated[Review, member("other")],
    Discriminator(_word),
    BeforeValidator(_review, json_schema_input_type=Literal["continuous"] | PositiveDays | Review),
    word_or(("continuous",), "a number of days between reviews"),
]


class Observation(Spec):
    """How demand is observed for a forecast."""

    every: PositiveDays = 1.0
    """Days of a period; the forecast is updated at its end."""
    first: Days | None = None
    """Day on which the first period ends; without it, one period after the start."""
    censored: bool = False
    """Units lost at once are not seen: only what is shipped or waited for counts as demand."""
    error_smoothing: OpenProbability = 0.1
    """Weight of the latest period in the mean squared error of the forecasts."""
    mean: UnitsPerDay | None = None
    """Units a day forecast at the start; without it, the scenario's own mean demand."""
    variance: SquaredUnitsPerDay | None = None
    """Squared error a day at the start; without it, the variance of the scenario's demand a day."""


def _observing(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"every": value}
    return value


Observing = Annotated[
    Observation, BeforeValidator(_observing, json_schema_input_type=PositiveDays | Observation)
]


def _each_once(uses: tuple[RuleUse, ...]) -> tuple[RuleUse, ...]:
    names = [use.rule for use in uses]
    for name in names:
        if names.count(name) > 1:
            raise fault("each rule once", f"{name} {names.count(name)} times")
    return uses


class Batches(Spec):
    """Waiting lines are served only at batch runs."""

    every: PositiveDays
    """Days between runs."""
    first: Days = 0.0
    """Day of the first run."""
    between: bool = True
    """New orders may take stock on hand between runs; else they too wait for the next one."""
    reallocate: bool = False
    """Runs take back units kept for orders that are not whole, and give them by priority anew."""


def _clearing(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"every": value}
    return value


Clearing = Annotated[
    Annotated[Literal["at_arrival"], member("word")] | Annotated[Batches, member("other")],
    Discriminator(_word),
    BeforeValidator(
        _clearing, json_schema_input_type=Literal["at_arrival"] | PositiveDays | Batches
    ),
    word_or(("at_arrival",), "a number of days between batch runs"),
]


Room = Annotated[
    Annotated[Literal["unlimited"], member("word")] | Annotated[SomeCount, member("other")],
    Discriminator(_word),
    word_or(("unlimited",), "a number of lines"),
]


class Policy(Spec):
    """How a stock point is run.  `policy` is for all; entries of `stock` may differ."""

    reorder: Annotated[ReorderRule | None, OFF_TAPE] = None
    """When and how much to order."""
    review: Annotated[Reviewing, OFF_TAPE] = "continuous"
    """After each event that lowers the position, or periodic: a number of days or a mapping."""
    priority: Annotated[PriorityRule, OFF_TAPE] = Field("fcfs", validate_default=True)
    """Who is served first when stock arrives."""
    rationing: Annotated[RationingRule, OFF_TAPE] = Field("none", validate_default=True)
    """Stock held back for more important classes."""
    forecast: Annotated[ForecastRule, OFF_TAPE] = Field("static", validate_default=True)
    """How demand is forecast, for reorder rules that ask for a forecast."""
    observe: Annotated[Observing | None, OFF_TAPE] = Observation()
    """When and how demand is observed for the forecast: a number of days or a mapping."""
    notice: Annotated[
        tuple[NoticeRule, ...],
        Field(min_length=1),
        AfterValidator(_each_once),
        listed(NoticeRule),
        OFF_TAPE,
    ] = Field("silent", validate_default=True)
    """When customers who wait are told: a rule or a list, of which the earliest counts."""
    estimate: Annotated[EstimateRule, OFF_TAPE] = Field("mean_lead_time", validate_default=True)
    """Which date they are told."""
    least_order: Annotated[PositiveUnits, OFF_TAPE] = 1
    """The supplier accepts no smaller purchase."""
    multiple: Annotated[PositiveUnits, OFF_TAPE] = 1
    """Purchases are rounded up to multiples of so many units (a case, a pallet)."""
    overtaking: Annotated[Literal[OVERTAKING], OFF_TAPE] = "skip"  # type: ignore[valid-type]
    """What if a line cannot be filled whole?  Those behind it wait (strict), or not (skip).

    partial: they wait, and it takes what there is, which is kept for it until it is whole.
    """
    sharing: Annotated[Literal[SHARING], OFF_TAPE] = "none"  # type: ignore[valid-type]
    """Fair share of stock among waiting lines: in proportion to units open, or evenly (max_min).

    none: lines are served one after the other, as `priority` says.
    """
    substitution: Annotated[Literal["never", "at_order", "when_late", "both"], OFF_TAPE] = (
        "at_order"
    )
    """When substitutes are offered: when a customer orders, when a promise slips, or both."""
    clearing: Annotated[Clearing, OFF_TAPE] = "at_arrival"
    """When waiting lines are served: whenever units are free, or only every so many days."""
    backlog_limit: Annotated[Room, OFF_TAPE] = "unlimited"
    """Lines that may wait here; a customer whose line would be one more is lost at once."""
    transfers: Transfers | None = None
    """Units from other sites of the same level, when there are too few here."""
    withdraw: Annotated[bool, OFF_TAPE] = False
    """When a customer cancels, withdraw as many units that the supplier has not started."""
    expedite: Annotated[Expediting | None, OFF_TAPE] = None
    """When purchases under way are brought forward; never, if nothing is said."""
    cancel_late: Annotated[Cancelling | None, OFF_TAPE] = None
    """Withdraw a purchase that is known to come so many days after its quoted date, or has not come
    by then, and that the supplier has not begun with; never, if nothing is said."""

    @property
    def periodic(self) -> Review | None:
        """The reviews of a stock point that reviews periodically."""
        return self.review if isinstance(self.review, Review) else None

    @property
    def batches(self) -> Batches | None:
        """The batch runs at which waiting lines are served, if not at every arrival."""
        return self.clearing if isinstance(self.clearing, Batches) else None

    @property
    def most_waiting(self) -> int | None:
        """Lines that may wait; None where there is no limit."""
        return None if self.backlog_limit == "unlimited" else self.backlog_limit

    @property
    def expedites(self) -> Expedite | None:
        """When purchases are brought forward, if ever."""
        return self.expedite if isinstance(self.expedite, Expedite) else None

    @property
    def cancels_after(self) -> float | None:
        """Days after which a late purchase is withdrawn, if ever."""
        return None if self.cancel_late == "never" else self.cancel_late

    @property
    def asks_for_units(self) -> Transfers | None:
        """How it sends for units of other sites of its level, if ever."""
        asks = self.transfers is not None and self.transfers.when != "never"
        return self.transfers if asks else None


class Inbound(Spec):
    """A purchase already under way at the start."""

    units: PositiveUnits
    """Units that arrive."""
    arrives: Days
    """When, in days from the start."""


Initial = Annotated[
    Annotated[SomeUnits, member("number")] | Annotated[Cover, member("cover")],
    Discriminator(level_kind),
]


class StockPoint(Policy):
    """Stock points: products at sites, and how they differ from `policy`.

    Several entries may match one stock point; of each field the last one given counts.
    """

    products: Selection = ("*",)
    """Which products: a name, a list, or "*" for all."""
    sites: Selection = ("*",)
    """Which sites: a name, a list, or "*" for all."""
    supplier: Sources | None = None
    """Where it buys: a supplier's name, a site, or a list; left out, the only supplier there is."""
    made_from: Annotated[Mapping[Name, PositiveUnits], Field(min_length=1)] | None = None
    """Units of products at the same site that go into each unit; the supplier is the workshop."""
    costs: Annotated[CostRates | None, OFF_TAPE] = None
    """Costs of this stock point, where they differ."""
    initial: Annotated[Initial | None, OFF_TAPE] = None
    """Units on hand at the start; without it, what the reorder rule orders with nothing there."""
    inbound: Annotated[tuple[Inbound, ...], OFF_TAPE] = ()
    """Purchases under way at the start."""
    lead_time: Duration | None = None
    """Lead time of this stock point, where it differs from its supplier's."""


class ResolvedPoint(StockPoint):
    """One product at one site, with nothing left open: what a run needs."""

    reorder: ReorderRule
    supplier: Annotated[tuple[SiteSource | SupplierSource, ...], WrapSerializer(_shortest)]
    initial: int

    @property
    def product(self) -> str:
        """The product."""
        return self.products[0]

    @property
    def site(self) -> str:
        """The site."""
        return self.sites[0]

    @property
    def rules(self) -> Iterator[Rule]:
        """The rules that it names."""
        for name, family in FAMILIES.items():
            given = getattr(self, name)
            for use in given if isinstance(given, tuple) else (given,):
                yield family.get(use.rule)

    def asks(self, feature: str) -> bool:
        """Whether its reorder rule asks for what that part of the kernel answers."""
        return feature in FAMILIES["reorder"].get(self.reorder.rule).features

    @property
    def forecasts(self) -> bool:
        """Whether it forecasts its demand: its reorder rule asks, or a method is named."""
        return self.observe is not None


class Limits(Spec):
    """The largest work a replication may be; checked before anything is done."""

    events: Positive = 200e6
    """Expected events a replication."""
    memory: Positive = 8.0
    """Expected memory of a replication, in GB (1e9 bytes)."""


def _products(value: Any) -> Any:
    """Traced products are not known yet: there are none, for now."""
    if value == "traced":
        return {}
    if value == {}:
        raise fault("at least one product")
    return defaults(value)


def _date(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise fault("a date such as 2024-01-31") from None


class Scenario(Spec):
    """A scenario: who the customers, products, sites and suppliers are, and which rules run."""

    title: Annotated[str, OFF_TAPE] = ""
    """One line for tables and reports."""
    horizon: PositiveDays
    """Days simulated."""
    warm_up: Annotated[Days, OFF_TAPE] = 0.0
    """Days at the start that no metric counts."""
    start: Annotated[datetime.date, BeforeValidator(_date)] | None = None
    """The date of day 0; calendars need it, and a trace takes its first day if there is none."""
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
    customers: Mapping[Name, CustomerClass] = Field(min_length=1)
    """The customer classes."""
    policy: Policy = Policy()
    """How all stock points are run, unless `stock` says otherwise."""
    stock: tuple[StockPoint, ...] = (StockPoint(),)
    """The stock points."""
    costs: Annotated[CostRates, OFF_TAPE] = CostRates()
    """Costs, unless a stock point, product or class has its own; 0 where nothing is said."""
    limits: Annotated[Limits, OFF_TAPE] = Limits()
    """The largest work a replication may be."""


class ResolvedScenario(Scenario):
    """A scenario with every default filled in, every star expanded, and every level a number."""

    stock: tuple[ResolvedPoint, ...]


__all__ = [
    "Batches",
    "Capacity",
    "CostRates",
    "CustomerClass",
    "Inbound",
    "OrderList",
    "Pattern",
    "Policy",
    "Process",
    "Product",
    "ResolvedPoint",
    "ResolvedScenario",
    "Review",
    "Scenario",
    "Servers",
    "Serving",
    "Site",
    "SiteSource",
    "StockPoint",
    "Supplier",
    "SupplierSource",
    "Throughput",
    "Trace",
    "TraceDemand",
    "Transfers",
]
