"""How a stock point is run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    model_serializer,
    model_validator,
)

from backsim.entities import OVERTAKING, SHARING
from backsim.quantities import (
    Days,
    Money,
    OpenProbability,
    PackedUnits,
    PositiveDays,
    PositiveUnits,
    SomeCount,
    SomeUnits,
    SquaredUnitsPerDay,
    UnitsPerDay,
)
from backsim.scenario.dates import Moment, SomeDates
from backsim.scenario.part import fault
from backsim.scenario.schema.reactions import Cancelling, Expedite, Expediting
from backsim.scenario.schema.rule_use import (
    EstimateRule,
    ForecastRule,
    NoticeRule,
    PriorityRule,
    RationingRule,
    ReorderRule,
    RuleUse,
    SourcingRule,
    SplitRule,
)
from backsim.scenario.schema.sources import (
    Transfers,
)
from backsim.scenario.shorthand import (
    OFF_TAPE,
    Spec,
    WordOr,
    listed,
    number_for,
)


class Review(Spec):
    """Periodic review."""

    period: PositiveDays | None = None
    """Days between reviews."""
    first: Days = 0.0
    """Day of the first review."""
    dates: SomeDates | None = None
    """Dates of the reviews, such as every Monday, instead of `period` and `first`."""
    after_demand: bool = False
    """Review after the demand of the same instant instead of before it."""

    @model_validator(mode="after")
    def _check_either(self) -> Review:
        if (self.period is None) == (self.dates is None):
            raise fault("either `period`, the days between reviews, or `dates`")
        if self.dates is not None and self.first:
            raise fault("no `first` with dates of reviews", f"{self.first:g}")
        return self

    @property
    def days(self) -> float:
        """Days between reviews, on average."""
        return self.period or (self.dates.mean_days if self.dates else 0.0)


Reviewing = Annotated[
    Literal["continuous"] | Review,
    WordOr("a number of days between reviews"),
    number_for("period", Literal["continuous"] | PositiveDays | Review),
]


class Observation(Spec):
    """How demand is observed for a forecast."""

    every: PositiveDays = 1.0
    """Length of a period in days. The forecast is updated at the end of each period."""
    first: Days | None = None
    """Day on which the first period ends. Default: one period after the start."""
    censored: bool = False
    """Whether lost sales are unobserved: only shipped or backordered units count as demand."""
    error_smoothing: OpenProbability = 0.1
    """Weight of the latest period in the mean squared error of the forecasts."""
    mean: UnitsPerDay | None = None
    """Initial forecast in units per day. Default: the mean demand of the scenario."""
    variance: SquaredUnitsPerDay | None = None
    """Initial squared error per day. Default: the variance of the scenario's daily demand."""


Observing = Annotated[Observation, number_for("every", PositiveDays | Observation)]


def _each_once(uses: tuple[RuleUse, ...]) -> tuple[RuleUse, ...]:
    names = [use.rule for use in uses]
    for name in names:
        if names.count(name) > 1:
            raise fault("each rule once", f"'{name}' {names.count(name)} times")
    return uses


class Batches(Spec):
    """Waiting lines are served only at batch runs."""

    every: PositiveDays
    """Days between runs."""
    first: Days = 0.0
    """Day of the first run."""
    between: bool = True
    """Whether new orders may take stock on hand between runs; otherwise they wait for the next one.
    """
    reallocate: bool = False
    """Whether runs take back units reserved for incomplete orders and allocate them again by
    priority.
    """


Clearing = Annotated[
    Literal["at_arrival"] | Batches,
    WordOr("a number of days between batch runs"),
    number_for("every", Literal["at_arrival"] | PositiveDays | Batches),
]


class Room(Spec):
    """How much may wait at a stock point; of several limits each counts."""

    lines: SomeCount | None = None
    """Order lines."""
    units: SomeUnits | None = None
    """Units."""
    value: Money | None = None
    """Money: units at the product's price."""

    @model_validator(mode="after")
    def _check_any(self) -> Room:
        if self.lines is None and self.units is None and self.value is None:
            raise fault("one of the keys lines, units and value")
        return self

    @model_serializer(mode="wrap")
    def _shortest(self, dump: Any) -> Any:
        """Lines alone as a number."""
        return self.lines if self.units is None and self.value is None else dump(self)


Waiting = Annotated[
    Literal["unlimited"] | Room,
    WordOr("a number of lines or a mapping"),
    number_for("lines", Literal["unlimited"] | SomeCount | Room),
]
MostStock = Annotated[Literal["unlimited"] | PositiveUnits, WordOr("a number of units")]


class Change(Spec):
    """Rules that are others from a day on; what is not said stays as it is."""

    starts: Moment
    """The day, in days from the start, or its date."""
    reorder: ReorderRule | None = None
    """When and how much to order from then on."""
    priority: PriorityRule | None = None
    """Who is served first from then on."""
    rationing: RationingRule | None = None
    """Stock held back from then on."""

    @model_validator(mode="after")
    def _check_something(self) -> Change:
        if self.reorder is None and self.priority is None and self.rationing is None:
            raise fault("what changes: `reorder`, `priority` or `rationing`")
        return self


