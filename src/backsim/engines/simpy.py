"""The SimPy engine: the reference.  The kernel's own functions, on plain objects.

Customers are a SimPy process that follows the tape; whatever the kernel schedules is a SimPy event.
SimPy orders events by (time, priority, sequence); an event's priority is its kind.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappush
from typing import Any, TypeAlias

import simpy
from simpy.events import NORMAL

from backsim.engines.desks import Clerk
from backsim.engines.link import Key, Namespace, link
from backsim.engines.log import Log, records, split_lines
from backsim.engines.setup import set_up
from backsim.engines.stuck import check_events, patience, stuck
from backsim.entities import (
    ARRIVAL,
    DECISION,
    INQUIRY,
    LATE_REVIEW,
    NEVER,
    NONE,
    ORDER,
    REVIEW,
    Allotment,
    Announcement,
    Contact,
    CustomerClass,
    Delivery,
    Desk,
    Forecast,
    Line,
    Note,
    Notice,
    Observation,
    Purchase,
    Request,
    Reroute,
    Server,
    Shipment,
    Source,
    Stock,
    Substitution,
    Takeback,
    Totals,
    World,
)
from backsim.errors import InputError
from backsim.kernel.grid import to_grid
from backsim.quantities import LARGEST_STOCK
from backsim.scenario.model import Model
from backsim.streams import Beside, Tape

FIRST_PRIORITY = 2
"""Above SimPy's own URGENT and NORMAL: a process beside the model acts before the model does."""
LEVEL_BITS = 14

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


class Clock(simpy.Environment):
    """A SimPy environment whose events can be put at an exact time of a grid of `ticks` a day.

    SimPy schedules by delay, and now + (t - now) is not always t.
    """

    def __init__(self, ticks: float) -> None:
        super().__init__()
        self.ticks = ticks

    def schedule(self, event: simpy.Event, priority: int = NORMAL, delay: float = 0) -> None:
        """SimPy's own: what a process waits for happens on the grid too."""
        time = to_grid(self._now + delay, self.ticks)
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    def schedule_at(self, event: simpy.Event, time: float, kind: int, level: int = 0) -> None:
        """Let an event happen at `time`; at the same time, those of lower kind and level first."""
        priority = FIRST_PRIORITY + (kind << LEVEL_BITS) + level
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    def at(self, time: float, kind: int) -> simpy.Event:
        """An event that happens at `time`, for a process to wait for."""
        event = simpy.Event(self)
        event._ok, event._value = True, None
        self.schedule_at(event, time, kind)
        return event


class Due(simpy.Event):
    """Something the kernel has scheduled."""

    __slots__ = ("kind", "subject")

    def __init__(self, clock: Clock, fire: Callable[[Any], None], kind: int, subject: int) -> None:
        self.env = clock
        self.callbacks = [fire]
        self._ok, self._value = True, None
        self.kind, self.subject = kind, subject


@dataclass(slots=True)
class LiveWorld(World):
    """The kernel's tables as lists of objects, and what this engine's ports need."""

    clock: Clock
    tape: Tape
    fire: Callable[[Any], None]
    rows: list[int]
    """The tape's row of each line; NONE for orders beside those on the tape."""
    beside: dict[int, Mapping[str, Any]]
    """The traits of customers beside the tape, by the first line of their order."""
    shipments: list[Shipment]
    notes: list[Note]
    notices: list[Notice]


# -- the kernel's ports --------------------------------------------------------------------------


def schedule(world: LiveWorld, time: float, kind: int, subject: int, level: int = 0) -> None:
    world.clock.schedule_at(Due(world.clock, world.fire, kind, subject), time, kind, level)


def new_purchase(world: LiveWorld) -> int:
    world.purchases.append(Purchase())  # type: ignore[attr-defined]
    return len(world.purchases) - 1


def draw_lead_time(world: LiveWorld, stock: Stock) -> float:
    return float(world.tape.lead_times[stock.index].first(stock.purchases + 1)[stock.purchases])


def draw_service(world: LiveWorld, stock: Stock) -> float:
    return float(world.tape.services[stock.index].first(stock.purchases + 1)[stock.purchases])


