"""The working days of a book: of sites, of customers, who receive, and of suppliers, who ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.book.parse import Parser
from backsim.allocation.model.lanes import Calendars
from backsim.errors import InputError, nearest
from backsim.scenario.calendars import BEYOND, with_holidays, working_days
from backsim.scenario.dates import WEEKDAYS, Calendar
from backsim.tables.table import Table

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Flags, Floats

OTHERS = "all"
"""What stands in a calendar for all that have none of their own."""

Given = Mapping[str, Any]
"""The columns of a table as they are declared."""
Whose = tuple[str, str]
"""A column (site, customer or supplier) and a name, or `OTHERS`."""


def read_calendars(
    parser: Parser,
    tables: Mapping[str, Table],
    sites: Mapping[str, int],
    customers: Mapping[str, int],
    suppliers: Mapping[str, int],
) -> Calendars | None:
    """The calendars of all who may be closed; None where every day is open."""
    known = {"site": sites, "customer": customers, "supplier": suppliers}
    found: dict[Whose, Flags] = {}
    shut: set[Whose] = set()
    if table := tables.get("calendars"):
        given = parser.read(table)
        places = _whose(parser, table, given, known)
        parser.unique(table, "site", [" ".join(place) for place in places])
        for i, place in enumerate(places):
            days, country = given["working_days"][i], given["country"][i]
            found[place] = _works(parser, table, i, days, country)
    if table := tables.get("closures"):
        given = parser.read(table)
        shut = _close(parser, table, given, _whose(parser, table, given, known), found)
    if not found:
        return None
    rows = [np.ones(BEYOND, bool), *found.values()]
    code = {place: i + 1 for i, place in enumerate(found)}
    own = {
        column: np.array(
            [code.get((column, name), code.get((column, OTHERS), 0)) for name in names], np.int64
        )
        for column, names in known.items()
    }
    closed = np.array([False, *(place in shut for place in found)])
    return Calendars(np.stack(rows), closed, **own)


def _whose(
    parser: Parser, table: Table, given: Given, known: Mapping[str, Mapping[str, int]]
) -> list[Whose]:
    """Whose each row is; customers need not have an open line, nor suppliers a purchase."""
    found: list[Whose] = []
    for i, names in enumerate(zip(*(given[column] for column in known), strict=True)):
        of_row = [(column, name) for column, name in zip(known, names, strict=True) if name]
        if len(of_row) != 1:
            text = ", ".join(name for _, name in of_row)
            parser.fault(table, i, "site", "one of a site, a customer and a supplier", text)
        column, name = of_row[0] if of_row else ("site", OTHERS)
        if column == "site" and name not in (OTHERS, *known["site"]):
            near = nearest(name, list(known["site"]))
            parser.fault(table, i, "site", f"{OTHERS}, or a known site ({near})", name)
        found.append((column, name))
    return found


def _works(parser: Parser, table: Table, i: int, days: str, country: str) -> Flags:
    """The working days of a row, from today on."""
    named = [name.strip().lower() for name in days.split(";")] if days else WEEKDAYS[:5]
    weekdays = [day for day in WEEKDAYS if day in named or day[:3] in named]
    if len(weekdays) != len(set(named)):
        parser.fault(table, i, "working_days", "weekdays such as monday; tuesday", days)
        return np.ones(BEYOND, bool)
    calendar = Calendar.model_construct(
        weekdays=tuple(weekdays), country=country or None, holidays=(), closures=()
    )
    try:
        calendar = with_holidays(calendar, parser.today, BEYOND)
    except InputError as error:
        parser.fault(table, i, "country", str(error), country)
        return np.ones(BEYOND, bool)
    return working_days(calendar, parser.today, BEYOND)


def _close(
    parser: Parser,
    table: Table,
    given: Given,
    places: list[Whose],
    found: dict[Whose, Flags],
) -> set[Whose]:
    """Take closed days out of calendars; those of all are closed for each.

    Returns whose are closed for good: from a known day on beyond the last of them.
    """
    first: Floats = given["from"]
    last: Floats = given["to"]
    last = np.where(np.isnan(last), first, last)
    for i in np.flatnonzero(last < first).tolist():
        parser.fault(table, i, "to", "a day no earlier than `from`", table.columns["to"][i])
    for column, name in places:
        others = found.get((column, OTHERS), np.ones(BEYOND, bool))
        found.setdefault((column, name), others.copy())
    shut: set[Whose] = set()
    for (column, name), begin, end in zip(places, first.tolist(), last.tolist(), strict=True):
        for whose, works in found.items():
            if whose[0] == column and name in (OTHERS, whose[1]):
                works[max(0, int(begin)) : max(0, int(end) + 1)] = False
                if begin < len(works) <= end:
                    shut.add(whose)
    return shut
