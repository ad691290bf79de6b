"""The data page: what was read of an export, what was fitted and how well, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from backsim.data.calibrate import Calibration
from backsim.data.fit.calendars import Weekdays
from backsim.data.history import History
from backsim.data.levels import by_group, levels_of, levels_rows
from backsim.errors import counted, listed
from backsim.present.html import Section, page
from backsim.present.numbers import share
from backsim.present.table import Cell, Column, Table, from_records
from backsim.report.datatimes import (
    between,
    curves,
    item_factors_table,
    lead_time_table,
    patience_table,
)

MOST_PRODUCTS = 200
"""Products and levels in the tables of the page; the files have all."""
FEW_PAIRS = 100
"""Pairs of waiting lines below which the rule by which they were served may be another."""
UNSTEADY = 2.0
"""Dispersion of the orders per day from which the page warns of it."""


def data_page(found: Calibration) -> str:
    """The page as text."""
    return page(
        title=found.mapping.title or "Calibrated from an export",
        finding=summary(found),
        facts=facts(found),
        warnings=missing(found),
        sections=[*_sections(found)],
    )


def facts(found: Calibration) -> str:
    """The history in a line."""
    history = found.history
    return (
        f"{history.first} to {history.last}: {counted(len(history.lines), 'order line')} of "
        f"{counted(len(history.products), 'product')} at {counted(len(history.sites), 'site')}, "
        + _purchases(history)
    )


def _purchases(history: History) -> str:
    if not len(history.purchases):
        return "no purchases"
    suppliers = counted(len(history.suppliers), "supplier")
    return f"{counted(len(history.purchases), 'purchase')} from {suppliers}"


def summary(found: Calibration) -> str:
    """How customers were served, in a sentence."""
    total = found.service[-1]
    if math.isnan(total.fill_rate):
        return "The export has no shipments: how customers were served is not known."
    left = f"{share(total.cancel_rate)} were cancelled while customers waited."
    if not math.isnan(total.mean_wait):
        left = (
            f"units that were shipped had waited {total.mean_wait:.2f} days on average, and {left}"
        )
    return f"{share(total.fill_rate)} of the units ordered were served immediately; {left}"


def missing(found: Calibration) -> list[str]:
    """What the export does not tell, and what that changes."""
    history, said = found.history, []
    if not len(history.purchases):
        said.append("There are no purchases: lead times and levels are not known, and assumed.")
    levels = levels_of(found)
    unknown = sum(origin == "none" for _, _, origin in levels.values())
    if unknown and len(history.purchases):
        which = "all" if unknown == len(levels) else f"{unknown:,} of {len(levels):,}"
        said.append(
            f"Neither a master nor purchases with counted stock tell the levels of {which} stock "
            "points: they are assumed, as the demand of one and a half lead times."
        )
    if (~history.lines.known).mean() > 0.5:
        said.append(
            "There are no shipments: waits, fill rate and patience are not known; customers are "
            "taken to wait until they are served."
        )
    due = history.masters.due_days
    undue = [name for name, days in zip(history.classes, due, strict=True) if math.isnan(days)]
    if 0 < len(undue) < len(due):
        said.append(
            f"No days until they are due are known of {listed(undue)}: what is not shipped "
            "immediately is late there (`otif`, `due_in`)."
        )
    if found.priority.rule != "fcfs" and found.priority.pairs < FEW_PAIRS:
        said.append(
            f"That customers were served by {found.priority.rule} is known from only "
            f"{counted(found.priority.pairs, 'pair')} of waiting lines: ask who decides."
        )
    for patience in found.patience:
        if patience.fit is None and patience.cancelled == 0 and patience.waited:
            said.append(f"Nobody of class {patience.name} cancelled: they are taken to wait on.")
    pooled = [one.name for one in found.lead_times if one.pooled and one.purchases]
    if len(pooled) == 1:
        said.append(f"Supplier {pooled[0]} has few receipts: lead times of all are taken.")
    elif pooled:
        said.append(
            f"{len(pooled)} suppliers have few receipts, and the lead times of all: "
            f"{listed(pooled)}."
        )
    for one in found.classes:
        if one.pattern.dispersion >= UNSTEADY:
            said.append(
                f"The orders per day of {one.name} have {one.pattern.dispersion:.1f} times the "
                "variance that the scenario gives them (a Poisson process): real days are busier "
                "or quieter, so that the simulation is likely to serve too well."
            )
    if history.within_day.words:
        said.append(
            " ".join(history.within_day.words)
            + " Half a day of lead time may change the fill rate by two points."
        )
    return said


def _sections(found: Calibration) -> Iterator[Section]:
    parts = [guess.partition(" is taken for ") for guess in found.guesses]
    files = tuple((file, what) for file, taken, what in parts if taken)
    words = (*(file for file, taken, _ in parts if not taken), *found.history.notes)
    tables = rows_table(found), dropped_table(found)
    yield Section("read", "What was read", words, facts=files, tables=tables)
    yield Section("service", "How customers were served", tables=(service_table(found),))
    yield Section(
        "demand", "Demand", _demand_words(found), tables=(demand_table(found), factors_table(found))
    )
    yield Section(
        "leadtimes",
        "Lead times",
        (
            "Open purchases count as at least as long as they have been open, and those from "
            "before the first day as seen only because they were still open then. The law "
            "is the best by AIC of the censored likelihood, or the observed one where none "
            "fits. Intervals: 95 %, of all laws that the data do not rule out (profile "
            "likelihood). Where a site receives nothing on some weekdays, what came then is "
            "noted when it opens: the law is that of the arrival.",
        ),
        tuple(curves(found.lead_times, "s", "days from purchase to receipt")),
        (lead_time_table(found), item_factors_table(found)),
    )
    yield Section(
        "patience",
        "Patience",
        (
            "A cancellation while waiting ends a customer's patience; lines that were served or "
            "are open say that it was longer.",
        ),
        tuple(curves(found.patience, "p", "days waited")),
        (patience_table(found),),
    )
    yield Section(
        "policy",
        "Policy in use",
        _policy_words(found),
        tables=(level_groups_table(found), levels_table(found, MOST_PRODUCTS)),
    )
    yield Section("products", "Products", tables=(products_table(found),))


def rows_table(found: Calibration) -> Table:
    """Each table's rows read and used."""
    rows = [(r.table, r.file, r.read, r.used, r.read - r.used) for r in found.history.rows]
    names = ("table", "file", "rows read", "used", "left out")
    return Table("rows", "Rows", tuple(map(Column, names)), tuple(rows))


