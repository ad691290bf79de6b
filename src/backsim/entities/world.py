"""The world: every table of a run, declared once; what an engine keeps of it follows from this."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

import numpy as np

from backsim.entities.agents import Meter
from backsim.entities.codes import NONE
from backsim.entities.network import (
    Ancestor,
    Component,
    Node,
    PriceBreak,
    Request,
    Source,
    Tariff,
)
from backsim.entities.orders import (
    Announcement,
    Contact,
    CustomerClass,
    Line,
    Notice,
    OpenOrder,
    Option,
    Reaction,
    Reallocation,
    Reduction,
    Reroute,
    Return,
    Shipment,
    Split,
    Substitution,
)
from backsim.entities.stock import (
    Allocation,
    AllocationGroup,
    Change,
    Forecast,
    Lot,
    Observation,
    Recall,
    Share,
    Standing,
    Stock,
)
from backsim.entities.supply import Buyer, Delivery, Outage, Purchase, Season, Server, Supplier
from backsim.entities.terms import Item, Limit, Member
from backsim.quantities import Code, Count, TicksPerDay, Time, TotalUnits, Unit


@dataclass(slots=True)
class Note:
    """One thing that happened: a row of the event log."""

    time: Time = 0.0
    what: Code = 0
    subject: Code = 0  # a line, or a purchase
    stock: Code = 0
    units: TotalUnits = 0
    on_hand: TotalUnits = 0
    on_order: TotalUnits = 0
    backlog: TotalUnits = 0


@dataclass(slots=True)
class Totals:
    """One row of figures over all stock points."""

    waiting: Count = 0  # lines in queues, or kept where batch runs take back
    customer_lines: Count = 0  # lines on the tape; those of sites come after them
    ticks: TicksPerDay = 1.0  # of the grid of time (`kernel.grid`)
    unsent: Count = 0  # purchases that suppliers have not dispatched, as far as they are counted
    sites: Count = 1
    free_standing: Code = NONE  # a row of the table that no line uses


@dataclass(slots=True)
class Growth:
    """What one event may add to the tables, at most: the terms of `Grows`."""

    spare: Count = 0  # rows, beyond one for each line that waits
    lines: Count = 0  # lines that may wait, beyond those that do
    orders: Count = 0  # 1 where sites order from each other
    rows: Count = 1  # shipments for each waiting line
    notes: Count = 0  # rows of the event log for each waiting line
    offers: Count = 0  # 1 where substitutes are offered
    ways: Count = 0  # further sites that may serve units of one line
    releases: Count = 0  # 1 where batch runs take back what is kept for lines


@dataclass(frozen=True, slots=True)
class Grows:
    """Marks a table that grows in a run: the most rows that `events` events may add to it.

    `rows` is an expression in kernel code over: `events`; `spare`, the rows that they may add;
    `waiting`, the lines that may wait by then; `placed`, the purchases that they may place; `size`,
    a row of `Growth`; and the kernel's features.  The compiled engine keeps that much room, and in
    tests the SimPy engine checks that no event needs more.  A `scratch` table is emptied again.
    """

    rows: str
    scratch: bool = False


class World:
    """Everything a run changes, and the rules' parameters: a table for each annotation.

    Those that are not given are empty.
    """

    lines: Annotated[list[Line], Grows("size.orders * spare")]
    requests: Annotated[list[Request], Grows("size.orders * spare")]
    purchases: Annotated[list[Purchase], Grows("placed")]
    deliveries: Annotated[list[Delivery], Grows("placed if DELIVERIES else 0")]
    shipments: Annotated[list[Shipment], Grows("size.rows * events * waiting")]
    notes: Annotated[list[Note], Grows("size.notes * events * (waiting + spare)")]
    reallocations: Annotated[list[Reallocation], Grows("size.releases * events * waiting")]
    substitutions: Annotated[list[Substitution], Grows("size.offers * events * waiting")]
    reroutes: Annotated[list[Reroute], Grows("spare if ROUTES else 0")]
    splits: Annotated[list[Split], Grows("spare * size.ways")]
    returns: Annotated[list[Return], Grows("events if RETURNS else 0")]
    reductions: Annotated[list[Reduction], Grows("events if AMENDS else 0")]
    lots: Annotated[list[Lot], Grows("size.rows * events * (waiting + spare) if EXPIRES else 0")]
    contacts: Annotated[list[Contact], Grows("spare if INFORMS else 0")]
    notices: Annotated[list[Notice], Grows("spare if INFORMS else 0")]
    allocations: Annotated[list[Allocation], Grows("waiting if DECIDES else 0", scratch=True)]
    shares: Annotated[list[Share], Grows("waiting if SHARES else 0", scratch=True)]
    standings: Annotated[
        list[Standing],
        Grows(
            "(spare + size.releases * waiting + (len(world.lines) if RECALLS else 0)) "
            "if STANDS else 0"
        ),
    ]
    stocks: list[Stock]
    classes: list[CustomerClass]
    reactions: list[Reaction]
    suppliers: list[Supplier]
    servers: list[Server]
    outages: list[Outage]
    closures: list[Outage]
    dates: list[float]
    changes: list[Change]
    recalls: list[Recall]
    seasons: list[Season]
    announcements: list[Announcement]
    open_orders: list[OpenOrder]
    options: list[Option]
    totals: list[Totals]
    growth: list[Growth]
    forecasts: list[Forecast]
    observations: list[Observation]
    params: list[float]
    quantiles: list[float]
    nodes: list[Node]
    sources: list[Source]
    tariffs: list[Tariff]
    price_breaks: list[PriceBreak]
    components: list[Component]
    ancestors: list[Ancestor]
    choices: list[Code]
    places: list[Code]
    allocation_groups: list[AllocationGroup]
    buyers: list[Buyer]
    items: list[Item]
    limits: list[Limit]
    members: list[Member]
    meters: list[Meter]
    rates: list[float]

    __slots__ = tuple(__annotations__)

    def __init__(self, **tables: Any) -> None:
        for name in World.__slots__:
            setattr(self, name, tables.get(name, []))


def _tables() -> dict[str, Any]:
    return get_type_hints(World, include_extras=True)


GROWING: dict[str, Grows] = {
    name: hint.__metadata__[0] for name, hint in _tables().items() if hasattr(hint, "__metadata__")
}
"""The tables that grow, and by how much."""


def _element(hint: Any) -> Any:
    return get_args(get_args(hint)[0] if hasattr(hint, "__metadata__") else hint)[0]


ELEMENTS: dict[str, Any] = {name: _element(hint) for name, hint in _tables().items()}
"""What the rows of each table of the world are: an entity, or a number."""


@cache
def dtype(entity: Any) -> np.dtype[Any]:
    """The numpy type of an entity, a record of its annotated fields; or of a plain number."""
    if not isinstance(entity, type):
        return np.dtype(_unit(entity).stored)
    if entity is float:
        return np.dtype("f8")
    hints = get_type_hints(entity, include_extras=True)
    return np.dtype([(f.name, _unit(hints[f.name]).stored) for f in fields(entity)])


def _unit(annotation: Any) -> Unit:
    return next(m for m in annotation.__metadata__ if isinstance(m, Unit))


def blank(entity: type, count: int) -> np.ndarray[Any, Any]:
    """`count` records of an entity, each field at its default."""
    record = np.array([tuple(f.default for f in fields(entity))], dtype(entity))
    return np.repeat(record, count)
