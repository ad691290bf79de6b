"""From tables to a book: names into codes, defaults filled in, options worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.book.calendars import read_calendars
from backsim.allocation.book.columns import constrained
from backsim.allocation.book.options import (
    DayLimit,
    Substitutes,
    capacity_of,
    expand,
    on_days_of_orders,
    waiting,
    with_lost,
)
from backsim.allocation.book.parse import Parser
from backsim.allocation.book.settings import Settings
from backsim.allocation.book.sources import MAIN, read_sources
from backsim.allocation.book.tables import read_tables
from backsim.allocation.model.book import (
    Book,
    Limits,
    Lines,
    Names,
    Sources,
    take,
)
from backsim.allocation.model.lanes import Lanes
from backsim.errors import nearest
from backsim.kinds import Kind, expect
from backsim.tables.table import Table

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

INF = float("inf")
NONE = "none"


def read_book(
    path: Path,
    today: date | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Book:
    """The book in a folder of CSV files or in an Excel workbook.

    `today`, `date_format`, `decimal` (a point or a comma), `delimiter` and `encoding` (of CSV
    files) come before the book's own settings.
    Raises InputError; a TableError lists all faults that were found, with file and row.
    """
    expect(path, Kind.BOOK, Kind.WORKBOOK, Kind.FOLDER)
    given = {"today": today, "date_format": date_format, "decimal": decimal}
    given |= {"delimiter": delimiter, "encoding": encoding}
    return _Assembly(*read_tables(path, given)).book()


@dataclass(eq=False)
class _Assembly:
    """The tables on their way to a book."""

    tables: dict[str, Table]
    settings: Settings

    def __post_init__(self) -> None:
        self.parser = Parser(self.tables, self.settings)
        self.sites: dict[str, int] = {}
        self.orders: dict[str, int] = {}
        self.own: dict[str, Any] = {f"settings.{n}": v for n, v in self.settings.own.items()}

    def book(self) -> Book:
        """The book.  Raises TableError."""
        parser = self.parser
        products = self._products()
        ranks, weights, lost, min_fill, classes = self._classes()
        sources, bins = read_sources(parser, self.tables, products, self._site, self.settings.sure)
        lines, customers, accepts = self._lines(products, classes, weights, lost)
        lanes = replace(
            self._lanes(), calendars=read_calendars(parser, self.tables, self.sites, customers)
        )
        substitutes = self._substitutes(products)
        self._check_lists({"substitutes": products, "sites": self.sites})
        day_limits = self._day_limits(lanes)
        names = self._names(products, customers, classes, ranks)
        parser.check()
        not_before = self.own["lines.not_before"]
        options, too_late = expand(lines, sources, lanes, substitutes, not_before)
        options = options.take(_accepted(lines, sources, options, accepts, products, self.sites))
        limits = Limits(
            min_fill=min_fill,
            fairness=self.settings.own.get("fairness"),
            promise_penalty=self.settings.own.get("promise_penalty", INF),
            whole=self.settings.own.get("whole_units", False),
            strict=self.settings.strict_ranks,
            together=True,
        )
        if day_limits:
            wait = self.settings.shipping_days
            options = waiting(options, lines, sources, lanes, day_limits, wait)
        fees = self.own["lanes.shipment"]
        paid = fees[sources.site[options.source], lines.site[options.line]] > 0
        paid_lines = np.bincount(options.line, paid, len(lines)) > 0
        waits = lines.complete | _of_orders(paid_lines, lines.order)
        if waits.any():
            options = on_days_of_orders(options, lines, waits)
        if day_limits:
            capacity = capacity_of(options, lines, sources, lanes, day_limits)
            limits = replace(limits, capacity=capacity)
        lines = with_lost(lines, sources, options, limits.capacity)
        today, own = self.settings.today, self.own
        return Book(
            *(lines, sources, options, names, limits, too_late, today),
            own=own,
            lanes=lanes,
            bins=bins,
        )

    def _products(self) -> dict[str, int]:
        """The products that are known: the table of them, or else what is in stock or comes."""
        if "products" in self.tables:
            table = self.tables["products"]
            names = self.parser.names(table, "product")
            self.parser.unique(table, "product", names)
        else:
            names = [
                name
                for table in ("stock", "inbound")
                if table in self.tables
                for name in self.tables[table].columns["product"]
            ]
        return {name: i for i, name in enumerate(sorted({n for n in names if n}))}

    def _names(
        self,
        products: dict[str, int],
        customers: dict[str, int],
        classes: dict[str, int],
        ranks: Codes,
    ) -> Names:
        """What the codes stand for, and what constraints ask for of products."""
        prices = np.zeros(len(products))
        codes: list[int] = []
        if table := self.tables.get("products"):
            codes = [products.get(n, 0) for n in table.columns["product"]]
            prices[codes] = self.parser.numbers(table, "price", 0.0)
        self._ask("products", (len(products),), (codes,))
        if "customers" in self.tables:
            named = self.parser.names(self.tables["customers"], "customer")
            self.parser.unique(self.tables["customers"], "customer", named)
        return Names(
            *(tuple(products), tuple(self.sites), tuple(customers), tuple(classes), prices, ranks),
            orders=tuple(self.orders),
            described=self._called("products", "product", products),
            called=self._called("customers", "customer", customers),
        )

    def _called(self, name: str, column: str, codes: dict[str, int]) -> tuple[str, ...]:
        """The texts of products or customers."""
        if not (table := self.tables.get(name)):
            return ("",) * len(codes)
        texts = dict(zip(table.columns[column], self.parser.texts(table, "text"), strict=True))
        return tuple(texts.get(name, "") for name in codes)

    def _ask(self, name: str, shape: tuple[int, ...], places: tuple[Any, ...]) -> None:
        """What constraints ask for of a table whose rows stand at these places of an array."""
        for column in constrained(name):
            self.own[f"{name}.{column.name}"] = np.full(shape, column.empty)
        if table := self.tables.get(name):
            for asked, values in self.parser.constrained(table).items():
                self.own[f"{name}.{asked}"][places] = values

    def _site(self, names: list[str]) -> Codes:
        """Codes of sites; a new name is a new site."""
        return np.array([self.sites.setdefault(n, len(self.sites)) for n in names], np.int64)

    def _site_of_lines(self, table: Table) -> Codes:
        """Codes of the lines' sites, which hold stock, or await a purchase, or have a lane."""
        names = self.parser.names(table, "site", MAIN)
        lanes = self.tables.get("lanes")
        ends = (
            [n for end in ("from", "to") for n in self.parser.texts(lanes, end) if n]
            if lanes
            else []
        )
        self.parser.codes(table, "site", names, {**dict.fromkeys(ends, 0), **self.sites})
        return self._site(names)

    def _classes(self) -> tuple[Any, Floats, Floats, dict[int, float], dict[str, int]]:
        """(rank, weight, lost or nan, least fill, code by name) of the classes."""
        if "classes" not in self.tables:
            named = self.tables["lines"].columns.get("class", [])
            classes = {n: i for i, n in enumerate(dict.fromkeys(n or "all" for n in named))}
            classes = classes or {"all": 0}
            count = len(classes)
            self._ask("classes", (count,), ())
            return np.ones(count, np.int64), np.ones(count), np.full(count, np.nan), {}, classes
        table, parser = self.tables["classes"], self.parser
        names = parser.names(table, "class")
        parser.unique(table, "class", names)
        own = parser.constrained(table)
        self.own |= {f"classes.{column}": values for column, values in own.items()}
        rank = parser.numbers(table, "rank", 1.0)
        for i in np.flatnonzero(rank != np.floor(rank)).tolist():
            parser.fault(table, i, "rank", "a whole number", table.columns["rank"][i])
        return (
            rank.astype(np.int64),
            parser.numbers(table, "weight", 1.0),
            parser.numbers(table, "lost", np.nan),
            {i: float(share) for i, share in enumerate(own["min_fill"]) if share > 0},
            {name: i for i, name in enumerate(names)},
        )

    def _lines(
        self,
        products: dict[str, int],
        classes: dict[str, int],
        weights: Floats,
        lost: Floats,
    ) -> tuple[Lines, dict[str, int], dict[str, list[str]]]:
        """The lines by day of order and id, the customers, and what each line accepts.

        `lost` is nan where neither line nor class says it.
        """
        parser, table = self.parser, self.tables["lines"]
        ids = parser.names(table, "id")
        parser.unique(table, "id", ids)
        self.parser.need(table, "units")
        units = parser.numbers(table, "units", 0.0)
        of_class = parser.codes(table, "class", parser.names(table, "class", "all"), classes)
        orders = [
            text or f"line {i}"
            for text, i in zip(self.parser.texts(table, "order"), ids, strict=True)
        ]
        customers = parser.names(table, "customer", orders)
        self.orders = {name: i for i, name in enumerate(dict.fromkeys(orders))}
        order = np.array([self.orders[n] for n in orders], np.int64)
        customer_codes = {name: i for i, name in enumerate(dict.fromkeys(customers))}
        due, weight = parser.dates(table, "due", 0.0), parser.numbers(table, "weight", np.nan)
        weight = np.where(np.isnan(weight), weights[of_class], weight)
        unserved, own = parser.numbers(table, "lost", np.nan), parser.constrained(table)
        lines = Lines(
            ids=tuple(ids),
            product=parser.codes(table, "product", parser.names(table, "product"), products),
            site=self._site_of_lines(table),
            customer=np.array([customer_codes[n] for n in customers], np.int64),
            customer_class=of_class,
            order=order,
            units=units,
            ordered=parser.dates(table, "ordered", 0.0),
            due=due,
            promised=parser.dates(table, "promised", INF),
            tolerance=parser.numbers(table, "tolerance", INF),
            weight=weight,
            lost=np.where(np.isnan(unserved), lost[of_class], unserved),
            smallest=own["smallest"],
            complete=_of_orders(own["complete"], order),
        )
        rank = sorted(range(len(ids)), key=lambda i: (lines.ordered[i], ids[i]))
        self.own |= {f"lines.{column}": values[rank] for column, values in own.items()}
        self.own["lines.not_before"] = parser.dates(table, "not_before", 0.0)[rank]
        lists = {name: self.parser.texts(table, name) for name in ("substitutes", "sites")}
        accepts = {name: [texts[i] for i in rank] for name, texts in lists.items()}
        return take(lines, rank), customer_codes, accepts

    def _lanes(self) -> Lanes:
        parser = self.parser
        lanes = Lanes.none(len(self.sites))
        if "lanes" not in self.tables:
            self._ask("lanes", lanes.open.shape, ())
            return lanes
        table = self.tables["lanes"]
        start, end = parser.names(table, "from"), parser.names(table, "to")
        parser.unique(table, "from", list(zip(start, end, strict=True)))
        i, j = (
            parser.codes(table, column, names, self.sites)
            for column, names in (("from", start), ("to", end))
        )
        carried = self.parser.texts(table, "carrier")
        for row in [row for row, name in enumerate(carried) if name in self.sites]:
            parser.fault(table, row, "carrier", "a name that no site has", carried[row])
        carriers = {n: k for k, n in enumerate(dict.fromkeys(n for n in carried if n))}
        lanes.open[i, j] = True
        lanes.days[i, j] = parser.numbers(table, "days", 0.0)
        lanes.transport[i, j] = parser.numbers(table, "transport", 0.0)
        lanes.transfer[i, j] = parser.numbers(table, "transfer", 0.0)
        lanes.carrier[i, j] = [carriers.get(n, -1) for n in carried]
        self._ask("lanes", lanes.open.shape, (i, j))
        return replace(lanes, carriers=tuple(carriers))

    def _substitutes(self, products: dict[str, int]) -> Substitutes:
        parser, nothing = self.parser, np.empty(0, np.int64)
        if "substitutes" not in self.tables:
            return Substitutes(nothing, nothing, np.empty(0))
        table = self.tables["substitutes"]
        asked, sent = parser.names(table, "product"), parser.names(table, "instead")
        parser.unique(table, "product", list(zip(asked, sent, strict=True)))
        return Substitutes(
            parser.codes(table, "product", asked, products),
            parser.codes(table, "instead", sent, products),
            parser.numbers(table, "cost", 0.0),
        )

    def _check_lists(self, known: dict[str, dict[str, int]]) -> None:
        """What the lines accept is known, or `none`."""
        table = self.tables["lines"]
        for column, codes in known.items():
            for i, text in enumerate(self.parser.texts(table, column)):
                for name in [part.strip() for part in text.split(";") if text]:
                    if name != NONE and name not in codes:
                        near = nearest(name, list(codes))
                        self.parser.fault(
                            table, i, column, f"{NONE}, or known names ({near})", name
                        )

    def _day_limits(self, lanes: Lanes) -> list[DayLimit]:
        if "capacity" not in self.tables:
            return []
        parser, table = self.parser, self.tables["capacity"]
        names = parser.names(table, "name")
        carriers = {name: i for i, name in enumerate(lanes.carriers)}
        known = {**dict.fromkeys(carriers, 0), **self.sites}
        parser.codes(table, "name", names, known)
        self.parser.need(table, "units")
        units = parser.numbers(table, "units", 0.0)
        first, last = parser.dates(table, "from", 0.0), parser.dates(table, "to", INF)
        for i in np.flatnonzero(last < first).tolist():
            parser.fault(table, i, "to", "a day no earlier than `from`", table.columns["to"][i])
        return [
            DayLimit(n, self.sites.get(n, -1), carriers.get(n, -1), float(u), float(a), float(b))
            for n, u, a, b in zip(names, units, first, last, strict=True)
        ]


def _of_orders(flags: Flags, order: Codes) -> Flags:
    """What is said of one line of an order holds for all of them."""
    return np.asarray(np.bincount(order, flags)[order] > 0)


def _accepted(
    lines: Lines,
    sources: Sources,
    options: Any,
    accepts: dict[str, list[str]],
    products: dict[str, int],
    sites: dict[str, int],
) -> Flags:
    """Which options the lines accept: their lists of substitutes and sites."""
    kept = np.ones(len(options), bool)
    kinds = (
        ("substitutes", products, lines.product, sources.product),
        ("sites", sites, lines.site, sources.site),
    )
    for name, codes, of_line, of_source in kinds:
        for i in [i for i, text in enumerate(accepts[name]) if text]:
            allowed = [codes.get(part.strip(), -1) for part in accepts[name][i].split(";")]
            first, last = np.searchsorted(options.line, [i, i + 1])
            found = of_source[options.source[first:last]]
            kept[first:last] &= np.isin(found, [*allowed, of_line[i]])
    return kept
