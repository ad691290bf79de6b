"""The resolved model: frozen and fully explicit.  Everything downstream reads this."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError, RuleError, counted
from backsim.files import text_digest
from backsim.kernel.grid import to_grid
from backsim.rules import FAMILIES, Rule, process
from backsim.rules.kinds import known_by, own_classes
from backsim.scenario.calendars import closed_times, departures, known_days, moments
from backsim.scenario.costtable import CostTable
from backsim.scenario.counting.scenario import as_written
from backsim.scenario.counting.units import is_fine
from backsim.scenario.demand.lifetimes import limited
from backsim.scenario.grid import ticks_per_day
from backsim.scenario.network.lanes import Lane, lanes
from backsim.scenario.network.network import Network, network_of
from backsim.scenario.part import Part
from backsim.scenario.schema import Calendar, Dates, ResolvedScenario
from backsim.scenario.schema.rule_use import RuleUse
from backsim.scenario.traces.read import TraceLines
from backsim.scenario.traces.report import TraceReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Model:
    """A scenario with every default filled in, every name checked and every level a number.

    `scenario.stock` holds one entry a stock point, in the order of `stock_points`; `traces` holds
    the lines of each trace by (customer class, index of the demand entry).
    """

    scenario: ResolvedScenario = field(repr=False)  # pages of it
    name: str
    folder: Path
    remake: Callable[..., Model] = field(repr=False, compare=False)
    """Makes the model again from what its file says, with `changes` by path."""
    traces: Mapping[tuple[str, int], TraceLines] = field(default_factory=dict, repr=False)
    expected_orders: float = 0.0
    expected_lines: float = 0.0

    def __repr__(self) -> str:
        points, classes = len(self.scenario.stock), len(self.scenario.customers)
        return (
            f"Model {self.name}: {counted(len(self.scenario.products), 'product')}, "
            f"{counted(points, 'stock point')}, "
            f"{counted(classes, 'customer class', 'customer classes')}, "
            f"{self.scenario.horizon:.10g} {self.scenario.time_unit}"
        )

    def __getstate__(self) -> dict[str, Any]:
        """What it is made of: another process works out the rest, with rules that it has loaded."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def horizon(self) -> float:
        """Days simulated; whatever is due at this moment of the grid of time is left out."""
        return to_grid(self.scenario.horizon, self.ticks)

    @property
    def warm_up(self) -> float:
        """Days at the start that no metric counts."""
        return to_grid(self.scenario.warm_up, self.ticks)

    @cached_property
    def ticks(self) -> float:
        """Ticks of a day: all times of a run are whole numbers of them (`kernel.grid`)."""
        return ticks_per_day(self.scenario)

    def on_grid(self, times: Any) -> Any:
        """The moments of the grid next to a time, or to each of an array; also lengths of time."""
        return to_grid(times, self.ticks)

    def moments(self, first: float, every: float) -> Floats:
        """The moments of the grid next to first, first + every, ..., before the horizon."""
        most = max(0, math.ceil((self.horizon - first) / every) + 1)
        times = self.on_grid(first + every * np.arange(most))
        return np.asarray(times[: np.searchsorted(times, self.horizon)])

    def calendar(self, name: str | None) -> Calendar | None:
        """A calendar by its name; None where every day is a working day."""
        return None if name is None else self.scenario.calendars[name]

    @property
    def first_date(self) -> datetime.date:
        """The date of day 0."""
        return self.scenario.start or datetime.date.min

    @cached_property
    def known_days(self) -> int:
        """Days from the start that calendars know."""
        return known_days(self.scenario.horizon)

    def closed(self, calendar: str | None) -> Floats:
        """The closed times of a calendar, as rows of (starts, ends) on the grid."""
        found = closed_times(self.calendar(calendar), self.first_date, self.known_days)
        return np.asarray(self.on_grid(found))

    def departures(self, site: str) -> Floats:
        """The times from which a site's next departure is waited for: rows of (starts, ends)."""
        shipping = self.scenario.sites[site].shipping
        if shipping is None:
            return np.empty((0, 2))
        days = self.calendar(shipping.calendar), self.first_date, self.known_days
        return np.asarray(self.on_grid(departures(shipping, *days, 1.0 / self.ticks)))

    def dates(self, dates: Dates) -> Floats:
        """The moments of the grid of some dates, some years beyond the horizon."""
        days = self.calendar(dates.calendar), self.first_date, self.known_days
        return np.asarray(self.on_grid(moments(dates, *days)))

    def prices(self, products: Any, times: Any) -> Floats:
        """The prices of some products (by code) in orders of some times."""
        known = self.scenario.products.values()
        found: Floats = np.array([product.price for product in known], float)[products]
        for code, product in enumerate(known):
            for later in product.prices:
                found[(products == code) & (times >= self.on_grid(later.starts))] = later.price
        return found

    def price_factors(self, lane: Lane, times: Any) -> Floats:
        """By what a supplier multiplies its price of purchases that are placed at some times."""
        found: Floats = np.ones(np.shape(times))
        for later in lane.price_factors:
            found[times >= self.on_grid(later.starts)] = later.factor
        return found

    @cached_property
    def has_dated_prices(self) -> bool:
        """Whether the price of any product changes."""
        return any(product.prices for product in self.scenario.products.values())

    @cached_property
    def has_lifetimes(self) -> bool:
        """Whether any product is not on sale all the time."""
        return limited(self.scenario.products)

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Names of the products."""
        return tuple(self.scenario.products)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups of products, as they are first met."""
        named = (product.group for product in self.scenario.products.values())
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each product, by number; that of none comes last."""
        place = {name: i for i, name in enumerate(self.groups)}
        found = [place.get(p.group or "", len(place)) for p in self.scenario.products.values()]
        return np.array(found, np.int64)

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites."""
        return tuple(self.scenario.sites)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the customer classes."""
        return tuple(self.scenario.customers)

    @cached_property
    def suppliers(self) -> tuple[str, ...]:
        """Names of the suppliers."""
        return tuple(self.scenario.suppliers)

    @cached_property
    def stock_points(self) -> tuple[tuple[str, str], ...]:
        """(product, site) of each stock point."""
        return tuple((point.product, point.site) for point in self.scenario.stock)

    @cached_property
    def stock_code(self) -> dict[tuple[str, str], int]:
        """The place of each stock point among them."""
        return {pair: place for place, pair in enumerate(self.stock_points)}

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The ways into the stock points: each one's first, further sources, transfers."""
        return lanes(self.scenario)

    @cached_property
    def network(self) -> Network:
        """Who supplies whom."""
        return network_of(self.scenario)

    @property
    def rules(self) -> dict[str, list[Rule]]:
        """The rules that the stock points name, by family, in order of their first use.

        They are as they are now: one may have been typed in again since.
        """
        if not all(_is_now(rule) for chosen in self._rules.values() for rule in chosen):
            for name in ("_rules", "_kept"):
                vars(self).pop(name, None)
        return self._rules

    @cached_property
    def _rules(self) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {name: [] for name in FAMILIES}
        for rule in dict.fromkeys(rule for point in self.scenario.stock for rule in point.rules):
            found[rule.family].append(rule)
        return found

    @property
    def processes(self) -> tuple[Rule, ...]:
        """The processes that run alongside the model, in order."""
        return tuple(process.get(use.rule) for use in self.scenario.processes)

    @property
    def alongside(self) -> tuple[Callable[[Any], Any], ...]:
        """The same with their parameters, as functions of the running simulation."""
        uses = self.scenario.processes
        return tuple(partial(_begun, *pair) for pair in zip(self.processes, uses, strict=True))

    @property
    def kept(self) -> dict[Any, Any]:
        """What others have worked out of the model and its rules, by their own keys."""
        return self._kept if self.rules else {}

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def costs(self) -> CostTable:
        """What things cost, by stock point and customer class."""
        return CostTable(self.scenario)

    @cached_property
    def written(self) -> ResolvedScenario:
        """The scenario with quantities in the units of its products; its own are smallest units."""
        return as_written(self.scenario) if is_fine(self.scenario.products) else self.scenario

    def to_dict(self) -> dict[str, Any]:
        """The explicit form as plain values; as a scenario file it resolves to itself."""
        whole = self.written is self.scenario
        plain = self.written.model_dump(mode="json", exclude_none=True, warnings=whole)
        del plain["policy"]  # each stock point says its own
        return {key: value for key, value in plain.items() if value not in ({}, "", [])}

    @property
    def trace_reports(self) -> list[TraceReport]:
        """What became of the rows of each trace's file."""
        return [trace.report for trace in self.traces.values()]

    @property
    def file_digests(self) -> list[str]:
        """The hashes of the traces' files."""
        return [trace.report.sha256 for trace in self.traces.values()]

    @property
    def own_code(self) -> dict[str, str]:
        """Each distribution, arrivals or capacity of a user's own -> what it is known by."""
        own = own_classes()
        used = _kinds(self.scenario) if own else set()
        return {name: known_by(cls) for name, cls in own.items() if cls in used}

    @cached_property
    def digest(self) -> str:
        """A hash of the explicit form and of the traces' files."""
        parts = [self.to_dict(), self.file_digests, *self.own_code.items()]
        return text_digest(json.dumps(parts, sort_keys=True))

    def replace(self, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> Model:
        """A model with some fields changed.

        As `replace(horizon=90)` or `replace({"policy.priority": "fcfs"})`.
        Paths are as in errors and `--set`.  Raises FileError when the result is not a scenario.
        """
        given: Any = {} if changes is None else changes
        if not isinstance(given, Mapping):
            kind = type(given).__name__
            raise InputError(f"replace: expected a mapping of values by path, got {kind}")
        return self.remake(changes={**given, **fields})


def _kinds(value: Any) -> set[type]:
    """The classes of all parts of a scenario."""
    if isinstance(value, Part):
        return {type(value)}.union(*(_kinds(field) for _, field in value))
    if isinstance(value, Mapping):
        return set().union(*map(_kinds, value.values()))
    return set().union(*map(_kinds, value)) if isinstance(value, tuple) else set()


def _is_now(rule: Rule) -> bool:
    """Whether a rule is what its name means now.  Raises RuleError where that does not fit."""
    present = FAMILIES[rule.family].rules.get(rule.name)
    if present is None or present.parameters != rule.parameters:
        raise RuleError(
            f"rule {rule.name}: expected the rule that the model was made with, but it is gone or "
            "has other parameters: make the model again"
        )
    return present.function is rule.function


def _begun(rule: Rule, use: RuleUse, live: Any) -> Any:
    """A process of a running simulation, as a scenario names it."""
    return rule.function(**dict.fromkeys(rule.asks, live), **use.params)
