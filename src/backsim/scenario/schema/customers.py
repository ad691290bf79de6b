"""Customers: what they order, how long they wait, and what they do when they are told."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from backsim.entities import JUDGED, SHIPMENT
from backsim.quantities import (
    Days,
    Number,
    OpenProbability,
    Positive,
    PositiveCount,
    PositiveDays,
    Probability,
    Rate,
    SomeCount,
    Time,
)
from backsim.scenario.costs import ClassCosts, CustomerCosts
from backsim.scenario.demand.schema import (
    Demand,
)
from backsim.scenario.distributions.fields import (
    Deterministic,
    Distribution,
    Duration,
    Factor,
)
from backsim.scenario.part import fault
from backsim.scenario.shorthand import (
    OFF_TAPE,
    AnyName,
    Name,
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
    """Probability that the customer cancels at a broken promise; otherwise they keep waiting
    without a promise.
    """
    shrinks: Positive = 1.0
    """Factor on the remaining patience (both tolerances: informed and not informed)."""


class Informed(Spec):
    """How customers react when told how long they will wait."""

    tolerance: Tolerance | None = None
    """Longest promised wait that a customer accepts, counted from the order. Customers quoted a
    longer wait cancel immediately. Default: the same tolerance as when not informed.
    """
    grace: Grace = Field(0, validate_default=True)
    """Days a customer waits past a promise. `unlimited`: until the order ships."""
    broken: Broken = Broken()
    """What happens when promise and grace have passed."""


class Inquiries(Spec):
    """Customers without a valid promise ask where their order is."""

    rate: Rate
    """Inquiries per day and waiting order, at random times."""
    at_most: PositiveCount = 5
    """Maximum number of inquiries per order."""


class Express(Spec):
    """A faster way to the customer."""

    days: Duration
    """Delivery time in days; one draw per order."""
    slack: Time = 0.0
    """Ship by express when normal delivery, in its mean time, would arrive less than this many days
    before the due date.
    """


class Delivery(Spec):
    """The way from the site to the customer."""

    days: Duration = Field(0, validate_default=True)
    """Delivery time in days; one draw per order."""
    express: Express | None = None
    """A faster delivery for urgent units."""
    calendar: Annotated[Name | None, Refers("calendars")] = None
    """The calendar of the days on which the customer takes deliveries; without it, any day."""

    @property
    def ways(self) -> dict[str, Distribution]:
        """Days on the way by the names of `WAYS`: without express they are the same."""
        express = self.days if self.express is None else self.express.days
        return {"on_the_way": self.days, "by_express": express}

    @property
    def drawn(self) -> dict[str, Distribution]:
        """Those of them that are drawn for each order."""
        ways = {"on_the_way": self.days}
        if self.express is not None:
            ways["by_express"] = self.express.days
        return {name: days for name, days in ways.items() if not isinstance(days, Deterministic)}


Delivering = Annotated[Delivery, number_for("days", Days | Delivery)]


class Repair(Spec):
    """Returned units that can be sold again once they have been repaired."""

    share: Probability
    """Share of the units that come back."""
    days: Duration = Field(0, validate_default=True)
    """Days of repair; one draw per line."""


class Returns(Spec):
    """Units that customers send back to the site that shipped them.

    Each unit of a line that has been shipped whole comes back or not, independently of the others;
    those of one line come back together.  What is neither restocked nor repaired is scrapped.
    """

    share: OpenProbability
    """Probability that a unit comes back."""
    after: Duration = Field(0, validate_default=True)
    """Days from the shipment of the line's last unit to the return; one draw per line."""
    restock: Probability = 1.0
    """Share of the units that come back which go to stock immediately."""
    repair: Repair | None = None
    """Units that come back and are repaired; without it, none."""
    refund: Probability = 1.0
    """Share of the price that is refunded."""

    @model_validator(mode="after")
    def _check_shares(self) -> Returns:
        both = self.restock + (self.repair.share if self.repair else 0.0)
        if both > 1.0 + 1e-12:
            raise fault("shares of `restock` and `repair` of at most 1 together", f"{both:g}")
        return self


class QuantityChanges(Spec):
    """Customers who change the quantity of a line while they wait for it: once, at a random time.

    Fewer units: those that have not been shipped are cancelled, as far as they are no longer
    wanted. More units: the units added are an order of their own.
    """

    share: OpenProbability = 1.0
    """Probability that the quantity of a line is changed, if it still waits then."""
    after: Duration
    """Days from the order to the change; one draw per line."""
    factor: Factor
    """What the quantity is multiplied by: 0 cancels the line, 0.5 half of it, 1.5 adds half; one
    draw per line. The result is rounded to whole units, or packs.
    """


class Goodwill(Spec):
    """Demand that reacts to service: customers who were served badly order less often.

    The class's demand is that of full goodwill. Customers judge each period as it ends; the answer
    is the share of orders that are placed from then on.
    """

    every: PositiveDays
    """Days of a period."""
    judged_by: Literal[JUDGED] = "fill_rate"  # type: ignore[valid-type]
    """What is judged: fill_rate, order_fill_rate, or broken_promises (per order placed)."""
    service: tuple[Number, ...]
    """Values of it in ascending order."""
    orders: tuple[Probability, ...]
    """Share of orders placed at each of these values: lines between them, level beyond them."""
    weight: OpenProbability = 1.0
    """Weight of the last period: goodwill moves this share of the way to the answer."""
    substitute: Number = 0.0
    """What a unit (order) with a substitute counts: 1 as filled, 0 as not, below 0 as worse."""

    @model_validator(mode="after")
    def _check_points(self) -> Goodwill:
        if not self.service or len(self.orders) != len(self.service):
            raise fault("values of `service`, and one share of `orders` for each")
        if any(low >= high for low, high in pairwise(self.service)):
            raise fault("values of `service` in ascending order")
        return self


