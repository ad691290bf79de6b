"""The tape: a replication's order lines and streams, drawn and put in order of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import TAPE_FIELDS, TRAITS
from backsim.long_tables import in_order
from backsim.scenario.model import Model
from backsim.streams.changes import added
from backsim.streams.generators import Draws, generator
from backsim.streams.opening import arrivals, opened
from backsim.streams.orders import TAPE, Columns, DemandDraw, is_one_value
from backsim.streams.seeds import draws_of
from backsim.streams.sources import Source, source_of
from backsim.streams.supply import outages, outcomes, places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


NO_OTHERS: Mapping[Source, int] = MappingProxyType({})


WAYS: dict[str, str] = {"on_the_way": "f8", "by_express": "f8"}
"""Days from the shipment of a line to its delivery, and by express; on the tape where they vary.

Nothing in a run asks for them: results do.
"""


@dataclass(frozen=True, eq=False)
class Tape:
    """A replication's random world.

    `columns` hold the order lines in order of time (those of orders from before the start, which
    is 0, have negative times), a contiguous array for each field of `TAPE`
    (and of `TRAITS`, where a class needs it), an order's lines together; `lead_times` and
    `services` hold a stream for each stock point, then for each further source of one, whose k-th
    value belongs to the stock point's k-th purchase.  The streams grow as runs need them, also in
    several threads.
    """

    seed: int
    replication: int
    columns: Columns
    lead_times: tuple[Draws, ...]
    services: tuple[Draws, ...]
    outcomes: Mapping[str, tuple[Draws, ...]]
    """Streams for the fields of `PurchaseOutcome`, one a stock point; none where none is needed."""
    outages: tuple[NDArray[np.float64], ...]
    """Each supplier's outages that start before the horizon: rows of (starts, ends)."""
    arrivals: NDArray[np.float64]
    """When purchases under way at the start arrive, stock point by stock point."""
    single: bool
    """Every order has one line."""

    def __len__(self) -> int:
        return len(self.columns["time"])

    @cached_property
    def lines(self) -> NDArray[Any]:
        """The order lines as records of `TAPE`."""
        lines = np.empty(len(self), TAPE)
        for name in TAPE_FIELDS:
            lines[name] = self.columns[name]
        return lines

    @cached_property
    def heads(self) -> Integers:
        """Index of each order's first line."""
        return np.flatnonzero(self.columns["head"] == np.arange(len(self)))

    @property
    def orders(self) -> int:
        """Number of orders."""
        return len(self) if self.single else len(self.heads)

    @cached_property
    def longest(self) -> int:
        """Most lines of one order."""
        return 1 if self.single else int(np.diff(np.r_[self.heads, len(self)]).max(initial=1))


def draw(
    model: Model, seed: int, replication: int = 0, others: Mapping[Source, int] = NO_OTHERS
) -> Tape:
    """Draw the tape of one replication.

    `others` are the replications from which demand, supply or behaviour are taken instead.
    """

    def stream(name: str) -> Callable[[], np.random.Generator]:
        return lambda: generator(seed, others.get(source_of(name), replication), name)

    parts = list(opened(model, stream))
    for code, (name, customer) in enumerate(model.scenario.customers.items()):
        for index in range(len(customer.demand)):
            demand = DemandDraw(model, name, customer, code, index, stream)
            lines = demand.lines()
            parts += [part for part in (lines, *added(demand, lines)) if len(part["time"])]
    ways = list(places(model))
    times = {f"lead_time/{place}": lane.time for place, lane in ways}
    services = {f"service/{place}": lane.service for place, lane in ways}
    supply = seed, others.get("supply", replication)
    columns, single = _merge(parts)
    return Tape(
        seed=seed,
        replication=replication,
        columns=columns,
        lead_times=draws_of(times, *supply, model.ticks),
        services=draws_of(services, *supply, model.ticks),
        outcomes=outcomes(model, stream),
        outages=outages(model, stream),
        arrivals=arrivals(model, stream),
        single=single,
    )


def with_lead_times_of(tape: Tape, model: Model, known: Tape, other: Model) -> Tape:
    """A tape with the lead and service times of another one, where both models draw the same.

    These are drawn as runs need them: so what has been drawn is not drawn again.
    """
    same = (tape.seed, tape.replication, model.ticks) == (
        known.seed,
        known.replication,
        other.ticks,
    )
    if not same or model.stock_points != other.stock_points or model.lanes != other.lanes:
        return tape
    return replace(tape, lead_times=known.lead_times, services=known.services)


def _merge(parts: list[Columns]) -> tuple[Columns, bool]:
    """All lines in order of time, ties in the order of the parts, and whether orders are single.

    `head` becomes an index into the merged lines.
    """
    if not parts:
        return {name: np.empty(0, TAPE[name]) for name in TAPE_FIELDS}, True
    single = all(_is_count(part["head"]) for part in parts)
    if len(parts) == 1:
        return {name: _in_one_piece(column) for name, column in parts[0].items()}, single
    ends = np.cumsum([len(part["time"]) for part in parts])
    time, order = in_order(np.concatenate([part["time"] for part in parts]), ends)
    columns: Columns = {"time": time}
    for name in TAPE_FIELDS:
        if name == "due" and all(part["due"] is part["time"] for part in parts):
            columns["due"] = columns["time"]
        elif name not in ("time", "head"):
            columns[name] = _merged([part[name] for part in parts], order)
    for name in (*TRAITS, *WAYS):
        if any(name in part for part in parts):
            # Rows of several numbers are taken five times as fast as with [].
            columns[name] = np.concatenate(_alike(name, parts)).take(order, axis=0)
    if not single or "adds_to" in columns:
        place = np.empty(len(order), TAPE["head"])
        place[order] = np.arange(len(order))
    if "adds_to" in columns:
        columns["adds_to"] = np.arange(len(order)) - place.take(order - columns["adds_to"])
    if single:
        columns["head"] = np.arange(len(order), dtype=TAPE["head"])
    else:
        starts = ends - [len(part["time"]) for part in parts]
        heads = [part["head"] + start for part, start in zip(parts, starts, strict=True)]
        columns["head"] = place.take(np.concatenate(heads).take(order))
    return columns, single


def _in_one_piece(column: NDArray[Any]) -> NDArray[Any]:
    """A column with a place in memory for each line."""
    return column.copy() if is_one_value(column) else column


def _merged(columns: list[NDArray[Any]], order: Integers) -> NDArray[Any]:
    """The columns of all parts as one; what is the same on all lines is not looked up."""
    value = columns[0][0]
    if all(is_one_value(column) and column[0] == value for column in columns):
        return np.full(len(order), value, columns[0].dtype)
    return np.concatenate(columns).take(order)


def _alike(name: str, parts: list[Columns]) -> list[NDArray[Any]]:
    """A trait's column of each part; its default where a part has none."""
    found, kind = [], {**TRAITS, **WAYS}[name]
    width = max((part[name].shape[1:] for part in parts if name in part), default=())
    for part in parts:
        count = len(part["time"])
        default = part["tolerance"] if name == "told" else np.zeros((count, *width), kind)
        column = part.get(name, default)
        if column.shape[1:] != width:  # fewer inquiries than another class
            column = np.pad(column, ((0, 0), (0, width[0] - column.shape[1])))
        found.append(column.astype(kind, copy=False))
    return found


def _is_count(heads: NDArray[Any]) -> bool:
    """Whether each line is the first of its order: no line's first comes after it."""
    count = len(heads)
    return int(heads.sum(dtype=np.int64)) == count * (count - 1) // 2
