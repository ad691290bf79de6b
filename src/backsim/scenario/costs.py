"""What things cost: as money, as a share of a unit's value, for all or by customer class."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, model_validator

from backsim.quantities import PER_UNIT, Money, PositiveUnits, Unit
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Name, Spec

Part = Annotated[float, Ge(0), Le(10), Unit("share; 0.2 is 20 %")]


class ShareOfPrice(Spec):
    """A cost per unit as a share of the product's price."""

    share: Part
    """The share: 0.2 is 20 %."""
    of: Literal["price"]
    """Share of what: the product's price."""


class Break(Spec):
    """A price that depends on the size of a purchase."""

    units: PositiveUnits
    """Units of a purchase from which on the price holds."""
    price: Annotated[Money, PER_UNIT]
    """Per unit."""


class PriceBreaks(Spec):
    """What a unit costs by the size of the purchase."""

    price: Annotated[Money, PER_UNIT]
    """Per unit of small purchases: what a unit costs where a cost is a share of `unit_cost`."""
    breaks: Annotated[tuple[Break, ...], Field(min_length=1)]
    """The prices of larger purchases, in order of size."""
    discount: Literal["all_units", "incremental"] = "all_units"
    """What a lower price holds for: all units of the purchase, or those above the break."""

    @model_validator(mode="after")
    def _check_order(self) -> PriceBreaks:
        sizes = [one.units for one in self.breaks]
        if any(later <= earlier for earlier, later in pairwise([1, *sizes])):
            raise fault("breaks above 1 unit, each larger than the one before", f"{sizes}")
        return self

    def charge(self, units: Any) -> Any:
        """Money for purchases of so many units, an array.

        Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains
        (2017), section 4.5; Zipkin, Foundations of Inventory Management (2000), section 3.5.
        """
        found = self.price * units
        price, paid = self.price, 0.0
        for one in self.breaks:
            if self.discount == "incremental":
                paid += (price - one.price) * one.units
                found = np.where(units >= one.units, one.price * units + paid, found)
            else:
                found = np.where(units >= one.units, one.price * units, found)
            price = one.price
        return found


class ShareOfValue(Spec):
    """A cost per unit as a share of its price, or of its unit cost in stock."""

    share: Part
    """The share: 0.2 is 20 %."""
    of: Literal["price", "unit_cost"]
    """Share of what: the product's price, or the unit cost in stock from its first source."""


class ShareOverTime(ShareOfValue):
    """A cost per unit and time as a share of the unit's value."""

    per: Literal["time_unit", "minute", "hour", "day", "week", "month", "quarter", "year"]
    """The time for which a unit costs that share. A year has 365 days or 12 months, whatever the
    `time_unit`; `time_unit` means the scenario's own.
    """


def _kind(value: Any) -> str:
    return MEMBER + ("share" if isinstance(value, dict | Spec) else "number")


def is_by_class(value: Any) -> bool:
    """Whether a cost is a mapping of classes to theirs, and not a share."""
    return isinstance(value, Mapping) and not {"share", "of", "per"} & set(value)


def _by_class(value: Any) -> str:
    return MEMBER + ("classes" if is_by_class(value) else "one")


def _purchase_kind(value: Any) -> str:
    tiered = isinstance(value, PriceBreaks) or (isinstance(value, dict) and "breaks" in value)
    return MEMBER + "breaks" if tiered else _kind(value)


PurchaseCost = Annotated[
    Annotated[Money, PER_UNIT, member("number")]
    | Annotated[ShareOfPrice, member("share")]
    | Annotated[PriceBreaks, member("breaks")],
    Discriminator(_purchase_kind),
]
UnitCost = Annotated[
    Annotated[Money, PER_UNIT, member("number")] | Annotated[ShareOfValue, member("share")],
    Discriminator(_kind),
]


