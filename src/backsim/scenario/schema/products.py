"""What is sold, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from backsim.quantities import (
    PER_UNIT,
    Days,
    Money,
    Number,
    OpenProbability,
    PackedUnits,
    Positive,
    PositiveDays,
    PositiveUnits,
    Probability,
)
from backsim.scenario.costs import CostRates
from backsim.scenario.dates import Moment, SiteShipping
from backsim.scenario.distributions.fields import Deterministic, Duration
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


class RecallRepair(Spec):
    """Recalled units that can be sold again once they have been repaired."""

    share: Probability
    """Share of the recalled units: of those of a stock point, rounded to the nearest unit."""
    days: Days = 0.0
    """Days of repair."""


class Recall(Spec):
    """A product that is called back on a day: all units in stock, and some of those with customers.

    They are repaired or scrapped. What is under way to a stock point is sound.
    """

    starts: Moment
    """The day, in days from the start, or its date: all units in stock leave it at its start."""
    repair: RecallRepair | None = None
    """Units that are repaired; without it, all are scrapped."""
    within: PositiveDays | None = None
    """Units shipped to customers in this many days before that day may come back; without it, only
    units in stock are recalled."""
    share: OpenProbability = 1.0
    """Probability that a unit that was shipped in this time comes back."""
    after: Duration = Field(0, validate_default=True)
    """Days from the day of the recall to the return; one draw per line."""
    refund: Probability = 1.0
    """Share of the price that is refunded for units that come back."""

    @model_validator(mode="after")
    def _check_customers(self) -> Recall:
        usual = {"share": 1.0, "after": Deterministic(value=0.0), "refund": 1.0}
        given = [name for name, value in usual.items() if getattr(self, name) != value]
        if given and self.within is None:
            names = " and ".join(f"`{name}`" for name in given)
            raise fault(f"`within`, the days whose shipments come back, for {names}", "none")
        return self

    @property
    def day(self) -> float:
        """The day, resolved."""
        return cast(float, self.starts)


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
    recall: Recall | None = Field(None, exclude_if=lambda given: given is None)
    """Its recall: on a day all units in stock leave it, and some of those with customers come back.
    Default: none."""
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
