"""The order lines of one demand entry: drawn at random, written out, or replayed from a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NEVER, TAPE_FIELDS, Line, dtype
from backsim.errors import InputError
from backsim.quantities import LARGEST_STOCK
from backsim.scenario.demand.arrivals import OnDates
from backsim.scenario.demand.lifetimes import UNSOLD, sold_as
from backsim.scenario.demand.patterns import Clock
from backsim.scenario.distributions.fields import Deterministic, Distribution
from backsim.scenario.model import Model
from backsim.scenario.schema import CustomerClass, OrderList, Process
from backsim.scenario.timeunit import hour_of
from backsim.scenario.workload import BYTES_A_LINE
from backsim.streams.changes import changed
from backsim.streams.generators import alias_of, pick
from backsim.streams.returns import returned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

TAPE = np.dtype([(name, dtype(Line)[name]) for name in TAPE_FIELDS])
"""A line as it stands on the tape."""

Columns = dict[str, "NDArray[Any]"]
"""The fields of `TAPE`, each a contiguous array; and those of `TRAITS` that a class needs."""


@dataclass
class DemandDraw:
    """One demand entry of a class, drawn.  Each of a customer's numbers has its own stream."""

    model: Model
    name: str
    customer: CustomerClass
    code: int
    index: int
    stream: Callable[[str], Callable[[], np.random.Generator]]

    def generator(self, what: str) -> np.random.Generator:
        """The generator of one kind of draw of this demand."""
        return self.stream(f"{what}/{self.name}/{self.index}")()

    def lines(self) -> Columns:
        """The order lines, in order of time."""
        demand = self.customer.demand[self.index]
        if isinstance(demand, Process):
            return self.process(demand)
        if isinstance(demand, OrderList):
            return self.written(demand)
        return self.trace()

    # -- orders at random ------------------------------------------------------------------

    def process(self, demand: Process) -> Columns:
        """Orders at random, or period by period."""
        times = self.arrivals(demand)
        counts = self.whole("lines", demand.lines, len(times), least=1)
        if demand.together and len(demand.products) > 1:
            counts = np.full(len(times), len(demand.products))
        total = len(times) if counts is None else int(counts.sum())
        order = None if counts is None else np.repeat(np.arange(len(times)), counts)
        sites = self.choose("site", demand.sites, self.model.sites, len(times))
        if demand.together:
            products = np.tile(_codes(list(demand.products), self.model.products), len(times))
        else:
            products = self.choose("product", demand.products, self.model.products, total)
        sites = sites if order is None or sites.ndim == 0 else sites[order]
        before, after = self.per_size
        scale = 1.0 if (before == 1).all() else before[products]
        units = self.whole("size", demand.size, total, 0, scale)
        units = self.in_units(units, after, products)
        columns = self.columns(times, order, total)
        products = self.sold(products, columns["time"])
        columns["stock"] = _full(self.stock_code(products, sites), total, "stock")
        columns["units"] = _full(1 if units is None else units, total, "units")
        keep = None if units is None or units.all() else units > 0
        return self.kept(columns, order, self.on_sale(products, keep))

    def sold(self, products: Any, times: Floats) -> Any:
        """What is ordered at some times in place of some products; UNSOLD for nothing."""
        if not self.model.has_lifetimes:
            return products
        return sold_as(self.model.scenario.products, products, times, self.model.on_grid)

    def on_sale(self, products: Any, keep: Any = None) -> Any:
        """Which lines there are, of those that some test would keep; None for all."""
        if not self.model.has_lifetimes:
            return keep
        found = products != UNSOLD
        return found if keep is None else found & keep

    def kept(self, columns: Columns, order: Any, keep: Any) -> Columns:
        """The lines of a mask (None: all), with their orders' firsts; drawn for all of them."""
        columns |= returned(self, columns) | changed(self, columns)
        if keep is not None:
            rows = np.flatnonzero(keep)
            wanted_at_once = columns["due"] is columns["time"]
            columns = {name: _of_rows(column, rows) for name, column in columns.items()}
            if wanted_at_once:  # and is known to be so, without looking at each
                columns["due"] = columns["time"]
            order = None if order is None else order[rows]
        columns["head"] = _first_of_each(order, len(columns["time"]))
        return columns

    def arrivals(self, demand: Process) -> Floats:
        """Times of the orders, increasing, before the horizon."""
        model, process = self.model, demand.arrivals
        if process.period:
            return model.moments(*process.period)
        if isinstance(process, OnDates):
            times = model.dates(process)
            return times[: np.searchsorted(times, model.horizon)]
        hour = hour_of(model.scenario.time_unit)
        clock = Clock.of(demand.pattern, model.horizon, model.scenario.start, hour)
        end = clock.operational(model.horizon)
        source = self.generator("arrivals")
        times = process.times(source, end, model.ticks, self.check_count)
        times = times[: np.searchsorted(times, end)]
        return times if clock.times is None else self.on_calendar(clock.calendar(times))

    def on_calendar(self, times: Floats) -> Floats:
        """Moments of the grid, before the horizon."""
        times = self.model.on_grid(times)
        return times[: np.searchsorted(times, self.model.horizon)]

    def check_count(self, count: int) -> None:
        """Raise InputError for more orders than there is memory for, where far fewer were due."""
        most = self.model.scenario.limits.memory * 1e9 / BYTES_A_LINE
        if count > most:
            raise InputError(
                f"customers.{self.name}.demand[{self.index}].arrivals: expected at most "
                f"{most:,.0f} orders within the horizon, drew more (times that vary less, a longer "
                "mean, a shorter `horizon`, or a higher `limits.memory`)"
            )

    def whole(
        self, what: str, distribution: Distribution, count: int, least: int, scale: Any = 1.0
    ) -> Any:
        """Rounded values, each times `scale`; None when each is 1."""
        if isinstance(distribution, Deterministic) and np.ndim(scale) == 0:
            value = max(least, round(distribution.value * scale))
            return None if value == 1 else np.full(count, value)
        values = distribution.sample(self.generator(what), count)
        values = np.rint(values if np.ndim(scale) == 0 and scale == 1 else values * scale)
        if count and values.max() > LARGEST_STOCK:
            raise InputError(
                f"customers.{self.name}.demand[{self.index}].{what}: expected at most "
                f"{LARGEST_STOCK:,.0f} units, drew {values.max():,.0f}"
            )
        return np.maximum(values, least, out=values).astype(np.int64)

    @cached_property
    def per_size(self) -> tuple[Floats, Integers]:
        """What sizes of each product are multiplied by before they are rounded, and after."""
        each = [product.per_size for product in self.model.scenario.products.values()]
        before, after = zip(*each, strict=True)
        return np.array(before), np.array(after)

    def in_units(self, packs: Any, pack: Integers, products: Any) -> Any:
        """Units of lines whose sizes are packs of their products."""
        if pack.max() == 1:
            return packs
        units = pack[products] * (1 if packs is None else packs)
        if units.size and units.max() > LARGEST_STOCK:
            raise InputError(
                f"customers.{self.name}.demand[{self.index}].size: expected packs of at most "
                f"{LARGEST_STOCK:,.0f} units together, drew {units.max():,.0f}"
            )
        return units

    def choose(self, what: str, weights: Any, names: tuple[str, ...], count: int) -> Any:
        """Codes of names drawn with weights; one code when there is nothing to choose."""
        key = "choice", self.name, self.index, what
        if key not in self.model.kept:
            self.model.kept[key] = _codes(list(weights), names), alias_of(list(weights.values()))
        codes, alias = self.model.kept[key]
        if len(codes) == 1:
            return codes[0]
        return codes.take(pick(alias, self.generator(what).random(count)))

    # -- orders as they were ---------------------------------------------------------------

    def written(self, demand: OrderList) -> Columns:
        """Orders written out in the scenario."""
        times = self.model.on_grid(np.array([order.time for order in demand.orders]))
        first_come = np.argsort(times, kind="stable").tolist()
        orders = [(float(times[place]), demand.orders[place]) for place in first_come]
        rows = [
            (time, product, order.site or self.model.sites[0], units, number)
            for number, (time, order) in enumerate(orders)
            if time < self.model.horizon
            for product, units in order.lines.items()
        ]
        if not rows:
            return self.none()
        time, product, site, units, number = map(np.array, zip(*rows, strict=True))
        return self.replay(time, self.codes(product, site), units, number)

    def trace(self) -> Columns:
        """Orders of a file, before the horizon."""
        trace = self.model.traces[self.name, self.index]
        times = self.model.on_grid(trace.time)
        last = int(np.searchsorted(times, self.model.horizon))
        if not last:
            return self.none()
        key = "codes of a trace's lines", self.name, self.index
        if key not in self.model.kept:  # they are the same in every replication
            site = np.where(trace.site == "", self.model.sites[0], trace.site)
            self.model.kept[key] = self.codes(trace.product[:last], site[:last])
        codes = self.model.kept[key]
        return self.replay(times[:last], codes, trace.units[:last], trace.order[:last])

    def codes(self, product: Any, site: Any) -> tuple[Integers, Integers]:
        """The product and the site of each line, by number."""
        return _codes(product, self.model.products), _codes(site, self.model.sites)

    def replay(self, time: Any, codes: Any, units: Any, number: Any) -> Columns:
        """Lines from their columns; those with the same number are one order's."""
        starts = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
        order = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(number)]))
        columns = self.columns(time[starts].astype(float), order, len(time))
        products = self.sold(codes[0], columns["time"])
        stock = self.stock_code(products, codes[1])
        columns["stock"] = _full(stock, len(time), "stock")
        columns["units"] = _full(units, len(time), "units")
        return self.kept(columns, order, self.on_sale(products))

    def none(self) -> Columns:
        """No lines."""
        return {name: np.empty(0, TAPE[name]) for name in TAPE_FIELDS}

    # -- what all have ---------------------------------------------------------------------

    def columns(self, times: Floats, order: Any, total: int) -> Columns:
        """Time, due date, tolerance and class of each order, on each of its lines."""

        def spread(values: Any) -> Any:
            return values if order is None or np.ndim(values) == 0 else values[order]

        due = self.customer.due_in
        time = spread(times)
        if isinstance(due, Deterministic):
            due_time = time if due.value == 0 else self.model.on_grid(time + due.value)
        else:
            wait = np.maximum(due.sample(self.generator("due"), len(times)), 0.0)
            due_time = spread(self.model.on_grid(times + wait))
        traits = self.traits(len(times))
        return {
            "time": time,
            "due": due_time,
            "tolerance": _full(spread(self.tolerance(len(times))), total, "tolerance"),
            "customer_class": _full(self.code, total, "customer_class"),
            **{name: spread(values) for name, values in traits.items()},
        }

    def traits(self, count: int) -> Columns:
        """What customers bring along, as far as they differ from the defaults of `Contact`.

        A row an order; see `TRAITS` and `WAYS`.
        """
        informed, inquiries = self.customer.informed, self.customer.inquiries
        found: Columns = {}
        if informed.tolerance is not None:
            found["told"] = self.days("informed.tolerance", informed.tolerance, count)
        if informed.grace != Deterministic(value=0.0):
            found["grace"] = self.days("informed.grace", informed.grace, count)
        if informed.broken.leaves < 1:
            found["forgives"] = self.forgives(informed.broken.leaves, count)
        if not isinstance(self.customer.announced, Deterministic):
            found["announced"] = self.days("announced", self.customer.announced, count)
        if takes := self.takes_substitute(count):
            found["accepts"] = takes[0]
        if self.customer.goodwill is not None:
            found["regard"] = self.generator("goodwill").random(count)
        for name, days in self.customer.delivery.drawn.items():
            found[name] = self.days(f"delivery.{name}", days, count)
        if inquiries is not None:
            shape = (count, inquiries.at_most)
            found["gaps"] = self.generator("inquiries").standard_exponential(shape)
        return found

    def takes_substitute(self, count: int) -> list[NDArray[np.int32]]:
        """Whether each customer takes a substitute; nothing if none does, or none is offered."""
        share = self.customer.takes_substitute
        if not share or not any(p.substitutes for p in self.model.scenario.products.values()):
            return []
        if share == 1:
            return [np.ones(count, np.int32)]
        drawn = self.generator("substitute").random(count) < share
        return [drawn.astype(np.int32)]

    def days(self, what: str, given: Distribution | str, count: int) -> Floats:
        """Days drawn for each customer, or a word for them."""
        if isinstance(given, str):
            return np.full(count, NEVER if given == "unlimited" else 0.0)
        days = np.maximum(given.sample(self.generator(what), count), 0.0)
        return np.asarray(self.model.on_grid(days))

    def forgives(self, leaves: float, count: int) -> NDArray[np.int32]:
        """Broken promises that each customer forgives, leaving with a probability at each."""
        most = np.iinfo(np.int32).max
        if leaves == 0:
            return np.full(count, most, np.int32)
        times = self.generator("informed.broken").geometric(leaves, count) - 1
        return np.minimum(times, most).astype(np.int32)

    def tolerance(self, count: int) -> Any:
        """Days that each customer waits; one number for all when it is the same."""
        tolerance, share = self.customer.tolerance, self.customer.backorder_share
        values: Any
        if isinstance(tolerance, str):
            values = NEVER if tolerance == "unlimited" else 0.0
        else:
            values = self.days("tolerance", tolerance, count)
        if share < 1:
            stays = self.generator("backorder_share").random(count) < share
            values = np.where(stays, values, 0.0)
        return values

    def stock_code(self, products: Any, sites: Any) -> Any:
        """Index of the stock point of each product and site; -1 where there is none."""
        if "stock codes" not in self.model.kept:
            self.model.kept["stock codes"] = self._stock_codes()
        # take() needs a third of the time of two indices.
        return self.model.kept["stock codes"].take(products * len(self.model.sites) + sites)

    def _stock_codes(self) -> Integers:
        codes = np.full((len(self.model.products), len(self.model.sites)), -1)
        products = {name: i for i, name in enumerate(self.model.products)}
        sites = {name: i for i, name in enumerate(self.model.sites)}
        for code, (product, site) in enumerate(self.model.stock_points):
            codes[products[product], sites[site]] = code
        return codes.ravel()


