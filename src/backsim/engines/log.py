"""The log of a run: what both engines hand over, equal to the bit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from backsim.entities import (
    NONE,
    NOT_PLACED,
    PURCHASE_NOTES,
    RECEIVED,
    CustomerClass,
    Forecast,
    Line,
    Lot,
    Recall,
    Reduction,
    Reroute,
    Return,
    Split,
    dtype,
)
from backsim.errors import counted
from backsim.long_tables import Scan, added_up, scanned
from backsim.rules import FAMILIES
from backsim.streams import Tape
from backsim.streams.tape import WAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Records = NDArray[Any]


TABLES = (
    *("lines", "purchases", "deliveries", "shipments", "stocks", "reallocations", "notes"),
    *("substitutions", "observations", "contacts", "notices", "site_lines", "reroutes"),
    *("splits", "returns", "reductions", "lots", "recalls"),
)

LOGGED = (*(name for name in TABLES if name != "site_lines"), "classes", "forecasts")
"""The tables of the world that the log holds."""

CODES = frozenset(FAMILIES) | {f"{family}_at" for family in FAMILIES}
"""Fields of a stock point that say where the kernel has its rules."""


NOT_ALL_PLACED = frozenset({"GOODWILL", "AMENDS"})
"""Parts of the kernel with which orders of the tape may not be placed (`placed_only`)."""


class Columns:
    """Records whose fields are read one by one and often: each in one piece, from its first use on.

    Of records of a hundred bytes, a field is a small part of what the processor has to read.
    """

    def __init__(self, read: Callable[[str], NDArray[Any]], rows: int) -> None:
        self.read, self.rows = read, rows
        self.known: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.known:
            self.known[name] = self.read(name)
        return self.known[name]

    def since(self, first: int) -> Columns:
        """The rows from one on."""
        return Columns(lambda name: self[name][first:], self.rows - first)

    def compress(self, where: NDArray[np.bool_]) -> Columns:
        """Some of the rows."""
        return Columns(lambda name: self[name][where], int(np.count_nonzero(where)))


def columns_of(records: Records) -> Columns:
    """The fields of a table."""
    return Columns(lambda name: np.ascontiguousarray(records[name]), len(records))


@dataclass(frozen=True, eq=False, repr=False)
class Log:
    """The tables at the end of a run, as records of the entities' types.

    `lines`: every order line that arrived; `deliveries`: a row for each purchase, or none where
    suppliers do nothing that needs it; `shipments`: units shipped after a wait; `reallocations`:
    units that were kept for a line and given to others; `substitutions`: substitutes taken;
    `notes`: the event log, empty unless it was asked for; `observations`: the periods of the stock
    points that forecast, block after block (a block's end stays empty); `contacts` and `notices`:
    what orders that waited were told, empty where nobody is told anything or asks.  `handled`
    counts the events.  `site_lines`: the order lines of sites that buy from sites; their indices,
    in notes and purchases, go on after those of `lines`.  `reroutes`: lines served from another
    site than the one where they were ordered; a line's stock point is the one that serves it.
    `splits`: units of a line that further sites served.  `returns`: units that customers sent back;
    `reductions`: units of lines that customers no longer wanted while others were to be shipped;
    `lots`: receipts of what expires, and what of them did.  `recalls`: what recalls took from stock
    points, a row for each of these, or none where no product is recalled.  `classes`: the
    customers' own, then those that sites order as; `forecasts`: the methods' memories, by the stock
    points' `forecast_row`.  `ways`: days on the way to customers where they vary, by the names of
    `WAYS`, for each of `lines` (nan: of one beside the tape).  `tape` is given when the lines are
    the tape's and no others.
    """

    lines: Records
    purchases: Records
    deliveries: Records
    shipments: Records
    stocks: Records
    reallocations: Records
    substitutions: Records
    notes: Records
    observations: Records
    contacts: Records
    notices: Records
    handled: int
    site_lines: Records = field(default_factory=lambda: np.empty(0, dtype(Line)))
    tape: Tape | None = field(default=None, compare=False)
    reroutes: Records = field(default_factory=lambda: np.empty(0, dtype(Reroute)))
    splits: Records = field(default_factory=lambda: np.empty(0, dtype(Split)))
    returns: Records = field(default_factory=lambda: np.empty(0, dtype(Return)))
    reductions: Records = field(default_factory=lambda: np.empty(0, dtype(Reduction)))
    lots: Records = field(default_factory=lambda: np.empty(0, dtype(Lot)))
    recalls: Records = field(default_factory=lambda: np.empty(0, dtype(Recall)))
    classes: Records = field(default_factory=lambda: np.empty(0, dtype(CustomerClass)))
    forecasts: Records = field(default_factory=lambda: np.empty(0, dtype(Forecast)))
    ways: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __repr__(self) -> str:
        lines = counted(len(self.lines), "order line")
        return f"Log: {lines}, {counted(len(self.purchases), 'purchase')}"

    def __getstate__(self) -> dict[str, Any]:
        """The tables: another process reads their fields again."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def column(self, name: str) -> NDArray[Any]:
        """A field of the lines that comes from the tape; there it lies in one piece."""
        moved = name == "stock" and len(self.reroutes) > 0
        if self.tape is not None and len(self.tape) == len(self.lines) and not moved:
            return self.tape.columns[name]
        return np.ascontiguousarray(self.lines[name])

    @property
    def takebacks(self) -> Records:
        """The old name of `reallocations`."""
        warn("Log.takebacks is Log.reallocations now", DeprecationWarning, stacklevel=2)
        return self.reallocations

    @cached_property
    def bought(self) -> Columns:
        """The purchases."""
        return columns_of(self.purchases)

    @cached_property
    def shipped_later(self) -> Columns:
        """The shipments after a wait."""
        return columns_of(self.shipments)

    @cached_property
    def ordered_by_sites(self) -> Columns:
        """The order lines of sites."""
        return columns_of(self.site_lines)

    @cached_property
    def _scan(self) -> Scan:
        return scanned(self.lines, self.column("units"))

    @property
    def place_in_rest(self) -> NDArray[np.int32]:
        """For each line its row of `rest`; for those that were filled at once the one after all."""
        return self._scan.place

    @property
    def shipped(self) -> NDArray[Any]:
        """Units shipped of each line."""
        return self._scan.shipped

    @property
    def later(self) -> NDArray[np.int64]:
        """Indices of the lines that were not filled at once; the others are plain."""
        return self._scan.later

    @cached_property
    def rest(self) -> Columns:
        """The lines that were not filled at once."""
        lines, rows = self.lines, self.later
        columns = Columns(lambda name: lines[name][rows], len(rows))
        columns.known.update(self._scan.often)
        return columns

    @cached_property
    def reduced(self) -> NDArray[np.int64]:
        """Units of each line that its customer no longer wanted, for the lines of `rest`."""
        places = self.place_in_rest[self.reductions["line"]]
        return added_up(places, self.reductions["units"], len(self.later))

    @cached_property
    def gone(self) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.int64]]:
        """(line, time, units) of all that was cancelled, lost or replaced by a substitute."""
        rest, reduced = self.rest, self.reductions
        units = rest["left"] - self.reduced
        rows = np.flatnonzero(units > 0)
        return (
            np.r_[self.later[rows], reduced["line"]],
            np.r_[rest["closed"][rows], reduced["time"]],
            np.r_[units[rows], reduced["units"]],
        )

    @property
    def receipts(self) -> tuple[Columns, NDArray[np.int64]]:
        """The purchases that have arrived, with all their parts, and each one's sound units."""
        here = self.bought["status"] == RECEIVED
        received = self.bought.compress(here)
        sound = self.deliveries["received"][here] if len(self.deliveries) else received["units"]
        return received, sound

    @property
    def orders(self) -> int:
        """Number of orders."""
        if self.single:
            return len(self.lines)
        return int(np.count_nonzero(self.column("head") == np.arange(len(self.lines))))

    @property
    def single(self) -> bool:
        """Every order has one line."""
        if self.tape is not None:
            return self.tape.single
        return bool((self.lines["head"] == np.arange(len(self.lines))).all())

    def equals(self, other: Log) -> bool:
        """Equal to the bit."""
        return self.handled == other.handled and all(
            one == another for one, another in zip(self._parts(), other._parts(), strict=True)
        )

    @property
    def digest(self) -> str:
        """A hash of the log, without the numbers that rules have in a kernel with several models.

        Equal logs have equal ones, whichever engine they come from.
        """
        digest = hashlib.sha256(str(self.handled).encode())
        for part in self._parts(CODES):
            digest.update(part)
        return digest.hexdigest()

    def _parts(self, leave_out: frozenset[str] = frozenset()) -> Iterator[bytes]:
        """The tables column by column."""
        for table in TABLES:
            for name in getattr(self, table).dtype.names:
                if name not in leave_out:
                    yield getattr(self, table)[name].tobytes()


