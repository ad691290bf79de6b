"""Suppliers as a file describes them: lead time, capacity, reliability, and what they tell."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, model_validator

from backsim.entities import MESSAGES
from backsim.quantities import Days, Money, Positive, PositiveCount, PositiveDays, Probability, Rate
from backsim.scenario.distributions.fields import Deterministic, Duration, Fraction, Interval
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import OFF_TAPE, Spec, word_or


class Servers(Spec):
    """Purchases queue for one of `servers` servers, first come first served."""

    servers: PositiveCount
    """How many purchases are worked on at once."""
    service: Duration
    """Days of work for a purchase, before its lead time starts."""
    per: Literal["purchase", "unit"] = "purchase"
    """Whether the service time is for a whole purchase or for each of its units."""


class Throughput(Spec):
    """Purchases queue; the supplier works at a steady pace, one purchase after the other."""

    units_per_day: Rate
    """Units finished a day."""

    @property
    def as_servers(self) -> Servers:
        """The one server that works at this pace."""
        pace = Deterministic(value=1.0 / self.units_per_day)
        return Servers(servers=1, service=pace, per="unit")


def _capacity(value: Any) -> str:
    if isinstance(value, Throughput) or (isinstance(value, dict) and "units_per_day" in value):
        return MEMBER + "throughput"
    return MEMBER + ("unlimited" if isinstance(value, str) else "servers")


Capacity = Annotated[
    Annotated[Literal["unlimited"], member("unlimited")]
    | Annotated[Servers, member("servers")]
    | Annotated[Throughput, member("throughput")],
    Discriminator(_capacity),
    word_or(("unlimited",), "a mapping with the key servers or units_per_day"),
]


class Messages(Spec):
    """When the supplier says more of a purchase than the date it quoted, and how well it knows."""

    when: Literal[MESSAGES]  # type: ignore[valid-type]
    """Never; at once, and exactly (exact); when the date it gave has passed (at_due); when it has
    learnt of a delay (on_delay); every `days` days (every)."""
    lag: Days = 0.0
    """Days from saying to hearing."""
    days: PositiveDays | None = None
    """With `every`: days between messages, counted from the purchase."""
    error: Probability = 0.0
    """With `every`: the largest error, as a share of the days that are left until arrival."""
    learns: Probability = 0.5
    """With `on_delay`: the part of the way from dispatch to arrival after which it knows."""

    @model_validator(mode="after")
    def _check_days(self) -> Messages:
        if self.when == "every" and (self.days is None or self.lag > self.days):
            raise fault("`days` between messages, no fewer than the lag")
        if self.when in ("never", "exact") and self.lag > 0:
            raise fault(f"no lag with messages: {self.when}")
        return self


def _word(value: Any) -> Any:
    return {"when": value} if isinstance(value, str) else value


class Lateness(Spec):
    """Some purchases arrive later than their lead time; the quoted date does not know it."""

    share: Probability
    """Share of the purchases that are late."""
    days: Duration
    """Days that a late purchase arrives later; one draw a purchase."""


class Parts(Spec):
    """A purchase arrives in parts, as equal as whole units allow, the larger ones first."""

    count: PositiveCount
    """How many parts."""
    days: PositiveDays
    """Days between two parts."""


class PlannedOutage(Spec):
    """A time in which the supplier is known to be down, such as a holiday."""

    starts: Days
    """First day."""
    days: PositiveDays
    """How long."""


class Disruptions(Spec):
    """Times in which the supplier is down: it dispatches nothing, and its servers stand still.

    What it has dispatched arrives all the same.  When it recovers, servers go on where they
    stopped, and a supplier without servers dispatches all that was held.
    """

    up: Interval | None = None
    """Days from a recovery (or the start) to the next outage."""
    down: Interval | None = None
    """Days that an outage lasts."""
    planned: tuple[PlannedOutage, ...] = ()
    """Outages on fixed days, instead of `up` and `down`; they may not overlap, and those that touch
    are one."""
    announced: bool = False
    """Whether the supplier announces its outages.  Planned ones are then known from the start; by
    others expected dates are postponed by the mean outage.  Otherwise only its `messages` know."""

    @model_validator(mode="after")
    def _check_either(self) -> Disruptions:
        random = self.up is not None and self.down is not None
        if random == bool(self.planned) or (self.up is None) != (self.down is None):
            raise fault("either the keys up and down, or the key planned")
        ends = 0.0
        for outage in self.planned:
            if outage.starts < ends:
                raise fault("planned outages in order of time that do not overlap")
            ends = outage.starts + outage.days
        return self


class Supplier(Spec):
    """Where purchases go."""

    lead_time: Duration = Field(0, validate_default=True)
    """Days from the end of service (or the purchase itself) to arrival; one draw a purchase."""
    crossing: Annotated[bool, OFF_TAPE] = True
    """Whether a purchase may arrive before an earlier one of the same stock point."""
    capacity: Capacity = "unlimited"
    """How much the supplier can work on at once."""
    messages: Annotated[
        Messages,
        BeforeValidator(_word, json_schema_input_type=Literal[MESSAGES] | Messages),
        OFF_TAPE,
    ] = Field("never", validate_default=True)
    """What it tells of a purchase after the date it quoted when the purchase was placed."""
    lateness: Lateness | None = None
    """Purchases that are late; without it none is."""
    disruptions: Disruptions | None = None
    """Times in which it is down; without it, it never is."""
    joint_orders: bool = False
    """Purchases that a site places here at one instant are the lines of one order: `ordering` is
    paid once for all of them, `ordering_item` for each."""
    least_value: Annotated[Money, OFF_TAPE] = Field(0.0, exclude_if=lambda value: value == 0)
    """Least value of an order, at `costs.purchase`, over all products that a site orders together:
    below it nothing is ordered.  It implies `joint_orders`."""
    container: Annotated[Positive | None, OFF_TAPE] = None
    """Volume of a container; an order is filled up to whole ones, first with what runs out first.
    It implies `joint_orders`; see `products.NAME.volume`."""
    yield_share: Fraction | None = None
    """Share of a purchase's units that are fit for use; one draw a purchase.  The others are
    rejected when they arrive."""
    parts: Parts | None = None
    """A purchase arrives in parts; without it, as one."""

    @property
    def orders_together(self) -> bool:
        """Whether all that a site orders here is asked for together, and ordered or not."""
        return self.least_value > 0 or self.container is not None

    @property
    def joint(self) -> bool:
        """Whether purchases that a site places here at one instant are one order."""
        return self.joint_orders or self.orders_together

    @property
    def servers(self) -> Servers | None:
        """What purchases queue for, where the capacity is limited."""
        if isinstance(self.capacity, Throughput):
            return self.capacity.as_servers
        return None if self.capacity == "unlimited" else self.capacity

    @property
    def needs_deliveries(self) -> bool:
        """Whether more becomes of its purchases than that they arrive after their lead time."""
        beside = (self.lateness, self.disruptions, self.yield_share, self.parts)
        return self.messages.when != "never" or any(part is not None for part in beside)
