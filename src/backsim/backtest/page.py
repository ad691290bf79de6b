"""The page of a backtest: where the model is right and wrong, and why it may be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backsim.backtest.backtest import Backtest, Compared
from backsim.backtest.measures import MEASURES, SUPPLY
from backsim.errors import listed
from backsim.present.html import Section, page
from backsim.present.numbers import Share, rough, share
from backsim.present.table import Cell, Column, Table

FAR = 2.0
"""Standard deviations beyond which a difference is told in words."""
WORDS = {
    "units_per_day": "units ordered per day",
    "fill_rate": "fill rate",
    "mean_wait": "mean wait (days)",
    "cancel_rate": "cancelled",
    "purchases_per_day": "purchases per day",
    "units_bought_per_day": "units bought per day",
    "lead_time": "lead time of what came (days)",
    "mean_on_hand": "mean stock (units)",
}
KINDS = {
    "class": "Classes",
    "site": "Sites",
    "supplier": "Suppliers",
    "group": "Groups of products",
}
"""Kinds of groups with a table of their own, and its title."""
SHARES = ("fill_rate", "cancel_rate")
"""Measures that are said in percent."""
ALL = (*MEASURES, *SUPPLY)
MOST_PRODUCTS = 25
"""Products of the page; the JSON file has all."""


def backtest_page(found: Backtest) -> str:
    """The page as text."""
    return page(
        title=f"Backtest: {found.fitted.mapping.title or 'held-out days'}",
        facts=facts(found),
        finding=finding(found),
        sections=[*_sections(found)],
    )


def facts(found: Backtest) -> str:
    """What was fitted and held out, in a line."""
    return (
        f"Fitted on {found.history.first} to {found.fitted.history.last}; {found.days} days from "
        f"{found.split} held out; {found.replications} simulated histories; seed {found.seed}"
    )


def finding(found: Backtest) -> str:
    """Fill rate of all against its prediction, and how many products are within theirs."""
    (total,) = found.of("all", "fill_rate")
    inside, count = found.coverage("fill_rate")
    word = "within" if total.inside else "outside"
    known = [c for c in found.of("all") if math.isfinite(c.realised + c.low + c.high)]
    off = [WORDS[c.measure] for c in known if not c.inside]
    off = [name.partition(" (")[0] for name in off if name != WORDS["fill_rate"]]
    others = f" Outside its interval: {listed(off)}." if off else ""
    if math.isnan(total.realised):
        return (
            "The export has no shipments: how customers were served is not known, so that the "
            f"model's fill rate ({share(total.low)} to {share(total.high)}) cannot be judged."
            f"{others}"
        )
    return (
        f"The fill rate was {share(total.realised)}, {word} the 90 % prediction interval of "
        f"{share(total.low)} to {share(total.high)}. {inside} of {count} products had a fill rate "
        f"within theirs.{others} What happened is one history of many that the same truth could "
        "give."
    )


def reasons(found: Backtest) -> list[str]:
    """Where the model is off by more than two standard deviations, and where to look."""
    said = []
    for c in found.of("all"):
        if math.isfinite(c.z) and abs(c.z) > FAR:
            way = "above" if c.z > 0 else "below"
            said.append(
                f"{WORDS[c.measure].capitalize()}: {_said(c, c.realised)}, {way} the "
                f"prediction of {_said(c, c.mean)} (z {c.z:.1f}). {_look(c)}"
            )
    said += _lead_times(found)
    return said or ["No total is further than two standard deviations from its prediction."]


def _look(c: Compared) -> str:
    return {
        "units_per_day": "Demand changed, or its trend or season is not in the model.",
        "fill_rate": "Look at demand, lead times and levels below; if these fit, at the order of "
        "events within a day.",
        "mean_wait": "If demand and lead times fit, look at who was served first.",
        "cancel_rate": "If waits fit, patience changed.",
        "purchases_per_day": "Levels or multiples were changed, or demand.",
        "units_bought_per_day": "Levels were changed, or demand.",
        "lead_time": "Suppliers deliver earlier or later than before.",
        "mean_on_hand": "Levels were changed, or stock was corrected by hand.",
    }[c.measure]


def _lead_times(found: Backtest) -> Iterator[str]:
    """Suppliers whose purchases of the held-out days came earlier or later than fitted."""
    history, bought = found.history, found.history.purchases
    day = (found.split - history.first).days
    for supplier in found.fitted.lead_times:
        if supplier.fit is None or supplier.name not in history.suppliers:
            continue
        mine = bought.supplier == history.suppliers.index(supplier.name)
        late = mine & (bought.placed >= day)
        days = supplier.elapsed.between(history.placed, history.arrived)[late]
        days = days[~np.isnan(days)]
        if len(days) < 10:
            continue
        mean, sd = supplier.fit.mean.value, max(supplier.fit.sd.value, 1e-9)
        z = (days.mean() - mean) / (sd / math.sqrt(len(days)))
        if abs(z) > FAR + 1:
            way = "later" if z > 0 else "earlier"
            unit = "days" if supplier.works is None else "working days"
            yield (
                f"Supplier {supplier.name} delivered {way} than fitted: {days.mean():.1f} {unit} "
                f"on average of {len(days)} receipts, {mean:.1f} before (z {z:.1f}; purchases "
                "still open are not counted)."
            )


def _sections(found: Backtest) -> Iterator[Section]:
    yield Section("total", "All order lines", tuple(reasons(found)), tables=(totals_table(found),))
    yield Section("coverage", "Coverage", tables=(coverage_table(found),))
    if found.replays:
        yield Section("causes", "Demand, supply or service", tables=(causes_table(found),))
    for kind, title in KINDS.items():
        if len({c.group.name for c in found.of(kind)}) > 1:
            yield Section(kind, title, tables=(groups_table(found, kind),))
    yield Section("product", "Products", tables=(products_table(found),))


def totals_table(found: Backtest) -> Table:
    """Every measure of all lines and of supply."""
    rows = [_row(WORDS[m], c) for m in ALL for c in found.of("all", m)]
    note = (
        "Interval: in which 90 % of histories of the model lie, one history each (Student). z: "
        "realised less predicted, in standard deviations of one history."
    )
    return Table("totals", "Realised and predicted", _columns("measure"), tuple(rows), note)


def groups_table(found: Backtest, kind: str) -> Table:
    """Every measure of each group of a kind."""
    columns = (Column(kind, kind="text"), *_columns("measure"))
    rows = tuple(
        (c.group.name, *_row(WORDS[c.measure], c))
        for c in sorted(found.of(kind), key=lambda c: (c.group.name, ALL.index(c.measure)))
        if math.isfinite(c.realised)
    )
    return Table(kind, kind.capitalize(), columns, rows)


def products_table(found: Backtest) -> Table:
    """The products that are furthest from their predictions, measure by measure."""
    whole = groups_table(found, "product")
    furthest = {
        name: max(abs(c.z) for c in found.of("product") if c.group.name == name and _known(c))
        for name in {c.group.name for c in found.of("product") if _known(c)}
    }
    kept = set(sorted(furthest, key=lambda name: (-furthest[name], name))[:MOST_PRODUCTS])
    if len(kept) == len({row[0] for row in whole.rows}):
        return whole
    note = (
        f"The {len(kept)} products that are furthest from their predictions; all are in "
        "backtest.json."
    )
    return replace(whole, rows=tuple(row for row in whole.rows if row[0] in kept), note=note)


def _known(c: Compared) -> bool:
    return math.isfinite(c.z) and math.isfinite(c.realised)


def causes_table(found: Backtest) -> Table:
    """What models say that are told the true demand, and the true receipts too."""
    rows = []
    for measure in MEASURES:
        (plain,) = found.of("all", measure)
        told = [
            next(c.mean for c in compared if c.group.kind == "all" and c.measure == measure)
            for compared in found.replays.values()
        ]
        parts = found.causes(measure)
        causes = list(parts.values()) if parts else [None] * 3
        cells = (plain.mean, *told, plain.realised, *causes)
        rows.append((WORDS[measure], *(_cell(measure, cell) for cell in cells)))
    names = ("measure", "predicted", *found.replays, "realised", *("demand", "supply", "service"))
    note = (
        "Of what happened less what was predicted: demand is what the true order lines change; "
        "supply what the true receipts change then, by lead times or by purchases; service the "
        "rest: who was served first, patience, and the order of events within a day."
    )
    return Table(
        "causes", "Where a difference is from", tuple(map(Column, names)), tuple(rows), note
    )


def coverage_table(found: Backtest) -> Table:
    """How many products lie in their intervals."""
    rows = []
    for measure in MEASURES:
        inside, count = found.coverage(measure)
        rows.append((WORDS[measure], int(inside), count, inside / count if count else None))
    columns = (
        Column("measure"),
        Column("inside"),
        Column("products"),
        Column("share", kind="share"),
    )
    note = "About 90 % are expected. Fewer: the model is too sure; more: it is too careful."
    return Table("coverage", "Products in their 90 % intervals", columns, tuple(rows), note)


def _columns(first: str) -> tuple[Column, ...]:
    names = ("realised", "predicted", "from", "to")
    return (Column(first), *map(Column, names), Column("z", kind="units"), Column("inside"))


def _row(name: str, c: Compared) -> tuple[Cell, ...]:
    known = math.isfinite(c.realised + c.mean)
    z = round(c.z, 1) if math.isfinite(c.z) else None
    inside = ("yes" if c.inside else "no") if known else None
    sizes = (_cell(c.measure, size) for size in (c.realised, c.mean, c.low, c.high))
    return (name, *sizes, z, inside)


def _cell(measure: str, value: float | None) -> float | None:
    """A value of a measure; rows differ in their units."""
    return Share(value) if value is not None and measure in SHARES else value


def _said(c: Compared, value: float) -> str:
    return share(value) if c.measure in SHARES else rough(value)