def _trait(world: LiveWorld, line: int, name: str, default: Any) -> Any:
    """What a line's customer brings along; `default` where that is not drawn."""
    row = world.rows[line]
    if row == NONE:
        return world.beside.get(world.lines[line].head, {}).get(name, default)
    columns = world.tape.columns
    return columns[name][row] if name in columns else default


def accepts_substitute(world: LiveWorld, line: int) -> bool:
    return bool(_trait(world, line, "accepts", 0))


def new_substitution(world: LiveWorld) -> int:
    world.substitutions.append(Substitution())  # type: ignore[attr-defined]
    return len(world.substitutions) - 1


def new_allotment(world: LiveWorld) -> int:
    totals = world.totals[0]
    totals.allotments += 1
    if len(world.allotments) < totals.allotments:
        world.allotments.append(Allotment())  # type: ignore[attr-defined]
    return totals.allotments - 1


def new_takeback(world: LiveWorld) -> int:
    world.takebacks.append(Takeback())  # type: ignore[attr-defined]
    return len(world.takebacks) - 1


def new_line(world: LiveWorld) -> int:
    world.lines.append(Line())  # type: ignore[attr-defined]
    world.requests.append(Request())  # type: ignore[attr-defined]
    world.rows.append(NONE)
    return len(world.lines) - 1


def draw_lead_time_from(world: LiveWorld, stock: Stock, source: Source) -> float:
    draws = world.tape.lead_times[source.lane]
    return float(draws.first(stock.purchases + 1)[stock.purchases])


def draw_service_from(world: LiveWorld, stock: Stock, source: Source) -> float:
    draws = world.tape.services[source.lane]
    return float(draws.first(stock.purchases + 1)[stock.purchases])


def draw_transfer_time(world: LiveWorld, stock: Stock, source: Source) -> float:
    at = world.nodes[stock.index].transferred
    return float(world.tape.lead_times[source.lane].first(at + 1)[at])


def new_reroute(world: LiveWorld) -> int:
    world.reroutes.append(Reroute())  # type: ignore[attr-defined]
    return len(world.reroutes) - 1


def new_delivery(world: LiveWorld) -> None:
    world.deliveries.append(Delivery())  # type: ignore[attr-defined]


def draw_fate(world: LiveWorld, stock: Stock, delivery: Delivery) -> None:
    _take_fate(world.tape, stock.index, stock.purchases, delivery)


def draw_fate_from(world: LiveWorld, stock: Stock, source: Source, delivery: Delivery) -> None:
    _take_fate(world.tape, source.lane, stock.purchases, delivery)


def _take_fate(tape: Tape, lane: int, at: int, delivery: Delivery) -> None:
    for name, streams in tape.fates.items():
        setattr(delivery, name, float(streams[lane].first(at + 1)[at]))


def log_shipment(world: LiveWorld, now: float, line: int, units: int) -> None:
    world.shipments.append(Shipment(now, line, units))


def new_contact(world: LiveWorld, head: int) -> int:
    patience = world.lines[head].tolerance
    contact = Contact(head=head, patience=patience)
    contact.tolerance = float(_trait(world, head, "told", patience))
    contact.grace = float(_trait(world, head, "grace", 0.0))
    contact.forgives = int(_trait(world, head, "forgives", 0))
    world.contacts.append(contact)  # type: ignore[attr-defined]
    return len(world.contacts) - 1


def draw_gap(world: LiveWorld, head: int, k: int) -> float:
    gaps = _trait(world, head, "gaps", None)
    return NEVER if gaps is None else float(gaps[k])


def log_notice(world: LiveWorld, now: float, what: int, head: int, promise: float) -> None:
    world.notices.append(Notice(now, promise, what, head))


def note(world: LiveWorld, now: float, what: int, subject: int, stock: Stock, units: int) -> None:
    world.notes.append(
        Note(now, what, subject, stock.index, units, stock.on_hand, stock.on_order, stock.backlog)
    )


def no_note(
    world: LiveWorld, now: float, what: int, subject: int, stock: Stock, units: int
) -> None:
    pass


