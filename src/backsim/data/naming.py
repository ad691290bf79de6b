"""Names on lists that the tables share: products, units of measure, sites, customer classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.export import Export
from backsim.data.reading import distinct
from backsim.data.units import FACTOR, Units
from backsim.errors import counted, few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

UNKNOWN = "a unit that the product master does not know"
ALL, MAIN = "all", "main"
"""The customer class and the site of an export that names none."""


def name_products(export: Export) -> None:
    """Products on one list, by the number that each has now."""
    named = [n for n, d in export.tables.items() if "product" in d.names]
    texts, codes = distinct([export.tables[n].names["product"] for n in named])
    now = np.arange(len(texts))
    masters = export.tables.get("products")
    if masters is not None and "successor" in masters.names:
        place = {text: i for i, text in enumerate(texts)}
        later = masters.names["successor"]
        renamed = 0
        for code, new in zip(codes[named.index("products")], later.codes, strict=True):
            if later.texts[new]:
                target = place.setdefault(later.texts[new], len(texts))
                if target == len(texts):
                    texts.append(later.texts[new])
                    now = np.append(now, target)
                renamed += now[code] == code
                now[code] = target
        for _ in range(len(texts)):
            if (now[now] == now).all():
                break
            now = now[now]
        if renamed:
            export.notes.append(
                f"{counted(renamed, 'renamed product')}: what was told under an earlier number "
                "counts under the present one."
            )
    used = np.zeros(len(texts), bool)
    used[now[codes[named.index("lines")]]] = True
    if "purchases" in named:
        used[now[codes[named.index("purchases")]]] = True
    used[[not text for text in texts]] = False  # a purchase of no product, as a service
    place_of = np.cumsum(used) - 1
    place_of[~used] = -1
    export.products = [text for text, there in zip(texts, used, strict=True) if there]
    alike = {text.casefold(): text for text in export.products}
    if others := [text for text in export.products if alike[text.casefold()] != text]:
        pairs = [f"{text} and {alike[text.casefold()]}" for text in others]
        export.notes.append(f"Products that differ in capitals alone are two: {few(pairs, 3)}.")
    for name in named:
        export.tables[name].codes["product"] = place_of[now[codes[named.index(name)]]]
    if masters is not None and "successor" in masters.names:
        code, earlier = export.products_of("products"), ~masters.is_empty("successor")
        again = earlier & np.isin(code, code[~earlier])
        export.keep("products", ~again, "an earlier number of a product that has a row")


def convert_units(export: Export) -> None:
    """Units of lines and purchases in those in which stock is counted, and prices per one."""
    masters = export.tables.get("products")
    if masters is None or "unit" not in masters.names:
        return
    base: dict[int, str] = {}
    factors: dict[tuple[int, str], float] = {}
    product = export.products_of("products")
    factor = masters.numbers.get("sales_factor", np.full(len(masters), np.nan))
    sales = masters.names.get("sales_unit")
    for i, code in enumerate(product.tolist()):
        base[code] = masters.names["unit"].texts[masters.names["unit"].codes[i]]
        if sales is not None and factor[i] > 0:
            factors[code, sales.texts[sales.codes[i]]] = float(factor[i])
    export.units = Units(base, factors)
    for name in ("lines", "purchases"):
        data = export.tables.get(name)
        if data is None or "unit" not in data.names:
            continue
        scale = export.units.of(export.products_of(name), data.names["unit"])
        for told in ("units", "shipped_units"):
            if told in data.numbers:
                data.numbers[told][:] *= scale
        if "price" in data.numbers:
            data.numbers["price"][:] /= scale
        export.tables[name] = replace(data, numbers={**data.numbers, FACTOR: scale})
        export.keep(name, ~np.isnan(scale), UNKNOWN)


def convert_units_like(export: Export, table: str, parent: str, rows: Codes) -> Flags:
    """Units of a table in those in which stock is counted; which rows are kept.

    `rows` are those of the order lines or purchases (`parent`) that it is about.  Without a unit of
    its own it has that of these, unless it then had more than they have.
    """
    data, of = export.tables[table], export.tables[parent]
    if "units" not in data.numbers:
        return np.ones(len(data), bool)
    units = data.numbers["units"]
    if "unit" in data.names:
        scale = export.units.of(of.codes["product"][rows], data.names["unit"])
    elif FACTOR in of.numbers:
        scale = of.numbers[FACTOR][rows]
        other = scale != 1
        about = np.unique(rows[other])
        if np.nansum((units * scale)[other]) > 1.1 * of.numbers["units"][about].sum():
            return np.ones(len(data), bool)
    else:
        return np.ones(len(data), bool)
    units[:] *= scale
    known = ~np.isnan(scale)
    export.keep(table, known, UNKNOWN)
    return known


def name_sites(export: Export) -> None:
    """Sites on one list, those of order lines first; one site where the lines name none."""
    named = [n for n in ("lines", "purchases", "stock", "products") if n in export.tables]
    with_site = [n for n in named if "site" in export.tables[n].names]
    if "lines" not in with_site:
        export.sites = [MAIN]
        for name in named:
            export.tables[name].codes["site"] = np.zeros(len(export.tables[name]), np.int64)
        return
    texts, codes = distinct([export.tables[n].names["site"] for n in with_site])
    used = np.zeros(len(texts), bool)
    for name, found in zip(with_site, codes, strict=True):
        if name in ("lines", "purchases"):
            used[found] = True
    place = np.cumsum(used) - 1
    place[~used] = -1
    named_all = all_named(texts, MAIN)
    export.sites = [text for text, there in zip(named_all, used, strict=True) if there]
    for name in named:
        export.tables[name].codes["site"] = np.zeros(len(export.tables[name]), np.int64)
    for name, found in zip(with_site, codes, strict=True):
        export.tables[name].codes["site"] = place[found]


def all_named(texts: Sequence[str], name: str, others: Sequence[str] = ()) -> list[str]:
    """Texts of which an empty one has a name, and one that none of the others has."""
    taken, free, count = {*texts, *others}, name, 2
    while free in taken:
        free, count = f"{name} {count}", count + 1
    return [text or free for text in texts]


def classes_of_lines(export: Export) -> Codes:
    """Customer classes of the lines: their own, or those of their customers."""
    lines, customers = export.tables["lines"], export.tables.get("customers")
    if "customer_class" in lines.names:
        named = lines.names["customer_class"]
        export.classes = all_named(named.texts, ALL)
        return named.codes
    if customers is None or "customer" not in lines.names:
        export.classes = [ALL]
        return np.zeros(len(lines), np.int64)
    if "customer_class" not in customers.names:
        export.classes = [ALL]
        return np.zeros(len(lines), np.int64)
    _, (line, master) = distinct([lines.names["customer"], customers.names["customer"]])
    group = customers.names["customer_class"]
    of = np.full(int(max(line.max(), master.max(initial=0))) + 1, len(group.texts))
    of[master] = group.codes
    known = all_named(group.texts, ALL)
    export.classes = [*known, *all_named([""], "unknown", known)]
    return np.asarray(of[line])


def only_used(export: Export, group: Codes, rows: Codes) -> Codes:
    """Classes of which some rows are, in place of all; the codes of the other rows are void."""
    used = np.bincount(group[rows], minlength=len(export.classes)) > 0
    export.classes = [name for name, there in zip(export.classes, used, strict=True) if there]
    return np.asarray((np.cumsum(used) - 1)[group])
