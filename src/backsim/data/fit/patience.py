"""How long customers of a class wait before they cancel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.fit.laws import LAWS
from backsim.data.fit.survival import Fit, fit_all, with_profiles
from backsim.data.fit.times import Times
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
LAGS = (0.0, 0.5, 1.0)
"""Days from a cancellation to the midnight before it is noted."""


def patience_by_class(history: History) -> list[Patience]:
    """The patience of each class.

    Where cancellations have no time of day and none is of the day of its order, they are noted
    later than they are made; how much later is what explains their days best.
    """
    classes = range(len(history.classes))
    lags = LAGS if _noted_later(history) else LAGS[:1]
    trials = [[_of_class(history, code, lag) for code in classes] for lag in lags]
    found = max(trials, key=lambda found: sum(p.fits[0].log_likelihood for p in found if p.fits))
    return [replace(one, fits=with_profiles(one.fits)) for one in found]


def _noted_later(history: History) -> bool:
    lines = history.lines
    age = np.floor(lines.cancelled) - np.floor(lines.time)
    age = age[~np.isnan(age) & lines.waiting]
    return bool(_by_day(history) and (age == 1).sum() >= 10 and (age == 0).sum() == 0)


def _by_day(history: History) -> bool:
    """Whether cancellations have no time of day."""
    given = history.lines.cancelled[~np.isnan(history.lines.cancelled)]
    return not len(given) or bool((given == np.floor(given)).all())


def _of_class(history: History, code: int, lag: float) -> Patience:
    lines = history.lines
    waited = (lines.customer_class == code) & lines.known & (lines.at_once < lines.units - 1e-9)
    gone = ~np.isnan(lines.cancelled) & waited
    event = gone & lines.waiting
    low, high = _intervals(history, event, gone, lag)
    rows = np.flatnonzero(waited)
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


def _intervals(history: History, event: Flags, gone: Flags, lag: float) -> tuple[Floats, Floats]:
    """(shortest, longest) that each line's customer would have waited."""
    lines = history.lines
    end = np.where(np.isnan(lines.served), history.days, lines.served)
    end = np.where(gone, lines.cancelled, end)
    low = np.maximum(end - lines.time, 0.0)
    if not _by_day(history):
        return low, np.where(event, low, np.inf)
    start = history.ordered
    day = np.where(event, lines.cancelled - lag, 0.0)
    low = np.where(event, np.maximum(day - start, 0.0), np.maximum(end - start, 0.0))
    return low, np.where(event, np.maximum(day + 1 - start, low + 1e-3), np.inf)