PORTS = {
    port.__name__: port
    for port in (
        *(schedule, new_purchase, draw_lead_time, draw_service, log_shipment, new_takeback, note),
        *(new_contact, draw_gap, log_notice, accepts_substitute, new_substitution),
        *(new_line, draw_lead_time_from, draw_service_from, draw_transfer_time, new_reroute),
        new_allotment,
        *(new_delivery, draw_fate, draw_fate_from),
    )
}


@lru_cache(maxsize=64)
def _kernel(key: Key, record: bool) -> Namespace:
    """The kernel linked with a choice of rules."""
    ports = PORTS if record else {**PORTS, "note": no_note}
    return link(key, ports)


class Live:
    """A running SimPy simulation, for processes beside the model (`extend`).

    `env` is the SimPy environment (`yield live.env.timeout(3)`); `world` holds the kernel's tables.
    """

    def __init__(self, model: Model, tape: Tape, record: bool = False) -> None:
        self.model, self.tape = model, tape
        self.env = Clock(model.ticks)
        self.setup = setup = set_up(model, tape=tape)
        self.handled = 0
        self._kernel = _kernel(setup.key, record)
        self._played = 0  # lines of the tape that have arrived
        self._customers_beside: dict[str, Beside] = {}
        self._beside: list[tuple[int, int, int]] = []
        """Orders beside those of the tape: lines played before, first line, number of lines."""
        # In a network the lines of sites come after those of the tape, as in the compiled engine.
        self._network = "NETWORK" in setup.switches
        self._clerk = Clerk(model, setup) if "DECIDES" in setup.switches else None
        self._lines: list[Line] = [Line()] * len(tape) if self._network else []
        self.world = LiveWorld(
            lines=self._lines,
            stocks=setup.stocks,
            classes=setup.classes,
            suppliers=setup.suppliers,
            purchases=setup.purchases,
            takebacks=[],
            deliveries=setup.deliveries,
            servers=[Server() for _ in range(setup.servers)],
            outages=setup.outages,
            announcements=[Announcement(*row) for row in setup.announcements.tolist()],
            options=setup.options,
            substitutions=[],
            totals=[Totals(customer_lines=len(tape), ticks=model.ticks, sites=len(model.sites))],
            forecasts=setup.forecasts,
            observations=[Observation() for _ in range(setup.observations)],
            params=setup.params,
            contacts=[],
            quantiles=setup.quantiles,
            nodes=setup.nodes,
            sources=setup.sources,
            components=setup.components,
            ancestors=setup.ancestors,
            requests=[],
            choices=setup.choices,
            places=setup.places,
            reroutes=[],
            desks=setup.desks,
            allotments=[],
            buyers=setup.buyers,
            clock=self.env,
            tape=tape,
            fire=self._fire(),
            rows=list(range(len(tape))) if self._network else [],
            beside={},
            shipments=[],
            notes=[],
            notices=[],
        )

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
        if self.world.classes[code].announced:  # known only now
            for line in order:
                stock = self.world.stocks[line.stock]
                self._kernel["become_known"](self.world, stock, line.units)
        self._beside.append((self._played, head, len(order)))
        self._lines += order
        self.world.beside[head] = traits
        self.world.rows += [NONE] * len(order)
        self.world.requests += [Request() for _ in order]  # type: ignore[operator]
        self.handled += 1
        self._kernel["handle"](self.world, ORDER, head, self.now)

    def purchase(self, product: str, units: int, site: str | None = None) -> None:
        """Order units from the stock point's supplier now, beside its reorder rule.

        Raises InputError.
        """
        stock = self.stock(product, site)
        self._kernel["purchase_units"](self.world, stock, _some(units), self.now)

    # -- how it runs -----------------------------------------------------------------------

    def run(self, extend: Sequence[Process] = ()) -> Log:
        """Run to the horizon; what is due at that moment is left out."""
        for time, kind, subject in self.setup.events:
            schedule(self.world, time, kind, subject, self.setup.level(kind, subject))
        for process in extend:
            self.env.process(process(self))
        self.env.process(self._customers())
        with _no_cyclic_garbage():
            self._advance()
        log = Log(
            records(Line, self.world.lines),
            records(Purchase, self.world.purchases),
            records(Delivery, self.world.deliveries),
            records(Shipment, self.world.shipments),
            records(Stock, self.world.stocks),
            records(Takeback, self.world.takebacks),
            records(Substitution, self.world.substitutions),
            records(Note, self.world.notes),
            records(Observation, self.world.observations),
            records(Contact, self.world.contacts),
            records(Notice, self.world.notices),
            self.handled,
            reroutes=records(Reroute, self.world.reroutes),
            classes=records(CustomerClass, self.world.classes),
            forecasts=records(Forecast, self.world.forecasts),
        )
        if not self._network:
            return log
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

    def _advance(self) -> None:
        horizon, queue, step = self.model.horizon, self.env._queue, self.env.step
        while queue and queue[0][0] < horizon:
            before = queue[0][0], self._played
            for _ in range(patience(len(self.world.stocks), self.world.totals[0].waiting)):
                step()
                if not queue or queue[0][0] >= horizon:
                    return
            check_events(self.model, self.handled)
            if before == (queue[0][0], self._played):
                raise self._stuck(queue[0][3])

    def _stuck(self, event: simpy.Event) -> InputError:
        """The error of a run in which no time passes; `event` is the next one."""
        if not isinstance(event, Due):
            return InputError(
                f"extend: a process beside the model goes on and on at time {self.now:g}, "
                "while no time passes: let it wait (live.env.timeout)"
            )

        def look(table: str, row: int, field: str) -> Any:
            return getattr(getattr(self.world, table)[row], field)

        return stuck(self.model, self.now, event.kind, event.subject, look)

    def _fire(self) -> Callable[[Any], None]:
        handle = self._kernel["handle"]

        def fire(event: Due) -> None:
            self.handled += 1
            handle(self.world, event.kind, event.subject, self.env._now)

        def fire_or_decide(event: Due) -> None:
            if event.kind == DECISION:
                self._decide(event.subject)
            fire(event)

        return fire_or_decide if self._clerk else fire

    def _decide(self, first: int) -> None:
        """Let a program decide over the lines that wait at a desk."""
        if self._clerk and self._kernel["needs_decision"](self.world, first):
            count = self.world.totals[0].allotments
            rows = records(Allotment, self.world.allotments[:count])
            self._clerk.allot(_Tables(self.world), first, rows, self.now)
            given = zip(rows["line"].tolist(), rows["units"].tolist(), strict=True)
            for row, (line, units) in zip(self.world.allotments, given, strict=False):
                row.line, row.units = line, units

    def _customers(self) -> Generator[simpy.Event, None, None]:
        """The customers, one after the other, as the tape says."""
        handle, world, lines, at = self._kernel["handle"], self.world, self._lines, self.env.at
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
                    rows_of.append(first)
                first += 1
            self.handled += 1
            self._played = first
            handle(world, ORDER, start, time)


class _Tables:
    """This engine's tables, for a decision."""

    def __init__(self, world: LiveWorld) -> None:
        self.world = world

    def rows(self, name: str, indices: Sequence[int]) -> Any:
        """Rows of a table as records."""
        table = getattr(self.world, name)
        return records(ENTITIES[name], [table[index] for index in indices])

    def pipeline(self, first: int) -> list[int]:
        """The purchases under way from one on, in order of their expected dates."""
        found = []
        while first != NONE:
            found.append(first)
            first = self.world.purchases[first].later
        return found


ENTITIES: dict[str, type] = {
    **{"lines": Line, "stocks": Stock, "purchases": Purchase, "deliveries": Delivery},
    **{"contacts": Contact, "desks": Desk},
}
"""The tables that a decision reads."""


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


@contextmanager
def _no_cyclic_garbage() -> Iterator[None]:
    """A run makes many objects and no cycles: collecting them again and again is waste."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def run(model: Model, tape: Tape, record: bool = False, extend: Sequence[Process] = ()) -> Log:
    """Play a tape against a model.  `record` keeps the event log; `extend` runs beside it."""
    return Live(model, tape, record).run(extend)