def ways_of(tape: Tape, lines: int) -> dict[str, NDArray[np.float64]]:
    """What a tape says of days on the way to customers, for as many lines; nan beyond the tape."""
    found = {}
    for name in WAYS:
        if name in tape.columns:
            found[name] = np.full(lines, np.nan)
            known = min(lines, len(tape))
            found[name][:known] = tape.columns[name][:known]
    return found


def split_lines(log: Log, order: Sequence[int] | NDArray[np.int64], customers: int) -> Log:
    """A log whose table of lines holds those of sites too: these go into a table of their own.

    `order`: the rows of the table, first the lines of `customers` in order of arrival, then those
    of sites; lines that it leaves out are dropped, and nothing refers to them.  Where this is not
    how they stand in it, all are numbered anew.
    """
    rows = np.array(order, np.int64)
    lines = log.lines.take(rows)
    if len(rows) < len(log.lines) or (rows != np.arange(len(rows))).any():
        place = np.full(len(log.lines) + 1, NONE, np.int64)
        place[rows] = np.arange(len(rows))
        lines["head"] = place[lines["head"]]
        notes = log.notes.copy()
        of_lines = ~np.isin(notes["what"], PURCHASE_NOTES)
        notes["subject"][of_lines] = place[notes["subject"][of_lines]]
        log = replace(
            log,
            notes=notes,
            shipments=_renumbered(log.shipments, "line", place),
            reallocations=_renumbered(log.reallocations, "line", place),
            substitutions=_renumbered(log.substitutions, "line", place),
            reroutes=_renumbered(log.reroutes, "line", place),
            splits=_renumbered(log.splits, "line", place),
            returns=_renumbered(log.returns, "line", place),
            reductions=_renumbered(log.reductions, "line", place),
            contacts=_renumbered(log.contacts, "head", place),
            notices=_renumbered(log.notices, "head", place),
            purchases=_renumbered(log.purchases, "line", place),
        )
    ways = {name: days[rows[:customers]] for name, days in log.ways.items()}
    return replace(log, lines=lines[:customers], site_lines=lines[customers:], ways=ways)