def dropped_table(found: Calibration) -> Table:
    """Rows that were left out, by reason."""
    rows = [(r.table, why, n) for r in found.history.rows for why, n in r.dropped.items()]
    columns = (Column("table"), Column("reason"), Column("rows"))
    note = "" if rows else "None: every row was used."
    return Table("dropped", "Rows that were left out", columns, tuple(rows), note)


def service_table(found: Calibration) -> Table:
    """How each class was served."""
    columns = (
        Column("class"),
        Column("order lines"),
        Column("units"),
        Column("fill rate", kind="share"),
        Column("cancelled", kind="share"),
        Column("mean wait", "days"),
    )
    rows = [
        (s.name, s.lines, round(s.units), _share(s.fill_rate), _share(s.cancel_rate), s.mean_wait)
        for s in found.service
    ]
    note = (
        "Fill rate: the share of the units that left as soon as an order for goods in stock does."
    )
    return Table("service", "Service", columns, tuple(rows), note)


def _share(value: float) -> Cell:
    return None if math.isnan(value) else share(value)


def demand_table(found: Calibration) -> Table:
    """The demand of each class."""
    rows = [
        (
            c.name,
            c.orders,
            between(c.rate),
            c.mean_lines,
            between(c.mean_size),
            c.size_law,
            c.pattern.dispersion,
            c.pattern.trend * 365 if c.pattern.trend else None,
        )
        for c in found.classes
    ]
    columns = (
        Column("class"),
        Column("orders"),
        Column("orders per day"),
        Column("lines per order"),
        Column("packs per line"),
        Column("law of packs"),
        Column("dispersion"),
        Column("trend", "per year"),
    )
    note = (
        "With 95 % intervals. Dispersion: variance of the daily counts over that of a Poisson "
        "process with the same weekdays and months; 1 is Poisson. A pattern or trend is taken "
        "where its likelihood ratio is beyond the 1 % level."
    )
    return Table("demand", "Orders", columns, tuple(rows), note)


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def factors_table(found: Calibration) -> Table:
    """The factors of weekdays and months, of those that have an effect."""
    rows: list[tuple[Cell, ...]] = []
    for k, name in enumerate((*DAYS, *MONTHS)):
        if all((c.pattern.weekdays if k < 7 else c.pattern.months) is None for c in found.classes):
            continue
        cells: list[Cell] = []
        for c in found.classes:
            given = c.pattern.weekdays if k < 7 else c.pattern.months
            cells.append(None if given is None else given[k if k < 7 else k - 7])
        rows.append((name, *cells))
    columns = (Column("day or month"), *(Column(c.name) for c in found.classes))
    note = "- : no effect is known." if rows else "No effect of weekdays or months is known."
    return Table("factors", "Factors on the rate", columns, tuple(rows), note)


