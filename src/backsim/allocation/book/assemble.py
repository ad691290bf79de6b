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
from backsim.allocation.book.settings import Settings, option
from backsim.allocation.book.sources import on_open_days, read_sources
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
    path: str | Path,
    today: date | str | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Book:
    """The book in a folder of CSV files or in an Excel workbook.

    `today` (a date or YYYY-MM-DD), `date_format`, `decimal` (a point or a comma), `delimiter` and
    `encoding` (of CSV files) come before the book's own settings.
    Raises InputError; a TableError lists all faults that were found, with file and row.
    """
    path = expect(path, Kind.BOOK, Kind.WORKBOOK, Kind.FOLDER)
    said = {"today": today, "date_format": date_format, "decimal": decimal}
    said |= {"delimiter": delimiter, "encoding": encoding}
    given = {name: option(name, text) for name, text in said.items()}
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
        self.read: dict[str, dict[str, Any]] = {}
        self.own: dict[str, Any] = {f"settings.{n}": v for n, v in self.settings.own.items()}

    def book(self) -> Book:
        """The book.  Raises TableError."""
        parser = self.parser
        products = self._products()
        ranks, weights, lost, min_fill, classes = self._classes()
        sources, bins, suppliers = read_sources(
            parser, self.tables, products, self._site, self.settings.sure
        )
        lines, customers, accepts = self._lines(products, classes, weights, lost)
        calendars = read_calendars(parser, self.tables, self.sites, customers, suppliers)
        lanes = replace(self._lanes(), calendars=calendars)
        substitutes = self._substitutes(products)
        self._check_lists({"substitutes": products, "sites": self.sites})
        day_limits = self._day_limits(lanes)
        names = self._names(products, customers, classes, ranks)
        parser.check()
        sources, postponed = on_open_days(sources, lanes)
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
            options = on_days_of_orders(options, lines, lanes, waits)
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
            postponed=postponed,
        )

    def _products(self) -> dict[str, int]:
        """The products that are known: the table of them, or else what is in stock or comes."""
        if "products" in self.tables:
            names = self._given("products")["product"]
            self.parser.unique(self.tables["products"], "product", names)
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
            prices[codes] = self._given("products")["price"]
        self._ask("products", (len(products),), (codes,))
        if table := self.tables.get("customers"):
            self.parser.unique(table, "customer", self._given("customers")["customer"])
        return Names(
            *(tuple(products), tuple(self.sites), tuple(customers), tuple(classes), prices, ranks),
            orders=tuple(self.orders),
            described=self._called("products", "product", products),
            called=self._called("customers", "customer", customers),
        )

    def _called(self, name: str, column: str, codes: dict[str, int]) -> tuple[str, ...]:
        """The texts of products or customers."""
        given = self._given(name)
        texts = dict(zip(given[column], given["text"], strict=True)) if given else {}
        return tuple(texts.get(name, "") for name in codes)

    def _given(self, name: str) -> dict[str, Any]:
        """The columns of a table, read once; none where there is no such table."""
        if name in self.tables and name not in self.read:
            self.read[name] = self.parser.read(self.tables[name])
        return self.read.get(name, {})

    def _ask(self, name: str, shape: tuple[int, ...], places: tuple[Any, ...]) -> None:
        """What constraints ask for of a table whose rows stand at these places of an array."""
        given = self._given(name)
        for column in constrained(name):
            kind = given[column.name].dtype if given else float
            own = self.own[f"{name}.{column.name}"] = np.full(shape, column.empty, kind)
            if given:
                own[places] = given[column.name]

    def _site(self, names: list[str]) -> Codes:
        """Codes of sites; a new name is a new site."""
        return np.array([self.sites.setdefault(n, len(self.sites)) for n in names], np.int64)

    def _site_of_lines(self, table: Table) -> Codes:
        """Codes of the lines' sites, which hold stock, or await a purchase, or have a lane."""
        names, lanes = self._given("lines")["site"], self._given("lanes")
        ends = [n for end in ("from", "to") for n in lanes.get(end, []) if n]
        self.parser.codes(table, "site", names, {**dict.fromkeys(ends, 0), **self.sites})
        return self._site(names)

    def _classes(self) -> tuple[Any, Floats, Floats, dict[int, float], dict[str, int]]:
        """(rank, weight, lost or nan, least fill, code by name) of the classes."""
        if "classes" not in self.tables:
            named = self._given("lines")["class"]
            classes = {n: i for i, n in enumerate(dict.fromkeys(named))}
            count = len(classes)
            self._ask("classes", (count,), ())
            return np.ones(count, np.int64), np.ones(count), np.full(count, np.nan), {}, classes
        table, parser, given = self.tables["classes"], self.parser, self._given("classes")
        names, rank = given["class"], given["rank"]
        parser.unique(table, "class", names)
        self._ask("classes", (len(names),), (slice(None),))
        for i in np.flatnonzero(rank != np.floor(rank)).tolist():
            parser.fault(table, i, "rank", "a whole number", table.columns["rank"][i])
        for i in np.flatnonzero(
            np.isfinite(given["fill_penalty"]) & (given["min_fill"] == 0)
        ).tolist():
            text = table.columns["fill_penalty"][i]
            parser.fault(table, i, "fill_penalty", "a min_fill that it is the price of", text)
        return (
            rank.astype(np.int64),
            given["weight"],
            given["lost"],
            {i: float(share) for i, share in enumerate(given["min_fill"]) if share > 0},
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
        parser, table, given = self.parser, self.tables["lines"], self._given("lines")
        ids = given["id"]
        parser.unique(table, "id", ids)
        of_class = parser.codes(table, "class", given["class"], classes)
        orders = [text or f"line {i}" for text, i in zip(given["order"], ids, strict=True)]
        customers = [text or order for text, order in zip(given["customer"], orders, strict=True)]
        self.orders = {name: i for i, name in enumerate(dict.fromkeys(orders))}
        order = np.array([self.orders[n] for n in orders], np.int64)
        customer_codes = {name: i for i, name in enumerate(dict.fromkeys(customers))}
        weight, unserved = given["weight"], given["lost"]
        held = np.maximum(0.0, given["not_before"])
        lines = Lines(
            ids=tuple(ids),
            product=parser.codes(table, "product", given["product"], products),
            site=self._site_of_lines(table),
            customer=np.array([customer_codes[n] for n in customers], np.int64),
            customer_class=of_class,
            order=order,
            units=given["units"],
            ordered=given["ordered"],
            due=np.where(np.isneginf(given["due"]), held, given["due"]),
            promised=given["promised"],
            tolerance=given["tolerance"],
            weight=np.where(np.isnan(weight), weights[of_class], weight),
            lost=np.where(np.isnan(unserved), lost[of_class], unserved),
            smallest=given["smallest"],
            complete=_of_orders(given["complete"], order),
        )
        rank = sorted(range(len(ids)), key=lambda i: (lines.ordered[i], ids[i]))
        self._ask("lines", (len(ids),), (np.argsort(rank),))
        self.own["lines.not_before"] = given["not_before"][rank]
        accepts = {name: [given[name][i] for i in rank] for name in ("substitutes", "sites")}
        return take(lines, rank), customer_codes, accepts

    def _lanes(self) -> Lanes:
        parser = self.parser
        lanes = Lanes.none(len(self.sites))
        if "lanes" not in self.tables:
            self._ask("lanes", lanes.open.shape, ())
            return lanes
        table, given = self.tables["lanes"], self._given("lanes")
        start, end, carried = given["from"], given["to"], given["carrier"]
        parser.unique(table, "from", list(zip(start, end, strict=True)))
        i, j = (
            parser.codes(table, column, names, self.sites)
            for column, names in (("from", start), ("to", end))
        )
        for row in [row for row, name in enumerate(carried) if name in self.sites]:
            parser.fault(table, row, "carrier", "a name that no site has", carried[row])
        carriers = {n: k for k, n in enumerate(dict.fromkeys(n for n in carried if n))}
        lanes.open[i, j] = True
        for column in ("days", "transport", "transfer"):
            getattr(lanes, column)[i, j] = given[column]
        lanes.carrier[i, j] = [carriers.get(n, -1) for n in carried]
        self._ask("lanes", lanes.open.shape, (i, j))
        return replace(lanes, carriers=tuple(carriers))

    def _substitutes(self, products: dict[str, int]) -> Substitutes:
        parser, nothing = self.parser, np.empty(0, np.int64)
        if "substitutes" not in self.tables:
            return Substitutes(nothing, nothing, np.empty(0))
        table, given = self.tables["substitutes"], self._given("substitutes")
        asked, sent = given["product"], given["instead"]
        parser.unique(table, "product", list(zip(asked, sent, strict=True)))
        return Substitutes(
            parser.codes(table, "product", asked, products),
            parser.codes(table, "instead", sent, products),
            given["cost"],
        )

    def _check_lists(self, known: dict[str, dict[str, int]]) -> None:
        """What the lines accept is known, or `none`."""
        table = self.tables["lines"]
        for column, codes in known.items():
            for i, text in enumerate(self._given("lines")[column]):
                for name in [part.strip() for part in text.split(";") if text]:
                    if name != NONE and name not in codes:
                        near = nearest(name, list(codes))
                        self.parser.fault(
                            table, i, column, f"{NONE}, or known names ({near})", name
                        )

    def _day_limits(self, lanes: Lanes) -> list[DayLimit]:
        if "capacity" not in self.tables:
            return []
        parser, table, given = self.parser, self.tables["capacity"], self._given("capacity")
        names, first, last = given["name"], given["from"], given["to"]
        carriers = {name: i for i, name in enumerate(lanes.carriers)}
        known = {**dict.fromkeys(carriers, 0), **self.sites}
        parser.codes(table, "name", names, known)
        for i in np.flatnonzero(last < first).tolist():
            parser.fault(table, i, "to", "a day no earlier than `from`", table.columns["to"][i])
        return [
            DayLimit(n, self.sites.get(n, -1), carriers.get(n, -1), float(u), float(a), float(b))
            for n, u, a, b in zip(names, given["units"], first, last, strict=True)
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
