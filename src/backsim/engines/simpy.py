"""The SimPy engine: the reference.  The kernel's own functions, on plain objects.

Customers are a SimPy process that follows the tape; whatever the kernel schedules is a SimPy event.
SimPy orders events by (time, priority, sequence); an event's priority is its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import simpy

from backsim.engines.initial_state.start import Setup
from backsim.engines.link import Key, Namespace, link
from backsim.engines.log import LOGGED, Log, placed_only, records, split_lines, ways_of
from backsim.engines.lp_solver import LPSolver
from backsim.engines.setup import FEATURE, Linked, set_up
from backsim.engines.simpy_clock import Clock, Due
from backsim.engines.simpy_ports import PORTS, LiveWorld, schedule
from backsim.engines.simpy_tables import LiveTables
from backsim.engines.stuck import check_events, patience, stuck
from backsim.entities import (
    ARRIVAL,
    DECISION,
    ELEMENTS,
    GROWING,
    INQUIRY,
    LATE_REVIEW,
    NEVER,
    NONE,
    ORDER,
    REVIEW,
    Allocation,
    Line,
    Request,
    Stock,
)
from backsim.errors import InputError
from backsim.garbage import uncollected
from backsim.quantities import LARGEST_STOCK
from backsim.scenario.model import Model
from backsim.streams import Beside, Tape, generator

if TYPE_CHECKING:
    import numpy as np

BEFORE_ALL = -1  # before every kind of event
AFTER = {
    "receipts": ARRIVAL + 1,
    "reviews": REVIEW + 1,
    "orders": ORDER + 1,
    "late reviews": LATE_REVIEW + 1,
    "all": INQUIRY + 1,
}
"""What a process beside the model may let happen first, and the kind of event behind that."""

Process: TypeAlias = "Callable[[Live], Generator[simpy.Event, Any, Any]]"
Stops = Callable[[Due, float], bool]
"""(event, time): whether a run stops before an event of the kernel."""


@lru_cache(maxsize=64)
def _kernel(key: Key) -> Namespace:
    """The kernel linked with a choice of rules."""
    return link(key, PORTS)


ASKED_FOR: Linked = ((FEATURE, "STANDS"),)
"""The parts of the kernel that processes beside the model may ask (`Live.ask`)."""

CHECKS_ROOM = False
"""Whether each event is checked to add no more rows than the compiled engine has room for."""


class Live:
    """A running SimPy simulation, for processes beside the model (`extend`).

    `env` is the SimPy environment (`yield live.env.timeout(3)`); `world` holds the kernel's tables.
    """

    def __init__(
        self,
        model: Model,
        tape: Tape,
        record: bool = False,
        setup: Setup | None = None,
        linked: Linked = (),
    ) -> None:
        self.model, self.tape = model, tape
        self.env = Clock(model.ticks)
        self.setup = setup = setup or set_up(model, linked, tape=tape)
        self.handled = 0
        self._kernel = _kernel(setup.key_of(record))
        self._handle = self._checked() if CHECKS_ROOM else self._kernel["handle"]
        self._stopped = False
        self._played = 0  # lines of the tape that have arrived
        self._customers_beside: dict[str, Beside] = {}
        self._beside: list[tuple[int, int, int]] = []
        """Orders beside those of the tape: lines played before, first line, number of lines."""
        self._solver = LPSolver(model, setup) if "DECIDES" in setup.switches else None
        tables = {name: setup.objects(name) for name in ELEMENTS}
        self.world = LiveWorld(self.env, tape, **tables)
        self.world.fire = self._fire()
        # In a network the lines of sites come after those of the tape, as in the compiled engine.
        self._network = "NETWORK" in setup.switches
        self._lines = self.world.lines
        if self._network:
            self._lines += [Line()] * len(tape)
            self.world.rows = range(len(tape))

    @property
    def now(self) -> float:
        """The time, in days."""
        return float(self.env.now)

    def at(self, time: float, after: str | None = None) -> simpy.Event:
        """An event at exactly `time`, for a process to wait for: `yield live.at(3)`.

        A process acts before everything that the model does at the same time; with `after` (a name
        of `AFTER`), once all receipts, reviews, orders ... of that instant have happened.
        Raises InputError.
        """
        if after is not None and after not in AFTER:
            raise InputError(f"extend: after: expected one of {', '.join(AFTER)}, got {after!r}")
        if not self.model.on_grid(time) >= self.now:
            raise InputError(f"extend: expected a time from {self.now:g} on, got {time}")
        return self.env.at(self.model.on_grid(time), BEFORE_ALL if after is None else AFTER[after])

    def stock(self, product: str, site: str | None = None) -> Stock:
        """The live stock point of a product (at the only site, unless one is named)."""
        pair = (product, site or self.model.sites[0])
        if pair not in self.model.stock_points:
            raise InputError(f"extend: expected a stock point, got {pair[0]} at {pair[1]}")
        return self.world.stocks[self.model.stock_points.index(pair)]

    def order(
        self,
        customer_class: str,
        lines: Mapping[str, int],
        site: str | None = None,
        tolerance: float | None = None,
        due_in: float | None = None,
    ) -> None:
        """A customer of a class orders now, in addition to those on the tape.

        `tolerance` and `due_in` (days) and all else are as the class says, drawn from streams of
        their own, unless they are given here; `tolerance` is then also the longest wait accepted
        from a notice.  Raises InputError.
        """
        if customer_class not in self.model.classes:
            raise InputError(f"extend: expected a customer class, got {customer_class!r}")
        head = len(self.world.lines)
        code = self.model.classes.index(customer_class)
        if customer_class not in self._customers_beside:
            tape = self.tape
            new = Beside(self.model, customer_class, tape.seed, tape.replication)
            self._customers_beside[customer_class] = new
        customer = self._customers_beside[customer_class].next()
        traits = dict(customer.traits)
        if tolerance is not None:
            tolerance, _ = _some_days("tolerance", tolerance), traits.pop("told", None)
        if due_in is not None:
            due_in = _some_days("due_in", due_in)
        order = [
            Line(
                time=self.now,
                due=self.model.on_grid(self.now + (customer.due_in if due_in is None else due_in)),
                tolerance=customer.tolerance if tolerance is None else tolerance,
                units=_some(units),
                stock=self.stock(product, site).index,
                customer_class=code,
                head=head,
            )
            for product, units in lines.items()
        ]
        if not order:
            return
        if self.world.classes[code].announces:  # known only now
            for line in order:
                stock = self.world.stocks[line.stock]
                self._kernel["become_known"](self.world, stock, line.units)
        self._beside.append((self._played, head, len(order)))
        self._lines += order
        self.world.beside[head] = traits
        if self._network:
            self.world.requests += [Request() for _ in order]
        else:
            self.world.rows += [NONE] * len(order)  # type: ignore[operator]
        self.handled += 1
        self._kernel["handle"](self.world, ORDER, head, self.now)

    def supply(self, lead_time: Callable[[Stock, float, float], float]) -> None:
        """Let a function say how long purchases take from now on: a supplier of one's own.

        It is told the stock point, the days that the tape says, and the time, and returns days.
        What is under way already is not changed.  Raises InputError, when it is asked, for an
        answer that is no number of days.
        """

        def asked(stock: Stock, days: float) -> float:
            return float(self.model.on_grid(_some_days("supply", lead_time(stock, days, self.now))))

        self.world.lead_time = asked

    def generator(self, name: str) -> np.random.Generator:
        """Random numbers of one's own: the same in every run of this seed and replication."""
        return generator(self.tape.seed, self.tape.replication, f"beside/{name}")

    def ask(self, function: str, *arguments: Any) -> Any:
        """What a function of the kernel says of the present state, such as `cover`."""
        return self._kernel[function](self.world, *arguments)

    def purchase(self, product: str, units: int, site: str | None = None) -> None:
        """Order units from the stock point's supplier now, beside its reorder rule.

        Raises InputError.
        """
        stock = self.stock(product, site)
        self._kernel["purchase_units"](self.world, stock, _some(units), self.now)

    # -- how it runs -----------------------------------------------------------------------

    def run(self, extend: Sequence[Process] = ()) -> Log:
        """Run to the horizon; what is due at that moment is left out."""
        self.begin(extend)
        self.advance()
        return self.log()

    def begin(self, extend: Sequence[Process] = ()) -> None:
        """Plan the first events, and start the customers and the processes beside the model."""
        for time, kind, subject in self.setup.events:
            schedule(self.world, time, kind, subject, self.setup.level(kind, subject))
        self.env.process(self._customers())  # first: some have ordered before the start
        for process in (*self.model.alongside, *extend):
            self.env.process(process(self))

    def advance(self, stops: Stops | None = None) -> Due | None:
        """Run to the horizon (None), or until an event is next at which `stops` says to stop.

        The next call lets that event happen and goes on.
        """
        with uncollected():
            return self._advance(stops)

    def log(self) -> Log:
        """What has happened, once the run is at its horizon."""
        tables: dict[str, Any] = {
            name: records(ELEMENTS[name], getattr(self.world, name)) for name in LOGGED
        }
        log = Log(**tables, handled=self.handled, ways=ways_of(self.tape, len(tables["lines"])))
        if self._network:
            log = self._split(log)
        return placed_only(log, self.setup.switches)

    def _split(self, log: Log) -> Log:
        """The customers' lines, and those of sites apart."""
        customers = self._arrivals()
        beyond = range(len(self.tape), len(self._lines))
        sites = [i for i in beyond if self._lines[i].customer_class in self.setup.site_classes]
        return split_lines(log, [*customers, *sites], len(customers))

    def _arrivals(self) -> list[int]:
        """The customers' lines in order of arrival, where the tape's have fixed places."""
        found: list[int] = []
        played = 0
        for before, first, count in self._beside:
            found += [*range(played, before), *range(first, first + count)]
            played = before
        return [*found, *range(played, self._played)]

    def _advance(self, stops: Stops | None) -> Due | None:
        horizon, queue, step = self.model.horizon, self.env._queue, self.env.step
        if self._stopped and queue and queue[0][0] < horizon:
            step()
        while queue and queue[0][0] < horizon:
            before = queue[0][0], self._played
            lines = self.world.totals[0].waiting + len(self.world.announcements)
            for _ in range(patience(len(self.world.stocks), lines)):
                if stops is not None:
                    event = queue[0][3]
                    if isinstance(event, Due) and stops(event, queue[0][0]):
                        self._stopped = True
                        return event
                step()
                if not queue or queue[0][0] >= horizon:
                    return None
            check_events(self.model, self.handled)
            if before == (queue[0][0], self._played):
                raise self._stuck(queue[0][3])
        return None

    def _stuck(self, event: simpy.Event) -> InputError:
        """The error of a run in which no time passes; `event` is the next one."""
        if not isinstance(event, Due):
            return InputError(
                f"extend: a process alongside the model never stops at time {self.now:g}, "
                "while no time passes: let it wait (live.env.timeout)"
            )

        def look(table: str, row: int, field: str) -> Any:
            return getattr(getattr(self.world, table)[row], field)

        return stuck(self.model, self.now, event.kind, event.subject, look)

    def _checked(self) -> Callable[..., None]:
        """What handles an event and checks that it adds no more rows than the tables' room.

        Raises AssertionError.  Of shipments and notes the compiled engine finds out how many it
        takes.
        """
        handle, needed = self._kernel["handle"], self._kernel["rows_needed"]

        def count() -> dict[str, int]:
            rows = {name: len(getattr(self.world, name)) for name in GROWING}
            return {**rows, "events": len(self.env._queue), "shipments": 0, "notes": 0}

        def checked(world: LiveWorld, kind: int, subject: int, now: float) -> None:
            needed(world, 1)
            needs, before = world.needs[0], count()
            handle(world, kind, subject, now)
            for name, rows in count().items():
                assert rows - before[name] <= getattr(needs, name), (name, kind, now)

        return checked

    def _fire(self) -> Callable[[Any], None]:
        handle = self._handle

        def fire(event: Due) -> None:
            self.handled += 1
            handle(self.world, event.kind, event.subject, self.env._now)

        def fire_or_decide(event: Due) -> None:
            if event.kind == DECISION:
                self._decide(event.subject)
            fire(event)

        return fire_or_decide if self._solver else fire

    def _decide(self, first: int) -> None:
        """Let a program decide over the waiting lines of a group."""
        if self._solver and self._kernel["needs_decision"](self.world, first, self.now):
            rows = records(Allocation, self.world.allocations)
            self._solver.allot(LiveTables(self.world), first, rows, self.now)
            given = zip(rows["line"].tolist(), rows["units"].tolist(), strict=True)
            for row, (line, units) in zip(self.world.allocations, given, strict=True):
                row.line, row.units = line, units

    def _customers(self) -> Generator[simpy.Event, None, None]:
        """The customers, one after the other, as the tape says."""
        handle, world, lines, at = self._handle, self.world, self._lines, self.env.at
        rows, rows_of = self.tape.lines.tolist(), self.world.rows
        first, count = 0, len(rows)
        while first < count:
            head = first
            yield at(rows[head][0], ORDER)
            # Not `head` when processes beside the model have added orders.
            start = head if self._network else len(lines)
            while first < count and rows[first][6] == head:
                time, due, tolerance, units, stock, customer_class, _ = rows[first]
                line = Line(time, due, tolerance, 0.0, NEVER, units, stock, customer_class, start)
                if self._network:
                    lines[first] = line
                else:
                    lines.append(line)
                    rows_of.append(first)  # type: ignore[attr-defined]
                first += 1
            self.handled += 1
            self._played = first
            handle(world, ORDER, start, time)


def _some(units: int) -> int:
    """A number of units that can be ordered."""
    if not 1 <= units <= LARGEST_STOCK or units != int(units):
        raise InputError(
            f"extend: expected a whole number of 1 unit or more, {LARGEST_STOCK:,.0f} at most, "
            f"got {units}"
        )
    return int(units)


def _some_days(name: str, days: float) -> float:
    """Days that a customer may wait."""
    if not days >= 0:
        raise InputError(f"extend: {name}: expected 0 or more (days), got {days}")
    return float(days)


def run(model: Model, tape: Tape, record: bool = False, extend: Sequence[Process] = ()) -> Log:
    """Play a tape against a model.  `record` keeps the event log; `extend` runs beside it."""
    with uncollected():
        live = Live(model, tape, record, linked=ASKED_FOR if extend else ())
        log = live.run(extend)
        if not extend and not model.alongside:  # else Python looks through all rows for garbage
            for name in LOGGED:
                getattr(live.world, name).clear()
    return log
