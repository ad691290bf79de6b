"""Suppliers as a file describes them: lead time, capacity, reliability, and what they tell."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from backsim.entities import MESSAGES
from backsim.quantities import (
    Days,
    Money,
    NonNegative,
    Positive,
    PositiveCount,
    PositiveDays,
    Probability,
)
from backsim.rules.kinds import blamed
from backsim.scenario.capacity import AnyCapacity, Servers
from backsim.scenario.dates import Moment
from backsim.scenario.distributions.fields import Duration, Fraction, Interval
from backsim.scenario.part import fault
from backsim.scenario.shorthand import OFF_TAPE, Name, Refers, Spec


class Messages(Spec):
    """When the supplier updates the quoted date of a purchase, and how accurately."""

    when: Literal[MESSAGES]  # type: ignore[valid-type]
    """`never`; `exact`: the true date, immediately; `at_due`: when the date given has passed;
    `on_delay`: when it learns of a delay; `every`: every `days` days.
    """
    lag: Days = 0.0
    """Days between sending and receiving a message."""
    days: PositiveDays | None = None
    """With `every`: days between messages, counted from the purchase."""
    error: Probability = 0.0
    """With `every`: the largest error, as a share of the days left until arrival."""
    learns: Probability = 0.5
    """With `on_delay`: the share of the time from dispatch to arrival after which the supplier
    knows.
    """

    @model_validator(mode="after")
    def _check_days(self) -> Messages:
        if self.when == "every" and (self.days is None or self.lag > self.days):
            raise fault("`days`, the days between messages, at least as many as `lag`")
        if self.when in ("never", "exact") and self.lag > 0:
            raise fault(f"no lag with messages: {self.when}")
        return self


def _word(value: Any) -> Any:
    return {"when": value} if isinstance(value, str) else value


class Lateness(Spec):
    """Some purchases arrive later than their lead time, which the quoted date does not show."""

    share: Probability
    """Share of the purchases that are late."""
    days: Duration
    """Delay of a late purchase in days; one draw per purchase."""


class Parts(Spec):
    """A purchase arrives in several deliveries of nearly equal size, larger ones first."""

    count: PositiveCount
    """Number of deliveries."""
    days: PositiveDays
    """Days between two deliveries."""


class PlannedOutage(Spec):
    """A time in which the supplier is known to be down, such as a holiday."""

    starts: Days
    """First day."""
    days: PositiveDays
    """Duration in days."""


class Disruptions(Spec):
    """Outages of the supplier: it dispatches nothing, and its servers stand still.

    Units dispatched before an outage still arrive. After it, servers continue where they stopped,
    and a supplier without servers dispatches everything it held.
    """

    up: Interval | None = None
    """Days from a recovery (or the start) to the next outage."""
    down: Interval | None = None
    """Days that an outage lasts."""
    planned: tuple[PlannedOutage, ...] = ()
    """Outages on fixed days, instead of `up` and `down`. They must not overlap; adjacent ones count
    as one.
    """
    announced: bool = False
    """Whether the supplier announces outages. If so, planned outages are known from the start, and
    expected dates are postponed by the mean length of any other outage. Otherwise expected dates
    change only through `messages`.
    """

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


class PriceFactor(Spec):
    """How much more or less a supplier charges from a day on."""

    starts: Moment
    """The day, in days from the start, or its date."""
    factor: NonNegative
    """`costs.purchase` of purchases that are placed from then on is multiplied by it."""


class LeadTimeFactor(Spec):
    """How much longer or shorter lead times are from a day on."""

    starts: Moment
    """The day, in days from the start, or its date."""
    factor: Positive
    """Lead times of purchases that are placed from then on are multiplied by it."""


class Supplier(Spec):
    """A supplier of stock."""

    lead_time: Duration = Field(0, validate_default=True)
    """Days from the end of service (or from the purchase) to arrival; one draw per purchase.
    Calendar days, unless `lead_time_in` says working days."""
    lead_time_in: Literal["days", "working_days"] = Field(
        "days", exclude_if=lambda unit: unit == "days"
    )
    """Count lead time, lateness and the days between parts in days, or in days on which it works:
    working_days of its `calendar`.  Levels in days are calendar days all the same."""
    lead_time_factors: Annotated[tuple[LeadTimeFactor, ...], OFF_TAPE] = Field(
        (), exclude_if=lambda given: not given
    )
    """Lead times by season: factors that count from given days on, in order of time."""
    price_factors: Annotated[tuple[PriceFactor, ...], OFF_TAPE] = Field(
        (), exclude_if=lambda given: not given
    )
    """Prices that change: factors on `costs.purchase` that count from given days on, in order of
    time."""
    calendar: Annotated[Name | None, Refers("calendars")] = None
    """The calendar of its working days.  Closed days are planned outages that it has announced."""
    crossing: Annotated[bool, OFF_TAPE] = True
    """Whether a purchase may overtake an earlier one of the same stock point."""
    capacity: AnyCapacity = "unlimited"
    """Capacity of the supplier."""
    messages: Annotated[
        Messages,
        BeforeValidator(_word, json_schema_input_type=Literal[MESSAGES] | Messages),
        OFF_TAPE,
    ] = Field("never", validate_default=True)
    """How it updates the date quoted when the purchase was placed."""
    lateness: Lateness | None = None
    """Late purchases. Default: none."""
    disruptions: Disruptions | None = None
    """Outages. Default: none."""
    joint_orders: bool = False
    """Whether purchases that a site places here at the same time form one order: `ordering` is paid
    once for all of them, `ordering_item` for each.
    """
    least_value: Annotated[Money, OFF_TAPE] = Field(0.0, exclude_if=lambda value: value == 0)
    """Minimum value of an order, at `costs.purchase`, over all products that a site orders
    together; below it nothing is ordered.  It implies `joint_orders`."""
    container: Annotated[Positive | None, OFF_TAPE] = None
    """Volume of a container.  An order is filled up to whole containers, first with what runs out
    first.  It implies `joint_orders`; see `products.NAME.volume`."""
    yield_share: Fraction | None = None
    """Share of a purchase's units that are usable; one draw per purchase. The others are rejected
    on arrival.
    """
    parts: Parts | None = None
    """Split deliveries. Default: a purchase arrives as one."""

    @model_validator(mode="after")
    def _check_calendar(self) -> Supplier:
        plan = self.disruptions
        if self.calendar is None and self.lead_time_in == "working_days":
            raise fault("`calendar`, the supplier's working days, with lead_time_in: working_days")
        if self.lead_time_factors and self.capacity != "unlimited":
            raise fault("an unlimited `capacity`, with lead_time_factors")
        if self.calendar is not None and plan and not plan.announced:
            raise fault("only disruptions that are announced, with a calendar")
        return self

    @property
    def is_down_at_times(self) -> bool:
        """Whether it is closed or disrupted at times."""
        return self.disruptions is not None or self.calendar is not None

    @property
    def has_planned(self) -> bool:
        """Whether any outages are planned."""
        return self.calendar is not None or bool(self.disruptions and self.disruptions.planned)

    @property
    def is_random(self) -> bool:
        """Whether it has outages that nobody foresees."""
        return self.disruptions is not None and self.disruptions.up is not None

    @property
    def announces(self) -> bool:
        """Whether it announces its outages."""
        return self.calendar is not None or bool(self.disruptions and self.disruptions.announced)

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
        if isinstance(self.capacity, str):
            return None
        with blamed(self.capacity, "as_servers"):
            found: Any = self.capacity.as_servers
            if not isinstance(found, Servers):
                raise TypeError(f"expected Servers, got {type(found).__name__}")
            return found

    @property
    def needs_deliveries(self) -> bool:
        """Whether more becomes of its purchases than that they arrive after their lead time."""
        beside = (self.lateness, self.disruptions, self.calendar, self.yield_share, self.parts)
        return self.messages.when != "never" or any(part is not None for part in beside)
