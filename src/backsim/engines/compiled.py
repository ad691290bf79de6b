"""The compiled engine: the kernel's own functions through numba, on tables of records.

A binary heap holds what the kernel schedules; the tape's orders are merged in without passing
through it.  The loop stops when a table is nearly full and goes on when it has been enlarged: all
state is in the tables, so stopping costs a call.
"""

from __future__ import annotations

import dataclasses
import types
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from backsim.engines import tables
from backsim.engines.link import kernel_key, link, rebuild
from backsim.engines.log import Log, records
from backsim.engines.setup import Setup, set_up
from backsim.entities import (
    NONE,
    ORDER,
    TAPE_FIELDS,
    CustomerClass,
    Line,
    Note,
    Purchase,
    Shipment,
    Stock,
    Supplier,
    Totals,
    blank,
    dtype,
)
from backsim.errors import RuleError
from backsim.rules import Rule
from backsim.scenario.model import Model
from backsim.streams import Draws, Tape

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVENT = np.dtype([("time", "f8"), ("rank", "i8"), ("subject", "i8")])
"""A scheduled event; `rank` is its kind and sequence in one number."""

CLOCK = np.dtype(
    [
        (name, "i8")
        for name in (
            "next_line",  # the tape is played up to here
            "pending",  # scheduled events
            "sequence",
            "purchases",  # rows in use
            "shipments",
            "notes",
            "handled",
            "stop_at",  # events after which the loop returns, so that Ctrl-C is heard
            "spare",  # rows that one event may need beyond one for each waiting line
            "spare_draws",  # purchases that a stock point may place at one event
            "rows_each",  # rows that one event may need for each waiting line
            "notes_each",  # the same for the event log; 0 when it is off
            "short_of_draws",
        )
    ]
)

LAYOUT: dict[str, np.dtype[Any]] = {
    **{f"tape_{name}": dtype(Line)[name] for name in TAPE_FIELDS},
    "lines": dtype(Line),
    "stocks": dtype(Stock),
    "classes": dtype(CustomerClass),
    "suppliers": dtype(Supplier),
    "purchases": dtype(Purchase),
    "totals": dtype(Totals),
    "params": np.dtype("f8"),
    "levels": np.dtype("i4"),
    "clock": CLOCK,
    "events": EVENT,
    "shipments": dtype(Shipment),
    "notes": dtype(Note),
    "lead_times": np.dtype("f8"),
    "services": np.dtype("f8"),
}
KIND_SHIFT = 56
ROWS = 1024
SLICE = 5_000_000
"""Events between two chances to interrupt."""

as_world = tables.world_at(LAYOUT)


# -- the kernel's ports (compiled) ---------------------------------------------------------------


def schedule(world, time, kind, subject):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.sequence += 1
    rank = (kind << KIND_SHIFT) + clock.sequence
    events = world.events
    at = clock.pending
    clock.pending += 1
    while at > 0:
        above = (at - 1) >> 1
        parent = events[above]
        if parent.time < time or (parent.time == time and parent.rank < rank):
            break
        place = events[at]
        place.time = parent.time
        place.rank = parent.rank
        place.subject = parent.subject
        at = above
    place = events[at]
    place.time = time
    place.rank = rank
    place.subject = subject


def draw_lead_time(world, stock):  # type: ignore[no-untyped-def]
    at = stock.draws_at + stock.purchases
    if at + world.clock[0].spare_draws >= stock.draws_end:
        world.clock[0].short_of_draws = 1
    return world.lead_times[at]


def draw_service(world, stock):  # type: ignore[no-untyped-def]
    return world.services[stock.draws_at + stock.purchases]


def log_shipment(world, now, line, units):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.shipments += 1
    if clock.shipments > len(world.shipments):  # full: the run starts again with more room
        return
    row = world.shipments[clock.shipments - 1]
    row.time = now
    row.line = line
    row.units = units


def note(world, now, what, subject, stock, units):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    clock.notes += 1
    if clock.notes > len(world.notes):  # full: the run starts again with more room
        return
    row = world.notes[clock.notes - 1]
    row.time = now
    row.what = what
    row.subject = subject
    row.stock = stock.index
    row.units = units
    row.on_hand = stock.on_hand
    row.on_order = stock.on_order
    row.backlog = stock.backlog


def no_note(world, now, what, subject, stock, units):  # type: ignore[no-untyped-def]
    pass


# -- the loop (compiled) -------------------------------------------------------------------------


def remove_first(world):  # type: ignore[no-untyped-def]
    clock = world.clock[0]
    events = world.events
    clock.pending -= 1
    count = clock.pending
    last = events[count]
    time = last.time
    rank = last.rank
    subject = last.subject
    at = 0
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        child = events[below]
        if below + 1 < count:
            other = events[below + 1]
            if other.time < child.time or (other.time == child.time and other.rank < child.rank):
                below += 1
                child = other
        if time < child.time or (time == child.time and rank < child.rank):
            break
        place = events[at]
        place.time = child.time
        place.rank = child.rank
        place.subject = child.subject
        at = below
    place = events[at]
    place.time = time
    place.rank = rank
    place.subject = subject


