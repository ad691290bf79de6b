"""Named random streams, and the tape: everything random in a replication, drawn beforehand.

The only module with a generator.  A stream's numbers depend on the seed, the replication and the
stream's name, and on nothing else: not on the policy, and not on which other streams there are.
So every policy can be played against the same world, and a new class shifts no other's numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NEVER, TAPE_FIELDS, Line, dtype
from backsim.errors import InputError
from backsim.quantities import LARGEST_STOCK
from backsim.scenario.distributions import Deterministic, Distribution
from backsim.scenario.model import Model
from backsim.scenario.rates import Clock
from backsim.scenario.schema import (
    CustomerClass,
    OrderList,
    PeriodArrivals,
    PoissonArrivals,
    Process,
    Servers,
    Throughput,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

TAPE = np.dtype([(name, dtype(Line)[name]) for name in TAPE_FIELDS])
"""A line as it stands on the tape."""

Columns = dict[str, "NDArray[Any]"]
"""The fields of `TAPE`, each a contiguous array."""

CHUNK = 16_384
"""Arrivals are drawn in chunks until the horizon is passed."""


def generator(seed: int, replication: int, name: str) -> np.random.Generator:
    """The generator of one named stream."""
    digest = hashlib.sha256(name.encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8, 12)]
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, *words))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def fresh_seed() -> int:
    """A seed from the operating system's entropy."""
    return int(np.random.SeedSequence().generate_state(1)[0])


@dataclass
class Draws:
    """An endless stream of one distribution: value k is the same however many are asked for."""

    distribution: Distribution
    source: Callable[[], np.random.Generator]
    values: Floats = field(default_factory=lambda: np.empty(0))
    lock: Any = field(default_factory=Lock, repr=False, compare=False)

    def first(self, count: int) -> Floats:
        """At least `count` values from the start of the stream, each 0 or more."""
        if count > len(self.values):
            with self.lock:
                more = max(count - len(self.values), len(self.values))
                if count > len(self.values):  # no other thread has grown it meanwhile
                    self.values = np.concatenate([self.values, np.maximum(self._next(more), 0.0)])
        return self.values

    def _next(self, count: int) -> Floats:
        if isinstance(self.distribution, Deterministic):
            return np.full(count, self.distribution.value)  # needs no generator
        return self.distribution.draw(self._generator, count)

    @cached_property
    def _generator(self) -> np.random.Generator:
        return self.source()


@dataclass(frozen=True)
class Tape:
    """A replication's random world.

    `columns` hold the order lines in order of time, a contiguous array for each field of `TAPE`, an
    order's lines together; `lead_times` and `services` hold a stream for each stock point, whose
    k-th value belongs to its k-th purchase.  The streams grow as runs need them, also in several
    threads.
    """

    seed: int
    replication: int
    columns: Columns
    lead_times: tuple[Draws, ...]
    services: tuple[Draws, ...]
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


def draw(model: Model, seed: int, replication: int = 0) -> Tape:
    """Draw the tape of one replication."""

    def stream(name: str) -> Callable[[], np.random.Generator]:
        return lambda: generator(seed, replication, name)

    parts = [
        part
        for code, (name, customer) in enumerate(model.scenario.customers.items())
        for index in range(len(customer.demand))
        if len((part := _Demand(model, name, customer, code, index, stream).lines())["time"])
    ]
    lead_times, services = [], []
    for point, (product, site) in zip(model.scenario.stock, model.stock_points, strict=True):
        place = f"{_spell(product)}@{_spell(site)}"
        assert point.lead_time is not None
        lead_times.append(Draws(point.lead_time, stream(f"lead_time/{place}")))
        capacity = model.supplier_of(point).capacity
        service: Distribution = Deterministic(value=0.0)
        if isinstance(capacity, Servers):
            service = capacity.service
        elif isinstance(capacity, Throughput):
            service = Deterministic(value=1.0 / capacity.units_per_day)
        services.append(Draws(service, stream(f"service/{place}")))
    columns, single = _merge(parts)
    return Tape(seed, replication, columns, tuple(lead_times), tuple(services), single)


def _spell(name: str) -> str:
    """A name without the sign that stands between names in a stream's name."""
    return name.replace("%", "%25").replace("@", "%40")


def _merge(parts: list[Columns]) -> tuple[Columns, bool]:
    """All lines in order of time, ties in the order of the parts, and whether orders are single.

    `head` becomes an index into the merged lines.
    """
    if not parts:
        return {name: np.empty(0, TAPE[name]) for name in TAPE_FIELDS}, True
    single = all(_is_count(part["head"]) for part in parts)
    if len(parts) == 1:
        return parts[0], single
    starts = np.cumsum([0] + [len(part["time"]) for part in parts[:-1]])
    time = np.concatenate([part["time"] for part in parts])
    order = np.argsort(time, kind="stable")
    columns = {"time": time[order]}
    for name in TAPE_FIELDS:
        if name == "due" and all(part["due"] is part["time"] for part in parts):
            columns["due"] = columns["time"]
        elif name not in ("time", "head"):
            columns[name] = np.concatenate([part[name] for part in parts])[order]
    if single:
        columns["head"] = np.arange(len(order), dtype=TAPE["head"])
    else:
        place = np.empty(len(order), TAPE["head"])
        place[order] = np.arange(len(order))
        heads = [part["head"] + start for part, start in zip(parts, starts, strict=True)]
        columns["head"] = place[np.concatenate(heads)[order]]
    return columns, single


