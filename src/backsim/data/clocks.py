"""Moments told by the clocks of several time zones, on one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.moments import DAY
from backsim.data.reading import Data

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SUMMER = 1.0 / 24
"""Days by which one clock differs between summer and winter."""


def on_one_clock(tables: Mapping[str, Data]) -> None:
    """Put all moments on the clock of the orders, where some were told by one of another zone.

    In summer and winter that clock is what it was for the last order before.  Moments without a
    zone are taken for that clock's.
    """
    known = [zones[~np.isnan(zones)] for data in tables.values() for zones in data.zones.values()]
    every = np.concatenate([np.empty(0), *known])
    if not len(every) or np.ptp(every) <= SUMMER + 1e-9:
        return
    placed = [tables[n] for n in ("orders", "lines", *tables) if n in tables]
    clock = next((d for d in placed if "ordered" in d.zones), None)
    clock = clock or next(d for d in placed if d.zones)
    name = "ordered" if "ordered" in clock.zones else next(iter(clock.zones))
    told = ~np.isnan(clock.zones[name]) & ~np.isnan(clock.dates[name])
    zone = clock.zones[name][told]
    moment = clock.dates[name][told] - zone
    order = np.argsort(moment, kind="stable")
    for data in tables.values():
        for field, zones in data.zones.items():
            at = data.dates[field] - zones
            last = np.searchsorted(moment[order], at, "right") - 1
            wall = np.rint((at + zone[order][np.maximum(last, 0)]) * DAY) / DAY
            data.dates[field][:] = np.where(np.isnan(wall), data.dates[field], wall)
