"""What came to stock points and what left them, from a log without its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backsim.engines.log import Log
from backsim.results.between import bought_from_sites, components_used

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Moves(NamedTuple):
    """Units that came, or, below 0, left: each where and when."""

    stock: NDArray[Any]
    time: NDArray[Any]
    units: NDArray[Any]


def all_moves(log: Log) -> Iterator[Moves]:
    """All that changes what lies at stock points, reserved or not, after the initial stock."""
    lines, later = log.lines, log.shipped_later
    yield Moves(lines["stock"], lines["time"], -lines["filled"].astype(np.int64))
    yield Moves(lines["stock"][later["line"]], later["time"], -later["units"].astype(np.int64))
    if len(log.splits):  # the line's own stock point did not send these
        line, units = log.splits["line"], log.splits["units"].astype(np.int64)
        yield Moves(lines["stock"][line], lines["time"][line], units)
        yield Moves(log.splits["stock"], lines["time"][line], -units)
    yield from other_moves(log)


def other_moves(log: Log) -> Iterator[Moves]:
    """Those of them that are not units shipped to customers of what they ordered.

    A purchase delivered in parts comes when the last of them is there.
    """
    received, sound = log.receipts
    yield Moves(received["stock"], received["arrives"], sound)
    taken = log.substitutions
    yield Moves(taken["stock"], taken["time"], -taken["units"].astype(np.int64))
    back = log.returns
    yield Moves(back["stock"], back["time"], back["restocked"] + back["repaired"])
    lots = log.lots
    yield Moves(lots["stock"], lots["expires"], -lots["expired"].astype(np.int64))
    bought, used = bought_from_sites(log), components_used(log)
    yield Moves(bought["source"], bought["sent"], -bought["units"].astype(np.int64))
    yield Moves(used.place, used.sent, -used.units)
    recalls = log.recalls
    yield Moves(recalls["stock"], recalls["time"], -recalls["units"])
    yield Moves(recalls["stock"], recalls["back"], recalls["repaired"])
