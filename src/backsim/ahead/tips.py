"""What to do today: whom to tell, what to expedite, what to offer instead, whom to serve first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backsim.ahead.found import SURE, Found, LineAhead
from backsim.allocation.model.book import STOCK

UNLIKELY = 0.5
"""A promise kept with less probability is no longer likely: the customer is told."""

NEW_DATE = SURE[1]
"""The probability with which the new date is met."""

TELL, EXPEDITE, OFFER, SERVE = "tell", "expedite", "offer a substitute", "serve first"


@dataclass(frozen=True)
class Tip:
    """One thing to do: with which line or purchase, for whom, until when, and why."""

    action: str
    subject: str
    customer: str
    product: str
    date: float | None
    why: str


def tips(found: Found) -> tuple[Tip, ...]:
    """Today's tips, one list: what concerns most first within each kind."""
    return (*_tell(found), *_expedite(found), *_offer(found), *_serve(found))


def _spelt(found: Found, day: float | None) -> str:
    return f"after {found.book.spell_day(found.days)}" if day is None else found.book.spell_day(day)


def _tell(found: Found) -> Iterator[Tip]:
    """Customers whose promise is broken or no longer likely, or who are likely to leave."""
    late = [line for line in found.lines if line.promised is not None and line.in_time < UNLIKELY]
    yield from (_leaving(line) for line in found.lines if line not in late and leaves(line))
    for line in sorted(late, key=lambda line: (line.promised, line.line)):
        assert line.promised is not None
        was = f"promised for {found.book.spell_day(line.promised)}"
        odds = "which is over" if line.promised < 0 else f"kept with {100 * line.in_time:.0f} %"
        date = line.dates[NEW_DATE]
        new = f"ships by {_spelt(found, date)} with {100 * NEW_DATE:.0f} %"
        if date is None:
            new = f"ships {_spelt(found, date)} with more than {100 * (1 - NEW_DATE):.0f} %"
        if leaves(line):
            new = _leaving(line).why
        yield Tip(TELL, line.line, line.customer, line.product, date, f"{was}, {odds}; {new}")


def leaves(line: LineAhead) -> bool:
    """Whether its customer is likely to leave before it ships."""
    return line.leaves > UNLIKELY


def _leaving(line: LineAhead) -> Tip:
    why = f"likely to leave before it ships: {100 * line.leaves:.0f} %"
    return Tip(TELL, line.line, line.customer, line.product, None, why)


def _expedite(found: Found) -> Iterator[Tip]:
    """Purchases that are worth bringing forward."""
    rows = [p for p in found.purchases if p.saves.mean - p.price > 0 and p.earlier > 0]
    rows = [p for p in rows if p.saves.mean > p.saves.half_width]
    for row in sorted(rows, key=lambda p: p.price - p.saves.mean):
        day = max(0.0, row.expected - row.earlier)
        price = f" for {row.price:,.2f}" if row.price else ""
        why = (
            f"{row.earlier:g} days earlier{price} saves {row.saves.mean:,.2f} of lateness "
            f"(lines that depend on it: {len(row.hurts)})"
        )
        yield Tip(EXPEDITE, row.purchase, "", row.product, day, why)


def _offer(found: Found) -> Iterator[Tip]:
    """Lines that are not likely to be in time, and what is left in stock that could be sent."""
    book = found.book
    left = _left_today(found)
    options, sources, names = book.options, book.sources, book.names
    waiting = [line for line in found.lines if line.in_time < UNLIKELY]
    for line in sorted(waiting, key=lambda line: (line.in_time, line.line)):
        rows = np.flatnonzero(options.line == line.index)
        other = sources.product[options.source[rows]] != book.lines.product[line.index]
        held = sources.kind[options.source[rows]] == STOCK
        for row in rows[other & held][np.argsort(options.substitution[rows[other & held]])]:
            source = int(options.source[row])
            if left[source] >= line.units:
                left[source] -= line.units
                product = names.products[sources.product[source]]
                why = (
                    f"{product} at {names.sites[sources.site[source]]} is in stock; "
                    f"in time with {100 * line.in_time:.0f} % otherwise"
                )
                yield Tip(OFFER, line.line, line.customer, line.product, 0.0, why)
                break


def _left_today(found: Found) -> dict[int, float]:
    """Units of each stock that no open line gets today."""
    book = found.book
    sources = book.sources
    left = {int(k): float(sources.units[k]) for k in np.flatnonzero(sources.kind == STOCK)}
    held: dict[tuple[int, int], list[int]] = {}
    for source in left:
        place = int(sources.product[source]), int(sources.site[source])
        held.setdefault(place, []).append(source)
    for line in filter(ships_today, found.lines):
        place = int(book.lines.product[line.index]), int(book.lines.site[line.index])
        for source in held.get(place, ()):
            left[source] -= line.units
    return left


def ships_today(line: LineAhead) -> bool:
    """Whether a line ships today."""
    return line.dates[NEW_DATE] == 0.0


def _serve(found: Found) -> Iterator[Tip]:
    """Lines that get what is in stock where there is not enough for all."""
    short = {(line.product, line.site) for line in found.lines if not ships_today(line)}
    for line in found.lines:
        if ships_today(line) and (line.product, line.site) in short:
            why = "in stock, and not enough for all who wait"
            yield Tip(SERVE, line.line, line.customer, line.product, 0.0, why)
