"""What customers who waited were told, what came of it, and why they cancelled.

An order of several lines is one conversation; it counts for the class, product and site of its
first line.  The orders are those of the other flow metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import ASKED, CANCELLED, CAUSES, NEVER, NONE, SHIPPED, SUBSTITUTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPANS = (("within_2", 0.0, 2.0), ("within_7", 2.0, 7.0), ("within_30", 7.0, 30.0))
HORIZONS = (*SPANS, ("beyond_30", 30.0, NEVER))
"""How many days ahead a promise looks: (name, more than, at most)."""

CONVERSATION: dict[str, tuple[str, str]] = {
    "promise_kept": (
        "share",
        "promised lines shipped whole by the first promise / promised lines; without those whose "
        "customer left before that date",
    ),
    "promise_error": ("days", "mean of |shipped - first promise| over promised lines shipped"),
    **{
        f"promise_error.{name}": (
            "days",
            "mean of |shipped - promise| over all promises that looked "
            + (
                f"more than {low:g} days ahead"
                if high == NEVER
                else f"{low:g} to {high:g} days ahead"
            ),
        )
        for name, low, high in HORIZONS
    },
    "notice_delay": ("days", "from the order to the first notice, of orders that were told"),
    "contacts_per_order": (
        "per order",
        "notices to customers who wait and their inquiries / orders",
    ),
    "cancel.no_notice": ("share", "units cancelled by customers who were told nothing / ordered"),
    "cancel.told_too_long": ("share", "units cancelled on being told too long a wait / ordered"),
    "cancel.promise_broken": ("share", "units cancelled after a broken promise / ordered"),
    "cancel.gave_up": (
        "share",
        "units cancelled by customers who were told once, but to whom no promise stood / ordered",
    ),
}
"""name -> (unit, definition)"""


@dataclass(frozen=True)
class Conversation:
    """The conversations of the orders from line `first` on.

    `total(group, weights)` sums by class and stock point, `fold` sums that into views.
    """

    log: Log
    first: int
    horizon: float
    group: Any
    total: Callable[..., Floats]
    fold: Callable[[Floats], Floats]

    @cached_property
    def contacts(self) -> Any:
        """Contacts of the orders that count."""
        return self.log.contacts.compress(self.log.contacts["head"] >= self.first)

    @cached_property
    def notices(self) -> Any:
        """Their notices, order by order."""
        notices = self.log.notices.compress(self.log.notices["head"] >= self.first)
        return notices.take(np.argsort(notices["head"], kind="stable"))

    @cached_property
    def dated(self) -> Any:
        """The notices with a date."""
        return self.notices.compress(self.notices["promise"] < NEVER)

    @cached_property
    def ended(self) -> tuple[Floats, Any]:
        """(when the last line was closed, whether all are shipped), by order's first line."""
        ends = np.zeros(len(self.log.lines))
        whole = np.ones(len(self.log.lines), bool)
        if not len(self.dated):  # nobody asks when an order ended
            return ends, whole
        rest = self.log.rest
        np.maximum.at(ends, rest["head"], np.minimum(rest["closed"], self.horizon))
        whole[rest["head"][rest["status"] != SHIPPED]] = False
        return ends, whole

    def mean(self, heads: Any, values: Any) -> Floats:
        """Means by view over orders given by their first line."""
        group = self.group[heads]
        return self.fold(self.total(group, values)) / self.fold(self.total(group))

    def count(self, heads: Any, weights: Any = None) -> Floats:
        """Sums by class and stock point over orders given by their first line."""
        return self.total(self.group[heads], weights)

    # -- metrics -------------------------------------------------------------------------------

    def metrics(self, orders: Floats, ordered: Floats) -> dict[str, Floats]:
        """The metrics; `orders` and units `ordered` by view."""
        contacts = self.contacts
        told = contacts.compress(contacts["notices"] > 0)
        delay = told["first_told"] - self.log.lines["time"][told["head"]]
        return {
            **self.promises(),
            **self.errors(),
            "notice_delay": self.mean(told["head"], delay),
            "contacts_per_order": self.fold(self.count(self.notices["head"])) / orders,
            **{name: units / ordered for name, units in self.cancelled().items()},
        }

    def promises(self) -> dict[str, Floats]:
        """How the first promises were kept, line by line."""
        start = np.searchsorted(self.log.later, self.first)
        lines, later = self.log.rest[start:], self.log.later[start:]
        if not len(self.log.contacts):
            lines, later = lines[:0], later[:0]
        contact = self.log.lines["contact"][lines["head"]]
        known = contact != NONE
        lines, later = lines.compress(known), later[known]
        contacts = self.log.contacts[contact[known]]
        promise, closed = contacts["first_promise"], lines["closed"]
        promised = (promise < NEVER) & (closed > contacts["first_told"])
        shipped = lines["status"] == SHIPPED
        judged = promised & (promise <= self.horizon)
        judged &= ~np.isin(lines["status"], (CANCELLED, SUBSTITUTED)) | (closed >= promise)
        kept = shipped & (closed <= promise)
        seen = promised & shipped
        return {
            "promise_kept": self.mean(later[judged], kept[judged].astype(float)),
            "promise_error": self.mean(later[seen], np.abs(closed - promise)[seen]),
        }

    def errors(self) -> dict[str, Floats]:
        """How far off promises were, by how far ahead they looked."""
        ends, whole = self.ended
        dated = self.dated.compress(whole[self.dated["head"]])
        ahead = dated["promise"] - dated["time"]
        error = np.abs(ends[dated["head"]] - dated["promise"])
        found = {}
        for name, low, high in HORIZONS:
            inside = ((ahead > low) | (low == 0)) & (ahead <= high)
            found[f"promise_error.{name}"] = self.mean(dated["head"][inside], error[inside])
        return found

    def cancelled(self) -> dict[str, Floats]:
        """Units cancelled, by cause and view."""
        start = np.searchsorted(self.log.later, self.first)
        lines, later = self.log.rest[start:], self.log.later[start:]
        left = lines["status"] == CANCELLED
        lines, later = lines.compress(left), later[left]
        cause = np.zeros(len(lines), np.int64)
        contact = self.log.lines["contact"][lines["head"]]
        cause[contact != NONE] = self.log.contacts["cause"][contact[contact != NONE]]
        return {
            f"cancel.{name}": self.fold(
                self.count(later, np.where(cause == code, lines["left"], 0))
            )
            for code, name in enumerate(CAUSES)
        }

    # -- what they cost, by class and stock point ----------------------------------------------

    def notices_and_inquiries(self) -> tuple[Floats, Floats]:
        """Notices sent and inquiries received."""
        asked = self.notices["what"] == ASKED
        heads = self.notices["head"]
        return self.count(heads[~asked]), self.count(heads[asked])

    def broken_and_late(self) -> tuple[Floats, Floats]:
        """Promises that passed and were not kept, and days past them.

        A promise stands until the next one is told; days past it count until then, or until the
        order is closed, or the horizon.
        """
        dated = self.dated
        until = np.minimum(self.ended[0][dated["head"]], self.horizon)
        same = dated["head"][1:] == dated["head"][:-1]
        until[:-1][same] = np.minimum(until[:-1], dated["time"][1:])[same]
        late = until - dated["promise"]
        broken = late > 0
        heads = dated["head"][broken]
        return self.count(heads), self.count(heads, late[broken])
