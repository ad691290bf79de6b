"""What is sold, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from backsim.quantities import (
    PER_UNIT,
    Money,
    Number,
    PackedUnits,
    Positive,
    PositiveDays,
    PositiveUnits,
)
from backsim.scenario.costs import CostRates
from backsim.scenario.dates import Moment, SiteShipping
from backsim.scenario.part import fault
from backsim.scenario.shorthand import (
    OFF_TAPE,
    Name,
    Refers,
    Spec,
    defaults,
)


class Substitute(Spec):
    """A product that may be offered in place of another."""

    discount: Annotated[Money, PER_UNIT] = 0.0
    """Money per unit below its own price."""


class DatedPrice(Spec):
    """A price from a day on."""

    starts: Moment
    """The day, in days from the start, or its date."""
    price: Annotated[Money, PER_UNIT]
    """Revenue per unit shipped of what is ordered from then on."""


class Product(Spec):
    """Something that is sold."""

    starts: Moment | None = None
    """The first day on which it is ordered; orders before it are not placed."""
    ends: Moment | None = None
    """The day from which it is no longer ordered."""
    successor: Annotated[Name | None, Refers("products")] = None
    """What is ordered in its place from `ends` on; without it, these orders are not placed."""

    price: Annotated[Money, PER_UNIT, OFF_TAPE] = 0.0
    """Revenue per unit shipped."""
    group: Annotated[Name | None, OFF_TAPE] = None
    """The group it is counted with, such as A, B or C: metrics are also given by group."""
    prices: Annotated[tuple[DatedPrice, ...], OFF_TAPE] = Field(
        (), exclude_if=lambda given: not given
    )
    """Prices that count from given days on, in order of time; `price` counts before them."""
    shelf_life: Annotated[PositiveDays | None, OFF_TAPE] = None
    """Days after its receipt on which a unit that is still on hand expires; the oldest units leave
    first.  Default: units never expire."""
    unit: Annotated[str, OFF_TAPE] = Field("", exclude_if=lambda name: not name)
    """What a unit of it is, such as `kg`: a label."""
    smallest: Positive = Field(1.0, exclude_if=lambda units: units == 1)
    """The smallest quantity of it, in units, such as 0.25: all quantities are multiples of it.
    Sizes of lines that are drawn are rounded to the nearest one."""
    packs: Annotated[Mapping[Name, PositiveUnits], OFF_TAPE] = Field(
        {}, exclude_if=lambda packs: not packs
    )
    """Units in packs by name, such as `{case: 12, pallet: 480}`: `multiple: case` and
    `least_order: 2 pallet` then stand for these units; so may `pack` and the lines of orders."""
    pack: PackedUnits = Field(1, exclude_if=lambda units: units == 1)
    """Units per pack: customers order whole packs, and the `size` of a line counts them."""
    volume: Annotated[Positive, PER_UNIT, OFF_TAPE] = Field(
        1.0, exclude_if=lambda volume: volume == 1
    )
    """Room that a unit takes, in containers and under limits in volume."""
    substitutes: Annotated[
        Mapping[Name, Substitute],
        BeforeValidator(
            defaults, json_schema_input_type=Mapping[Name, Substitute] | list[Name] | Name
        ),
        Refers("products"),
    ] = {}
    """What is offered when it is out of stock, in this order: names, optionally with a discount."""
    costs: Annotated[CostRates, OFF_TAPE] = CostRates()
    """Costs of this product, where they differ."""

    @property
    def per_size(self) -> tuple[float, int]:
        """What a line's size is multiplied by before it is rounded, and after: smallest units."""
        if "pack" in self.model_fields_set:
            return 1.0, self.pack
        return 1.0 / self.smallest, 1


def _two(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if len(numbers) != 2:
        raise fault("two numbers, [x, y]", str(len(numbers)))
    return numbers


Place = Annotated[tuple[Number, ...], AfterValidator(_two)]


class Site(Spec):
    """A place where stock is kept."""

    place: Place | None = None
    """Location [x, y] in any unit of distance; needed if the nearest site serves."""
    receiving: Annotated[Name | None, Refers("calendars")] = None
    """The calendar of the days on which it receives: what arrives on a closed day is received at
    the start of the next working day."""
    shipping: SiteShipping | None = None
    """When what is ready for customers or for other sites leaves it: a calendar, or a mapping.
    Without it, at any time."""