def placed_only(log: Log, features: Iterable[str]) -> Log:
    """The log without the orders that were not placed.

    Goodwill was too low, or a customer wanted more units of a line that was not waiting any more.
    """
    if NOT_ALL_PLACED.isdisjoint(features):
        return log
    kept = np.flatnonzero(log.lines["status"] != NOT_PLACED)
    if len(kept) == len(log.lines):
        return log
    lines, sites = np.concatenate([log.lines, log.site_lines]), len(log.site_lines)
    order = np.r_[kept, len(log.lines) + np.arange(sites)]
    return split_lines(replace(log, lines=lines, tape=None), order, len(kept))


def _renumbered(table: Records, field: str, place: NDArray[np.int64]) -> Records:
    """A copy of a table in which lines have other numbers."""
    copy = table.copy()
    copy[field] = place[copy[field]]
    return copy


FEW = 100
"""Objects up to which all fields of one are read before those of the next."""


def records(entity: type, rows: Sequence[Any]) -> Records:
    """Objects of an entity's class as records."""
    kind = dtype(entity)
    names = kind.names or ()
    if len(rows) <= FEW and len(names) > 1:
        return np.fromiter(map(attrgetter(*names), rows), kind, len(rows))
    table = np.empty(len(rows), kind)
    for name in names:
        table[name] = np.fromiter(map(attrgetter(name), rows), kind[name], len(rows))
    return table
