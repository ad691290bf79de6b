"""Customers: what they order, how long they wait, and what they do when they are told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
)

from backsim.entities import SHIPMENT
from backsim.quantities import (
    Days,
    Positive,
    PositiveCount,
    Probability,
    Rate,
    SomeCount,
    Time,
)
from backsim.scenario.costs import ClassCosts, CustomerCosts
from backsim.scenario.demand.schema import (
    Demand,
)
from backsim.scenario.distributions.fields import Duration
from backsim.scenario.shorthand import (
    OFF_TAPE,
    AnyName,
    Refers,
    Selection,
    Spec,
    WordOr,
    listed,
    number_for,
)

Tolerance = Annotated[
    Literal["unlimited", "none"] | Duration, WordOr("a number or distribution of days")
]


Grace = Annotated[Literal["unlimited"] | Duration, WordOr("a number or distribution of days")]


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


Delivering = Annotated[Delivery, number_for("days", Days | Delivery)]


class Serving(Spec):
    """Which sites serve customers, beside the one where they order."""

    sites: Annotated[Selection, Refers("sites")] = ("*",)
    """The others: a name, a list in order of preference, or "*" for all."""
    order: Literal["given", "nearest"] = "given"
    """Which of them is tried first: as given, or the nearest to the site of the order."""
    split: bool = True
    """Whether the lines of an order may be served from different sites."""


def _serving(value: Any) -> Any:
    return {"sites": value} if isinstance(value, str | int | tuple) else value


ServedBy = Annotated[
    Serving,
    Refers("sites"),
    BeforeValidator(_serving, json_schema_input_type=AnyName | list[AnyName] | Serving),
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