def short(world):  # type: ignore[no-untyped-def]
    """Whether the next event might need more rows than a table has left."""
    clock = world.clock[0]
    waiting = world.totals[0].waiting + clock.spare
    return (
        clock.short_of_draws != 0
        or clock.handled >= clock.stop_at
        or clock.pending + clock.spare > len(world.events)
        or clock.purchases + clock.spare > len(world.purchases)
        or clock.shipments + clock.rows_each * waiting > len(world.shipments)
        or clock.notes + clock.notes_each * waiting > len(world.notes)
    )


def _written(source: str) -> types.FunctionType:
    """A function whose source is written here, from the entities' declarations."""
    scope: dict[str, Any] = {"inf": np.inf}
    exec(compile(source, f"<{source.split('(', maxsplit=1)[0]}>", "exec"), scope)
    function: types.FunctionType = scope.popitem()[1]
    return function


def _defaults(row: str, entity: type, *but: str) -> str:
    """Statements that put each field of a row to its default."""
    fields = [f for f in dataclasses.fields(entity) if f.name not in but]
    return "; ".join(f"{row}.{f.name} = {f.default!r}" for f in fields)


new_purchase = _written(
    f"""
def new_purchase(world):
    clock = world.clock[0]
    index = clock.purchases
    clock.purchases += 1
    row = world.purchases[index]
    {_defaults("row", Purchase)}
    return index
"""
)

take_order = _written(
    f"""
def take_order(world, head):
    at = head
    while True:
        line = world.lines[at]
        {"; ".join(f"line.{name} = world.tape_{name}[at]" for name in TAPE_FIELDS)}
        {_defaults("line", Line, *TAPE_FIELDS)}
        at += 1
        if at == len(world.lines):
            return at
        if world.tape_head[at] != head:
            world.lines[at].head = {NONE}  # the order ends here
            return at
"""
)


def _drive(addresses, horizon):  # type: ignore[no-untyped-def]
    """Handle events up to the horizon; False when a table must be enlarged first."""
    world = as_world(addresses)
    clock = world.clock[0]
    count = len(world.lines)
    while not short(world):
        subject = clock.next_line
        time = world.tape_time[subject] if subject < count else np.inf
        kind = ORDER
        if clock.pending > 0:
            first = world.events[0]
            if first.time < time or (first.time == time and first.rank >> KIND_SHIFT < ORDER):
                time = first.time
                kind = first.rank >> KIND_SHIFT
                subject = first.subject
        if time > horizon:
            return True
        if kind == ORDER:
            clock.next_line = take_order(world, subject)
        else:
            remove_first(world)
        clock.handled += 1
        handle(world, kind, subject, time)  # type: ignore[name-defined]  # noqa: F821 (linked)
    return False


# -- around the loop -----------------------------------------------------------------------------

PORTS = {
    port.__name__: port
    for port in (schedule, new_purchase, draw_lead_time, draw_service, log_shipment, note)
}


def _compile(function: types.FunctionType) -> Any:
    return numba.njit(function, nogil=True, error_model="numpy")


@lru_cache(maxsize=64)
def driver(key: tuple[tuple[str, tuple[Rule, ...]], ...], record: bool) -> Any:
    """The compiled loop for a choice of rules; from numba's disk cache when it has been there."""
    ports = {**PORTS, "remove_first": remove_first, "short": short, "take_order": take_order}
    if not record:
        ports["note"] = no_note
    linked = link(dict(key), ports, _compile)
    scope = {**_drive.__globals__, **linked.namespace}
    drive = rebuild(_drive, scope, linked.digest)  # type: ignore[arg-type]
    drive.__module__ = __name__
    return numba.njit(drive, nogil=True, cache=True, error_model="numpy")


def compile_rules(model: Model) -> None:
    """Compile the kernel with a model's rules.  Raises RuleError, naming the rules, if it fails."""
    rules = set_up(model).rules
    try:
        driver(kernel_key(rules), False).compile((numba.types.int64[::1], numba.types.float64))
    except (numba.core.errors.NumbaError, numba.core.errors.UnsupportedBytecodeError) as error:
        names = ", ".join(rule.name for chosen in rules.values() for rule in chosen)
        reason = next((line for line in str(error).splitlines() if line.strip()), "")
        raise RuleError(f"rules {names}: numba cannot compile them: {reason}") from None


