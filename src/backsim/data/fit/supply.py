"""Lead times by supplier: open purchases censored, those from before the start truncated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from backsim.data.fit.calendars import Calendars, WorkDays
from backsim.data.fit.elapsed import Elapsed, in_working_days
from backsim.data.fit.items import ItemFactors, item_factors, without
from backsim.data.fit.survival import Fit, best, choose, fit_all
from backsim.data.fit.times import Times
from backsim.data.history import History, PurchaseHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MINIMUM = 5
"""Received purchases below which a supplier shares the lead times of all."""
EVIDENCE = 25.0
"""Gain in the logarithm of the likelihood from which an outage is believed."""
SHORTEST, MOST_OUTAGES = 5, 4
IN_SEQUENCE, SURE = 0.25, 0.01
"""Share of the overtakings by chance up to which there are none, and the level of that test."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Days on which a supplier dispatched nothing: what was ordered then left at the end."""

    starts: float
    ends: float
    purchases: int
    gain: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """Neighbouring purchases of a stock point that overtook one another."""

    seen: int
    by_chance: float
    """How many such pairs independent lead times would give."""

    @property
    def allowed(self) -> bool:
        """Whether purchases may overtake: unless far fewer do than by chance (1 % level)."""
        few = self.seen <= IN_SEQUENCE * self.by_chance
        return not (few and stats.poisson.cdf(self.seen, self.by_chance) < SURE)


@dataclass(frozen=True, slots=True)
class InParts:
    """Purchases that came in several receipts."""

    share: float
    """Of those received whole."""
    usual: int
    """Receipts of most purchases: 1, or how many parts most of them come in."""
    days: float
    """Mean days between two receipts of a purchase."""


@dataclass(frozen=True, slots=True)
class Late:
    """Receipts against the dates that the supplier had confirmed."""

    known: int
    share: float
    """Of those received that have a date: the ones that came after it."""
    days: float
    """Mean days late of those."""


@dataclass(frozen=True, slots=True, eq=False)
class LeadTime:
    """The lead time of a supplier, from the purchase to its arrival.

    In days, or in working days of `works`.  Times, fit and means count these.
    """

    name: str
    purchases: int
    open: int
    fit: Fit | None
    fits: list[Fit]
    times: Times
    pooled: bool
    completed_mean: float
    """The mean of the received purchases alone, which is too short where many are open."""
    items: ItemFactors | None
    """How the items differ, if they do; `fit` is that of an item of factor 1."""
    order: Crossing
    parts: InParts
    outages: tuple[Outage, ...]
    late: Late
    elapsed: Elapsed
    closed_wait: float
    """Mean days from an arrival to the receipt, as the site is closed on some days."""

    @property
    def works(self) -> WorkDays | None:
        """The working days that the lead time counts; None: all days."""
        return self.elapsed.works

    @property
    def mean_days(self) -> float:
        """Mean days from a purchase to its receipt, closed days included; 0: nothing is known."""
        if self.fit is None:
            return 0.0
        share = 1.0 if self.works is None else self.works.share
        if not self.crossing:  # they wait for earlier ones
            return self.completed_mean / share
        return self.fit.mean.value / share + self.closed_wait

    @property
    def sd_days(self) -> float:
        """Their standard deviation; that of the wait for a site to open is left out."""
        if self.fit is None:
            return 0.0
        return self.fit.sd.value / (1.0 if self.works is None else self.works.share)

    @property
    def crossing(self) -> bool:
        """Whether purchases may overtake each other, as far as is known."""
        return self.order.allowed


def lead_times(history: History, calendars: Calendars) -> list[LeadTime]:
    """The lead time of each supplier."""
    elapsed = Elapsed(history, calendars)
    found = [_of_supplier(elapsed, code) for code in range(len(history.suppliers))]
    if all(one.fit is not None for one in found):
        return found
    everyone = np.ones(len(history.purchases), bool)
    everything = elapsed.times(everyone, history.arrived)
    common = best(everything)[0] if everything.events else None
    return [one if one.fit is not None else replace(one, fit=common) for one in found]