LEVELS = {
    "product": Column("product", kind="text"),
    "site": Column("site", kind="text"),
    "group": Column("group", kind="text"),
    "reorder_point": Column("s today"),
    "up_to": Column("S today"),
    "from": Column("known from"),
    "proposed_reorder_point": Column("s proposed"),
    "proposed_up_to": Column("S proposed"),
    "reason": Column("reason", kind="text"),
    "fill_rate": Column("fill rate today", kind="share"),
    "proposed_fill_rate": Column("proposed", kind="share"),
    "stock_value": Column("stock value today"),
    "proposed_stock_value": Column("proposed"),
}


def levels_table(found: Calibration, most: int | None = None) -> Table:
    """The levels of each stock point: today's, those proposed, and why."""
    note = (
        "s: reorder point; S: order-up-to level. Proposed: in each group as many units leave from "
        "stock as today, with the least value of stock; none loses more than 10 points. Fill rates "
        "and stock are those of formulas (Tijms and Groenevelt 1984): simulate before you change "
        "levels."
    )
    return replace(from_records("Levels", levels_rows(found)[:most], LEVELS), note=note)


def level_groups_table(found: Calibration) -> Table:
    """What the proposed levels of each group do."""
    rows = [
        (name, count, share(fill), share(new_fill), value, new_value, share(new_value / value - 1))
        for name, count, fill, new_fill, value, new_value in by_group(found)
        if value > 0
    ]
    columns = (
        Column("group", kind="text"),
        Column("stock points"),
        Column("fill rate today", kind="share"),
        Column("proposed", kind="share"),
        Column("stock value today"),
        Column("proposed"),
        Column("change", kind="share"),
    )
    note = "Of stock points whose levels are known today."
    return Table("levelgroups", "Levels by group", columns, tuple(rows), note)


def products_table(found: Calibration) -> Table:
    """The demand of each product."""
    products, history = found.products, found.history
    rows = [
        (
            name,
            history.masters.group[i] or None,
            int(products.lines[i]),
            between(products.units_per_day[i]),
            int(products.pack[i]),
            products.kind[i],
            products.interval[i] if math.isfinite(products.interval[i]) else None,
            products.variation[i],
            products.first[i],
            products.last[i],
        )
        for i, name in enumerate(history.products[:MOST_PRODUCTS])
    ]
    columns = (
        Column("product", kind="text"),
        Column("group"),
        Column("lines"),
        Column("units per day"),
        Column("pack"),
        Column("kind"),
        Column("ADI", "days"),
        Column("CV²"),
        Column("first order", "day"),
        Column("last order", "day"),
    )
    note = "Kind by Syntetos, Boylan and Croston (2005): limits 1.32 days and 0.49."
    return Table("products", "Demand by product", columns, tuple(rows), note)


def _demand_words(found: Calibration) -> tuple[str, ...]:
    said, outs = [], found.stock_outs
    if len(found.classes) > 1:
        same = "in the same proportions" if found.one_mix else "in proportions of their own"
        said.append(f"The classes order products {same} (chi-square, 1 % level).")
    stopped = [c for c, is_cut in zip(found.history.classes, outs.censored, strict=True) if is_cut]
    if stopped:
        said.append(
            f"Orders of {', '.join(stopped)} stop where there is no stock: rates are those of the "
            f"days in stock ({share(float(outs.in_stock.mean()))} of all)."
        )
    return tuple(said)


def _on(weekdays: Weekdays) -> str:
    return "all days" if len(weekdays) == len(DAYS) else ", ".join(DAYS[day] for day in weekdays)


def _policy_words(found: Calibration) -> tuple[str, ...]:
    policy = found.policy
    said = [f"Purchases are placed on {_on(found.calendars.reviews.weekdays)}."]
    for name, one in zip(found.history.suppliers, found.calendars.by_supplier, strict=False):
        if one != found.calendars.reviews:
            said.append(f"Those from {name} are placed on {_on(one.weekdays)}.")
    for place, site in enumerate(found.history.sites):
        receives, ships = found.calendars.receiving[place], found.calendars.shipping[place]
        said.append(f"{site} receives on {_on(receives.weekdays)}, ships on {_on(ships.weekdays)}.")
    if found.priority.pairs:
        told = ", ".join(f"{name} {share(x)}" for name, x in found.priority.explained.items())
        said.append(
            f"Who was served first, of {found.priority.pairs:,} pairs of lines that waited for the "
            f"same stock: {told} are explained; the scenario has {found.priority.rule}."
        )
    if not math.isnan(policy.agrees):
        said.append(
            f"{share(policy.agrees)} of the purchases bring the position to the master's level, "
            "within a multiple."
        )
    return tuple(said)
