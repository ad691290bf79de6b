"""Calendars at time 0: when sites receive and ship, and the dates of reviews."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from backsim.entities import NEVER, SUPPLY, Outage, Stock
from backsim.scenario.calendars import open_from
from backsim.scenario.model import Model
from backsim.scenario.schema import Review

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.engines.initial_state.start import Setup


@dataclass(frozen=True)
class Closures:
    """The rows of a site in the table of closures, from and to."""

    receiving: tuple[int, int]
    departures: tuple[int, int]


def add_closures(setup: Setup, model: Model) -> dict[str, Closures]:
    """When each site receives and ships nothing; sites of one calendar share its rows."""

    def add(rows: NDArray[np.float64]) -> tuple[int, int]:
        first = len(setup.closures)
        setup.closures += [Outage(starts, ends) for starts, ends in rows.tolist()]
        return first, len(setup.closures)

    closed = cache(lambda calendar: add(model.closed(calendar)))
    shipped = cache(lambda site: add(model.departures(site)))
    return {
        name: Closures(closed(site.receiving) if site.receiving else (0, 0), shipped(name))
        for name, site in model.scenario.sites.items()
    }


def add_outages(
    setup: Setup, index: int, random: NDArray[np.float64], known: NDArray[np.float64]
) -> None:
    """A supplier's outages, rows of (starts, ends), and those that all know; plan the first."""
    supplier = setup.suppliers[index]
    supplier.known_at = len(setup.closures)
    setup.closures += [Outage(starts, ends) for starts, ends in known.tolist()]
    supplier.known_end = len(setup.closures)
    supplier.outage = len(setup.outages)
    setup.outages += _together(random.tolist(), known.tolist())
    supplier.outages_end = len(setup.outages)
    if supplier.outage < supplier.outages_end:
        setup.events.append((setup.outages[supplier.outage].starts, SUPPLY, -1 - index))


def _together(random: list[list[float]], known: list[list[float]]) -> list[Outage]:
    """Outages in order of time; where there are known ones, those that touch are one.

    So a supplier that breaks down on a Friday does nothing at the end of the weekend.
    """
    unforeseen = [Outage(starts, ends, breaks=starts) for starts, ends in random]
    if not known:
        return unforeseen
    rows: list[Outage] = []
    given = [Outage(*row) for row in known] + [row for row in unforeseen if row.ends > row.starts]
    for row in sorted(given, key=lambda row: row.starts):
        if rows and row.starts <= rows[-1].ends:
            rows[-1].ends = max(rows[-1].ends, row.ends)
            rows[-1].breaks = min(rows[-1].breaks, row.breaks)
        else:
            rows.append(row)
    return rows


def received(setup: Setup, stock: Stock, arrives: float) -> float:
    """When a stock point receives what arrives then."""
    rows = setup.closures[stock.receiving_at : stock.receiving_end]
    closed = np.array([(row.starts, row.ends) for row in rows]).reshape(-1, 2)
    return float(open_from(arrives, closed))


def plan_reviews(setup: Setup, model: Model, stock: Stock, review: Review) -> None:
    """The first review of a stock point, and the period or the dates of the others."""
    if review.dates is None:
        stock.review_start, stock.review_period = review.first, review.days
        return
    dates = model.dates(review.dates)
    stock.dates_at = len(setup.dates)
    setup.dates += dates.tolist()
    stock.dates_end = len(setup.dates)
    stock.review_start = setup.dates[stock.dates_at] if len(dates) else NEVER
    stock.review_period = review.days