class Policy(Spec):
    """How a stock point is run. `policy` applies to all; entries of `stock` may differ."""

    reorder: Annotated[ReorderRule | None, OFF_TAPE] = None
    """When and how much to order."""
    changes: Annotated[tuple[Change, ...], OFF_TAPE] = Field((), exclude_if=lambda given: not given)
    """Rules that change on given days, such as levels by season, in order of time."""
    review: Annotated[Reviewing, OFF_TAPE] = "continuous"
    """Continuous (after each event that lowers the position) or periodic: a number of days, or a
    mapping.
    """
    priority: Annotated[PriorityRule, OFF_TAPE] = Field("fcfs", validate_default=True)
    """Who is served first when stock arrives."""
    rationing: Annotated[RationingRule, OFF_TAPE] = Field("none", validate_default=True)
    """Stock held back for more important classes."""
    forecast: Annotated[ForecastRule, OFF_TAPE] = Field("static", validate_default=True)
    """How demand is forecast, for reorder rules that use a forecast."""
    observe: Annotated[Observing | None, OFF_TAPE] = Observation()
    """When and how demand is observed for the forecast: a number of days or a mapping."""
    notice: Annotated[
        tuple[NoticeRule, ...],
        Field(min_length=1),
        AfterValidator(_each_once),
        listed(NoticeRule),
        OFF_TAPE,
    ] = Field("silent", validate_default=True)
    """When waiting customers are informed: a rule, or a list of rules of which the earliest counts.
    """
    estimate: Annotated[EstimateRule, OFF_TAPE] = Field("mean_lead_time", validate_default=True)
    """Which date waiting customers are told."""
    sourcing: Annotated[SourcingRule, OFF_TAPE] = Field(
        "as_listed", validate_default=True, exclude_if=lambda use: use.rule == "as_listed"
    )
    """From which of several sources a purchase is bought."""
    split: Annotated[SplitRule, OFF_TAPE] = Field(
        "none", validate_default=True, exclude_if=lambda use: use.rule == "none"
    )
    """How many units of a purchase each of several sources gets."""
    least_order: Annotated[PackedUnits, OFF_TAPE] = 1
    """Minimum order quantity (MOQ)."""
    multiple: Annotated[PackedUnits, OFF_TAPE] = 1
    """Order multiple: purchases are rounded up to a multiple of this many units (a case, a pallet).
    """
    most_stock: Annotated[MostStock, OFF_TAPE] = "unlimited"
    """Largest position that a purchase may reach.  A larger purchase is rounded down to a multiple,
    and not placed if that is below `least_order`."""
    overtaking: Annotated[Literal[OVERTAKING], OFF_TAPE] = "skip"  # type: ignore[valid-type]
    """What happens when the first line in the queue cannot be filled completely. `strict`: the
    lines behind it wait. `skip`: they may be served. `partial`: they wait, and the available
    units are reserved for the first line until it is complete.
    """
    sharing: Annotated[Literal[SHARING], OFF_TAPE] = "none"  # type: ignore[valid-type]
    """Fair share of stock among waiting lines: in proportion to open units, or evenly (`max_min`).
    `none`: lines are served one after the other, in the order of `priority`.
    """
    substitution: Annotated[Literal["never", "at_order", "when_late", "both"], OFF_TAPE] = (
        "at_order"
    )
    """When substitutes are offered: when a customer orders, when a promise slips, or both."""
    clearing: Annotated[Clearing, OFF_TAPE] = "at_arrival"
    """When waiting lines are served: whenever units are available, or only every given number of
    days.
    """
    backlog_limit: Annotated[Waiting, OFF_TAPE] = "unlimited"
    """Largest backlog: a number of lines, or a mapping.  A customer whose line would exceed it is
    lost."""
    transfers: Transfers | None = None
    """Lateral transshipments: units from other sites of the same level when this one runs short."""
    withdraw: Annotated[bool, OFF_TAPE] = False
    """Whether a cancellation also withdraws as many purchased units that the supplier has not
    started.
    """
    expedite: Annotated[Expediting | None, OFF_TAPE] = None
    """When to expedite purchases in transit. Default: never."""
    cancel_late: Annotated[Cancelling | None, OFF_TAPE] = None
    """Cancel a purchase that the supplier has not started once it is expected, or already is, this
    many days later than quoted. Default: never.
    """

    @property
    def periodic(self) -> Review | None:
        """The reviews of a stock point that reviews periodically."""
        return self.review if isinstance(self.review, Review) else None

    @property
    def batches(self) -> Batches | None:
        """The batch runs at which waiting lines are served, if not at every arrival."""
        return self.clearing if isinstance(self.clearing, Batches) else None

    @property
    def room(self) -> Room | None:
        """How much may wait; None where there is no limit."""
        return self.backlog_limit if isinstance(self.backlog_limit, Room) else None

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
