"""The sums of a run that its metrics are made of.

Flow metrics count the orders placed in [warm-up, horizon) and what has become of them by the
horizon; time averages run over [warm-up, horizon].  Nothing happens at the horizon itself.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.engines.log import Columns, Log
from backsim.entities import CANCELLED, LOST
from backsim.errors import InputError
from backsim.results.metrics.registry import METRICS, Metric
from backsim.results.products_units import common_units
from backsim.scenario.counting.units import is_fine
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

More = TypeVar("More")

FEW_GROUPS = 4
"""Groups of lines that are counted faster one by one."""


PAIRED = 8
"""Numbers from which on numpy adds up pairs of them first."""


class Sums:
    """Sums by customer class and stock point, and how they fold into views.

    Arrays are of shape (classes, stock points) for what customers do, (stock points,) for the rest,
    and (views,) once folded.  A view is a (dimension, member): overall, then each class, product,
    site and group of products.  Every sum is made when it is first asked for, whichever metric
    asks.
    """

    def __init__(self, model: Model, log: Log, by_place: bool = True) -> None:
        """`by_place`: views of products, sites and groups, too, or only overall and by class."""
        self.model, self.log = model, log
        self.fine = is_fine(model.scenario.products)
        self.shape = len(model.classes), len(model.stock_points)
        self.days = model.horizon - model.warm_up
        self.views = views_of(model)[: None if by_place else 1 + len(model.classes)]
        self.product: Any = log.stocks["product"]
        self.site: Any = log.stocks["site"]
        self.places = tuple(places_of(model, self.product, self.site)) if by_place else ()
        self.time, self.units = log.column("time"), log.column("units")
        self.first = int(np.searchsorted(self.time, model.warm_up))
        self.group = self.groups(log.column("stock"), log.column("customer_class"))
        self._made: dict[Callable[[Sums], Any], Any] = {}
        self._metrics: dict[str, Floats] = {}

    def __getitem__(self, metric: str) -> Floats:
        """The values of a metric, by view; reckoned once, and read only, as others go by them.

        Raises KeyError if there is none.
        """
        if metric not in self._metrics:
            one = METRICS[metric]
            found = self._in_units(one) if self.fine else _values_of(one, self)
            found.flags.writeable = False
            self._metrics[metric] = found
        return self._metrics[metric]

    def _in_units(self, one: Metric) -> Any:
        """A metric in the units of products that are counted in smaller ones.

        Money is reckoned in these; all else adds up units that are alike.
        """
        if one.at_prices or one.unit in ("money", "money per day"):
            return _values_of(one, self)
        alike, unit = self.of(_Alike), self.of(_Alike).unit
        if one.unit == "money per unit":
            return _values_of(one, self) * self.all_shipped / (unit * alike.all_shipped)
        return alike[one.name] * (unit if one.unit.startswith("units") else 1.0)

    def of(self, kind: Callable[[Sums], More]) -> More:
        """More sums of some kind, `kind(self)`; made once.

        They do not keep these sums, so that a run's memory is free at once when it is done with.
        """
        if kind not in self._made:
            self._made[kind] = kind(weakref.proxy(self))
        found: More = self._made[kind]
        return found

    # -- how to sum and fold ---------------------------------------------------------------

    def groups(self, stock: Any, customer_class: Any) -> Any:
        """The number of each line's class and stock point."""
        if self.shape[0] == 1:
            return stock
        return customer_class if self.shape[1] == 1 else customer_class * self.shape[1] + stock

    def total(self, group: Any, weights: Any = None) -> Floats:
        """Sums over lines given by their `group`, shape (classes, stock points)."""
        size = self.shape[0] * self.shape[1]
        if weights is None and size <= FEW_GROUPS:
            found = np.array([np.count_nonzero(group == number) for number in range(size)])
        elif size == 1 and weights.dtype.kind == "i":
            found = np.array([weights.sum(dtype=np.int64)])
        else:
            found = np.bincount(group, weights, size)
        return found.astype(float).reshape(self.shape)

    def fold(self, values: Floats) -> Floats:
        """Sums over all, each class, each product, site and group; shape (views,)."""
        if self.shape[1] == 1 and self.shape[0] < PAIRED:
            total = values.sum()
            return self._by_view(total, values[:, 0], total)
        return self._by_view(values.sum(), values.sum(axis=1), values.sum(axis=0))

    def fold_stock(self, values: Any, mean: bool = False) -> Floats:
        """Sums (or means) over stock points; nothing by class."""
        values = np.asarray(values, float)
        found = self._by_view(values.sum(), np.nan, values)
        return found / self._stock_points if mean else found

    def _by_view(self, total: Any, by_class: Any, by_stock: Any) -> Floats:
        found, first = np.empty(len(self.views)), 1 + self.shape[0]
        found[0], found[1:first] = total, by_class
        if self.shape[1] == 1 and self.places:
            found[first:] = np.where(self._of_the_only, by_stock, 0.0)
            return found
        for code, size in self.places:
            found[first : first + size] = np.bincount(code, by_stock, size + 1)[:size]
            first += size
        return found

    @cached_property
    def _of_the_only(self) -> Any:
        """Of the views of places, which are those of the only stock point."""
        return np.concatenate([np.arange(size) == code[0] for code, size in self.places])

    @cached_property
    def _stock_points(self) -> Floats:
        """How many stock points there are, by view."""
        return self.fold_stock(np.ones(self.shape[1]))

    def per_ordered(self, units: Floats) -> Floats:
        """Units of some kind / units ordered, by view."""
        return self.fold(units) / self.all_ordered

    @cached_property
    def nothing(self) -> Floats:
        """What has no meaning in this run: nan in every view."""
        return np.full(len(self.views), np.nan)

    # -- what customers ordered and what became of it --------------------------------------

    @cached_property
    def later(self) -> Any:
        """Indices of the lines that count and were not filled at once."""
        return self.log.later[np.searchsorted(self.log.later, self.first) :]

    @cached_property
    def rest(self) -> Any:
        """Their fields."""
        return self.log.rest.since(len(self.log.later) - len(self.later))

    @cached_property
    def lines(self) -> Floats:
        """Lines ordered."""
        return self.total(self.group[self.first :])

    @cached_property
    def ordered(self) -> Floats:
        """Units ordered."""
        units = self.units[self.first :]
        return self.lines if (units == 1).all() else self.total(self.group[self.first :], units)

    @cached_property
    def missing(self) -> Floats:
        """Units not shipped at the moment of ordering."""
        return self._of_rest(self.rest["units"] - self.rest["filled"])

    @cached_property
    def cancelled(self) -> Floats:
        """Units cancelled while they waited, with those that were no longer wanted."""
        whole = np.where(self.rest["status"] == CANCELLED, self.rest["left"] - self.reduced, 0)
        return self._of_rest(whole + self.reduced)

    @cached_property
    def reduced(self) -> Any:
        """Units that waiting customers no longer wanted, for the lines of `rest`."""
        return self.log.reduced[len(self.log.later) - len(self.later) :]

    @cached_property
    def lost(self) -> Floats:
        """Units lost at once."""
        return self._of_rest(np.where(self.rest["status"] == LOST, self.rest["left"], 0))

    @cached_property
    def shipped(self) -> Floats:
        """Units shipped, of those ordered."""
        return self.ordered - self._of_rest(self.rest["units"] - self.rest["shipped"])

    @cached_property
    def later_group(self) -> Any:
        """The class and stock point of each line that could not be shipped whole at once."""
        return self.group[self.later]

    def _of_rest(self, units: Any) -> Floats:
        return self.total(self.later_group, units)

    @cached_property
    def all_ordered(self) -> Floats:
        """Units ordered, by view."""
        return self.fold(self.ordered)

    @cached_property
    def all_shipped(self) -> Floats:
        """Units shipped, of those ordered, by view."""
        return self.fold(self.shipped)

    # -- waiting ---------------------------------------------------------------------------

    @cached_property
    def left(self) -> Floats:
        """Units that were not shipped and never will be: cancelled, lost, or substituted."""
        return self._of_rest(self.rest["left"])

    @cached_property
    def open(self) -> Floats:
        """Units that still wait at the horizon."""
        return self._of_rest(self.rest["units"] - self.rest["shipped"] - self.rest["left"])

    @cached_property
    def _shipped_later(self) -> Columns:
        """All that was shipped later, in order of time.

        In addition to its own fields: `since`, when it was ordered, `days` from then, and `group`.
        """
        rows, group, on_grid = self.log.shipped_later, self.group, self.model.on_grid
        since = self.time[rows["line"]]

        def read(name: str) -> Any:
            if name == "since":
                return since
            if name == "days":
                return on_grid(rows["time"] - since)
            return group[rows["line"]] if name == "group" else rows[name]

        return Columns(read, len(rows))

    @cached_property
    def shipments(self) -> Columns:
        """What was shipped later, of the lines that count."""
        return self._shipped_later.compress(self._shipped_later["line"] >= self.first)

    @cached_property
    def same_instant(self) -> Floats:
        """Units not in stock that came in the very instant of ordering: nobody waited for them."""
        now = np.flatnonzero(self.shipments["time"] == self.shipments["since"])
        return self.total(self.shipments["group"][now], self.shipments["units"][now])

    @cached_property
    def _not_shipped(self) -> tuple[Any, Any, Any, Any, Any]:
        """(ordered, closed, units, those that did not leave, group) of what was not shipped."""
        unshipped = self.log.rest["shipped"] != self.log.rest["units"]
        rest, log = self.log.rest.compress(unshipped), self.log
        units = rest["units"] - rest["shipped"]
        found = rest["time"], rest["closed"], units, units - rest["left"]
        group = self.group[log.later[unshipped]]
        if not len(log.reductions):
            return *found, group
        line, nobody = log.reductions["line"], np.zeros(len(log.reductions), np.int64)
        early = self.time[line], log.reductions["time"], log.reductions["units"], nobody
        rows = found[0], found[1], units - log.reduced[unshipped], found[3]
        both = (np.concatenate(pair) for pair in zip(rows, early, strict=True))
        return *both, np.r_[group, self.group[line]]

    def waiting(self, start: float, end: float) -> tuple[Floats, Floats]:
        """Unit-days of waiting in a span that ends by the horizon.

        (Of all units, of those that were shipped later or still wait at the horizon.)
        """

        def within(since: Any, until: Any) -> Any:
            return until.clip(start, end) - since.clip(start, end)

        shipped, rows = self._shipped_later, self._rows_within(start, end)
        days = within(shipped["since"][rows], shipped["time"][rows])
        total = self.total(shipped["group"][rows], shipped["units"][rows] * days)
        ordered, closed, units, stayed, group = self._not_shipped
        days = within(ordered, closed)
        return total + self.total(group, units * days), total + self.total(group, stayed * days)

    def _rows_within(self, start: float, end: float) -> slice:
        """Where all is that was shipped later and waited in a span."""
        times = self._shipped_later["time"]
        first, last = np.searchsorted(times, (start, end), "right")
        waited = np.flatnonzero(self._shipped_later["since"][last:] < end)
        return slice(int(first), int(last + waited[-1] + 1 if len(waited) else last))

    @cached_property
    def _waiting(self) -> tuple[Floats, Floats]:
        return self.waiting(self.model.warm_up, self.model.horizon)

    @cached_property
    def backlog(self) -> Floats:
        """Units that customers wait for, time average over the window."""
        return self._waiting[0] / self.days

    @cached_property
    def served_backlog(self) -> Floats:
        """The part of it that was shipped later, or still waits at the horizon."""
        return self._waiting[1] / self.days


