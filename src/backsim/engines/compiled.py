"""The compiled engine: the kernel's own functions through numba, on tables of records.

The loop (`loop.py`) stops when a table is nearly full and goes on when it has been enlarged: all
state is in the tables, so stopping costs a call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from backsim.engines import loop, pieces, tables, translated
from backsim.engines.blame import is_of_rules
from backsim.engines.cache_key import cache_key
from backsim.engines.desks import Clerk
from backsim.engines.link import Key, kernel_key, link, rebuild
from backsim.engines.log import Log, records
from backsim.engines.loop import EVENT, KIND_SHIFT, LAYOUT, LEVEL_SHIFT
from backsim.engines.setup import Linked, Setup, set_up
from backsim.engines.stuck import check_events, patience, stuck
from backsim.entities import (
    NEVER,
    NONE,
    TAPE_FIELDS,
    TRAITS,
    Allotment,
    Ancestor,
    Buyer,
    Component,
    Contact,
    CustomerClass,
    Delivery,
    Desk,
    Fate,
    Forecast,
    Line,
    Node,
    Note,
    Notice,
    Observation,
    Option,
    Outage,
    Purchase,
    Request,
    Reroute,
    Server,
    Shipment,
    Source,
    Stock,
    Substitution,
    Supplier,
    Takeback,
    Totals,
    blank,
    dtype,
)
from backsim.errors import RuleError
from backsim.rules import FAMILIES
from backsim.scenario.model import Model
from backsim.streams import Draws, Tape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backsim.rules import Rule

ROWS = 1024
OPTIONS = {"nogil": True, "error_model": "numpy"}
"""numba's options for the loop."""

as_world = tables.world_at(LAYOUT)


SIGNATURE = (numba.types.int64[::1], numba.types.float64)
"""Of the loop: the addresses of the tables, and the horizon."""


@lru_cache(maxsize=64)
def driver(key: Key, record: bool) -> Any:
    """The compiled loop for a choice of rules; from numba's disk cache when it has been there.

    Raises RuleError: a rule uses what has no fingerprint.
    """
    ports = ports_of(record)
    digest = kernel_digest(key, record)
    scope = {**vars(loop), **link(key, ports, pieces.piece), "as_world": as_world}
    drive = rebuild(loop.drive, scope, f"drive_{digest}")  # type: ignore[arg-type]
    drive.__module__ = __name__
    return numba.njit(drive, cache=True, pipeline_class=pieces.WholeCompiler, **OPTIONS)


def ports_of(record: bool) -> dict[str, Any]:
    """The ports, with the event log or without."""
    return loop.PORTS if record else {**loop.PORTS, "note": loop.no_note}


def kernel_digest(key: Key, record: bool) -> str:
    """What the machine code for a choice of rules is known by.  Raises as `driver` does."""
    return cache_key(
        key, ports_of(record), LAYOUT, (loop.drive, tables, pieces, translated, OPTIONS)
    )


def compile_rules(model: Model, linked: Linked = ()) -> None:
    """Compile the kernel with a model's rules.

    Raises RuleError, naming the rules of a user's own, if they have no fingerprint or do not
    compile.  What does not compile in backsim itself is raised as it is.
    """
    setup = set_up(model, linked)
    drive = driver(setup.key, False)
    try:
        drive.compile(SIGNATURE)
    except Exception as error:  # numba raises errors of many kinds, also plain ones
        own = [rule for chosen in setup.rules.values() for rule in chosen if not rule.built_in]
        if not own or not is_of_rules(error, own, lambda: _compile_without(own, setup)):
            raise
        names = ", ".join(rule.name for rule in own)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        lines = [line for line in lines if not line.startswith("Failed in nopython")]
        reason = f"{type(error).__name__}: {lines[0] if lines else ''}"
        raise RuleError(f"rules {names}: numba cannot compile them: {reason}") from error


class Next(NamedTuple):
    """A scheduled event."""

    time: float
    kind: int
    subject: int


def _compile_without(own: Sequence[Rule], setup: Setup) -> None:
    """Compile the kernel with backsim's own rules in the place of a user's."""
    rules = {
        family: [
            next(iter(FAMILIES[family].rules.values())) if rule in own else rule for rule in chosen
        ]
        for family, chosen in setup.rules.items()
    }
    driver(kernel_key(rules, setup.switches), False).compile(SIGNATURE)


