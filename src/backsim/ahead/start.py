"""From a book and a scenario to a model that starts today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import INBOUND, STOCK, Book
from backsim.engines.features import switches
from backsim.errors import InputError, few, nearest
from backsim.scenario.distributions.fields import Deterministic
from backsim.scenario.model import Model
from backsim.scenario.opening import (
    ALL_BUT,
    cannot_come,
    may_exceed,
    places_of_open_orders,
    places_under_way,
)
from backsim.scenario.schema import CustomerClass, Process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

END = 1.0 - 1.0 / 86_400
"""The end of a day, in days from its beginning: its last second, before what comes the next day."""

PLANNED = {
    "lines.not_before": "not_before",
    "products.case_pack": "case_pack",
    "classes.keep": "keep of classes",
    "lanes.keep": "keep of lanes",
}
"""What only plans keep to, by what constraints call it."""

ALL, MAIN = "all", "main"
"""What a book calls its class and its site where it names none."""


@dataclass(frozen=True, eq=False)
class Today:
    """A model that starts with a book's orders, stock and purchases.

    `lines`: the line of the book that each line of the tape is, of those from before the start, and
    `classes` the class of each in the scenario; `sources`: the source of the book that each
    purchase under way at the start is.  `remarks` say what had to be assumed.
    """

    book: Book
    model: Model
    lines: Codes
    classes: tuple[str, ...]
    sources: Codes
    remarks: tuple[str, ...]


def start_today(model: Model, book: Book, days: float) -> Today:
    """The model with the book as its opening, for `days` days from today.

    Days of a book are whole: what is promised or due on a day is in time until its end.
    Raises InputError: names that the scenario does not know, parts of units, orders that the
    scenario replays.
    """
    start = _Start(model, book)
    start.check()
    rows, members = start.orders()
    purchases, sources = start.purchases()
    opening = {"orders": rows, "purchases": purchases, "stock": start.stock()}
    changes: dict[str, Any] = {"opening": opening, "horizon": days, "warm_up": 0}
    if book.today is not None and model.scenario.start is not None:
        changes["start"] = book.today.isoformat()
    found = model.replace(changes)
    lines = [line for place in places_of_open_orders(found) for line in members[place]]
    coming = [
        sources[pair][place]
        for stock, pair in enumerate(found.stock_points)
        for place in places_under_way(found, stock)
    ]
    return Today(
        book=book,
        model=found,
        lines=np.array(lines, np.int64),
        classes=tuple(start.classes[book.lines.customer_class[line]] for line in lines),
        sources=np.array(coming, np.int64),
        remarks=tuple(start.remarks),
    )


class _Start:
    """A book in a scenario's names."""

    def __init__(self, model: Model, book: Book) -> None:
        self.model, self.book = model, book
        self.faults: list[str] = []
        self.remarks: list[str] = []
        self.tells = "INFORMS" in switches(model)
        self.classes = self._known("class", book.names.classes, model.classes, ALL)
        self.sites = self._known("site", book.names.sites, model.sites, MAIN)
        self.products = self._known("product", book.names.products, model.products, "")

    def _known(
        self, what: str, names: tuple[str, ...], known: tuple[str, ...], default: str
    ) -> list[str]:
        """The scenario's name for each of the book's; the default stands for the only one."""
        found = []
        for name in names:
            only = name == default and name not in known and len(known) == 1
            if name not in known and not only:
                expected = f"a {what} of the scenario ({nearest(name, list(known))})"
                self.faults.append(f"expected {expected}, got '{name}'")
            found.append(known[0] if only else name)
        return found

    def check(self) -> None:
        """Raise InputError where the book and the scenario do not go together."""
        for name, customer in self.model.scenario.customers.items():
            if not all(isinstance(demand, Process) for demand in customer.demand):
                self.faults.append(
                    f"expected customers.{name}.demand to be drawn at random for the coming days, "
                    "got orders that are replayed (`backsim calibrate` fits a process to them)"
                )
        lines, sources = self.book.lines, self.book.sources
        known = self.model.scenario.products
        smallest = [known[name].smallest if name in known else 1.0 for name in self.products]
        for rows in (lines, sources):
            counts = rows.units / np.array(smallest)[rows.product]
            parts = [rows.ids[i] for i in np.flatnonzero(np.abs(counts - np.rint(counts)) > 1e-6)]
            if parts:
                self.faults.append(
                    "expected whole units, or multiples of the product's `smallest` in the "
                    f"scenario, got parts of units for {few(parts, 3)}"
                )
        if not self.faults:
            self._check_places()
        if self.faults:
            raise InputError("\n".join(f"outlook: {fault}" for fault in self.faults))
        self._look_at_calendar()
        self._look_at_book()

    def _check_places(self) -> None:
        """What the book has stands at stock points of the scenario."""
        for rows in (self.book.lines, self.book.sources):
            for product, site, units in zip(rows.product, rows.site, rows.units, strict=True):
                pair = self.products[product], self.sites[site]
                if units > 0 and pair not in self.model.stock_points:
                    text = f"expected a stock point of {pair[0]} at {pair[1]} in the scenario"
                    self.faults.append(text) if text not in self.faults else None

    def _look_at_calendar(self) -> None:
        """What counts from the scenario's first day is off if that is not today."""
        scenario = self.model.scenario
        reviews = [point.periodic for point in scenario.stock]
        if any(review is not None and review.dates is None for review in reviews):
            self.remarks.append("periodic reviews count from today (`review.first`)")
        patterns = [
            demand.pattern
            for customer in scenario.customers.values()
            for demand in customer.demand
            if isinstance(demand, Process)
        ]
        counted = any(pattern.season or pattern.trend for pattern in patterns)
        plans = [s.disruptions for s in scenario.suppliers.values() if s.disruptions]
        if (counted or any(p.planned for p in plans)) and scenario.start != self.book.today:
            self.remarks.append(
                "seasons, trends and planned outages of the scenario count from its day 0, which "
                "is taken to be today"
            )

    def _look_at_book(self) -> None:
        """What the book says that is not played: the scenario says it in its own way, or not."""
        book = self.book
        found = [name for key, name in PLANNED.items() if np.any(book.own.get(key, 0.0) > 0.0)]
        calendars = None if book.lanes is None else book.lanes.calendars
        if calendars is not None and (calendars.site.any() or calendars.customer.any()):
            found.append("working days of sites and customers")
        if (book.sources.last > book.sources.first).any():
            found.append("latest")
        if found:
            self.remarks.append(f"of the book these are not played: {', '.join(found)}")

    # -- orders ----------------------------------------------------------------------------

    def orders(self) -> tuple[list[dict[str, Any]], list[list[int]]]:
        """The open orders, and the lines of the book in each.

        Lines of an order are one where class, site and dates agree, each product once.
        """
        lines = self.book.lines
        rows: list[dict[str, Any]] = []
        members: list[list[int]] = []
        places: dict[Any, int] = {}
        columns = (lines.order, lines.site, lines.customer_class)
        dates = (lines.ordered, lines.due, lines.promised, lines.tolerance)
        for i, key in enumerate(zip(*(c.tolist() for c in (*columns, *dates)), strict=True)):
            if lines.units[i] <= 0:
                continue
            product = self.products[lines.product[i]]
            if key not in places or product in rows[places[key]]["lines"]:
                places[key] = len(rows)
                rows.append(self._order(i))
                members.append([])
            rows[places[key]]["lines"][product] = float(lines.units[i])
            members[places[key]].append(i)
        return rows, members

    def _order(self, i: int) -> dict[str, Any]:
        """The order of a line of the book, without its lines."""
        lines = self.book.lines
        age, promised = max(0.0, -float(lines.ordered[i])), float(lines.promised[i]) + END
        name = self.classes[lines.customer_class[i]]
        row: dict[str, Any] = {
            "customer": name,
            "lines": {},
            "site": self.sites[lines.site[i]],
            "age": age,
            "due": float(lines.due[i]) + END,
        }
        customer = self.model.scenario.customers[name]
        given = float(lines.tolerance[i])
        told = self.tells and np.isfinite(promised) and promised >= -age
        if told and _may_have_stayed(customer, age, promised):
            row["promised"] = promised
        elif told:
            self._assume("have stayed although their class would have left over such a promise")
        known = age
        if "promised" in row and customer.informed.tolerance is None:
            known = max(age, age + promised)  # they have agreed to wait so long
        if np.isfinite(given) and given > known:
            row["tolerance"] = given
        elif np.isfinite(given) or not may_exceed(customer.tolerance, known):
            self._assume("have waited longer than their customers ever do")
            row["tolerance"] = "unlimited"
        return row

    def _assume(self, what: str) -> None:
        """A remark, said once."""
        text = f"some lines {what}; these are taken to wait on"
        if text not in self.remarks:
            self.remarks.append(text)

    # -- stock and purchases ---------------------------------------------------------------

    def stock(self) -> list[dict[str, Any]]:
        """Units on hand at every stock point of the scenario."""
        held: dict[tuple[str, str], float] = dict.fromkeys(self.model.stock_points, 0.0)
        listed = set()
        for _, pair, units in self._sources(STOCK):
            listed.add(pair)
            if units:
                held[pair] += units
        missing = [f"{p} at {s}" for p, s in self.model.stock_points if (p, s) not in listed]
        if missing:
            self.remarks.append(f"not in the book's stock, so taken as 0 units: {few(missing, 3)}")
        return [
            {"product": product, "site": site, "units": round(units, 6)}
            for (product, site), units in held.items()
        ]

    def _sources(self, kind: int) -> Iterator[tuple[int, tuple[str, str], float]]:
        """(index, stock point, units) of the sources of a kind."""
        sources = self.book.sources
        for i in np.flatnonzero(sources.kind == kind).tolist():
            pair = self.products[sources.product[i]], self.sites[sources.site[i]]
            yield i, pair, float(sources.units[i])

    def purchases(self) -> tuple[list[dict[str, Any]], Mapping[tuple[str, str], list[int]]]:
        """The purchases under way, and by stock point the sources of the book that they are."""
        sources = self.book.sources
        rows: list[dict[str, Any]] = []
        places: dict[tuple[str, str], list[int]] = {}
        for i, pair, units in self._sources(INBOUND):
            if units == 0:
                continue
            age, arrives = -float(sources.ordered[i]), float(sources.arrives[i])
            row = {"product": pair[0], "site": pair[1], "units": units, "expected": arrives}
            if np.isfinite(age) and self._has_law(pair, max(0.0, age)):
                row["age"] = max(0.0, age)
            else:
                row["arrives"] = max(0.0, arrives)
            rows.append(row)
            places.setdefault(pair, []).append(i)
        return rows, places

    def _has_law(self, pair: tuple[str, str], age: float) -> bool:
        """Whether the arrival of a purchase follows from its age."""
        stock = self.model.stock_code[pair]
        lane, point = self.model.lanes[stock], self.model.scenario.stock[stock]
        return not any(cannot_come(self.model.scenario, lane, point, age))


def _may_have_stayed(customer: CustomerClass, age: float, promised: float) -> bool:
    """Whether a customer of the class may still wait with such a promise."""
    informed = customer.informed
    accepted = (age + promised) * ALL_BUT
    if informed.tolerance is not None and not may_exceed(informed.tolerance, accepted):
        return False
    if promised >= 0 or informed.broken.leaves < 1:
        return True
    return informed.grace != Deterministic(value=0.0) and may_exceed(informed.grace, -promised)
