"""Dates on which something changes, as days from the start."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from backsim.scenario.demand.lifetimes import heirs
from backsim.scenario.schema import Product, Recall, Scenario
from backsim.scenario.yamlfile import Location

Tell = Callable[[Location, str, Any], None]


def in_days(scenario: Scenario, fault: Tell) -> Scenario:
    """The scenario with its dates as days from the start; `fault` hears of faults."""
    return _Days(scenario, fault).counted_all()


class _Days:
    def __init__(self, scenario: Scenario, fault: Tell) -> None:
        self.scenario, self.fault = scenario, fault

    def counted_all(self) -> Scenario:
        """The whole scenario."""
        s = self.scenario
        policy = self.counted(("policy",), s.policy)
        stock = tuple(self.counted(("stock", i), entry) for i, entry in enumerate(s.stock))
        products = {name: self.lifetime(name, product) for name, product in s.products.items()}
        suppliers = {}
        for name, supplier in s.suppliers.items():
            factors = {
                key: self.in_order(("suppliers", name, key), getattr(supplier, key))
                for key in ("lead_time_factors", "price_factors")
            }
            changed = {key: found for key, found in factors.items() if found}
            suppliers[name] = supplier.model_copy(update=changed)
        given = {"policy": policy, "stock": stock, "products": products, "suppliers": suppliers}
        return s.model_copy(update=given)

    def lifetime(self, name: str, product: Product) -> Product:
        """A product whose life and prices are in days."""
        path: Location = ("products", name)
        days = {
            key: None if moment is None else self.day((*path, key), moment)
            for key, moment in (("starts", product.starts), ("ends", product.ends))
        }
        if product.ends is None and product.successor is not None:
            self.fault((*path, "successor"), "`ends`, the day from which it is ordered", "none")
        if None not in days.values() and days["ends"] <= days["starts"]:  # type: ignore[operator]
            self.fault((*path, "ends"), f"a day after it starts, {days['starts']:g}", days["ends"])
        chain = [name, *heirs(self.scenario.products, name)]
        if self.scenario.products[chain[-1]].successor in chain:
            self.fault((*path, "successor"), "a product that it does not succeed", chain[-1])
        if product.recall is not None:
            product = product.model_copy(update={"recall": self.recall(name, product.recall)})
        prices = self.in_order((*path, "prices"), product.prices)
        changed = {key: day for key, day in days.items() if day is not None}
        if prices:
            changed["prices"] = prices  # type: ignore[assignment]
        return product.model_copy(update=changed) if changed else product

    def recall(self, name: str, recall: Recall) -> Recall:
        """A recall whose day is counted."""
        day = self.day(("products", name, "recall", "starts"), recall.starts)
        return recall.model_copy(update={"starts": day})

    def counted(self, path: Location, given: Any) -> Any:
        """A policy whose changes are on days."""
        changes = self.in_order((*path, "changes"), given.changes)
        return given.model_copy(update={"changes": changes}) if changes else given

    def in_order(self, path: Location, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Entries that start on days, one after the other."""
        found: list[Any] = []
        for i, entry in enumerate(given):
            place = (*path, i, "starts")
            day = self.day(place, entry.starts)
            if found and day <= found[-1].starts:
                expected = f"a day after that of the entry before it, {found[-1].starts:g}"
                self.fault(place, expected, f"{day:g}")
            found.append(entry.model_copy(update={"starts": day}))
        return tuple(found)

    def day(self, path: Location, given: float | datetime.date) -> float:
        """Days from the start; 0 for what is before it."""
        if not isinstance(given, datetime.date):
            return given
        s = self.scenario
        if s.start is None:
            self.fault(path, "`start`, the date of day 0, for a date", given)
            return 0.0
        if s.time_unit != "days":
            self.fault(("time_unit",), "'days', as dates count in days", s.time_unit)
        return float(max(0, (given - s.start).days))
