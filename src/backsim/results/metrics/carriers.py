"""When shipments leave sites whose carriers take only so many each day."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.sums import Sums
from backsim.scenario.calendars import open_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def given_to_customers(m: Sums, first: int) -> tuple[Any, Any, Any, Any]:
    """(line, moment, units, stock point) of all that is given to customers, from a line on.

    A line may have units from several sites.  A substitute leaves the site of the line in whose
    place it was taken, and is no unit of the line.
    """
    log = m.log
    split, late, taken = (
        rows.compress(rows["line"] >= first)
        for rows in (log.splits, log.shipments, log.substitutions)
    )
    own = np.array(log.lines["filled"], np.int64)
    np.subtract.at(own, split["line"], split["units"])
    at_once = first + np.flatnonzero(own[first:])
    stock, none = log.column("stock"), np.zeros(len(taken), np.int64)
    return (
        np.r_[at_once, split["line"], late["line"], taken["line"]],
        np.r_[m.time[at_once], m.time[split["line"]], late["time"], taken["time"]],
        np.r_[own[at_once], split["units"], late["units"], none],
        np.r_[stock[at_once], split["stock"], stock[late["line"]], stock[taken["line"]]],
    )


class Carriers:
    """The queues for carriers of a limited capacity, over the whole run.

    A shipment is what leaves one site for one order at one moment, also before the warm-up.
    """

    def __init__(self, m: Sums) -> None:
        self.m = m
        sites = m.model.scenario.sites.values()
        self.capacities = [site.shipping.capacity if site.shipping else None for site in sites]

    def leaves(self, code: int, lines: Any, ready: Any) -> Floats:
        """When shipments of some lines leave a site that are ready at some times."""
        given, moments, _, stocks = self._all
        of_site = self.m.site[stocks] == code
        every = [np.r_[given[of_site], lines], np.r_[moments[of_site], ready]]
        head = self.m.log.column("head")[every[0]]
        times, each = np.unique(np.column_stack([every[1], head]), axis=0, return_inverse=True)
        found = self._queue(code, times[:, 0])
        return np.asarray(found[each.ravel()[len(every[0]) - len(lines) :]])

    @cached_property
    def _all(self) -> tuple[Any, Any, Any, Any]:
        """All that was given to customers."""
        return given_to_customers(self.m, 0)

    def _queue(self, code: int, ready: Floats) -> Floats:
        """When shipments leave that are ready at ascending times: first come, first served."""
        model, name = self.m.model, self.m.model.sites[code]
        closed, capacity = model.departures(name), self.capacities[code] or 1
        shipping = model.scenario.sites[name].shipping
        leaves = open_from(ready, closed)
        if shipping is not None and shipping.cut_off is not None:
            calls = closed[:, 1]
        else:
            days = np.arange(model.known_days, dtype=float)
            calls = days[open_from(days, closed) == days]
        due = np.searchsorted(calls, leaves, side="right") - 1
        with_room = _first_with_room(due, capacity)
        later = calls[with_room.clip(max=len(calls) - 1)]
        later[with_room >= len(calls)] = np.inf
        return np.where(with_room > due, later, leaves)


def _first_with_room(due: Any, capacity: int) -> Any:
    """The call that takes each of some shipments, `due` at a call: in order, `capacity` at a time.

    The k-th is taken no earlier than one call after the one that is `capacity` before it.
    """
    rounds = -(-len(due) // capacity)
    table = np.full((rounds, capacity), np.iinfo(np.int64).min // 2)
    table.ravel()[: len(due)] = due
    turns = np.arange(rounds)[:, None]
    return (np.maximum.accumulate(table - turns, axis=0) + turns).ravel()[: len(due)]
