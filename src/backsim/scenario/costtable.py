"""Which of several costs counts at a stock point: the most specific."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.costs import CustomerCosts, PriceBreaks, StockCosts
from backsim.scenario.schema import ResolvedScenario
from backsim.scenario.yamlfile import Location

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Given = tuple[Location, Any]
"""Where a cost stands in the explicit form, and what it is."""


class CostTable:
    """The costs that count, by name, as money.

    `table["holding"]` has one number per stock point, `table["lost_margin"]` one per customer class
    and stock point.
    """

    def __init__(self, scenario: ResolvedScenario) -> None:
        self.scenario = scenario
        self._found: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        """A cost of each stock point, or of each class at each stock point."""
        if name not in self._found:
            classes = self.scenario.customers if name in CustomerCosts.model_fields else [None]
            found = np.array([list(map(in_general, self._values(name, c))) for c in classes], float)
            found = found.reshape(len(classes), len(self.scenario.stock))
            self._found[name] = found if classes is self.scenario.customers else found[0]
        return self._found[name]

    def _values(self, name: str, customer: str | None = None) -> list[Any]:
        """What is given of a cost at each stock point; those that say nothing of it share it."""
        products = self.scenario.products
        own = [
            any(costs is not None and getattr(costs, name) is not None for costs in said)
            for said in ((p.costs, products[p.product].costs) for p in self.scenario.stock)
        ]
        of_all = self.given(name, own.index(False), customer)[1] if not all(own) else 0.0
        return [self.given(name, i, customer)[1] if has else of_all for i, has in enumerate(own)]

    @cached_property
    def breaks(self) -> dict[int, PriceBreaks]:
        """The price breaks of purchases, by the index of the stock point."""
        found = dict(enumerate(self._values("purchase")))
        return {i: value for i, value in found.items() if isinstance(value, PriceBreaks)}

    @cached_property
    def prices(self) -> Floats:
        """The price of each stock point's product."""
        products = self.scenario.products
        return np.array([products[p.product].price for p in self.scenario.stock], float)

    def given(self, name: str, point: int, customer: str | None = None) -> Given:
        """The most specific value of a cost at a stock point, for a class of customers; else 0.

        One for the class comes before one for all classes; then the stock point's, the product's,
        the scenario's.
        """
        owners = list(self._owners(name, point))
        for place, value in (*self._of_class(owners, name, customer), *owners):
            if not isinstance(value, Mapping):
                return place, value
        return ("costs", name), 0.0

    def _of_class(self, owners: list[Given], name: str, customer: str | None) -> Iterator[Given]:
        if customer is None:
            return
        found = [
            ((*place, customer), value[customer])
            for place, value in owners
            if isinstance(value, Mapping) and customer in value
        ]
        yield from (one for one in found if one[0][0] != "costs")
        own = getattr(self.scenario.customers[customer].costs, name)
        if own is not None:
            yield ("customers", customer, "costs", name), own
        yield from (one for one in found if one[0][0] == "costs")

    def _owners(self, name: str, point: int) -> Iterator[Given]:
        """What a stock point, its product and the scenario say of a cost."""
        stock = self.scenario.stock[point]
        product = stock.product
        for place, costs in (
            (("stock", point), stock.costs),
            (("products", product), self.scenario.products[product].costs),
            ((), self.scenario.costs),
        ):
            if costs is not None and (value := getattr(costs, name)) is not None:
                yield (*place, "costs", name), value


def in_general(cost: Any) -> float:
    """A cost as a number; with price breaks that of small purchases."""
    return float(cost.price if isinstance(cost, PriceBreaks) else cost)


NAMES = (*StockCosts.model_fields, *CustomerCosts.model_fields)