class Serving(Spec):
    """Which other sites serve customers, in addition to the one where they order."""

    sites: Annotated[Selection, Refers("sites")] = ("*",)
    """The other sites: a name, a list in order of preference, or "*" for all."""
    order: Literal["given", "nearest"] = "given"
    """Which site is tried first: in the order given, or the nearest to the site of the order."""
    split: Literal[True, False, "units", "fewest_parts"] = True
    """Whether the lines of an order may be served from different sites; with `units` also the units
    of a line, where no site has all of them, in the order of the sites, and with `fewest_parts` in
    as few parts as possible.
    """


def _serving(value: Any) -> Any:
    return {"sites": value} if isinstance(value, str | int | tuple) else value


ServedBy = Annotated[
    Serving,
    Refers("sites"),
    BeforeValidator(_serving, json_schema_input_type=AnyName | list[AnyName] | Serving),
]


class Consolidated(Spec):
    """Units that are ready wait for the rest of their order, but not for long."""

    consolidate: PositiveDays
    """Longest wait in days, from the moment at which the first unit is ready. Then all units that
    are ready ship; the others are consolidated in the same way.
    """


Shipping = Annotated[
    Literal[SHIPMENT] | Consolidated,  # type: ignore[valid-type]
    WordOr("the longest wait for the rest of an order, such as {consolidate: 3}"),
]


class CustomerClass(Spec):
    """Customers who share demand, priority and tolerance."""

    demand: Annotated[tuple[Demand, ...], Field(min_length=1), listed(Demand)]
    """What they order: one entry, or a list of independent streams."""
    priority: Annotated[SomeCount, OFF_TAPE] = 1
    """Rank of the class; 1 is the most important."""
    tolerance: Tolerance = "unlimited"
    """Days a customer waits: unlimited (full backordering), none (lost sale), or a distribution."""
    backorder_share: Probability = 1.0
    """Share of customers who are willing to wait; the others are lost when there is no stock."""
    due_in: Duration = Field(0, validate_default=True)
    """Days from the order to its due date."""
    announced: Duration = Field(0, validate_default=True)
    """Advance notice of orders in days; one draw per order. A known order lowers the inventory
    position; it ships no earlier than the day for which it is wanted, from which waits and due
    dates count.
    """
    informed: Informed = Informed()
    """How they react when told how long they will wait."""
    inquiries: Inquiries | None = None
    """How often they ask when they have no promise."""
    shipment: Annotated[Shipping, OFF_TAPE] = "partial"
    """Ship units as they become available (partial), complete lines (line) or complete orders
    (order); or let units wait some days for the rest of their order, `{consolidate: 3}`.
    """
    served_by: ServedBy | None = None
    """Other sites that serve an order when its own site cannot; otherwise it waits. Names in order
    of preference, "*" for all, or a mapping.
    """
    delivery: Delivering = Delivery()
    """Delivery time in days, or a mapping. Due dates are delivery dates."""
    returns: Returns | None = None
    """What they send back; without it, nothing."""
    min_life: Time = Field(0.0, exclude_if=lambda days: days == 0)
    """Minimum remaining shelf life in days of the units that they take; 0: any that has not
    expired.
    """
    changes: QuantityChanges | None = Field(None, exclude_if=lambda given: given is None)
    """How they change quantities while they wait; without it, they do not."""
    takes_substitute: Probability = 1.0
    """Share of customers who accept a substitute. Orders that ship complete or are consolidated
    are offered none.
    """
    goodwill: Goodwill | None = Field(None, exclude_if=lambda given: given is None)
    """How demand reacts to service; without it, it does not."""
    costs: Annotated[ClassCosts, OFF_TAPE] = CustomerCosts()
    """Costs of this class, where they differ."""

    @property
    def announces(self) -> bool:
        """Whether they give notice of their orders."""
        return self.announced.moments()[0] > 0.0

    @property
    def takes(self) -> str:
        """The least that they take: a part of a line, a whole line or a whole order."""
        return "partial" if isinstance(self.shipment, Consolidated) else self.shipment

    @property
    def consolidates(self) -> float:
        """Days that units wait for the rest of their order; 0 for none."""
        return self.shipment.consolidate if isinstance(self.shipment, Consolidated) else 0.0

    @model_validator(mode="after")
    def _check_min_life(self) -> CustomerClass:
        if self.min_life > 0.0 and (self.takes == "order" or self.consolidates):
            raise fault(
                "`shipment: partial` or `line` with a `min_life`, as units age while they are kept",
                "consolidate" if self.consolidates else "order",
            )
        return self

    @model_validator(mode="after")
    def _check_announced(self) -> CustomerClass:
        for name in ("goodwill", "changes"):
            if getattr(self, name) is not None and self.announces:
                raise fault(
                    f"no `{name}` where orders are `announced`",
                    f"announced: {self.announced.moments()[0]:g}",
                )
        return self
