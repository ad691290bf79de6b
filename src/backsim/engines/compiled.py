"""The compiled engine: the kernel's own functions through numba, on tables of records.

The loop (`event_loop.py`) stops when a table is nearly full and goes on when it has been enlarged:
all state is in the tables, so stopping costs a call.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backsim.engines import event_loop
from backsim.engines.at_start import Prepare, at_start
from backsim.engines.capacity import NEEDS, ROOMY, draws_of_an_event
from backsim.engines.drivers import driver
from backsim.engines.event_loop import KIND_SHIFT, LAYOUT
from backsim.engines.extents import EXTENT
from backsim.engines.log import LOGGED, Log, placed_only, ways_of
from backsim.engines.lp_solver import LPSolver
from backsim.engines.setup import Linked
from backsim.engines.stuck import check_events, patience, stuck
from backsim.entities import (
    GROWING,
    NEVER,
    NONE,
    TAPE_FIELDS,
    TRAITS,
    Line,
    PurchaseOutcome,
    blank,
)
from backsim.errors import BacksimError, InputError
from backsim.long_tables.memory import MEMORY, Places
from backsim.machine_code.loading import address_of
from backsim.scenario.model import Model
from backsim.streams import Draws, Tape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MORE = 1024
"""Rows by which a table is enlarged, at least."""

LINES_OF_A_DRAW = 64
"""Order lines of a stock point for each lead time that is drawn before it is known to be needed."""

USED, GREW = "lead times used", "rows of tables that grew"
"""Where a model keeps what a run has needed, for the next one to have it from the start."""

SPARE = 1.125
"""How many there are next time for each that was needed."""

LEAST_PASSED = 0.3
"""The part of a run from which on it is extrapolated how many rows a table needs in all."""

NOTES_OF_A_LINE = 4
"""Rows of the event log for each order line, for which there is room at first."""

OF_THE_LOOP = ("clock", "needs", "rows_needed_of", "extents")
"""Tables that Python reads and writes, too."""

SEVERAL = {"shipments", "notes"}
"""Tables to which an event may add several rows for a line: how many is found out by trying."""

PLACE = {name: place for place, name in enumerate(LAYOUT)}


class Next(NamedTuple):
    """A scheduled event."""

    time: float
    kind: int
    subject: int


class ForAgent(NamedTuple):
    """What a run begins with in which an agent decides."""

    prepare: Prepare
    extents: NDArray[Any]
    """Where the extents of its tables are kept."""
    places: Places
    """Where its tables are to lie."""


class CompiledRun:
    """A run's tables, and room for more."""

    reached: tuple[float, int]
    """Time of the next event, and orders played, when the loop was last let go."""

    def __init__(
        self,
        model: Model,
        tape: Tape,
        record: bool,
        rows: int = 1,
        linked: Linked = (),
        agent: ForAgent | None = None,
    ) -> None:
        if model.processes:
            raise InputError(f"{model.name}: processes alongside the model need the SimPy engine")
        self.places = agent.places if agent else None
        setup, tables = at_start(model, linked, tape, agent.prepare if agent else None)
        self.model, self.tape, self.features = model, tape, setup.switches
        self.key = setup.key_of(record)
        self.owners = setup.lane_owners or list(range(len(setup.stocks)))
        tables["growth"]["rows"], tables["growth"]["notes"] = rows, 4 * rows if record else 0
        self.solver = LPSolver(model, setup) if "DECIDES" in setup.switches else None
        self.clock = np.zeros(1, event_loop.CLOCK)
        self.clock["spare_draws"] = draws_of_an_event(setup, tape)
        self.clock["asks"] = self.clock["due"] = NONE
        self.needs = np.zeros(1, NEEDS)
        self.extents = np.zeros(len(LAYOUT), EXTENT) if agent is None else agent.extents
        self.placed: list[Any] = [None] * len(LAYOUT)
        self.grew: set[str] = set()
        self.tables: dict[str, NDArray[Any]] = {
            **tables,
            **{f"tape_{name}": tape.columns[name] for name in TAPE_FIELDS},
            **{f"trait_{name}": self.trait(name) for name in TRAITS},
            "clock": self.clock,
            "needs": self.needs,
            "rows_needed_of": self.needs.view(np.int64),
            "extents": self.extents,
        }
        for name in GROWING:
            self.set_rows(name, len(self.tables[name]))
        for name, room in self.first_rooms(bool(setup.nodes), agent is not None).items():
            self.tables[name] = self.with_room(name, room)
        if setup.nodes:  # the lines of sites come after those of the tape
            self.set_rows("lines", len(tape))
            self.tables["lines"][: len(tape)] = blank(Line, 1)
        own = tape.columns["stock"]
        self.lines_of = lines_by_stock(own, len(setup.stocks))
        self.clock["pending"] = self.clock["sequence"] = len(tables["events"]) - 1
        self.deal_draws()
        if agent is not None:
            for name in LAYOUT:
                if name not in (*GROWING, *OF_THE_LOOP):
                    self.tables[name] = agent.places.placed(name, self.tables[name])

    def first_rooms(self, network: bool, agent: bool) -> dict[str, int]:
        """Empty rows of tables at first: what runs of the model seem to need, and some to spare."""
        lines = len(self.tape)
        spare = MORE + event_loop.AHEAD * int(self.tables["growth"]["spare"][0])
        found = {"lines": lines, "purchases": lines + spare, "events": spare}
        found["shipments"] = lines // 8 + MORE
        if network:
            found |= {"lines": 2 * lines + MORE, "purchases": 2 * lines + MORE}
            found |= {"requests": lines, "shipments": lines + MORE}
        if agent:  # its log is kept
            found["notes"] = NOTES_OF_A_LINE * lines
        else:
            found |= self.model.kept.get(GREW, {})
        if network:
            found["lines"] = max(found["lines"], lines + MORE)
        return found

    def with_room(self, name: str, extra: int) -> NDArray[Any]:
        """A table with empty rows behind it, if any.  They cost no memory before they are used."""
        table = self.tables[name]
        rows = len(table) + max(extra, 0)
        if self.places is not None:
            larger = self.places.table(name, rows, table.dtype)
        elif extra <= 0:
            return table
        else:
            larger = MEMORY.table(rows, table.dtype)
        larger[: len(table)] = table
        return larger

    def trait(self, name: str) -> NDArray[Any]:
        """A trait of the customers, by line; nothing when no class needs it."""
        return self.tape.columns.get(name, np.empty(0, TRAITS[name])).ravel()

    def rows_of(self, name: str) -> int:
        """Rows that a table has."""
        return int(self.extents["rows"][PLACE[name]])

    def set_rows(self, name: str, rows: int) -> None:
        """Let a table have so many rows."""
        self.extents["rows"][PLACE[name]] = rows

    def run(self) -> Log | None:
        """Run to the horizon; None when one event filled a table, which it hardly ever does.

        Raises BacksimError: an event has added more rows than are thought possible.
        """
        self.go_on()
        drive = driver(self.key)
        while not drive(address_of(self.located()), self.model.horizon):
            if not self.serve():
                return None
        return self.log()

    def stepper(self, decide: str) -> Any:
        """The compiled steps of runs like this one in which an agent decides.

        Raises RuleError: the rules do not compile.
        """
        from backsim.engines.compiler import compile_steps

        return compile_steps(self.key, decide)

    def serve(self) -> bool:
        """Do what the loop has stopped for; False when one event has filled a table.

        Raises BacksimError as `run` does.
        """
        if self.clock["asks"][0] != NONE:
            self.decide()
            return True
        if self.clock["handled"][0] >= self.clock["stop_at"][0]:
            self.check_progress()
            self.go_on()
        overrun = {name for name in GROWING if self.rows_of(name) > len(self.tables[name])}
        if overrun - SEVERAL:
            raise BacksimError(f"{self.model.name}: overrun: {', '.join(sorted(overrun))}")
        if overrun:
            return False
        if self.clock["short_of_draws"][0]:
            self.deal_draws()
        self.enlarge()
        return True

    def log(self) -> Log:
        """What has happened, once the run is at its horizon."""
        self.remember()
        used = {name: self.tables[name][: self.rows_of(name)] for name in GROWING}
        used["lines"] = self.tables["lines"][: int(self.clock["next_line"][0])]
        log = Log(
            **{name: used.get(name, self.tables[name]) for name in LOGGED},
            handled=int(self.clock["handled"][0]),
            site_lines=self.tables["lines"][len(self.tape) : self.rows_of("lines")],
            tape=self.tape,
            ways=ways_of(self.tape, len(used["lines"])),
        )
        return placed_only(log, self.features)

    def remember(self) -> None:
        """Keep with the model what this run has needed."""
        draws = np.asarray(self.draws_used() * SPARE, np.int64)
        self.model.kept[USED] = np.maximum(draws, self.model.kept.get(USED, 0))
        known = self.model.kept.setdefault(GREW, {})
        for name in self.grew:
            needed = int(SPARE * self.rows_of(name)) + 2 * int(self.needs[name][0]) + MORE
            known[name] = max(known.get(name, 0), min(needed, len(self.tables[name])))

    def go_on(self) -> None:
        """Let the loop run for a while, in which Ctrl-C is not heard."""
        self.reached = self.next_event().time, int(self.clock["next_line"][0])
        lines = int(self.tables["totals"]["waiting"][0]) + len(self.tables["announcements"])
        self.clock["stop_at"] = self.clock["handled"] + patience(len(self.tables["stocks"]), lines)

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
        """Let a program decide over the waiting lines of a group; the loop goes on with that."""
        assert self.solver is not None
        rows = self.tables["allocations"][: self.rows_of("allocations")]
        self.solver.allot(self, int(self.clock["asks"][0]), rows, self.next_event().time)
        self.clock["asks"] = NONE

    @property
    def world(self) -> Any:
        """The tables as the kernel reads them."""
        return SimpleNamespace(**{n: t.view(np.recarray) for n, t in self.tables.items()})

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

    def located(self) -> NDArray[np.int64]:
        """The tables' extents, as numbers."""
        address, room = self.extents["address"], self.extents["room"]
        for place, name in enumerate(LAYOUT):
            table = self.tables[name]
            if table is not self.placed[place]:  # most stay where they are
                self.placed[place] = table
                address[place], room[place] = address_of(table), len(table)
        fixed = len(ROOMY)  # those that grow come first
        self.extents["rows"][fixed:] = self.extents["room"][fixed:]
        return self.extents.view(np.int64)

    def enlarge(self) -> None:
        """Enlarge the tables that might not hold what the next event adds.

        To what they seem to need in all, and to no less than twice what they have.
        """
        passed = max(self.next_event().time / self.model.horizon, LEAST_PASSED)
        for place, name in enumerate(ROOMY):
            rows, room = int(self.extents["rows"][place]), len(self.tables[name])
            wanted = rows + 2 * int(self.needs[name][0])
            if wanted > room:
                in_all = max(2 * room, int(SPARE * rows / passed))
                self.tables[name] = self.with_room(name, max(wanted, in_all) - room + MORE)
                self.grew.add(name)

    def draws_used(self) -> NDArray[Any]:
        """Lead times that each stock point has used."""
        used: NDArray[Any] = self.tables["stocks"]["purchases"]
        nodes = self.tables["nodes"]
        return np.maximum(used, nodes["transferred"]) if len(nodes) else used

    def deal_draws(self) -> None:
        """Lay out each stock point's lead and service times: as many as it seems to need in all.

        At most four times as many as it has used, or what a run of the model used before.  Further
        sources have further streams, as long as the first.
        """
        used = self.draws_used()
        passed = min(1.0, self.next_event().time / self.model.horizon)
        counts = np.minimum(4 * used, used * (1.2 / max(passed, 0.3))).astype(np.int64) + 64
        counts = np.maximum(counts, self.lines_of // LINES_OF_A_DRAW)
        counts = np.maximum(counts, self.model.kept.get(USED, 0))
        counts = (counts + 2 * self.clock["spare_draws"])[self.owners]
        lanes = np.empty(len(counts), event_loop.LANE)
        lanes["end"] = np.cumsum(counts)
        lanes["at"] = lanes["end"] - counts
        self.tables["lanes"] = lanes
        self.tables["lead_times"] = _dealt(self.tape.lead_times, counts)
        self.tables["services"] = _dealt(self.tape.services, counts)
        outcomes = int(counts.sum()) if "DELIVERIES" in self.features else 0
        self.tables["outcomes"] = blank(PurchaseOutcome, outcomes)
        for name, streams in self.tape.outcomes.items():
            self.tables["outcomes"][name] = _dealt(streams, counts)
        self.clock["short_of_draws"] = 0


def lines_by_stock(stock: NDArray[Any], stocks: int) -> NDArray[np.int64]:
    """Order lines of each stock point."""
    if stocks == 1:
        return np.array([np.count_nonzero(stock != NONE)])
    return np.bincount(stock[stock != NONE], minlength=stocks)


def _dealt(streams: tuple[Draws, ...], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    pieces = [d.first(int(n))[: int(n)] for d, n in zip(streams, counts, strict=True)]
    return np.concatenate(pieces)


def run(model: Model, tape: Tape, record: bool = False, linked: Linked = ()) -> Log:
    """Play a tape against a model.  `record` keeps the event log."""
    rows = 1
    while (log := CompiledRun(model, tape, record, rows, linked).run()) is None:
        rows *= 4
    return log