class _Alike(Sums):
    """The sums of a log in which the units of all products are alike: `unit` of their own."""

    def __init__(self, sums: Sums) -> None:
        log, self.unit = common_units(sums.model, sums.log)
        super().__init__(sums.model, log, bool(sums.places))
        self.fine = False


def views_of(model: Model) -> tuple[tuple[str, str], ...]:
    """(dimension, member) of each value of a metric: overall, then each class, product, site."""
    return (
        ("", ""),
        *(("class", name) for name in model.classes),
        *(("product", name) for name in model.products),
        *(("site", name) for name in model.sites),
        *(("group", name) for name in model.groups),
    )


def places_of(model: Model, product: Any, site: Any) -> Iterator[tuple[Any, int]]:
    """How stock points are told apart in views, in their order: a code of each, and how many.

    A code beyond them is that of stock points that no view of the kind counts.
    """
    yield product, len(model.products)
    yield site, len(model.sites)
    if model.groups:
        yield model.group_of[product], len(model.groups)


def _values_of(one: Metric, sums: Sums) -> Any:
    """A metric's values, shape (views,).

    Raises InputError when a user's function fails, or gives something else.
    """
    if one.built_in:
        return one.function(sums)
    try:
        values = one.function(sums)
        found = np.array(values, float)  # it may be one of these sums
    except (Exception, SystemExit) as error:
        raise InputError(f"metric {one.name!r}: {type(error).__name__}: {error}") from error
    if values is None:
        raise InputError(f"metric {one.name!r}: expected a number as its answer, got none")
    if found.ndim == 0:
        return np.r_[found, np.full(len(sums.views) - 1, np.nan)]
    if found.shape != (len(sums.views),):
        expected = f"expected one number, or one per view ({len(sums.views)})"
        raise InputError(f"metric {one.name!r}: {expected}, got an array of shape {found.shape}")
    return found
