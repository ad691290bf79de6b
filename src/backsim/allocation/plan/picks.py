"""Pick lists: what leaves each site on which day, bin by bin, for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.constraints.cases import case_packs
from backsim.allocation.plan.lists import pick, spell_days
from backsim.allocation.solver.program import TRACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.model.outcome import Outcome
    from backsim.allocation.plan.lists import Columns
    from backsim.allocation.solver.program import Codes, Floats


def picks(plan: Outcome) -> Columns:
    """One row per line and bin, or purchase, by site, day, bin, product and line.

    Bins of a product are emptied in the order of the book, by whole cases first.
    """
    book, names, lines, sources = plan.book, plan.book.names, plan.book.lines, plan.book.sources
    leaves = np.floor(book.leaves + TRACE)
    chosen = np.flatnonzero(plan.units > TRACE)
    chosen = chosen[np.lexsort((book.options.line[chosen], leaves[chosen]))]
    option, bins, units = _bin_by_bin(plan, chosen) if book.bins else _from_sources(plan, chosen)
    line, source = book.options.line[option], book.options.source[option]
    site, product = sources.site[source], sources.product[source]
    order = np.lexsort((line, product, bins, leaves[option], site))
    option, bins, units = option[order], bins[order], units[order]
    line, source, site, product = line[order], source[order], site[order], product[order]
    packs = case_packs(book)[option]
    cases = np.divide(units, packs, np.full(len(units), np.nan), where=packs > 0)
    carrier = np.zeros(len(option), np.int64)
    carriers: tuple[str, ...] = ("",)
    if book.lanes is not None:
        carrier = book.lanes.carrier[site, lines.site[line]] + 1
        carriers = ("", *book.lanes.carriers)
    return {
        "site": pick(names.sites, site),
        "leaves": spell_days(book, leaves[option]),
        "bin": bins.tolist(),
        "product": pick(names.products, product),
        "product_text": pick(names.described, product),
        "units": (np.round(units, 6) + 0.0).tolist(),
        "cases": cases.tolist(),
        "source": pick(sources.ids, source),
        "order": pick(names.orders, lines.order[line]),
        "line": pick(lines.ids, line),
        "customer": pick(names.customers, lines.customer[line]),
        "customer_text": pick(names.called, lines.customer[line]),
        "carrier": pick(carriers, carrier),
        "arrives": spell_days(book, book.options.day[option]),
    }


def _from_sources(plan: Outcome, chosen: Codes) -> tuple[Codes, NDArray[np.str_], Floats]:
    """(options, their bins, their units), where nothing stands in bins."""
    return chosen, np.full(len(chosen), ""), plan.units[chosen]


def _bin_by_bin(plan: Outcome, chosen: Codes) -> tuple[Codes, NDArray[np.str_], Floats]:
    """(options, their bins, their units), each as often as it is picked from a bin."""
    taken = list(_picked(plan, chosen.tolist()))
    options, bins, units = zip(*taken, strict=True) if taken else ((), (), ())
    return np.array(options, np.int64), np.array(bins, str), np.array(units, float)


def _picked(plan: Outcome, chosen: list[int]) -> Iterator[tuple[int, str, float]]:
    """(option, bin, units) of what is picked; a source without bins has one without a name."""
    book, packs = plan.book, case_packs(plan.book)
    left = {name: dict(held) for name, held in book.bins.items()}
    for option in chosen:
        wanted = float(plan.units[option])
        bins = left.get(book.sources.ids[book.options.source[option]], {})
        for size in (packs[option], 0.0):
            for name, held in bins.items():
                units = min(wanted, held)
                units = np.floor(units / size + TRACE) * size if size else units
                if units > TRACE:
                    yield option, name, float(units)
                    bins[name] -= units
                    wanted -= units
        if wanted > TRACE:
            yield option, "", wanted