def _no_percent(value: Any) -> Any:
    if isinstance(value, str) and "%" in value:
        share = "{share: 20 %, of: unit_cost, per: year}"
        raise fault(f"a number of money, or a share of the value as {share}")
    return value


TimeCost = Annotated[
    Annotated[Money, PER_UNIT, BeforeValidator(_no_percent), member("number")]
    | Annotated[ShareOverTime, member("share")],
    Discriminator(_kind),
]
_Cost = TypeVar("_Cost")
ByClass = Annotated[
    Annotated[_Cost, member("one")] | Annotated[Mapping[Name, _Cost], member("classes")],
    Discriminator(_by_class),
]
"""One cost for all, or a mapping of customer classes to theirs."""


class StockCosts(Spec):
    """What stock costs."""

    holding: TimeCost | None = None
    """Per unit on hand (or reserved) and day."""
    transit: TimeCost | None = None
    """Per unit on its way from another site and day."""
    transfer: UnitCost | None = None
    """Per unit transferred from another site of the same level."""
    ordering: Money | None = None
    """Per purchase; products ordered together share one charge."""
    ordering_item: Money | None = None
    """Per product in a purchase."""
    purchase: PurchaseCost | None = None
    """Per unit bought from a supplier: paid when ordered; also the value of a unit in stock.

    It may depend on the size of the purchase: `{price: 10, breaks: [{units: 100, price: 9}]}`.
    """
    waste: UnitCost | None = None
    """Per unit that expires, or is scrapped in a recall, in addition to what it cost."""
    rework: UnitCost | None = None
    """Per unit in stock that is recalled and repaired."""
    expedite: UnitCost | None = None
    """Per unit of an expedited purchase."""
    expedite_purchase: Money | None = None
    """Per expedited purchase."""


class CustomerCosts(Spec):
    """Costs of customers who wait, leave or are served in another way."""

    backorder_unit: ByClass[UnitCost] | None = None
    """Per unit that has to wait, once."""
    backorder_time: ByClass[TimeCost] | None = None
    """Per unit that waits and day."""
    lost_margin: ByClass[UnitCost] | None = None
    """Per unit lost or cancelled."""
    express: ByClass[UnitCost] | None = None
    """Per unit sent to a customer by express."""
    shipment: ByClass[Money] | None = None
    """Per shipment: all that leaves one site for one order at one moment."""
    reroute: ByClass[UnitCost] | None = None
    """Per unit ordered at one site and served from another."""
    split: ByClass[Money] | None = None
    """Per part of a line that a further site serves, where the units of a line are split."""
    returned: ByClass[UnitCost] | None = None
    """Per unit that a customer sends back."""
    repair: ByClass[UnitCost] | None = None
    """Per unit that comes back and is repaired."""
    substitute: ByClass[UnitCost] | None = None
    """Per unit replaced by a substitute, in addition to its discount."""
    notice: ByClass[Money] | None = None
    """Per notice to a waiting customer."""
    inquiry: ByClass[Money] | None = None
    """Per inquiry by a waiting customer."""
    broken_promise: ByClass[Money] | None = None
    """Goodwill lost per broken promise."""
    late_day: ByClass[Money] | None = None
    """Goodwill lost per order and day past a promise, until it ships or a new date is promised."""


class CostRates(CustomerCosts, StockCosts):
    """What things cost.  Of several values the most specific counts.

    One for a customer class (in `customers`, or in a mapping by class) before one for all classes;
    then the stock point's, the product's, the scenario's.  A cost per unit may be a share of the
    unit's value: `{share: 0.2, of: unit_cost, per: year}`.
    """


def _of_one(costs: CustomerCosts) -> CustomerCosts:
    for name in type(costs).model_fields:
        if isinstance(getattr(costs, name), Mapping):
            raise fault(f"one `{name}`, as it is that of a class", "a mapping")
    return costs


ClassCosts = Annotated[CustomerCosts, AfterValidator(_of_one)]
"""The costs of one customer class."""
