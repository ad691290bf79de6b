"""What customers who waited were told, what came of it, and why they cancelled.

An order of several lines is one conversation; it counts for the class, product and site of its
first line.  The orders are those of the other flow metrics.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Columns
from backsim.entities import ASKED, CANCELLED, CAUSES, NEVER, NONE, SHIPPED, SUBSTITUTED, WAITING
from backsim.results.metrics.delivery import departures
from backsim.results.metrics.orders import Orders
from backsim.results.metrics.registry import COMMUNICATION, LESS, MORE, NEITHER, metric
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.survival import curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPANS = (("within_2", 0.0, 2.0), ("within_7", 2.0, 7.0), ("within_30", 7.0, 30.0))
HORIZONS = (*SPANS, ("beyond_30", 30.0, NEVER))
"""How many days ahead a promise looks: (name, more than, at most)."""


class Conversation:
    """The conversations of the orders that count."""

    def __init__(self, m: Sums) -> None:
        self.m, self.log = m, m.log

    @cached_property
    def contacts(self) -> Any:
        """Contacts of the orders that count."""
        return self.log.contacts.compress(self.log.contacts["head"] >= self.m.first)

    @cached_property
    def notices(self) -> Any:
        """Their notices, order by order."""
        notices = self.log.notices.compress(self.log.notices["head"] >= self.m.first)
        return notices.take(np.argsort(notices["head"], kind="stable"))

    @cached_property
    def dated(self) -> Any:
        """The notices with a date."""
        return self.notices.compress(self.notices["promise"] < NEVER)

    @cached_property
    def ended(self) -> tuple[Floats, Any, Any]:
        """(when the last line left or was closed, whether one was given up, or waits), by head."""
        ends = np.zeros(len(self.log.lines))
        waiting = np.zeros(len(self.log.lines), bool)
        if not len(self.dated):  # nobody asks when an order ended
            return ends, waiting, waiting
        rest = self.log.rest
        np.maximum.at(ends, rest["head"], np.minimum(self.left(rest), self.m.model.horizon))
        waiting[rest["head"][rest["status"] == WAITING]] = True
        return ends, self._left_at > -np.inf, waiting

    def left(self, lines: Columns) -> Floats:
        """When lines left their sites, as promises are for that; or were closed otherwise."""
        closed = lines["closed"]
        found = departures(self.m, lines["stock"], closed)
        return np.where(lines["status"] == SHIPPED, found, closed)

    @cached_property
    def _left_at(self) -> Floats:
        """When a line of each order last left without being shipped; -inf where none did."""
        rest = self.log.rest
        left = np.flatnonzero((rest["status"] != SHIPPED) & (rest["status"] != WAITING))
        found = np.full(len(self.log.lines), -np.inf)
        np.maximum.at(found, rest["head"][left], rest["closed"][left])
        return found

    def mean(self, heads: Any, values: Any) -> Floats:
        """Means by view over orders given by their first line."""
        group = self.m.group[heads]
        return self.m.fold(self.m.total(group, values)) / self.m.fold(self.m.total(group))

    def count(self, heads: Any, weights: Any = None) -> Floats:
        """Sums by class and stock point over orders given by their first line."""
        return self.m.total(self.m.group[heads], weights)

    @cached_property
    def first_promises(self) -> tuple[Floats, Floats]:
        """(share of the lines promised that kept the first promise, its mean error), by view.

        Of the promises that are due by the horizon; the error of one whose customer waits still is
        larger than it is so far.
        """
        if not len(self.log.contacts):
            return self.m.nothing, self.m.nothing
        contact = self._contact(self.m.rest)
        known = contact != NONE
        lines, later = self.m.rest.compress(known), self.m.later[known]
        contacts = self.log.contacts[contact[known]]
        promise, closed = contacts["first_promise"], lines["closed"]
        promised = (promise < NEVER) & (closed > contacts["first_told"])
        shipped = lines["status"] == SHIPPED
        judged = promised & (promise < self.m.model.horizon)
        judged &= ~np.isin(lines["status"], (CANCELLED, SUBSTITUTED)) | (closed >= promise)
        kept = shipped & (closed <= promise)
        due = promised & (promise < self.m.model.horizon)
        due &= shipped | (lines["status"] == WAITING)
        error = np.abs(np.minimum(self.left(lines), self.m.model.horizon) - promise)
        return (
            self.mean(later[judged], kept[judged].astype(float)),
            self.mean_error(later[due], error[due], shipped[due]),
        )

    def error(self, low: float, high: float) -> Floats:
        """How far off promises were that looked `low` to `high` days ahead."""
        if not len(self.dated):
            return self.m.nothing
        ends, gone, waiting = self.ended
        dated = self.dated
        ahead = self.m.model.on_grid(dated["promise"] - dated["time"])
        inside = ((ahead > low) | (low == 0)) & (ahead <= high)
        inside &= ~gone[dated["head"]] & (dated["promise"] < self.m.model.horizon)
        heads = dated["head"][inside]
        error = np.abs(ends[heads] - dated["promise"][inside])
        return self.mean_error(heads, error, ~waiting[heads])

    def mean_error(self, heads: Any, error: Floats, over: Any) -> Floats:
        """Mean errors by view, where some are larger than they are so far (not `over`)."""
        if np.all(over):
            return self.mean(heads, error)
        total = self.m.fold(self.count(heads))
        found = curves(self.m, heads, error, np.ones(len(heads)), over, total)
        return np.array([np.nan if curve is None else curve.mean for curve in found])

    def _contact(self, lines: Columns) -> Any:
        """The contact of each of these lines' orders, or NONE."""
        if not len(self.log.contacts):
            return np.full(len(lines), NONE)
        return self.log.lines["contact"][lines["head"]]

    @cached_property
    def causes(self) -> tuple[Any, Any, Any]:
        """(line, cause, units) of what was cancelled."""
        lines, later = self.m.rest, self.m.later
        left = lines["status"] == CANCELLED
        reduced = self.m.reduced[left]
        lines, later = lines.compress(left), later[left]
        cause = np.zeros(len(lines), np.int64)
        contact = self._contact(lines)
        cause[contact != NONE] = self.log.contacts["cause"][contact[contact != NONE]]
        return later, cause, lines["left"] - reduced

    def cancelled(self, code: int) -> Floats:
        """Units cancelled for one cause."""
        later, cause, units = self.causes
        return self.count(later, np.where(cause == code, units, 0))

    # -- what they cost, by class and stock point ----------------------------------------------

    @cached_property
    def sent(self) -> Floats:
        """Notices sent."""
        return self.count(self.notices["head"][self.notices["what"] != ASKED])

    @cached_property
    def asked(self) -> Floats:
        """Inquiries received."""
        return self.count(self.notices["head"][self.notices["what"] == ASKED])

    @cached_property
    def broken_and_late(self) -> tuple[Floats, Floats]:
        """Promises that passed and were not kept, and days past them.

        A promise stands until the next one is told; days past it count until then, or until the
        order is closed, or the horizon.
        """
        dated = self.dated
        until = np.minimum(self.ended[0][dated["head"]], self.m.model.horizon)
        same = dated["head"][1:] == dated["head"][:-1]
        until[:-1][same] = np.minimum(until[:-1], dated["time"][1:])[same]
        late = until - dated["promise"]
        # Who leaves at the very instant of the promise has not had it kept.
        broken = (late > 0) | ((late == 0) & (self._left_at[dated["head"]] == until))
        heads = dated["head"][broken]
        return self.count(heads), self.count(heads, late[broken])


