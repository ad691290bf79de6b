"""Limits to what stock points purchase together: room, credit, a budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from backsim.entities import LIMITED
from backsim.quantities import Days, Positive, PositiveDays
from backsim.scenario.part import fault
from backsim.scenario.shorthand import Refers, Selection, Spec


class PurchaseLimit(Spec):
    """A limit to what stock points purchase together; purchases are cut to what it has room for."""

    of: Literal[LIMITED]  # type: ignore[valid-type]
    """What is limited: `storage` is what is on hand, reserved and on order; `on_order` what is on
    order, as under a credit limit; `spending` what is bought from suppliers per `every`."""
    most: Positive
    """The limit, in units, money (at `costs.purchase`) or volume."""
    unit: Literal["units", "money", "volume"] = "money"
    """What it is measured in; volume is that of the products (`products.NAME.volume`)."""
    products: Annotated[Selection, Refers("products")] = ("*",)
    """The products that it holds for: a name, a list, or "*" for all."""
    sites: Annotated[Selection, Refers("sites")] = ("*",)
    """The sites that it holds for: a name, a list, or "*" for all."""
    every: PositiveDays | None = None
    """Of `spending`: days for which the budget is."""
    first: Days = Field(0.0)
    """Of `spending`: a day on which a budget begins."""

    @model_validator(mode="after")
    def _check_period(self) -> PurchaseLimit:
        if self.of == "spending" and self.every is None:
            raise fault("the key every, the days for which the budget is")
        if self.of != "spending" and (self.every is not None or self.first):
            raise fault("neither `every` nor `first`, as they belong to spending")
        return self

    def holds(self, pair: tuple[str, str]) -> bool:
        """Whether it holds for a stock point, (product, site)."""
        chosen = zip(pair, (self.products, self.sites), strict=True)
        return all(name in names or "*" in names for name, names in chosen)
