"""Calendars at time 0: when sites receive and ship, and the dates of reviews."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from backsim.entities import NEVER, Outage, Stock
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
