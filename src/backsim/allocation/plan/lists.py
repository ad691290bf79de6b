"""What a plan says, as lists by column: its shipments, promises, prices.

Frames, files, pages and the console show these; a plan can be printed without loading pandas, which
takes longer than deciding over a thousand lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import KINDS
from backsim.allocation.model.constraints import CONSTRAINTS, WISH, applying
from backsim.allocation.solver.program import TRACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.model.book import Book
    from backsim.allocation.model.outcome import Outcome
    from backsim.allocation.solver.program import Flags, Floats

Columns = Mapping[str, list[Any]]
Row = dict[str, Any]

EXPEDITED = "expedited"
"""The kind of a shipment from a purchase that has to be expedited for it."""

UNFILLED = (
    *("line", "customer", "class", "product", "open", "unfilled", "reason"),
    *("customer_text", "product_text"),
)
"""What is told of a line that does not get all it asks for."""


def shipments(plan: Outcome) -> Columns:
    """One row a shipment: what goes to which line from which source, and when it arrives."""
    book, lines, sources, names = plan.book, plan.book.lines, plan.book.sources, plan.book.names
    rows = np.flatnonzero(plan.units > TRACE)
    chosen, units = book.options.take(rows), plan.units[rows]
    line, source = chosen.line, chosen.source
    kind = np.where(book.expedited[rows], len(KINDS), sources.kind[source])
    return {
        "line": pick(lines.ids, line),
        "customer": pick(names.customers, lines.customer[line]),
        "class": pick(names.classes, lines.customer_class[line]),
        "product": pick(names.products, lines.product[line]),
        "units": _plain(units),
        "sent": pick(names.products, sources.product[source]),
        "from": pick(names.sites, sources.site[source]),
        "source": pick(sources.ids, source),
        "kind": pick((*KINDS, EXPEDITED), kind),
        "arrives": spell_days(book, chosen.day),
        "days_late": np.maximum(0.0, book.comes_on[rows] - lines.due[line]).tolist(),
        "cost": (units * book.unit_costs[rows]).tolist(),
        "customer_text": pick(names.called, lines.customer[line]),
        "product_text": pick(names.described, lines.product[line]),
    }


def promises(plan: Outcome) -> Columns:
    """One row a line: when it is complete, and what became of an earlier promise."""
    book, lines, names = plan.book, plan.book.lines, plan.book.names
    left = np.maximum(0.0, lines.units - plan.served)
    left = np.where(left > TRACE, left, 0.0)
    return {
        "line": list(lines.ids),
        "customer": pick(names.customers, lines.customer),
        "class": pick(names.classes, lines.customer_class),
        "product": pick(names.products, lines.product),
        "open": _plain(lines.units),
        "served": _plain(np.where(left > 0, plan.served, lines.units)),
        "due": spell_days(book, lines.due),
        "promise": spell_days(book, np.where(left > 0, np.inf, plan.complete_on)),
        "promised_before": spell_days(book, lines.promised),
        "broken": _plain(plan.broken),
        "unfilled": _plain(left),
        "reason": reasons(plan, left),
        "customer_text": pick(names.called, lines.customer),
        "product_text": pick(names.described, lines.product),
    }


def prices(plan: Outcome, worth: NDArray[np.float64]) -> Columns:
    """One row a source, with what one more unit of it would save (nan: no prices)."""
    sources, names = plan.book.sources, plan.book.names
    return {
        "product": pick(names.products, sources.product),
        "site": pick(names.sites, sources.site),
        "source": list(sources.ids),
        "kind": pick(KINDS, sources.kind),
        "arrives": spell_days(plan.book, sources.arrives),
        "units": _plain(sources.units),
        "used": _plain(plan.used),
        "worth": worth.tolist(),
    }


def rows(columns: Columns) -> list[Row]:
    """The rows of a table."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def unfilled(promised: Iterable[Row]) -> list[Row]:
    """Of the rows of `promises`, the lines that do not get all they ask for, and why."""
    return [{name: row[name] for name in UNFILLED} for row in promised if row["unfilled"] > 0]


def broken(promised: Iterable[Row]) -> list[Row]:
    """Of the rows of `promises`, the lines whose promise is not kept."""
    return [row for row in promised if row["broken"] > 0]


