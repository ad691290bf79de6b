"""The book: open order lines, the sources that can serve them, and what limits a plan.

Arrays, one entry a line, source or option.  Days count from the book's day, which is 0; what was
ordered before has a negative day.  Names stand in tuples; arrays hold codes, which point into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.allocation.model.lanes import Lanes, whole_days

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

INF, NOBODY = float("inf"), -1
Bins = Mapping[str, tuple[tuple[str, float], ...]]
"""(bin, units) of each source of stock that has bins, by its id; "": what stands in none."""
STOCK, INBOUND = 0, 1
KINDS = ("stock", "inbound")


@dataclass(frozen=True, eq=False)
class Lines:
    """Open order lines.  `ids` in order of time of order, then of id: ties go to the first.

    `units` open; `ordered`, `due`, `promised` in days (promised inf: no promise); `tolerance`, days
    after the order that the customer waits, then a unit is worth nothing (inf: for ever);
    `weight`, money per unit and day late; `lost`, money per unit that is not served; `smallest`,
    units of the smallest shipment that is of use; `order`, lines of one order share a number;
    `complete`, the order ships whole or not at all.
    """

    ids: tuple[str, ...]
    product: Codes
    site: Codes
    customer: Codes
    customer_class: Codes
    order: Codes
    units: Floats
    ordered: Floats
    due: Floats
    promised: Floats
    tolerance: Floats
    weight: Floats
    lost: Floats
    smallest: Floats
    complete: Flags

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True, eq=False)
class Sources:
    """Where units come from: stock on hand (arrives 0) and purchases under way.

    `expedited` is the day on which the units arrive instead for `expedite` money per unit; inf
    where that cannot be had.  `ordered` is the day on which a purchase was ordered; inf where it is
    not known.  Where it is not sure when a purchase arrives, every day from `first` to `last` is as
    likely, and plans go by `arrives`, by which it is there with the probability asked for.
    `supplier` (a code, or `NOBODY`) sends a purchase `transit` days before it arrives: `first` and
    `last` are days as they are stated, `arrives` knows on which days the supplier is closed.
    """

    ids: tuple[str, ...]
    product: Codes
    site: Codes
    units: Floats
    arrives: Floats
    kind: Codes
    expedited: Floats
    expedite: Floats
    ordered: Floats
    first: Floats
    last: Floats
    supplier: Codes
    transit: Floats

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True, eq=False)
class Options:
    """Which source may serve which line, when it reaches the customer, and its costs per unit."""

    line: Codes
    source: Codes
    day: Floats
    transport: Floats
    transfer: Floats
    expedite: Floats
    substitution: Floats

    def __len__(self) -> int:
        return len(self.line)

    def take(self, which: Any) -> Options:
        """Some of the options."""
        return take(self, which)


@dataclass(frozen=True, eq=False)
class Capacity:
    """What may leave in a day, by carrier or dock: `units` of each row, and the options it counts.

    Entry i says that row `row[i]` counts the units of option `option[i]`.
    """

    names: tuple[str, ...]
    units: Floats
    row: Codes
    option: Codes


NO_CAPACITY = Capacity((), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Limits:
    """What a plan must keep to, beside stock and open units.

    `min_fill`: class code -> share of its open units that must be served.  `fairness`: no
    customer's share served may be more than this below the fair share.  `promise_penalty`: money
    per unit that breaks a promise; inf: no promise may be broken.  `whole`: only whole units.
    `strict`: costs of lines of a better rank come first, whatever those of others are.
    `fill_by`: only what is there by that day counts for `min_fill` and `fairness`; `fill_penalty`:
    money per unit that somebody is short of them, in whole units; inf: nobody may be.  `together`:
    what ships whole leaves in one day.  `keep`: what is left of a source is there with the next one
    of its product and site.
    """

    min_fill: Mapping[int, float] = field(default_factory=dict)
    fill_by: float = float("inf")
    fill_penalty: float = float("inf")
    together: bool = False
    keep: bool = False
    fairness: float | None = None
    promise_penalty: float = float("inf")
    whole: bool = False
    strict: bool = False
    capacity: Capacity = NO_CAPACITY


@dataclass(frozen=True, eq=False)
class Names:
    """What the codes stand for; `prices` by product and `ranks` by class (1 is served first).

    `described` and `called`: texts of products and customers, "" where there is none.
    """

    products: tuple[str, ...]
    sites: tuple[str, ...]
    customers: tuple[str, ...]
    classes: tuple[str, ...]
    prices: Floats
    ranks: Codes
    orders: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Book:
    """Today's open orders and what there is to serve them with.

    `too_late` counts, for each line, the options that come too late for its customer.  `owed`: the
    day by which each line whose promise is over has to have its `owed_units` (inf: none; empty: not
    worked out), see `plan.allocate`.  `fair`: the fair share of each customer (empty: not
    worked out), see `model.fair`.  `own`: what constraints ask for and the book has: "lines.x",
    "classes.x" and "products.x", a value for each of them, "lanes.x", a value by site of the source
    and site of the line, and "settings.x", a value.  `bins`: where the units of a source stand.
    `postponed`: (id, day stated, day) of purchases that come later for days that are closed.
    """

    lines: Lines
    sources: Sources
    options: Options
    names: Names
    limits: Limits = field(default_factory=Limits)
    too_late: Codes = field(default_factory=lambda: np.zeros(0, np.int64))
    today: date | None = None
    owed: Floats = field(default_factory=lambda: np.zeros(0))
    owed_units: Floats = field(default_factory=lambda: np.zeros(0))
    fair: Floats = field(default_factory=lambda: np.zeros(0))
    own: Mapping[str, Any] = field(default_factory=dict)
    lanes: Lanes | None = None
    bins: Bins = field(default_factory=dict)
    postponed: tuple[tuple[str, float, float], ...] = ()

    def __repr__(self) -> str:
        return f"Book of {len(self.lines):,} lines and {len(self.sources):,} sources"

    @property
    def lateness(self) -> Floats:
        """Money per unit of each option for the days from today on that it is late.

        The expected days, where it is not sure when the source arrives.
        """
        lines, options = self.lines, self.options
        due = np.maximum(0.0, lines.due)[options.line]
        late = np.maximum(0.0, self.comes_on - due)
        unsure = np.flatnonzero((self.sources.last > self.sources.first)[options.source])
        if len(unsure):
            late[unsure] = self._expected_late(unsure, due[unsure])
        cost: Floats = lines.weight[options.line] * late
        return cost

    def _expected_late(self, which: Codes, due: Floats) -> Floats:
        """Days late on average over the days on which the sources of some options may arrive.

        What has been held back for a later day does not leave before it; what is expedited is sure.
        """
        options, sources, lanes = self.options.take(which), self.sources, self.lanes
        assert lanes is not None
        source, line = options.source, options.line
        first = np.maximum(0.0, sources.first)[source]
        ends = sources.site[source], self.lines.site[line], self.lines.customer[line]
        planned = self.planned[which]
        held = np.where(options.day > planned, options.day, 0.0)
        held = np.maximum(held, lanes.received(ends[2], self.own["lines.not_before"][line]))
        days = np.maximum(0.0, np.floor(sources.last[source] - first))
        total = np.zeros(len(which))
        supplier, transit = sources.supplier[source], sources.transit[source]
        for shift in range(int(days.max(initial=0.0)) + 1):
            there = lanes.comes(supplier, ends[0], transit, first + shift)
            there = np.where(np.isfinite(there), there, sources.arrives[source])  # else never
            day = whole_days(np.maximum(held, lanes.reached(*ends, there)))
            total += np.where(shift <= days, np.maximum(0.0, day - due), 0.0)
        sure = np.maximum(0.0, self.comes_on[which] - due)
        return np.where(self.expedited[which], sure, total / (days + 1.0))

    @property
    def comes_on(self) -> Floats:
        """The day of each option, which is in time until its end: whole, in a book of dates."""
        return self.options.day if self.lanes is None else whole_days(self.options.day)

    @cached_property
    def planned(self) -> Floats:
        """When the units of each option are with the customer if they leave as soon as can be."""
        arrives = np.maximum(0.0, self.sources.arrives)[self.options.source]
        if self.lanes is None:
            return arrives
        line, site = self.options.line, self.sources.site[self.options.source]
        return self.lanes.reached(site, self.lines.site[line], self.lines.customer[line], arrives)

    @property
    def expedited(self) -> Flags:
        """The options whose source has to be expedited: for money, or to be there in time."""
        return np.asarray((self.options.expedite > 0.0) | (self.options.day < self.planned))

    @property
    def useful(self) -> Flags:
        """The options by which a unit costs no more than leaving it unserved."""
        cost = self.unit_costs
        return np.asarray(np.isfinite(cost) & (cost <= self.lines.lost[self.options.line]))

    @property
    def leaves(self) -> Floats:
        """The day on which the units of each option leave their site."""
        if self.lanes is None:
            return self.options.day
        options, lines = self.options, self.lines
        start, end = self.sources.site[options.source], lines.site[options.line]
        return self.lanes.left(start, end, options.day)

    @property
    def past_lateness(self) -> Floats:
        """Money of each line for the days until today that it is late.

        These cost the same whatever is done, so that no line is given up because it has waited
        long; no plan's cost counts them.
        """
        cost: Floats = self.lines.weight * np.maximum(0.0, -self.lines.due) * self.lines.units
        return cost

    def by_lane(self, column: str) -> Floats:
        """A column of the lanes that a constraint asks for, option by option; 0 where it is not."""
        found: Floats | None = self.own.get(f"lanes.{column}")
        if found is None:
            return np.zeros(len(self.options))
        options = self.options
        return found[self.sources.site[options.source], self.lines.site[options.line]]

    @property
    def over(self) -> Flags:
        """The lines with a promise whose day is over: it is broken, and still owed."""
        return np.asarray(self.lines.promised < 0.0)

    @property
    def keep_by(self) -> Floats:
        """The day by which each line has to have units (inf: none): its promise, or it is owed."""
        promised = np.where(self.over, INF, self.lines.promised)
        return np.minimum(promised, self.owed) if len(self.owed) else promised

    @property
    def to_keep(self) -> Floats:
        """The units that each line has to have by `keep_by`."""
        units = self.lines.units
        return np.where(self.over, self.owed_units, units) if len(self.owed) else units

    @property
    def ranks(self) -> Codes:
        """The rank of each line's class."""
        ranks, lines = self.names.ranks, self.lines
        return ranks[lines.customer_class] if len(ranks) else np.ones(len(lines), np.int64)

    @property
    def places(self) -> Codes:
        """The place of each line where plans are equal: by rank of its class, then as listed."""
        order = np.lexsort((np.arange(len(self.lines)), self.ranks))
        return np.argsort(order, kind="stable")

    @property
    def silent_ranks(self) -> list[tuple[str, str]]:
        """(class, class of the next worse rank) where the former's lines weigh no more in money."""
        lines, ranks = self.lines, self.names.ranks
        money = np.stack([lines.weight, lines.lost])
        own = {code: money[:, lines.customer_class == code] for code in range(len(ranks))}
        classes = sorted((c for c in own if own[c].size), key=lambda code: ranks[code])
        found = []
        for better, worse in pairwise(classes):
            least, most = own[better].min(axis=1), own[worse].max(axis=1)
            if ranks[better] < ranks[worse] and not (
                (least >= most).all() and (least > most).any()
            ):
                found.append((self.names.classes[better], self.names.classes[worse]))
        return found

    @cached_property
    def shipments(self) -> tuple[Codes, Codes]:
        """The shipment that each option is a part of, and the line of each shipment.

        What leaves a site for a line on one day is one shipment, whichever stock it was.
        """
        line, site = self.options.line, self.sources.site[self.options.source]
        days, day = np.unique(self.options.day, return_inverse=True)
        sites = int(site.max(initial=0)) + 1
        code = (line * sites + site) * max(1, len(days)) + day
        _, first, of = np.unique(code, return_index=True, return_inverse=True)
        return of, line[first]

    @property
    def overdue(self) -> tuple[str, ...]:
        """The purchases that were to arrive before today; they count as here."""
        late = np.flatnonzero(self.sources.arrives < 0.0)
        return tuple(self.sources.ids[i] for i in late)

    @property
    def unit_costs(self) -> Floats:
        """Money per unit of each option, for all that it costs: what a plan adds up."""
        o = self.options
        total: Floats = self.lateness + o.transport + o.transfer + o.expedite + o.substitution
        return total

    def spell_day(self, day: float) -> str:
        """A day as a date, if the book has one, else as a number of days."""
        if self.today is None:
            return f"day {day:g}"
        try:
            return (self.today + timedelta(days=int(np.floor(day)))).isoformat()
        except OverflowError:  # after the year 9999
            return f"in {day:.0f} days"


Rows = TypeVar("Rows", Lines, Sources, Options)


def take(table: Rows, which: Any) -> Rows:
    """Some rows of a table, in the order of `which` (indices, or flags for arrays alone)."""
    values: dict[str, Any] = {name: getattr(table, name) for name in _fields(table)}
    picked: dict[str, Any] = {
        name: tuple(value[i] for i in which) if isinstance(value, tuple) else value[which]
        for name, value in values.items()
    }
    return type(table)(**picked)


def join(tables: Sequence[Rows]) -> Rows:
    """The rows of several tables, one after the other."""
    joined: dict[str, Any] = {}
    for name in _fields(tables[0]):
        columns = [getattr(table, name) for table in tables]
        if isinstance(columns[0], tuple):
            joined[name] = tuple(value for column in columns for value in column)
        else:
            joined[name] = np.concatenate(columns)
    return type(tables[0])(**joined)


def _fields(table: Any) -> list[str]:
    return [field.name for field in fields(table)]
