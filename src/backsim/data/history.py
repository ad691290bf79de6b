"""What happened, cleaned: order lines with their fates, purchases, stock, and the masters."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LineHistory:
    """Order lines placed within the history, in order of time; times in days from its first.

    `at_once` are the units served without a wait; `served` is when the last unit was shipped (nan:
    not all was), `cancelled` when what was left was cancelled (nan: it was not); `waiting` says
    that the cancellation had to do with waiting; `known` that the line's fate is known.
    """

    order: Codes
    """By place on `History.orders`."""
    customer: Codes
    """By place on `History.customers`; -1 where the export does not say who ordered."""
    product: Codes
    site: Codes
    customer_class: Codes
    units: Floats
    time: Floats
    at_once: Floats
    shipped: Floats
    waited: Floats
    """Units shipped later times the days that they waited, each shipment on its own."""
    served: Floats
    cancelled: Floats
    cancelled_units: Floats
    waiting: Flags
    known: Flags
    wanted: Floats
    """For when the customer wants it; nan: not told."""
    promised: Floats
    """The date that was confirmed; nan: none."""

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True, slots=True, eq=False)
class Movements:
    """Units that left for customers (without a date, on the day of the order), or that came."""

    product: Codes
    site: Codes
    time: Floats
    units: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseHistory:
    """Purchases in order of time.

    `first` is when the first units came, `received` when all had come, nan while they have not;
    `parts` counts the receipts.  Dates are as noted (`History.placed` and `arrived` as meant).
    """

    product: Codes
    site: Codes
    supplier: Codes
    units: Floats
    placed: Floats
    confirmed: Floats
    first: Floats
    received: Floats
    parts: Codes
    left: Floats
    """Units that have not come; of purchases that have been received, those that never will."""
    number: Codes
    """By place on `History.numbers`; all 0 where purchases have none."""

    def __len__(self) -> int:
        return len(self.product)


@dataclass(frozen=True, slots=True, eq=False)
class StockHistory:
    """Units on hand at the end of some days."""

    product: Codes
    site: Codes
    day: Floats
    units: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Masters:
    """What the masters say: per product, and per product and site (nan: nothing)."""

    price: Floats
    cost: Floats
    group: tuple[str, ...]
    supplier: Codes
    planned_days: Floats
    reorder_point: Floats
    up_to: Floats
    least_order: Floats
    multiple: Floats
    due_days: Floats
    """By class."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the rows of a table."""

    table: str
    file: str
    read: int
    used: int
    dropped: dict[str, int] = field(default_factory=dict)


Moment = Literal["morning", "evening"]


@dataclass(frozen=True, slots=True)
class WithinDay:
    """Before the orders of the day (morning) or after them (evening), where dates have no time."""

    placed: Moment = "evening"
    """Purchases."""
    received: Moment = "morning"
    """Receipts."""
    words: tuple[str, ...] = ()
    """Why."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A cleaned export.  `days` is its length, from the midnight that begins `first`."""

    first: datetime.date
    days: float
    products: tuple[str, ...]
    sites: tuple[str, ...]
    classes: tuple[str, ...]
    suppliers: tuple[str, ...]
    orders: Sequence[str]
    """The numbers of orders."""
    customers: Sequence[str]
    """The numbers of customers."""
    numbers: Sequence[str]
    """The numbers of purchases."""
    lines: LineHistory
    sent: Movements
    purchases: PurchaseHistory
    came: Movements
    stock: StockHistory
    masters: Masters
    rows: tuple[Rows, ...]
    notes: tuple[str, ...]
    clocked: bool
    """Orders have a time of day."""
    exact: bool
    """Purchases and receipts have a time of day."""
    within_day: WithinDay
    smallest: Floats
    """By product: the quantity of which all that was ordered, sent and bought are multiples."""
    cut_off: int | None = None
    """The hour from which orders leave on the next working day; None: not known."""

    @property
    def ordered(self) -> Floats:
        """When lines were ordered: at noon of the day, where orders have no time of day."""
        return self.lines.time + (0.0 if self.clocked else 0.5)

    @property
    def placed(self) -> Floats:
        """When purchases were placed: in the evening of a day is at the midnight after it."""
        return self.purchases.placed + self._later(self.within_day.placed)

    @property
    def arrived(self) -> Floats:
        """When purchases had arrived whole; nan: they are open."""
        return self.purchases.received + self.receipt_delay

    @property
    def began(self) -> Floats:
        """When the first units of purchases arrived; nan: none has."""
        return self.purchases.first + self.receipt_delay

    @property
    def receipt_delay(self) -> float:
        """Days from the noted date of a receipt to the midnight at which it is there."""
        return self._later(self.within_day.received)

    def _later(self, when: Moment) -> float:
        return 1.0 if when == "evening" and not self.exact else 0.0

    @property
    def last(self) -> datetime.date:
        """The last day, that of the export."""
        return self.first + datetime.timedelta(days=int(np.ceil(self.days)) - 1)


STEPS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.005, 0.001)
"""Quantities that a product may have as its smallest one."""


def smallest_of(product: Codes, units: Floats, count: int) -> Floats:
    """The largest step of which all units of each product are multiples; else the smallest step."""
    found = np.full(count, STEPS[-1])
    for step in reversed(STEPS):
        parts = np.abs(units / step - np.rint(units / step)) > 1e-6
        found[np.bincount(product, parts, count) == 0] = step
    return found


def in_steps(units: Any, step: Any) -> Any:
    """Units as the nearest multiples of a step, in as many digits as they have."""
    return np.round(np.rint(units / step) * step, 3)


def usual_supplier(history: History) -> Codes:
    """By product: the supplier of most purchases, or else that of the master."""
    bought = history.purchases
    count = np.zeros((len(history.products), max(1, len(history.suppliers))))
    np.add.at(count, (bought.product, bought.supplier), 1.0)
    usual = np.where(count.sum(1) > 0, count.argmax(1), history.masters.supplier)
    return np.maximum(usual, 0).astype(np.int64)


def known_on(history: History, day: float) -> History:
    """The history as it was known at the end of the day before: what came later is open.

    Of a line that was shipped in parts, those after the first are taken to be later.
    """
    lines, bought, stock, sent = history.lines, history.purchases, history.stock, history.sent
    with np.errstate(invalid="ignore"):
        served = np.where(lines.served < day, lines.served, np.nan)
        cancelled = np.where(lines.cancelled < day, lines.cancelled, np.nan)
        received = np.where(bought.received < day, bought.received, np.nan)
        begun = np.where(bought.first < day, bought.first, np.nan)
    seen = replace(
        lines,
        served=served,
        shipped=np.where(np.isnan(served), lines.at_once, lines.shipped),
        waited=np.where(np.isnan(served), 0.0, lines.waited),
        cancelled=cancelled,
        cancelled_units=np.where(np.isnan(cancelled), 0.0, lines.cancelled_units),
    )
    return replace(
        history,
        days=float(day),
        lines=_some(seen, lines.time < day),
        purchases=_some(
            replace(
                bought,
                received=received,
                first=begun,
                left=np.where(np.isnan(received), bought.units, bought.left),
            ),
            bought.placed < day,
        ),
        came=_some(history.came, history.came.time < day),
        stock=_some(stock, stock.day < day),
        sent=_some(sent, sent.time < day),
    )


Table = TypeVar("Table", LineHistory, PurchaseHistory, StockHistory, Movements)


def _some(table: Table, kept: Flags) -> Table:
    """A table of some of the rows."""
    return replace(table, **{f.name: getattr(table, f.name)[kept] for f in fields(table)})