def worth_most(priced: Iterable[Row]) -> list[Row]:
    """Of the rows of `prices`, the sources of which more would help; the dearest first."""
    return sorted((r for r in priced if r["worth"] > TRACE), key=lambda r: r["worth"], reverse=True)


def pick(names: tuple[str, ...], codes: NDArray[np.int64]) -> list[str]:
    """What codes stand for; nothing where there are no names."""
    if not names:
        return [""] * len(codes)
    return [names[i] for i in codes.tolist()]


def _plain(units: NDArray[np.float64]) -> list[float]:
    """Units without the rounding of a solver."""
    plain: list[float] = (np.round(units, 6) + 0.0).tolist()
    return plain


def spell_days(book: Book, days: NDArray[np.float64]) -> list[str]:
    """Days as text; none where there is no such day."""
    known, inverse = np.unique(days, return_inverse=True)
    texts = [book.spell_day(float(d)) if np.isfinite(d) else "" for d in known]
    return [texts[i] for i in inverse]


NO_SOURCE = "nothing in stock or under way"
CLOSED = "the site, customer or supplier is closed for good"
TOO_LATE = "all that is under way comes after the customer has gone"
TOO_DEAR = "serving it costs more than leaving it"
WHOLE = "the order ships whole, and not all of it is there"
SMALL = "less is left than the smallest useful shipment"
BUSY = "the carrier or dock has no room"
LIMITS = "a least fill, the fairness bound or a promise keeps units back"
DEARER = "units go to other lines; serving it from what is left costs more than leaving it"
OTHERS = "the units go to other lines"


def reasons(plan: Outcome, left: Floats) -> list[str]:
    """The first reason that holds for each line with units `left`, "" for the others."""
    book, lines, options = plan.book, plan.book.lines, plan.book.options
    count = len(lines)
    spare = np.maximum(0.0, book.sources.units - plan.used)[options.source]
    spare[spare < 1e-6] = 0.0
    dear = ~book.useful
    stocked = options.line[book.sources.units[options.source] > 0]
    any_option = np.bincount(stocked, minlength=count) > 0
    late = np.zeros(count, bool) if not len(book.too_late) else book.too_late > 0
    open_option = (spare > 0) & ~dear
    has_spare = np.bincount(options.line[open_option], minlength=count) > 0
    all_dear = np.bincount(options.line[~dear], minlength=count) == 0
    has_dear = np.bincount(options.line[(spare > 0) & dear], minlength=count) > 0
    small = lines.smallest > 0
    wanted = np.minimum(spare, left[options.line])
    stopped = []
    for one in applying(book):
        if found := one.why(plan, wanted):
            free = np.bincount(options.line[open_option & ~found[0]], minlength=count) > 0
            stopped.append((has_spare & ~free, found[1]))
    busy = CONSTRAINTS["capacity"].applies(book)
    held_back = BUSY if busy else LIMITS if applying(book, WISH) else OTHERS
    choices = [
        (~any_option & late, TOO_LATE),
        (_shut(book, ~any_option & (left > 0)), CLOSED),
        (~any_option, NO_SOURCE),
        (all_dear, TOO_DEAR),
        (lines.complete, WHOLE),
        *stopped,
        (has_spare & small, SMALL),
        (has_spare, held_back),
        (has_dear, DEARER),
        (np.ones(count, bool), OTHERS),
    ]
    told = np.select([which for which, _ in choices], np.arange(len(choices)))
    return [choices[i][1] if units > 0 else "" for i, units in zip(told, left, strict=True)]


def _shut(book: Book, which: Flags) -> Flags:
    """Of some lines without an option, those that a source would serve that does not open again."""
    found, lines, sources, lanes = np.zeros(len(which), bool), book.lines, book.sources, book.lanes
    if lanes is None or lanes.calendars is None or not lanes.calendars.shut.any():
        return found
    for line in np.flatnonzero(which).tolist():
        own = (sources.product == lines.product[line]) & (sources.units > 0)
        own &= lanes.open[sources.site, lines.site[line]]
        some = np.flatnonzero(own)
        start, end = sources.site[some], np.full(len(some), lines.site[line])
        customer = np.full(len(some), lines.customer[line])
        day = lanes.reached(start, end, customer, np.maximum(0.0, sources.arrives[some]))
        found[line] = bool(np.isinf(day).any())
    return found