@metric("share", better=MORE, group=COMMUNICATION)
def promise_kept(m: Sums) -> Floats:
    """Promised lines shipped completely by the first promised date / promised lines.

    Lines whose customer left before that date are excluded.
    """
    return m.of(Conversation).first_promises[0]


@metric("days", better=LESS, group=COMMUNICATION)
def promise_error(m: Sums) -> Floats:
    """Mean of |departure - first promise| over promised lines that are due by the horizon.

    Of lines that still wait the error is more than it is so far (Kaplan-Meier); without those
    cancelled or substituted.
    """
    return m.of(Conversation).first_promises[1]


def _declare_error(name: str, low: float, high: float) -> None:
    ahead = f"more than {low:g}" if high == NEVER else f"{low:g} to {high:g}"

    @metric(
        "days",
        better=LESS,
        group=COMMUNICATION,
        name=f"promise_error.{name}",
        definition="Mean of |departure - promise| over all promises due by the horizon that looked "
        f"{ahead} days ahead; without orders of which a line was cancelled or substituted.",
    )
    def error(m: Sums) -> Floats:
        return m.of(Conversation).error(low, high)


for _name, _low, _high in HORIZONS:
    _declare_error(_name, _low, _high)


@metric("days", better=LESS, group=COMMUNICATION)
def notice_delay(m: Sums) -> Floats:
    """Days from the order to the first notice, for orders with a notice."""
    conversation = m.of(Conversation)
    told = conversation.contacts.compress(conversation.contacts["notices"] > 0)
    delay = told["first_told"] - m.log.lines["time"][told["head"]]
    return conversation.mean(told["head"], delay)


@metric("per order", better=NEITHER, group=COMMUNICATION)
def contacts_per_order(m: Sums) -> Floats:
    """Notices to waiting customers and their inquiries / orders."""
    conversation = m.of(Conversation)
    return m.fold(conversation.count(conversation.notices["head"])) / m.of(Orders).count


_WHY = {
    "no_notice": "Units cancelled by customers who were told nothing",
    "told_too_long": "Units cancelled on being told too long a wait",
    "promise_broken": "Units cancelled after a broken promise",
    "gave_up": "Units cancelled by customers who were told once, but to whom no promise stood",
}


def _declare_cause(code: int, name: str) -> None:
    @metric(
        "share",
        better=LESS,
        group=COMMUNICATION,
        name=f"cancel.{name}",
        label=f"cancelled: {name.replace('_', ' ')}",
        definition=f"{_WHY[name]} / units ordered.",
        part_of="cancel_rate",
    )
    def cancelled(m: Sums) -> Floats:
        return m.per_ordered(m.of(Conversation).cancelled(code))


for _code, _name in enumerate(CAUSES):
    _declare_cause(_code, _name)


@metric(
    "share",
    better=LESS,
    group=COMMUNICATION,
    name="cancel.changed",
    label="cancelled: changed",
    part_of="cancel_rate",
)
def changed(m: Sums) -> Floats:
    """Units cancelled as waiting customers changed a quantity / units ordered."""
    if not any(customer.changes for customer in m.model.scenario.customers.values()):
        return m.nothing
    return m.per_ordered(m.total(m.later_group, m.reduced))
