"""A run's course: stock and backlog over time, and how long each class waits.

Small enough to be kept for every replication, and on grids that depend on the horizon alone, so
that profiles of different policies and replications can be averaged point by point.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.errors import InputError, counted
from backsim.results.moves import other_moves
from backsim.results.products_units import common_units
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

STEPS = 100
_ROUND = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
DAYS = np.array([0.0, *(m * d for d in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0) for m in _ROUND)])
"""Days of waiting at which shares are known: round numbers, 0 to 9,000."""
DAYS.flags.writeable = False

ARRAYS = ("times", "stock", "backlog", "days", "ordered", "within")
_MARK = b"backsim profile 1\n"
_KINDS = ("<f8", "<i8")


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """The course of one replication.

    `times` (days, shape (t,)): 0 to the horizon; `stock` (units, (t,)): on hand at all stock
    points, with what is reserved; `backlog` (units, (t,)): what customers wait for; both after all
    that happens at that time.  `ordered` (units, (classes,)) in [warm-up, horizon), and `within`
    (units, (classes, d)), those of them shipped after at most `days` (d,) of waiting.
    """

    classes: tuple[str, ...]
    times: Floats
    stock: Integers
    backlog: Integers
    days: Floats
    ordered: Integers
    within: Integers

    def __repr__(self) -> str:
        return f"Profile: stock and backlog at {counted(len(self.times), 'time')}"

    @property
    def shares(self) -> Floats:
        """Share of the units ordered that shipped within `days`, (classes, d); nan: none ordered.

        At 0 days it is the fill rate.  Units that were cancelled or still wait never count.
        """
        with np.errstate(invalid="ignore"):
            return np.asarray(self.within / self.ordered[:, None])

    def to_bytes(self) -> bytes:
        """The profile as bytes, the same on every machine."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        header = {
            "classes": self.classes,
            "arrays": [[n, _kind(a), list(a.shape)] for n, a in arrays.items()],
        }
        parts = [_MARK, json.dumps(header).encode(), b"\n"]
        parts += [a.astype(_kind(a), copy=False).tobytes() for a in arrays.values()]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """A profile from its bytes.  Raises InputError when they are not those of a profile."""
        try:
            return cls(**_read(data))
        except (ValueError, KeyError, TypeError) as fault:
            raise InputError(f"profile: expected the bytes of a profile, got {fault}") from fault


def _kind(array: NDArray[Any]) -> str:
    return "<f8" if array.dtype.kind == "f" else "<i8"


def _read(data: bytes) -> dict[str, Any]:
    if not data.startswith(_MARK):
        raise ValueError(f"{data[:20]!r}")
    at = data.index(b"\n", len(_MARK)) + 1
    classes, arrays = _header(data[len(_MARK) : at - 1])
    found: dict[str, Any] = {"classes": classes}
    for name, kind, shape, count in arrays:
        found[name] = np.frombuffer(data, kind, count, at).reshape(shape).astype(kind[1:])
        at += 8 * count
    if at != len(data):
        raise ValueError(f"{len(data)} bytes instead of {at}")
    return found


@lru_cache(maxsize=256)
def _header(text: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, str, list[int], int], ...]]:
    """Classes, and (name, kind, shape, numbers) of each array: the same for most of a study."""
    header = json.loads(text)
    arrays = tuple((name, kind, shape, prod(shape)) for name, kind, shape in header["arrays"])
    for name, kind, _, _ in arrays:
        if name not in ARRAYS or kind not in _KINDS:
            raise ValueError(f"an array {name!r} of {kind!r}")
    return tuple(map(str, header["classes"])), arrays


def profile(model: Model, log: Log) -> Profile:
    """The course of a run, from its log; the event log is not needed.

    A purchase delivered in parts counts when the last of them is there.
    """
    log, unit = common_units(model, log)
    times = np.linspace(0.0, model.horizon, STEPS + 1)
    time, units, rest, shipments = (
        log.column("time"),
        log.column("units"),
        log.rest,
        log.shipped_later,
    )
    ordered = _running(time, units, times)
    missing = _running(rest["time"], rest["units"] - rest["filled"], times)
    late = _running(shipments["time"], shipments["units"], times)
    _, when, units_gone = log.gone
    left = _scattered(when, units_gone, times)
    stock = int(log.stocks["initial"].sum()) - (ordered - missing) - late
    for move in other_moves(log):
        stock += _scattered(move.time, move.units, times)
    within = _waits(model, log, time, units)
    backlog = missing - late - left
    return Profile(
        classes=model.classes,
        times=times,
        stock=_in_units(stock, unit),
        backlog=_in_units(backlog, unit),
        days=DAYS,
        ordered=_in_units(within[:, -1], unit),
        within=_in_units(within[:, :-1], unit),
    )


def _in_units(counted: Integers, unit: float) -> Any:
    """Units of products, of which what is counted is a part."""
    return counted if unit == 1 else counted * unit


def _running(when: Floats, units: Integers, times: Floats) -> Integers:
    """Units up to each time; `when` is sorted."""
    ends = np.searchsorted(when, times, side="right")
    starts = np.r_[0, ends[:-1]]
    found = np.zeros(len(times), np.int64)
    some = np.flatnonzero(starts < ends)  # each sum goes on to where the next one starts
    if len(some):
        found[some] = np.add.reduceat(units[: ends[-1]], starts[some], dtype=np.int64)
    return found.cumsum()


def _scattered(when: Floats, units: Integers, times: Floats) -> Integers:
    """Units up to each time; `when` in any order."""
    return _count(np.searchsorted(times, when), units, len(times)).cumsum()


def _count(place: Integers, units: Integers, size: int) -> Integers:
    """Units by place; those past the last are left out.  Exact up to 2^53 units."""
    return np.bincount(place, units, size)[:size].astype(np.int64)


def _waits(model: Model, log: Log, time: Floats, units: Integers) -> Integers:
    """Units shipped within `DAYS` by class, and in the last column those ordered."""
    classes = len(model.classes)
    first = int(np.searchsorted(time, model.warm_up))
    code = log.column("customer_class")
    ordered = _count(code[first:], units[first:], classes)
    later = log.later.searchsorted(first)
    rest = log.rest.since(int(later))
    missing = _count(rest["customer_class"], rest["units"] - rest["filled"], classes)
    shipments = log.shipped_later
    lines = shipments["line"]
    counted = lines >= first
    wait = model.on_grid((shipments["time"] - time[lines])[counted])
    place = np.searchsorted(model.on_grid(DAYS), wait)  # the first number of days that is enough
    width = len(DAYS) + 1
    group = code[lines[counted]] * width + place
    within = _count(group, shipments["units"][counted], classes * width)
    within = within.reshape(classes, width)[:, :-1].cumsum(axis=1)
    within += (ordered - missing)[:, None]
    return np.column_stack([within, ordered])


__all__ = ["DAYS", "Profile", "profile"]
