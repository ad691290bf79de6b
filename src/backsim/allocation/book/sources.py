"""What a book has to serve its lines with: stock, in bins of a site, and purchases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.book.parse import Parser
from backsim.allocation.model.book import INBOUND, NOBODY, STOCK, Sources, join, take
from backsim.allocation.model.lanes import Lanes
from backsim.tables.table import Table

if TYPE_CHECKING:
    from backsim.allocation.model.book import Bins
    from backsim.allocation.solver.program import Codes

INF = float("inf")
MOST_DAYS = 366
"""Days by which a purchase may come later than expected."""
NEARLY = 1e-9
"""By so much a product of shares and days may be above a whole number."""

Postponed = tuple[tuple[str, float, float], ...]
"""(id, day stated, day) of purchases."""
Site = Callable[[list[str]], "Codes"]
"""The codes of sites by name."""


def read_sources(
    parser: Parser, tables: Mapping[str, Table], products: dict[str, int], site: Site, sure: float
) -> tuple[Sources, Bins, dict[str, int]]:
    """Stock and purchases, the bins of stock that has some, and the codes of suppliers.

    `sure`: the probability with which purchases are there by the day that plans go by.
    """
    sources, bins = _stock(parser, tables["stock"], products, site)
    suppliers: dict[str, int] = {}
    if inbound := tables.get("inbound"):
        given = parser.read(inbound)
        suppliers = {
            name: i for i, name in enumerate(dict.fromkeys(filter(None, given["supplier"])))
        }
        bought = _inbound(parser, inbound, given, products, site, sure, suppliers)
        sources = join([sources, bought])
    return sources, bins, suppliers


def on_open_days(sources: Sources, lanes: Lanes) -> tuple[Sources, Postponed]:
    """Stock, then purchases by day of arrival and id; and which come later for closed days."""
    stated = sources.arrives
    arrives = lanes.comes(sources.supplier, sources.site, sources.transit, stated)
    arrives = np.where(sources.kind == INBOUND, arrives, stated)
    later = np.flatnonzero(arrives > stated)
    postponed = tuple((sources.ids[i], float(stated[i]), float(arrives[i])) for i in later)
    rank = sorted(range(len(sources)), key=lambda i: (sources.kind[i], arrives[i], sources.ids[i]))
    return take(replace(sources, arrives=arrives), rank), postponed


def _stock(
    parser: Parser, table: Table, products: dict[str, int], site: Site
) -> tuple[Sources, Bins]:
    """One source per product and site, whatever the number of its bins: their units are alike."""
    given = parser.read(table)
    names, sites, bins, units = (given[name] for name in ("product", "site", "bin", "units"))
    rows = list(zip(names, sites, bins, strict=True))
    parser.unique(table, "product", [tuple(filter(None, row)) for row in rows])
    codes = parser.codes(table, "product", names, products)
    places = {pair: i for i, pair in enumerate(dict.fromkeys(zip(names, sites, strict=True)))}
    of = np.array([places[name, where] for name, where, _ in rows], np.int64)
    first = np.unique(of, return_index=True)[1]
    ids = tuple(f"{name} at {where}" for name, where in places)
    found: dict[str, list[tuple[str, float]]] = {}
    for place, name, held in zip(of.tolist(), bins, units.tolist(), strict=True):
        found.setdefault(ids[place], []).append((name, held))
    binned = {id: _named_first(held) for id, held in found.items() if any(n for n, _ in held)}
    nothing = np.full(len(ids), INF)
    stock = Sources(
        ids=ids,
        product=codes[first],
        site=site([where for _, where in places]),
        units=np.bincount(of, units, len(ids)).astype(float),
        arrives=np.zeros(len(ids)),
        kind=np.full(len(ids), STOCK),
        expedited=nothing,
        expedite=np.zeros(len(ids)),
        ordered=nothing,
        first=np.zeros(len(ids)),
        last=np.zeros(len(ids)),
        supplier=np.full(len(ids), NOBODY),
        transit=np.zeros(len(ids)),
    )
    return stock, binned


def _named_first(held: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """The bins of a source, then what stands in none: bins are emptied in this order."""
    return tuple(sorted(held, key=lambda bin: not bin[0]))


def _inbound(
    parser: Parser,
    table: Table,
    given: Mapping[str, Any],
    products: dict[str, int],
    site: Site,
    sure: float,
    suppliers: dict[str, int],
) -> Sources:
    parser.unique(table, "id", given["id"])
    arrives, latest = given["arrives"], given["latest"]
    wrong = (latest > -INF) & ((latest < arrives) | (latest > arrives + MOST_DAYS))
    for i in np.flatnonzero(wrong).tolist():
        expected = f"a day no earlier than it arrives, and at most {MOST_DAYS} days later"
        parser.fault(table, i, "latest", expected, table.columns["latest"][i])
    first = np.where(latest >= 0.0, np.maximum(0.0, arrives), arrives)
    last = np.maximum(first, latest)
    planned = first + np.maximum(0.0, np.ceil(sure * (last - first + 1.0) - NEARLY) - 1.0)
    inbound = Sources(
        ids=tuple(given["id"]),
        product=parser.codes(table, "product", given["product"], products),
        site=site(given["site"]),
        units=given["units"],
        arrives=planned,
        kind=np.full(len(table), INBOUND),
        expedited=given["expedited"],
        expedite=given["expedite_cost"],
        ordered=given["ordered"],
        first=first,
        last=last,
        supplier=np.array([suppliers.get(n, NOBODY) for n in given["supplier"]], np.int64),
        transit=given["transit"],
    )
    for i in np.flatnonzero(inbound.expedited > inbound.arrives).tolist():
        if np.isfinite(inbound.expedited[i]):
            text = table.columns["expedited"][i]
            parser.fault(table, i, "expedited", "a day no later than it arrives", text)
    return inbound