def _is_count(values: NDArray[Any]) -> bool:
    return len(values) == 0 or bool(values[-1] == len(values) - 1)


@dataclass
class _Demand:
    """One demand entry of a class, drawn.  Each of a customer's numbers has its own stream."""

    model: Model
    name: str
    customer: CustomerClass
    code: int
    index: int
    stream: Callable[[str], Callable[[], np.random.Generator]]

    def generator(self, what: str) -> np.random.Generator:
        return self.stream(f"{what}/{self.name}/{self.index}")()

    def lines(self) -> Columns:
        demand = self.customer.demand[self.index]
        if isinstance(demand, Process):
            return self.process(demand)
        if isinstance(demand, OrderList):
            return self.written(demand)
        return self.trace()

    # -- orders at random ------------------------------------------------------------------

    def process(self, demand: Process) -> Columns:
        times = self.arrivals(demand)
        counts = self.whole("lines", demand.lines, len(times), least=1)
        total = len(times) if counts is None else int(counts.sum())
        order = None if counts is None else np.repeat(np.arange(len(times)), counts)
        sites = self.choose("site", demand.sites, self.model.sites, len(times))
        products = self.choose("product", demand.products, self.model.products, total)
        sites = sites if order is None or sites.ndim == 0 else sites[order]
        units = self.whole("size", demand.size, total, least=0)
        columns = self.columns(times, order, total)
        columns["stock"] = _full(self.stock_codes[products, sites], total, "stock")
        columns["units"] = _full(1 if units is None else units, total, "units")
        if units is not None and not units.all():
            keep = units > 0
            columns = {name: column[keep] for name, column in columns.items()}
            order = (np.arange(total) if order is None else order)[keep]
        columns["head"] = _first_of_each(order, len(columns["time"]))
        return columns

    def arrivals(self, demand: Process) -> Floats:
        """Times of the orders, increasing, up to the horizon."""
        horizon = self.model.horizon
        if isinstance(demand.arrivals, PeriodArrivals):
            period = demand.arrivals.period
            count = int(np.floor((horizon - period.first) / period.every)) + 1
            regular: Floats = period.first + period.every * np.arange(max(0, count), dtype=float)
            return regular[regular <= horizon]
        clock = Clock.of(demand.pattern, horizon, self.model.scenario.start)
        end = clock.operational(horizon)
        if isinstance(demand.arrivals, PoissonArrivals):
            rate = demand.arrivals.poisson.rate
            source = self.generator("arrivals")
            first = int(end * rate + 4 * np.sqrt(end * rate)) + 16
            gaps = (source.standard_exponential(n) / rate for n in _counts(first))
        else:
            interval = demand.arrivals.renewal.interval
            source = self.generator("arrivals")
            first = int(end / interval.moments()[0] * 1.05) + 16
            gaps = (np.maximum(interval.draw(source, n), 0.0) for n in _counts(first))
        pieces: list[Floats] = []
        last = 0.0
        for gap in gaps:
            times = np.cumsum(gap, out=gap)
            times += last
            last = float(times[-1])
            pieces.append(times)
            if last > end:
                break
        times = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        return clock.calendar(times[: np.searchsorted(times, end, "right")])

    def whole(self, what: str, distribution: Distribution, count: int, least: int) -> Any:
        """Rounded values; None when each is 1."""
        if isinstance(distribution, Deterministic):
            value = max(least, round(distribution.value))
            return None if value == 1 else np.full(count, value)
        values = np.rint(distribution.draw(self.generator(what), count))
        if count and values.max() > LARGEST_STOCK:
            raise InputError(
                f"customers.{self.name}.demand[{self.index}].{what}: expected at most "
                f"{LARGEST_STOCK:,.0f} units, drew {values.max():,.0f}"
            )
        return np.maximum(values, least).astype(np.int64)

    def choose(self, what: str, weights: Any, names: tuple[str, ...], count: int) -> Any:
        """Codes of names drawn with weights; one code when there is nothing to choose."""
        codes = np.array([names.index(name) for name in weights])
        if len(codes) == 1:
            return codes[0]
        return codes[_pick(list(weights.values()), self.generator(what).random(count))]

    # -- orders as they were ---------------------------------------------------------------

    def written(self, demand: OrderList) -> Columns:
        orders = sorted(enumerate(demand.orders), key=lambda item: (item[1].time, item[0]))
        rows = [
            (order.time, product, order.site or self.model.sites[0], units, number)
            for number, (_, order) in enumerate(orders)
            if order.time <= self.model.horizon
            for product, units in order.lines.items()
        ]
        if not rows:
            return self.none()
        time, product, site, units, number = (
            np.array(column) for column in zip(*rows, strict=True)
        )
        return self.replay(time, product, site, units, number)

    def trace(self) -> Columns:
        trace = self.model.traces[self.name, self.index]
        last = int(np.searchsorted(trace.time, self.model.horizon, "right"))
        site = np.where(trace.site == "", self.model.sites[0], trace.site)
        if not last:
            return self.none()
        return self.replay(
            trace.time[:last],
            trace.product[:last],
            site[:last],
            trace.units[:last],
            trace.order[:last],
        )

    def replay(self, time: Any, product: Any, site: Any, units: Any, number: Any) -> Columns:
        starts = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
        order = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(number)]))
        columns = self.columns(time[starts].astype(float), order, len(time))
        products = _codes(product, self.model.products)
        stock = self.stock_codes[products, _codes(site, self.model.sites)]
        columns["stock"] = _full(stock, len(time), "stock")
        columns["units"] = _full(units, len(time), "units")
        columns["head"] = _first_of_each(order, len(time))
        return columns

    def none(self) -> Columns:
        return {name: np.empty(0, TAPE[name]) for name in TAPE_FIELDS}

    # -- what all have ---------------------------------------------------------------------

    def columns(self, times: Floats, order: Any, total: int) -> Columns:
        """Time, due date, tolerance and class of each order, on each of its lines."""

        def spread(values: Any) -> Any:
            return values if order is None or np.ndim(values) == 0 else values[order]

        due = self.customer.due_in
        time = spread(times)
        if isinstance(due, Deterministic):
            due_time = time if due.value == 0 else time + due.value
        else:
            wait = np.maximum(due.draw(self.generator("due"), len(times)), 0.0)
            due_time = spread(times + wait)
        return {
            "time": time,
            "due": due_time,
            "tolerance": _full(spread(self.tolerance(len(times))), total, "tolerance"),
            "customer_class": np.full(total, self.code, TAPE["customer_class"]),
        }

    def tolerance(self, count: int) -> Any:
        tolerance, share = self.customer.tolerance, self.customer.backorder_share
        values: Any
        if isinstance(tolerance, str):
            values = NEVER if tolerance == "unlimited" else 0.0
        else:
            values = np.maximum(tolerance.draw(self.generator("tolerance"), count), 0.0)
        if share < 1:
            stays = self.generator("backorder_share").random(count) < share
            values = np.where(stays, values, 0.0)
        return values

    @cached_property
    def stock_codes(self) -> Integers:
        """Index of the stock point, by product and site; -1 where there is none."""
        codes = np.full((len(self.model.products), len(self.model.sites)), -1)
        products = {name: i for i, name in enumerate(self.model.products)}
        sites = {name: i for i, name in enumerate(self.model.sites)}
        for code, (product, site) in enumerate(self.model.stock_points):
            codes[products[product], sites[site]] = code
        return codes


