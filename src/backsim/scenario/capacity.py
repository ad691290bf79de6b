"""What limits a supplier: capacities, open to a user's own.

A capacity is a class with `@capacity("name")` that says which servers it amounts to.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator

from backsim.quantities import PositiveCount, Rate
from backsim.rules.kinds import Registry
from backsim.scenario.distributions.fields import Deterministic, Duration
from backsim.scenario.named import OneOf
from backsim.scenario.part import MEMBER, member, only_key
from backsim.scenario.shorthand import Spec, word_or


class Capacity(Spec):
    """What limits a supplier: purchases queue for it."""

    @property
    def as_servers(self) -> Servers:
        """The servers that it amounts to."""
        raise NotImplementedError


class Servers(Capacity):
    """Purchases queue for one of `servers` servers, first come first served."""

    servers: PositiveCount
    """Number of purchases processed in parallel."""
    service: Duration
    """Days of work per purchase, before its lead time starts."""
    per: Literal["purchase", "unit"] = "purchase"
    """Whether the service time is for a whole purchase or for each of its units; one draw per
    purchase, so that all its units take as long."""

    @property
    def as_servers(self) -> Servers:
        """Themselves."""
        return self


class Throughput(Capacity):
    """Purchases queue; the supplier works at a steady pace, one purchase after the other."""

    units_per_day: Rate
    """Units finished per day."""

    @property
    def as_servers(self) -> Servers:
        """The one server that works at this pace."""
        pace = Deterministic(value=1.0 / self.units_per_day)
        return Servers(servers=1, service=pace, per="unit")


capacity: Registry[Capacity] = Registry("capacity")
"""A user's capacities by name, and the decorator that registers one: `@capacity("shifts")`."""


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return MEMBER + "unlimited"
    if only_key(value) in capacity or type(value) in capacity.values():
        return MEMBER + "own"
    throughput = isinstance(value, Throughput) or (
        isinstance(value, dict) and "units_per_day" in value
    )
    return MEMBER + ("throughput" if throughput else "servers")


AnyCapacity = Annotated[
    Annotated[Literal["unlimited"], member("unlimited")]
    | Annotated[Servers, member("servers")]
    | Annotated[Throughput, member("throughput")]
    | Annotated[Capacity, OneOf(capacity, "a capacity of a rule file"), member("own")],
    Discriminator(_kind),
    word_or(("unlimited",), "a mapping with the key servers or units_per_day"),
]
"""`unlimited`, or any capacity."""