def _full(values: Any, count: int, name: str) -> NDArray[Any]:
    """A column of the tape: one value for all, which is kept once (`is_one_value`), or one each."""
    if np.ndim(values) == 0:
        return np.broadcast_to(np.asarray(values, TAPE[name]), (count,))
    return np.asarray(values, TAPE[name])


def is_one_value(column: NDArray[Any]) -> bool:
    """Whether one value stands for all lines."""
    return column.ndim == 1 and column.strides == (0,)


def _of_rows(column: NDArray[Any], rows: Integers) -> NDArray[Any]:
    """A column of some of the lines."""
    if is_one_value(column):
        return np.broadcast_to(column[:1], len(rows))
    return column.take(rows, axis=0)


def _first_of_each(order: Any, count: int) -> NDArray[Any]:
    """For each line the index of its order's first line; `order` does not decrease, None counts."""
    if order is None or not count:
        return np.arange(count, dtype=TAPE["head"])
    starts = np.flatnonzero(np.r_[True, order[1:] != order[:-1]])
    return np.repeat(starts, np.diff(np.r_[starts, len(order)])).astype(TAPE["head"])


def _codes(values: Any, names: tuple[str, ...]) -> Integers:
    sorter = np.argsort(names)
    return np.asarray(sorter[np.searchsorted(np.array(names)[sorter], values)])
