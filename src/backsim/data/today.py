"""The scenario of tomorrow: it begins with the stock, the open orders and purchases of the export.

What is open has its date, so that customers who wait have waited already, and a purchase under way
arrives by what is left of its lead time.  One that is older than any lead time of its supplier
arrives on the day that the supplier has said, or at once.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter

from backsim.data.calibrate import Calibration
from backsim.data.fit.byday import on_hand
from backsim.data.fit.items import STEP
from backsim.data.fit.supply import LeadTime
from backsim.data.history import History, in_steps
from backsim.data.scenariofile import scenario_text
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.distributions.fields import AnyDistribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Floats = NDArray[np.float64]

LAW: TypeAdapter[Distribution] = TypeAdapter(AnyDistribution)
DAYS = 90
"""Days that the scenario is about."""
FILES = {
    "stock": "open_stock.csv",
    "orders": "open_orders.csv",
    "purchases": "open_purchases.csv",
}
Row = Mapping[str, Any]


def today_text(found: Calibration, opening: Mapping[str, list[Row]]) -> str:
    """The scenario file, which names the tables of the opening that have rows."""
    tables = [name for name, rows in opening.items() if rows]
    text = scenario_text(found, warm_up=0, counted=DAYS)
    if not tables:
        return text
    text += "\n# what there was on the last day of the export\nopening:\n  tables:\n"
    return text + "".join(f"    {name}: {{file: {FILES[name]}}}\n" for name in tables)


def opening_rows(found: Calibration) -> dict[str, list[Row]]:
    """The rows of each table; no stock where none was counted."""
    history = found.history
    return {
        "stock": list(_stock(history)),
        "orders": list(_orders(history)),
        "purchases": list(_purchases(found)),
    }


def _stock(history: History) -> Iterator[Row]:
    known = on_hand(history)
    if known is None:
        return
    sites = len(history.sites)
    for row, units in enumerate(known[:, -1].tolist()):
        if not np.isnan(units):
            yield {
                "product": history.products[row // sites],
                "site": history.sites[row % sites],
                "units": said(max(0.0, units), history.smallest[row // sites]),
            }


def _orders(history: History) -> Iterator[Row]:
    lines = history.lines
    rows, left = open_lines(history)
    for i in rows.tolist():
        yield {
            "order": history.orders[lines.order[i]],
            "product": history.products[lines.product[i]],
            "site": history.sites[lines.site[i]],
            "customer": history.classes[lines.customer_class[i]],
            "units": said(left[i], history.smallest[lines.product[i]]),
            "ordered": _date(history, lines.time[i]),
        }


def open_lines(history: History) -> tuple[Codes, Floats]:
    """(order lines that are open on the last day, the units left of each line)."""
    lines = history.lines
    left = lines.units - lines.shipped - lines.cancelled_units
    left = in_steps(left, history.smallest[lines.product])
    is_open = np.isnan(lines.served) & np.isnan(lines.cancelled) & lines.known & (left > 0)
    return np.flatnonzero(is_open), left


def open_purchases(history: History) -> Codes:
    """The purchases that are under way on the last day."""
    bought = history.purchases
    left = in_steps(bought.left, history.smallest[bought.product])
    return np.flatnonzero(np.isnan(bought.received) & (left > 0))


def _purchases(found: Calibration) -> Iterator[Row]:
    history, bought, placed = found.history, found.history.purchases, found.history.placed
    end = math.ceil(history.days)
    for i in open_purchases(history).tolist():
        supplier = found.lead_times[bought.supplier[i]]
        so_far = float(supplier.elapsed.between(placed[i], np.float64(end)))
        overdue = so_far >= _longest(supplier, bought.product[i])
        confirmed = bought.confirmed[i]
        yield {
            "product": history.products[bought.product[i]],
            "site": history.sites[bought.site[i]],
            "units": said(bought.left[i], history.smallest[bought.product[i]]),
            "ordered": "" if overdue else _date(history, placed[i]),
            "arrives": _date(history, np.fmax(confirmed, end)) if overdue else "",
            "expected": "" if overdue else _date(history, confirmed),
        }


def said(units: float, step: float) -> float | int:
    """Units in multiples of a step; whole ones without a point."""
    value = float(in_steps(units, step))
    return int(value) if value.is_integer() else value


def _longest(supplier: LeadTime, product: int) -> float:
    """The longest lead time that the scenario has for a supplier and a product, in days."""
    if supplier.fit is None:
        return 0.0
    law = supplier.fit.to_file()
    if supplier.items is not None:
        (step,) = supplier.items.steps[supplier.items.items == product].tolist() or [0]
        law = supplier.fit.scaled(STEP**step) if step else law
    as_read = {name: _tuples(parameters) for name, parameters in law.items()}
    return LAW.validate_python(as_read).most()


def _tuples(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()}


def _date(history: History, day: float) -> str:
    """A day of the history as a date; "" for none."""
    if np.isnan(day):
        return ""
    first = datetime.datetime.combine(history.first, datetime.time())
    return (first + datetime.timedelta(days=float(day))).strftime("%Y-%m-%d %H:%M:%S")