def _pick(weights: list[float], uniform: Floats) -> Integers:
    """Indices with probabilities proportional to the weights, from a uniform number each.

    The alias method: a constant time for any number of weights.  Source: Vose, IEEE Transactions on
    Software Engineering 17 (1991) 972-975.
    """
    count = len(weights)
    share = np.array(weights) * (count / sum(weights))
    other = np.arange(count)
    small = [i for i in range(count) if share[i] < 1]
    large = [i for i in range(count) if share[i] >= 1]
    while small and large:
        low, high = small.pop(), large[-1]
        other[low] = high
        share[high] -= 1 - share[low]
        if share[high] < 1:
            small.append(large.pop())
    share[small + large] = 1.0
    uniform = uniform * count
    place = uniform.astype(np.int64)
    uniform -= place
    return np.where(uniform < share[place], place, other[place])


def _counts(first: int) -> Any:
    """How many arrivals to draw at a time: about as many as are needed, then a few more."""
    yield first
    while True:
        yield CHUNK


def _full(values: Any, count: int, name: str) -> NDArray[Any]:
    """A column of the tape: one value for all, or a value each."""
    if np.ndim(values) == 0:
        return np.full(count, values, TAPE[name])
    return np.asarray(values, TAPE[name])


def _first_of_each(order: Any, count: int) -> NDArray[Any]:
    """For each line the index of its order's first line; `order` does not decrease, None counts."""
    if order is None or not count:
        return np.arange(count, dtype=TAPE["head"])
    starts = np.flatnonzero(np.r_[True, order[1:] != order[:-1]])
    return np.repeat(starts, np.diff(np.r_[starts, len(order)])).astype(TAPE["head"])


def _codes(values: Any, names: tuple[str, ...]) -> Integers:
    sorter = np.argsort(names)
    return np.asarray(sorter[np.searchsorted(np.array(names)[sorter], values)])
