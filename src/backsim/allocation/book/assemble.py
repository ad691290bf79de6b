"""From tables to a book: names into codes, defaults filled in, options worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.book.columns import constrained
from backsim.allocation.book.options import (
    DayLimit,
    Lanes,
    Substitutes,
    capacity_of,
    expand,
    on_days_of_orders,
    waiting,
    with_lost,
)
from backsim.allocation.book.parse import Parser
from backsim.allocation.book.settings import Settings
from backsim.allocation.book.tables import read_tables
from backsim.allocation.model.book import (
    INBOUND,
    STOCK,
    Book,
    Limits,
    Lines,
    Names,
    Sources,
    join,
    take,
)
from backsim.errors import nearest
from backsim.kinds import Kind, expect
from backsim.tables.table import Table

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

INF = float("inf")
MAIN = "main"
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
        self.own: dict[str, Any] = {f"settings.{n}": v for n, v in self.settings.own.items()}

    def book(self) -> Book:
        """The book.  Raises TableError."""
        parser = self.parser
        products = self._products()
        ranks, weights, lost, min_fill, classes = self._classes()
        sources = self._sources(products)
        lines, customers, accepts = self._lines(products, classes, weights, lost)
        lanes, carriers = self._lanes()
        substitutes = self._substitutes(products)
        self._check_lists({"substitutes": products, "sites": self.sites})
        day_limits = self._day_limits(carriers)
        prices = self._prices(products)
        parser.check()
        not_before = self.own.pop("not_before")
        options, too_late = expand(lines, sources, lanes, substitutes, not_before)
        options = options.take(_accepted(lines, sources, options, accepts, products, self.sites))
        limits = Limits(
            min_fill=min_fill,
            fairness=self.settings.own.get("fairness"),
            promise_penalty=self.settings.own.get("promise_penalty", INF),
            whole=self.settings.own.get("whole_units", False),
            together=True,
        )
        if day_limits:
            wait = self.settings.shipping_days
            options = waiting(options, lines, sources, lanes, day_limits, wait)
        if lines.complete.any():
            options = on_days_of_orders(options, lines)
        if day_limits:
            capacity = capacity_of(options, lines, sources, lanes, day_limits)
            limits = replace(limits, capacity=capacity)
        lines = with_lost(lines, sources, options, limits.capacity)
        names = Names(tuple(products), tuple(self.sites), customers, tuple(classes), prices, ranks)
        today, own = self.settings.today, self.own
        return Book(lines, sources, options, names, limits, too_late, today, own=own)

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

    def _prices(self, products: dict[str, int]) -> Floats:
        prices = np.zeros(len(products))
        if "products" in self.tables:
            table = self.tables["products"]
            codes = [products.get(n, 0) for n in table.columns["product"]]
            prices[codes] = self.parser.numbers(table, "price", 0.0)
        return prices

    def _site(self, names: list[str]) -> Codes:
        """Codes of sites; a new name is a new site."""
        return np.array([self.sites.setdefault(n, len(self.sites)) for n in names], np.int64)

    def _site_of_lines(self, table: Table) -> Codes:
        """Codes of the lines' sites, which hold stock, or await a purchase, or have a lane."""
        names = self.parser.names(table, "site", MAIN)
        lanes = self.tables.get("lanes")
        ends = [n for end in ("from", "to") for n in _texts(lanes, end) if n] if lanes else []
        self.parser.codes(table, "site", names, {**dict.fromkeys(ends, 0), **self.sites})
        return self._site(names)

    def _classes(self) -> tuple[Any, Floats, Floats, dict[int, float], dict[str, int]]:
        """(rank, weight, lost or nan, least fill, code by name) of the classes."""
        if "classes" not in self.tables:
            named = self.tables["lines"].columns.get("class", [])
            classes = {n: i for i, n in enumerate(dict.fromkeys(n or "all" for n in named))}
            classes = classes or {"all": 0}
            count = len(classes)
            for column in constrained("classes"):
                self.own[f"classes.{column.name}"] = np.full(count, column.empty)
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

    def _sources(self, products: dict[str, int]) -> Sources:
        """Stock, then purchases by day of arrival and id."""
        parser, table = self.parser, self.tables["stock"]
        names, sites = parser.names(table, "product"), parser.names(table, "site", MAIN)
        parser.unique(table, "product", list(zip(names, sites, strict=True)))
        nothing = np.full(len(names), INF)
        stock = Sources(
            ids=tuple(f"{n} at {s}" for n, s in zip(names, sites, strict=True)),
            product=parser.codes(table, "product", names, products),
            site=self._site(sites),
            units=parser.numbers(table, "units", 0.0),
            arrives=np.zeros(len(names)),
            kind=np.full(len(names), STOCK),
            expedited=nothing,
            expedite=np.zeros(len(names)),
            ordered=nothing,
        )
        self._need(table, "units")
        if "inbound" not in self.tables:
            return _sorted_sources(stock)
        table = self.tables["inbound"]
        ids, names = parser.names(table, "id"), parser.names(table, "product")
        parser.unique(table, "id", ids)
        for column in ("units", "arrives"):
            self._need(table, column)
        inbound = Sources(
            ids=tuple(ids),
            product=parser.codes(table, "product", names, products),
            site=self._site(parser.names(table, "site", MAIN)),
            units=parser.numbers(table, "units", 0.0),
            arrives=parser.dates(table, "arrives", 0.0),
            kind=np.full(len(names), INBOUND),
            expedited=parser.dates(table, "expedited", INF),
            expedite=parser.numbers(table, "expedite_cost", 0.0),
            ordered=parser.dates(table, "ordered", INF),
        )
        for i in np.flatnonzero(inbound.expedited > inbound.arrives).tolist():
            if np.isfinite(inbound.expedited[i]):
                text = table.columns["expedited"][i]
                parser.fault(table, i, "expedited", "a day no later than it arrives", text)
        return _sorted_sources(join([stock, inbound]))

    def _need(self, table: Table, column: str) -> None:
        """A column in which every entry must have a value."""
        for i, text in enumerate(table.columns.get(column, [])):
            if not text:
                self.parser.fault(table, i, column, "a value")

    def _lines(
        self,
        products: dict[str, int],
        classes: dict[str, int],
        weights: Floats,
        lost: Floats,
    ) -> tuple[Lines, tuple[str, ...], dict[str, list[str]]]:
        """The lines by day of order and id, the customers, and what each line accepts.

        `lost` is nan where neither line nor class says it.
        """
        parser, table = self.parser, self.tables["lines"]
        ids = parser.names(table, "id")
        parser.unique(table, "id", ids)
        self._need(table, "units")
        units = parser.numbers(table, "units", 0.0)
        of_class = parser.codes(table, "class", parser.names(table, "class", "all"), classes)
        orders = [text or f"line {i}" for text, i in zip(_texts(table, "order"), ids, strict=True)]
        customers = parser.names(table, "customer", orders)
        order_codes = {name: i for i, name in enumerate(dict.fromkeys(orders))}
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
            order=np.array([order_codes[n] for n in orders], np.int64),
            units=units,
            ordered=parser.dates(table, "ordered", 0.0),
            due=due,
            promised=parser.dates(table, "promised", INF),
            tolerance=parser.numbers(table, "tolerance", INF),
            weight=weight,
            lost=np.where(np.isnan(unserved), lost[of_class], unserved),
            smallest=own["smallest"],
            complete=_of_whole_orders(own["complete"], orders, order_codes),
        )
        rank = sorted(range(len(ids)), key=lambda i: (lines.ordered[i], ids[i]))
        self.own |= {f"lines.{column}": values[rank] for column, values in own.items()}
        self.own["not_before"] = parser.dates(table, "not_before", 0.0)[rank]
        lists = {name: _texts(table, name) for name in ("substitutes", "sites")}
        accepts = {name: [texts[i] for i in rank] for name, texts in lists.items()}
        return take(lines, rank), tuple(customer_codes), accepts

    def _lanes(self) -> tuple[Lanes, dict[str, int]]:
        parser = self.parser
        if "lanes" not in self.tables:
            return Lanes.none(len(self.sites)), {}
        table = self.tables["lanes"]
        start, end = parser.names(table, "from"), parser.names(table, "to")
        parser.unique(table, "from", list(zip(start, end, strict=True)))
        i, j = (
            parser.codes(table, column, names, self.sites)
            for column, names in (("from", start), ("to", end))
        )
        carried = _texts(table, "carrier")
        for row in [row for row, name in enumerate(carried) if name in self.sites]:
            parser.fault(table, row, "carrier", "a name that no site has", carried[row])
        carriers = {n: k for k, n in enumerate(dict.fromkeys(n for n in carried if n))}
        lanes = Lanes.none(len(self.sites))
        lanes.open[i, j] = True
        lanes.days[i, j] = parser.numbers(table, "days", 0.0)
        lanes.transport[i, j] = parser.numbers(table, "transport", 0.0)
        lanes.transfer[i, j] = parser.numbers(table, "transfer", 0.0)
        lanes.carrier[i, j] = [carriers.get(n, -1) for n in carried]
        return lanes, carriers

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
            for i, text in enumerate(_texts(table, column)):
                for name in [part.strip() for part in text.split(";") if text]:
                    if name != NONE and name not in codes:
                        near = nearest(name, list(codes))
                        self.parser.fault(
                            table, i, column, f"{NONE}, or known names ({near})", name
                        )

    def _day_limits(self, carriers: dict[str, int]) -> list[DayLimit]:
        if "capacity" not in self.tables:
            return []
        parser, table = self.parser, self.tables["capacity"]
        names = parser.names(table, "name")
        known = {**dict.fromkeys(carriers, 0), **self.sites}
        parser.codes(table, "name", names, known)
        self._need(table, "units")
        units = parser.numbers(table, "units", 0.0)
        first, last = parser.dates(table, "from", 0.0), parser.dates(table, "to", INF)
        for i in np.flatnonzero(last < first).tolist():
            parser.fault(table, i, "to", "a day no earlier than `from`", table.columns["to"][i])
        return [
            DayLimit(n, self.sites.get(n, -1), carriers.get(n, -1), float(u), float(a), float(b))
            for n, u, a, b in zip(names, units, first, last, strict=True)
        ]


def _texts(table: Table, column: str) -> list[str]:
    return table.columns.get(column) or [""] * len(table)


def _sorted_sources(sources: Sources) -> Sources:
    rank = sorted(
        range(len(sources)),
        key=lambda i: (sources.kind[i], sources.arrives[i], sources.ids[i]),
    )
    return take(sources, rank)


def _of_whole_orders(flags: Flags, orders: list[str], codes: dict[str, int]) -> Flags:
    """An order ships whole when one of its lines says so."""
    order = np.array([codes[n] for n in orders], np.int64)
    whole = np.bincount(order, flags, len(codes)) > 0
    return np.asarray(whole[order])


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