class Arena:
    """A run's tables, and room for more."""

    def __init__(self, model: Model, tape: Tape, record: bool, rows_each: int = 1) -> None:
        setup = set_up(model)
        self.model, self.tape = model, tape
        self.drive = driver(kernel_key(setup.rules), record)
        self.clock = np.zeros(1, CLOCK)
        self.clock["spare"] = len(setup.stocks) + tape.longest + 8
        self.clock["spare_draws"] = tape.longest + 8
        self.clock["rows_each"] = rows_each
        self.clock["notes_each"] = 4 * rows_each if record else 0
        self.tables: dict[str, NDArray[Any]] = {
            **{f"tape_{name}": tape.columns[name] for name in TAPE_FIELDS},
            "lines": np.empty(len(tape), dtype(Line)),
            "stocks": records(Stock, setup.stocks),
            "classes": records(CustomerClass, setup.classes),
            "suppliers": records(Supplier, setup.suppliers),
            # Empty rows cost no memory before they are used, so there may be too many of them.
            "purchases": np.concatenate(
                [records(Purchase, setup.purchases), np.empty(len(tape) // 4, dtype(Purchase))]
            ),
            "totals": blank(Totals, 1),
            "params": np.array(setup.params),
            "levels": np.array(setup.levels, np.int32),
            "clock": self.clock,
            "events": np.empty(len(setup.events) + ROWS, EVENT),
            "shipments": np.empty(len(tape) // 8, dtype(Shipment)),
            "notes": np.empty(0, dtype(Note)),
        }
        self.clock["purchases"] = len(setup.purchases)
        self.deal_draws()
        self.enlarge()
        self.start(setup)

    def start(self, setup: Setup) -> None:
        """Put the first events into the heap: sorted, they already are one."""
        ranked = [
            (time, (kind << KIND_SHIFT) + sequence, subject)
            for sequence, (time, kind, subject) in enumerate(setup.events, 1)
        ]
        self.tables["events"][: len(ranked)] = np.array(sorted(ranked), EVENT)
        self.clock["pending"] = self.clock["sequence"] = len(ranked)

    def run(self) -> Log | None:
        """Run to the horizon; None when one event filled a table, which it hardly ever does."""
        self.clock["stop_at"] = SLICE
        while not self.drive(self.addresses(), self.model.horizon):
            self.clock["stop_at"] = self.clock["handled"] + SLICE
            if any(self.clock[name][0] > len(self.tables[name]) for name in ("shipments", "notes")):
                return None
            if self.clock["short_of_draws"][0]:
                self.deal_draws()
            self.enlarge()
        clock, used = self.clock[0], self.tables
        return Log(
            used["lines"][: clock["next_line"]],
            used["purchases"][: clock["purchases"]],
            used["shipments"][: clock["shipments"]],
            used["stocks"],
            used["notes"][: clock["notes"]],
            int(clock["handled"]),
            self.tape,
        )

    def addresses(self) -> NDArray[np.int64]:
        """(address, length) of each table, in the order of the layout."""
        pairs = [(self.tables[name].ctypes.data, len(self.tables[name])) for name in LAYOUT]
        return np.array(pairs, np.int64).ravel()

    def enlarge(self) -> None:
        """Double the tables that might not hold what the next event adds, until they do."""
        spare = int(self.clock["spare"][0])
        waiting = int(self.tables["totals"]["waiting"][0]) + spare
        needs = {"events": ("pending", spare), "purchases": ("purchases", spare)}
        each = int(self.clock["rows_each"][0])
        needs["shipments"] = ("shipments", each * waiting)
        needs["notes"] = ("notes", int(self.clock["notes_each"][0]) * waiting)
        for name, (counter, more) in needs.items():
            table = self.tables[name]
            while int(self.clock[counter][0]) + 2 * more > len(table):
                extra = max(len(table), ROWS)
                table = np.concatenate([table, np.empty(extra, table.dtype)])
            self.tables[name] = table

    def deal_draws(self) -> None:
        """Lay out each stock point's lead and service times, twice as many as it has used."""
        stocks = self.tables["stocks"]
        counts = np.maximum(64, 4 * stocks["purchases"]) + 2 * self.clock["spare_draws"]
        ends = np.cumsum(counts)
        stocks["draws_at"], stocks["draws_end"] = ends - counts, ends
        self.tables["lead_times"] = _dealt(self.tape.lead_times, counts)
        self.tables["services"] = _dealt(self.tape.services, counts)
        self.clock["short_of_draws"] = 0


def _dealt(streams: tuple[Draws, ...], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    pieces = [d.first(int(n))[: int(n)] for d, n in zip(streams, counts, strict=True)]
    return np.concatenate(pieces)


def run(model: Model, tape: Tape, record: bool = False) -> Log:
    """Play a tape against a model.  `record` keeps the event log."""
    rows_each = 1
    while (log := Arena(model, tape, record, rows_each).run()) is None:
        rows_each *= 4
    return log