class Arena:
    """A run's tables, and room for more."""

    reached: tuple[float, int]
    """Time of the next event, and orders played, when the loop was last let go."""

    def __init__(
        self, model: Model, tape: Tape, record: bool, rows_each: int = 1, linked: Linked = ()
    ) -> None:
        setup = set_up(model, linked, tape)
        self.model, self.tape, self.switches = model, tape, setup.key.switches
        self.drive = driver(setup.key, record)
        self.owners = setup.lane_owners
        self.clock = np.zeros(1, loop.CLOCK)
        self.clock["spare"] = len(setup.stocks) + tape.longest + 8
        self.clock["spare_draws"] = tape.longest + 8
        self.clock["rows_each"] = rows_each
        self.clock["substitutions_each"] = int(len(setup.options) > 0)
        self.clock["takebacks_each"] = int(any(stock.reallocates for stock in setup.stocks))
        self.clock["notes_each"] = 4 * rows_each if record else 0
        network = "NETWORK" in setup.switches
        self.clock["events_each"] = int(network)
        self.clock["lines"] = len(tape) if network else 0
        if network:  # one event may order every component of a purchase, at every stock point
            self.clock["spare"] += len(setup.components) + len(setup.sources)
            # Each line of an order may send for units at every site.
            self.clock["spare"] += 2 * tape.longest * max(node.transfers for node in setup.nodes)
        if setup.buyers:  # at each review also a purchase from another source, and looks at them
            self.clock["spare"] *= 2
            self.clock["spare_draws"] *= 2
        self.tables: dict[str, NDArray[Any]] = {
            **{f"tape_{name}": tape.columns[name] for name in TAPE_FIELDS},
            "lines": np.empty(len(tape) * (2 if network else 1), dtype(Line)),
            "stocks": records(Stock, setup.stocks),
            "classes": records(CustomerClass, setup.classes),
            "suppliers": records(Supplier, setup.suppliers),
            "purchases": _with_room(records(Purchase, setup.purchases), len(tape) + ROWS),
            "deliveries": records(Delivery, setup.deliveries),
            "servers": blank(Server, setup.servers),
            "outages": records(Outage, setup.outages),
            "announcements": setup.announcements,
            "totals": records(
                Totals,
                [Totals(customer_lines=len(tape), ticks=model.ticks, sites=len(model.sites))],
            ),
            "forecasts": records(Forecast, setup.forecasts or [Forecast()]),
            "observations": blank(Observation, setup.observations + 1),
            "params": np.array(setup.params),
            "nodes": records(Node, setup.nodes),
            "sources": records(Source, setup.sources),
            "components": records(Component, setup.components),
            "ancestors": records(Ancestor, setup.ancestors),
            "requests": np.empty(0, dtype(Request)),
            "desks": records(Desk, setup.desks),
            "allotments": np.empty(0, dtype(Allotment)),
            "buyers": records(Buyer, setup.buyers),
            "clock": self.clock,
            "events": np.empty(len(setup.events) + ROWS, EVENT),
            "shipments": np.empty(len(tape) // 8, dtype(Shipment)),
            "takebacks": np.empty(0, dtype(Takeback)),
            "options": records(Option, setup.options or [Option()]),
            "substitutions": np.empty(0, dtype(Substitution)),
            "choices": np.array(setup.choices, np.int32),
            "places": np.array(setup.places, np.int32),
            "reroutes": np.empty(0, dtype(Reroute)),
            "notes": np.empty(0, dtype(Note)),
            "quantiles": np.array(setup.quantiles),
            "contacts": np.empty(0, dtype(Contact)),
            "notices": np.empty(0, dtype(Notice)),
            **{f"trait_{name}": self.trait(name) for name in TRAITS},
        }
        self.clock["asks"] = NONE
        self.clerk = Clerk(model, setup) if "DECIDES" in setup.switches else None
        self.clock["purchases"] = len(setup.purchases)
        self.deal_draws()
        self.enlarge()
        self.start(setup)

    def trait(self, name: str) -> NDArray[Any]:
        """A trait of the customers, by line; nothing when no class needs it."""
        return self.tape.columns.get(name, np.empty(0, TRAITS[name])).ravel()

    def start(self, setup: Setup) -> None:
        """Put the first events into the heap, from row 1 on: sorted, they already are one."""
        ranked = [
            (
                time,
                (kind << KIND_SHIFT) + (setup.level(kind, subject) << LEVEL_SHIFT) + sequence,
                subject,
            )
            for sequence, (time, kind, subject) in enumerate(setup.events, 1)
        ]
        self.tables["events"][1 : len(ranked) + 1] = np.array(sorted(ranked), EVENT)
        self.clock["pending"] = self.clock["sequence"] = len(ranked)

    def run(self) -> Log | None:
        """Run to the horizon; None when one event filled a table, which it hardly ever does."""
        self.go_on()
        while not self.drive(self.addresses(), self.model.horizon):
            if self.clock["asks"][0] != NONE:
                self.decide()
                continue
            if self.clock["handled"][0] >= self.clock["stop_at"][0]:
                self.check_progress()
                self.go_on()
            if any(self.clock[name][0] > len(self.tables[name]) for name in ("shipments", "notes")):
                return None
            if self.clock["short_of_draws"][0]:
                self.deal_draws()
            self.enlarge()
        clock, used = self.clock[0], self.tables
        return Log(
            used["lines"][: clock["next_line"]],
            used["purchases"][: clock["purchases"]],
            used["deliveries"][: clock["purchases"]],
            used["shipments"][: clock["shipments"]],
            used["stocks"],
            used["takebacks"][: clock["takebacks"]],
            used["substitutions"][: clock["substitutions"]],
            used["notes"][: clock["notes"]],
            used["observations"][:-1],
            used["contacts"][: clock["contacts"]],
            used["notices"][: clock["notices"]],
            int(clock["handled"]),
            used["lines"][len(self.tape) : clock["lines"]],
            self.tape,
            used["reroutes"][: clock["reroutes"]],
            classes=used["classes"],
            forecasts=used["forecasts"],
        )

    def go_on(self) -> None:
        """Let the loop run for a while, in which Ctrl-C is not heard."""
        self.reached = self.next_event().time, int(self.clock["next_line"][0])
        waiting = int(self.tables["totals"]["waiting"][0])
        self.clock["stop_at"] = self.clock["handled"] + patience(
            len(self.tables["stocks"]), waiting
        )

    def check_progress(self) -> None:
        """Raise InputError if no time has passed since, and no customer has come; see `stuck`."""
        check_events(self.model, int(self.clock["handled"][0]))
        event = self.next_event()
        if self.reached == (event.time, int(self.clock["next_line"][0])):
            tables = self.tables
            raise stuck(self.model, *event, lambda name, row, field: tables[name][field][row])

    def next_event(self) -> Next:
        """What happens next, apart from the orders on the tape."""
        if not self.clock["front"][0] + self.clock["pending"][0]:
            return Next(NEVER, NONE, NONE)
        row = self.tables["events"][1 - int(self.clock["front"][0])]
        return Next(float(row["time"]), int(row["rank"]) >> KIND_SHIFT, int(row["subject"]))

    def decide(self) -> None:
        """Let a program decide over the lines that wait at a desk; the loop goes on with that."""
        assert self.clerk is not None
        rows = self.tables["allotments"][: int(self.tables["totals"]["allotments"][0])]
        self.clerk.allot(self, int(self.clock["asks"][0]), rows, self.next_event().time)
        self.clock["asks"] = NONE

    def rows(self, name: str, indices: Sequence[int]) -> NDArray[Any]:
        """Rows of a table as records."""
        return self.tables[name].take(indices)

    def pipeline(self, first: int) -> list[int]:
        """The purchases under way from one on, in order of their expected dates."""
        found, later = [], self.tables["purchases"]["later"]
        while first != NONE:
            found.append(first)
            first = int(later[first])
        return found

    def addresses(self) -> NDArray[np.int64]:
        """(address, length) of each table, in the order of the layout."""
        pairs = [(self.tables[name].ctypes.data, len(self.tables[name])) for name in LAYOUT]
        return np.array(pairs, np.int64).ravel()

    def enlarge(self) -> None:
        """Double the tables that might not hold what the next event adds, until they do."""
        spare = int(self.clock["spare"][0])
        waiting = int(self.tables["totals"]["waiting"][0]) + spare
        each_line = int(self.clock["events_each"][0])
        more = spare + each_line * waiting
        unsent = int(self.tables["totals"]["unsent"][0])
        room = 4 * (more + unsent) if "DELIVERIES" in self.switches else more
        needs = {"events": ("pending", room), "purchases": ("purchases", more)}
        if each_line:
            needs["lines"] = ("lines", spare)
        if "INFORMS" in self.switches:
            needs["events"] = ("pending", room + waiting)
            needs |= {name: (name, spare) for name in ("contacts", "notices")}
        each = int(self.clock["rows_each"][0])
        offered = int(self.clock["substitutions_each"][0])
        needs["substitutions"] = ("substitutions", offered * waiting)
        needs["takebacks"] = ("takebacks", int(self.clock["takebacks_each"][0]) * waiting)
        if "ROUTES" in self.switches:
            needs["reroutes"] = ("reroutes", spare)
        needs["shipments"] = ("shipments", each * waiting)
        needs["notes"] = ("notes", int(self.clock["notes_each"][0]) * waiting)
        for name, (counter, more) in needs.items():
            table = self.tables[name]
            while int(self.clock[counter][0]) + 2 * more > len(table):
                extra = max(len(table) // (4 if name == "lines" else 1), ROWS)
                table = _with_room(table, extra)
            self.tables[name] = table
        if each_line:
            used = int(self.clock["lines"][0])
            self.tables["lines"]["head"][used] = NONE  # it belongs to no order yet
            missing = len(self.tables["lines"]) - len(self.tape) - len(self.tables["requests"])
            if missing > 0:
                added = blank(Request, missing)
                self.tables["requests"] = np.concatenate([self.tables["requests"], added])
        if "DECIDES" in self.switches:
            missing = 2 * waiting - len(self.tables["allotments"])
            self.tables["allotments"] = _with_room(self.tables["allotments"], missing)
        if "DELIVERIES" in self.switches:  # a delivery for each purchase
            missing = len(self.tables["purchases"]) - len(self.tables["deliveries"])
            self.tables["deliveries"] = _with_room(self.tables["deliveries"], missing)

    def deal_draws(self) -> None:
        """Lay out each stock point's lead and service times, twice as many as it has used."""
        stocks = self.tables["stocks"]
        used = stocks["purchases"]
        if len(nodes := self.tables["nodes"]):
            used = np.maximum(used, nodes["transferred"])
        counts = np.maximum(64, 4 * used) + 2 * self.clock["spare_draws"]
        ends = np.cumsum(counts)
        stocks["draws_at"], stocks["draws_end"] = ends - counts, ends
        sources = self.tables["sources"]
        if len(sources):  # further sources have further streams, as long as the first
            counts = counts[self.owners]
            ends = np.cumsum(counts)
            sources["draws_at"] = (ends - counts)[sources["lane"]]
        self.tables["lead_times"] = _dealt(self.tape.lead_times, counts)
        self.tables["services"] = _dealt(self.tape.services, counts)
        self.tables["fates"] = blank(Fate, int(ends[-1]) if "DELIVERIES" in self.switches else 0)
        for name, streams in self.tape.fates.items():
            self.tables["fates"][name] = _dealt(streams, counts)
        self.clock["short_of_draws"] = 0


def _with_room(table: NDArray[Any], extra: int) -> NDArray[Any]:
    """A table with empty rows behind it, if any.  They cost no memory before they are used."""
    if extra <= 0:
        return table
    larger = np.empty(len(table) + extra, table.dtype)
    larger[: len(table)] = table
    return larger


def _dealt(streams: tuple[Draws, ...], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    pieces = [d.first(int(n))[: int(n)] for d, n in zip(streams, counts, strict=True)]
    return np.concatenate(pieces)


def run(model: Model, tape: Tape, record: bool = False, linked: Linked = ()) -> Log:
    """Play a tape against a model.  `record` keeps the event log."""
    rows_each = 1
    while (log := Arena(model, tape, record, rows_each, linked).run()) is None:
        rows_each *= 4
    return log