def _of_supplier(elapsed: Elapsed, code: int) -> LeadTime:
    history, bought = elapsed.history, elapsed.history.purchases
    mine = bought.supplier == code
    parts = _parts(history, mine)
    arrived = history.began if parts.usual > 1 else history.arrived
    order = _crossings(bought, mine)
    elapsed = replace(elapsed, in_sequence=not order.allowed)
    times = elapsed.times(mine, arrived)
    outages: tuple[Outage, ...] = ()
    placed = history.placed
    fits = fit_all(times) if times.events >= MINIMUM else []
    if fits and times.events >= 100 and math.isfinite(fits[0].aic):
        placed, outages = _outages(elapsed, mine, fits[0], arrived)
        if outages:
            times = elapsed.times(mine, arrived, placed)
            fits = fit_all(times)
    if fits:
        elapsed = in_working_days(elapsed, mine, arrived, placed)
        if elapsed.works is not None:
            times = elapsed.times(mine, arrived, placed)
            fits = fit_all(times)
    items = item_factors(times, fits[0]) if fits else None
    if items is not None:
        times = without(times, items)
        fits = fit_all(times)
    fit, fits = choose(times, fits, observed=order.allowed)
    received = elapsed.between(history.placed, arrived)[mine]
    return LeadTime(
        name=history.suppliers[code],
        purchases=int(mine.sum()),
        open=int(np.isnan(bought.received[mine]).sum()),
        fit=fit,
        fits=fits,
        times=times,
        pooled=fit is None,
        completed_mean=float(np.nanmean(received)) if times.events else math.nan,
        items=items,
        order=order,
        parts=parts,
        outages=outages,
        late=_late(bought, mine),
        elapsed=elapsed,
        closed_wait=_closed_wait(elapsed, mine),
    )


def _parts(history: History, mine: Any) -> InParts:
    bought = history.purchases
    whole = mine & ~np.isnan(bought.received)
    count = bought.parts[whole]
    several = count > 1
    if not several.any():
        return InParts(0.0, 1, 0.0)
    gaps = (bought.received - bought.first)[whole][several].sum() / (count[several] - 1).sum()
    share = float(several.mean())
    usual = int(np.median(count[several])) if share > 0.5 else 1
    return InParts(share, usual, float(gaps))


def _late(bought: PurchaseHistory, mine: Any) -> Late:
    late = (bought.received - bought.confirmed)[mine]
    late = late[~np.isnan(late)]
    if not len(late):
        return Late(0, math.nan, 0.0)
    behind = late[late > 0]
    return Late(len(late), len(behind) / len(late), float(behind.mean()) if len(behind) else 0.0)


def _crossings(bought: PurchaseHistory, mine: Any) -> Crossing:
    """By chance: each pair with the lead times of the supplier's others (shifts of their list)."""
    known = mine & ~np.isnan(bought.received)
    order = np.flatnonzero(known)
    order = order[np.lexsort((bought.placed[order], bought.site[order], bought.product[order]))]
    if len(order) < 2:
        return Crossing(0, 0.0)
    same = (np.diff(bought.product[order]) == 0) & (np.diff(bought.site[order]) == 0)
    placed, received = bought.placed[order], bought.received[order]
    gap = np.diff(placed)
    pairs = same & (gap > 0)
    seen = int((pairs & (np.diff(received) < 0)).sum())
    expected, shifts = 0.0, range(1, min(len(order), 40))
    for k in shifts:
        difference = np.roll(received - placed, -k)[:-1] - np.roll(received - placed, -2 * k)[:-1]
        expected += float((pairs & (difference > gap)).sum())
    return Crossing(seen, expected / max(1, len(shifts)))


def _closed_wait(elapsed: Elapsed, mine: Any) -> float:
    """Mean days that arrivals wait for their site to open; 0 where the lead time has them."""
    if elapsed.works is not None or not mine.any():
        return 0.0
    by_site = np.array([days.mean_wait for days in elapsed.calendars.receiving])
    return float(by_site[elapsed.history.purchases.site[mine]].mean())


def _outages(
    elapsed: Elapsed, mine: Any, law: Fit, arrived: Floats
) -> tuple[Floats, tuple[Outage, ...]]:
    """Outages found one after the other, and when purchases could leave.

    An outage from a to b: what was ordered between left at b.  Its gain is what that adds to the
    likelihood of the lead times, of purchases that did not wait for earlier ones.
    """
    history, placed = elapsed.history, elapsed.history.placed
    alone = mine & ~elapsed.sequence(arrived)[1] if elapsed.in_sequence else mine
    found: list[Outage] = []
    for _ in range(MOST_OUTAGES):
        fits = fit_all(elapsed.times(mine, arrived, placed)) if found else [law]
        outage = _longest(history, arrived[alone], fits[0], placed[alone])
        if outage is None:
            break
        found.append(outage)
        held = mine & (placed >= outage.starts) & (placed < outage.ends)
        placed = np.where(held, outage.ends, placed)
    return placed, tuple(sorted(found, key=lambda o: o.starts))


def _longest(history: History, received: Floats, law: Fit, start: Floats) -> Outage | None:
    """The outage with most evidence, if there is enough."""
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
