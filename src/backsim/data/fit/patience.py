"""How long customers of a class wait before they cancel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.fit.laws import LAWS
from backsim.data.fit.survival import Fit, fit_all, with_profiles
from backsim.data.fit.times import Times
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MINIMUM = 10
"""Cancellations below which nothing is said about patience."""


@dataclass(frozen=True, slots=True, eq=False)
class Patience:
    """The patience of a class: cancelled while waiting is an event, served or open is censored."""

    name: str
    waited: int
    cancelled: int
    fits: list[Fit]
    times: Times
    apart: int
    """Cancellations that had nothing to do with waiting."""
    lag: float
    """Days from a cancellation to the midnight before it was noted."""

    @property
    def fit(self) -> Fit | None:
        """The law that is used."""
        return self.fits[0] if self.fits else None


MOST = 200_000
"""Lines of a class that a law is fitted to, evenly spread over the history."""
FAMILIES = tuple(law for law in LAWS if law.name != "lognormal")
"""Laws of patience.  Most waits end in service, so the tail is not seen, and a lognormal one or
what was observed alone would say too much or too little of it."""
NOON = 0.5
"""When in the day lines that wait are served, where nothing tells it."""
LAGS = (0.0, 0.5, 1.0)
"""Days from a cancellation to the midnight before it is noted."""


def patience_by_class(history: History) -> list[Patience]:
    """The patience of each class.

    Where cancellations have no time of day and none is of the day of its order, they are noted
    later than they are made; how much later is what explains their days best.
    """
    lag = 0.0
    if _noted_later(history):
        lag = max(LAGS, key=lambda lag: _log_likelihood(_of_classes(history, lag, 0.0)))
    served_at = float(np.clip(_served_at(history) - lag, 0.0, 1.0))
    found = _of_classes(history, lag, served_at)
    return [replace(one, fits=with_profiles(one.fits)) for one in found]


def _of_classes(history: History, lag: float, served_at: float) -> list[Patience]:
    return [_of_class(history, code, lag, served_at) for code in range(len(history.classes))]


def _log_likelihood(found: list[Patience]) -> float:
    return sum(one.fits[0].log_likelihood for one in found if one.fits)


def _waited(history: History) -> Flags:
    lines = history.lines
    return np.asarray(lines.known & (lines.at_once < lines.units - 1e-9))


def _served_at(history: History) -> float:
    """When in the day lines that wait are served, in days, where shipments have only a date.

    On the day on which a line is served, its customer may cancel until then: so many are cancelled
    on days on which others who wait for the same are served, against other days.
    """
    lines, waited = history.lines, _waited(history)
    ordered = np.floor(lines.time)
    served = waited & (np.floor(lines.served) > ordered)
    if not served.any() or (lines.served[served] % 1 > 0).any():
        return 0.0
    gone = waited & lines.waiting & (np.floor(lines.cancelled) > ordered)
    end = np.floor(np.where(np.isnan(lines.cancelled), lines.served, lines.cancelled))
    key = _point_and_day(history, end)
    days, of = np.unique(key[served], return_inverse=True)
    latest = np.full(len(days), -np.inf)
    np.maximum.at(latest, of, lines.time[served])
    place = np.minimum(np.searchsorted(days, key), len(days) - 1)
    on = gone & (days[place] == key) & (lines.time <= latest[place])
    end = np.where(np.isnan(end), math.ceil(history.days), end)
    seen = expected = 0.0
    for code in range(len(history.classes)):
        mine = waited & (lines.customer_class == code)
        at_risk = (end - ordered - 1)[mine].clip(0).sum() + (gone & ~on & mine).sum()
        seen += (on & mine).sum()
        share = (gone & ~on & mine).sum() / max(at_risk, 1)
        expected += share * ((on | served) & mine).sum()
    return seen / expected if expected >= MINIMUM else NOON


def _point_and_day(history: History, time: Floats) -> Codes:
    """A number for the stock point of each line together with the day of a time."""
    point = history.lines.product * len(history.sites) + history.lines.site
    day = np.nan_to_num(time, posinf=0).astype(np.int64)
    return np.asarray(point * (math.ceil(history.days) + 2) + day)


def _noted_later(history: History) -> bool:
    lines = history.lines
    age = np.floor(lines.cancelled) - np.floor(lines.time)
    age = age[~np.isnan(age) & lines.waiting]
    return bool(_by_day(history) and (age == 1).sum() >= 10 and (age == 0).sum() == 0)


def _by_day(history: History) -> bool:
    """Whether cancellations have no time of day."""
    given = history.lines.cancelled[~np.isnan(history.lines.cancelled)]
    return not len(given) or bool((given == np.floor(given)).all())


def _of_class(history: History, code: int, lag: float, served_at: float) -> Patience:
    lines = history.lines
    mine = lines.customer_class == code
    waited = mine & _waited(history)
    gone = ~np.isnan(lines.cancelled) & waited
    event = gone & lines.waiting
    low, high = _intervals(history, event, gone, lag, served_at)
    rows = np.flatnonzero(waited | (mine & _until_served(history, low, served_at)))
    if len(rows) > MOST:
        rows = rows[np.linspace(0, len(rows) - 1, MOST).astype(int)]
    times = Times.of(low[rows], high[rows])
    enough = times.events >= MINIMUM
    fits = fit_all(times, FAMILIES) if enough else []
    return Patience(
        name=history.classes[code],
        waited=int(waited.sum()),
        cancelled=int(event.sum()),
        fits=fits,
        times=times,
        apart=int((gone & ~lines.waiting).sum()),
        lag=lag,
    )


def _intervals(
    history: History, event: Flags, gone: Flags, lag: float, served_at: float
) -> tuple[Floats, Floats]:
    """(shortest, longest) that each line's customer would have waited."""
    lines, start = history.lines, history.ordered
    end = np.where(np.isnan(lines.served), history.days, lines.served + served_at)
    low = np.maximum(np.where(gone, lines.cancelled, end) - start, 0.0)
    if not _by_day(history):
        return low, np.where(event, low, np.inf)
    day = lines.cancelled - lag
    low = np.where(event, np.maximum(day - start, 0.0), low)
    return low, np.where(event, np.maximum(day + 1 - start, low + 1e-3), np.inf)


def _until_served(history: History, low: Floats, served_at: float) -> Flags:
    """Lines served on their own day, when others were who had waited; `low` is set.

    Until then they waited, too: their dates do not say so.
    """
    lines = history.lines
    if not served_at:
        return np.zeros(len(lines), bool)
    waited = _waited(history)
    later = waited & (np.floor(lines.served) > np.floor(lines.time))
    with_others = _point_and_day(history, lines.served)[later]
    found = lines.known & ~waited & np.isin(_point_and_day(history, lines.time), with_others)
    low[found] = served_at**2 / 2
    if history.clocked:
        low[found] = np.maximum(served_at - lines.time[found] % 1, 0.0)
    return np.asarray(found)
