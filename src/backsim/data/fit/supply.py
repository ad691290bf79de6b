"""Lead times by supplier: open purchases censored, those from before the start truncated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.fit.survival import Fit, Times, best, fit_all
from backsim.data.history import History, PurchaseHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MINIMUM = 5
"""Received purchases below which a supplier shares the lead times of all."""
EVIDENCE = 25.0
"""Gain in the logarithm of the likelihood from which an outage is believed."""
SHORTEST, MOST_OUTAGES = 5, 4


@dataclass(frozen=True, slots=True)
class Outage:
    """Days on which a supplier dispatched nothing: what was ordered then left at the end."""

    starts: float
    ends: float
    purchases: int
    gain: float


@dataclass(frozen=True, slots=True, eq=False)
class LeadTime:
    """The lead time of a supplier, in days from the purchase to its arrival."""

    name: str
    purchases: int
    open: int
    fit: Fit | None
    fits: list[Fit]
    times: Times
    pooled: bool
    completed_mean: float
    """The mean of the received purchases alone, which is too short where many are open."""
    crossings: tuple[int, float]
    """Pairs of purchases of a stock point that arrived in the other order; how many such pairs
    independent lead times would give."""
    outages: tuple[Outage, ...]
    late_share: float
    mean_late: float
    """Of those that have a confirmed date: the share that came after it; days late of those."""

    @property
    def crossing(self) -> bool:
        """Whether purchases may overtake each other, as far as is known."""
        seen, expected = self.crossings
        return seen > 0 or expected < 5


def lead_times(history: History) -> list[LeadTime]:
    """The lead time of each supplier."""
    everything = _times(history, np.ones(len(history.purchases), bool), 0.0)
    common = best(everything)[0] if everything.events else None
    return [_of_supplier(history, code, common) for code in range(len(history.suppliers))]


def _times(history: History, mine: Any, width: float, placed: Floats | None = None) -> Times:
    bought = history.purchases
    start = (bought.placed + history.shift if placed is None else placed)[mine]
    received = bought.received[mine]
    is_open = np.isnan(received)
    length = np.where(is_open, history.days - start, received - start)
    low = np.where(is_open, length, length - width / 2)
    high = np.where(is_open, np.inf, length + width / 2)
    entry = -(bought.placed + history.shift)[mine]
    return Times.of(np.maximum(low, 0.0), np.maximum(high, 1e-3), entry)


def _of_supplier(history: History, code: int, common: Fit | None) -> LeadTime:
    bought = history.purchases
    mine = bought.supplier == code
    width = 0.0 if history.exact else 1.0
    times = _times(history, mine, width)
    outages: tuple[Outage, ...] = ()
    fit, fits = best(times) if times.events >= MINIMUM else (None, [])
    if fits and times.events >= 100 and math.isfinite(fits[0].aic):
        placed, outages = _outages(history, mine, fits[0])
        if outages:
            times = _times(history, mine, width, placed)
            fit, fits = best(times)
    received = bought.received[mine] - bought.placed[mine] - history.shift
    late = (bought.received - bought.confirmed)[mine]
    late = late[~np.isnan(late)]
    behind = late[late > 0]
    return LeadTime(
        name=history.suppliers[code],
        purchases=int(mine.sum()),
        open=int(np.isnan(bought.received[mine]).sum()),
        fit=fit if fit is not None else common,
        fits=fits,
        times=times,
        pooled=fit is None,
        completed_mean=float(np.nanmean(received)) if times.events else math.nan,
        crossings=_crossings(bought, mine),
        outages=outages,
        late_share=float(len(behind) / len(late)) if len(late) else math.nan,
        mean_late=float(behind.mean()) if len(behind) else 0.0,
    )


def _crossings(bought: PurchaseHistory, mine: Any) -> tuple[int, float]:
    """Neighbouring purchases of a stock point that overtook; and how many would by chance.

    By chance: each pair with the lead times of the supplier's others (all shifts of their list).
    """
    known = mine & ~np.isnan(bought.received)
    order = np.flatnonzero(known)
    order = order[np.lexsort((bought.placed[order], bought.site[order], bought.product[order]))]
    if len(order) < 2:
        return 0, 0.0
    same = (np.diff(bought.product[order]) == 0) & (np.diff(bought.site[order]) == 0)
    placed, received = bought.placed[order], bought.received[order]
    gap = np.diff(placed)
    pairs = same & (gap > 0)
    seen = int((pairs & (np.diff(received) < 0)).sum())
    lengths = (received - placed)[: 400 * (len(placed) // 400 or 1)]
    expected, shifts = 0.0, range(1, min(len(lengths), 40))
    for k in shifts:
        difference = np.roll(received - placed, -k)[:-1] - np.roll(received - placed, -2 * k)[:-1]
        expected += float((pairs & (difference > gap)).sum())
    return seen, expected / max(1, len(shifts))


def _outages(history: History, mine: Any, law: Fit) -> tuple[Floats, tuple[Outage, ...]]:
    """Outages found one after the other, and when purchases could leave.

    An outage from a to b: what was ordered between left at b.  Its gain is what that adds to the
    likelihood of the lead times.
    """
    bought = history.purchases
    placed = bought.placed + history.shift
    found: list[Outage] = []
    for _ in range(MOST_OUTAGES):
        fits = fit_all(_times(history, mine, 0.0, placed)) if found else [law]
        outage = _longest(history, mine, fits[0], placed)
        if outage is None:
            break
        found.append(outage)
        held = mine & (placed >= outage.starts) & (placed < outage.ends)
        placed = np.where(held, outage.ends, placed)
    return placed, tuple(sorted(found, key=lambda o: o.starts))


def _longest(history: History, mine: Any, law: Fit, placed: Floats) -> Outage | None:
    """The outage with most evidence, if there is enough."""
    received = history.purchases.received[mine]
    start = placed[mine]
    known = ~np.isnan(received)
    start, received = start[known], received[known]
    order = np.argsort(start, kind="stable")
    start, received = start[order], received[order]
    now = _log_mass(law, received - start)
    best_gain, found = EVIDENCE, None
    for end in range(SHORTEST, int(history.days)):
        before = int(np.searchsorted(start, end, "left"))
        window = slice(max(0, before - 400), before)
        gain = _log_mass(law, received[window] - end) - now[window]
        total = np.cumsum(gain[::-1])[::-1]
        if not len(total) or total.max() <= best_gain:
            continue
        place = int(np.argmax(total)) + window.start
        if end - start[place] >= SHORTEST:
            best_gain = float(total.max())
            found = Outage(float(np.floor(start[place])), float(end), before - place, best_gain)
    return found


def _log_mass(law: Fit, days: Floats) -> Floats:
    """The logarithm of the probability of a lead time of so many days, to half a day."""
    low = law.survival(np.maximum(days - 0.5, 1e-3))
    mass = low - law.survival(np.maximum(days + 0.5, 1e-3))
    return np.asarray(np.where(days < 0, -30.0, np.log(np.maximum(mass, 1e-13))))
