"""What is shown of a plan: some sentences and tables; on a terminal, in files and on a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from backsim.allocation.model.book import Book
from backsim.allocation.plan import lists
from backsim.allocation.plan.allocate import compared, shown_terms
from backsim.allocation.plan.lists import Columns, Row
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.sentences import given, outcome
from backsim.allocation.plan.shares import SHARING
from backsim.errors import capitalized, counted, few, listed
from backsim.files import check_folder, write_text
from backsim.present.html import Section
from backsim.present.html import page as page_of
from backsim.present.records import to_json, write_csv
from backsim.present.table import Column, Kind, Table, from_records


def plan_tables(plan: Plan, plans: Sequence[Plan]) -> tuple[Table, ...]:
    """What each rule would have cost, then who gets what, who does not, and what would help."""
    promised = lists.rows(plan.listed["promises"])
    return (
        rules_table(plans),
        shipments_table(plan),
        with_texts(
            "Lines not served in full",
            lists.unfilled(promised),
            {
                "line": Column("line", kind="text", keep=True),
                "customer": "text",
                "class": "text",
                "product": "text",
                "open": "units",
                "unfilled": Column("unfilled", kind="units", keep=True),
                "reason": "prose",
            },
        ),
        with_texts(
            "Broken promises",
            lists.broken(promised),
            {
                "line": Column("line", kind="text", keep=True),
                "customer": "text",
                "product": "text",
                "promised_before": "text",
                "promise": Column("new promise", kind="text"),
                "broken": Column("units too late", kind="units", keep=True),
            },
        ),
        prices_table(plan),
    )


def rules_table(plans: Sequence[Plan]) -> Table:
    """Every rule's cost by term, the cheapest first."""
    table, terms = compared(plans), shown_terms(plans)
    columns = {
        "rule": Column("rule", kind="text"),
        "cost": Column("cost", kind="money", keep=True),
        "more": Column("more", kind="money", keep=True),
        **{name: Column(name.replace("_", " "), kind="money") for name in terms},
        "units_served": Column("units served", kind="share"),
        "lines_in_time": Column("in time", kind="share"),
    }
    if any(table["breaks"]):
        columns["breaks"] = Column("violates", kind="prose", keep=True)
    rows = sorted(lists.rows(table), key=lambda row: row["cost"])
    return from_records("Cost by rule", rows, columns)


def shipments_table(plan: Plan) -> Table:
    """What goes to which line from which source, and when it arrives."""
    return with_texts(
        "Shipments",
        lists.rows(plan.listed["shipments"]),
        {
            "line": Column("line", kind="text", keep=True),
            "customer": "text",
            "product": "text",
            "units": Column("units", kind="units", keep=True),
            "sent": "text",
            "from": Column("from", kind="text", keep=True),
            "arrives": Column("arrives", kind="text", keep=True),
            "source": "text",
            "kind": "text",
            "days_late": "days",
            "cost": "money",
        },
    )


TEXTS = {
    "customer": ("customer_text", Column("name", kind="text")),
    "product": ("product_text", Column("description", kind="text")),
}
"""What stands beside a customer and a product where the book has texts of some."""


def with_texts(title: str, rows: Sequence[Row], columns: Mapping[str, Kind | Column]) -> Table:
    """A table of rows of which those texts are shown that there are."""
    shown: dict[str, Kind | Column] = {}
    for name, column in columns.items():
        shown[name] = column
        if name in TEXTS and any(row[TEXTS[name][0]] for row in rows):
            shown |= [TEXTS[name]]
    return from_records(title, rows, shown)


def prices_table(plan: Plan) -> Table:
    """The sources of which one more unit would help, the dearest first."""
    return from_records(
        "Value of one more unit",
        lists.worth_most(lists.rows(plan.listed["prices"])),
        {
            "product": Column("product", kind="text", keep=True),
            "site": Column("site", kind="text", keep=True),
            "arrives": "text",
            "units": "units",
            "used": "units",
            "worth": Column("worth", kind="money", keep=True),
        },
    )


def pick_tables(plan: Plan) -> list[Table]:
    """A table for each site that something leaves, under its name."""
    found = lists.rows(plan.listed["picks"])
    columns: dict[str, Kind | Column] = {
        "leaves": Column("leaves", kind="text", keep=True),
        "bin": "text",
        "product": Column("product", kind="text", keep=True),
        "product_text": Column("description", kind="text"),
        "units": Column("units", kind="units", keep=True),
        "cases": "units",
        "source": "text",
        "order": "text",
        "line": Column("line", kind="text", keep=True),
        "customer": "text",
        "customer_text": Column("name", kind="text"),
        "carrier": "text",
        "arrives": "text",
    }
    tables = []
    for site in dict.fromkeys(row["site"] for row in found):
        own = [row for row in found if row["site"] == site]
        seen = {name: column for name, column in columns.items() if any(_is_there(own, name))}
        made = from_records(f"Pick list of {site}", own, seen)
        tables.append(replace(made, name=site))
    return tables


def _is_there(found: Sequence[Row], name: str) -> Iterator[bool]:
    """For each row, whether it has something in a column."""
    return (row[name] not in ("", None) and row[name] == row[name] for row in found)


def summary(plan: Plan) -> dict[str, Any]:
    """The plan in figures: plain values."""
    lines = plan.book.lines
    return {
        "rule": plan.rule,
        "status": plan.status,
        "cost": plan.cost,
        "past_lateness": plan.past_lateness,
        "bound": plan.bound if plan.bounded else None,
        "gap": plan.gap if plan.bounded else None,
        "seconds": plan.seconds,
        "terms": dict(plan.terms),
        "lines": len(lines),
        "sources": len(plan.book.sources),
        "choices": len(plan.book.options),
        "units_open": float(lines.units.sum()),
        "units_served": float(plan.served.sum()),
    }


def write_plan(plan: Plan, plans: Sequence[Plan], folder: Path, title: str) -> list[Path]:
    """Write the plan's tables, the comparison, a summary and the page.  Raises InputError."""
    check_folder(folder)
    tables = {**plan.listed, "rules": compared(plans)}
    texts: dict[str, Callable[[IO[str]], Any]] = {
        **{
            f"{name}.csv": partial(write_csv, plain_rows(table), names=tuple(table))
            for name, table in tables.items()
        },
        "summary.json": lambda f: f.write(to_json(summary(plan)) + "\n"),
        "plan.html": lambda f: f.write(page(plan, plans, title)),
    }
    for name, write in texts.items():
        write_text(folder / name, write)
    return [folder / name for name in texts]


def plain_rows(table: Columns) -> list[Row]:
    """The rows of a table for CSV: numbers to ten digits, without the rounding of a solver."""
    return [{name: _plain(value) for name, value in row.items()} for row in lists.rows(table)]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else f"{value:.10g}"
    return value


MOST_NAMES = 8
MOST_ROWS = 200
"""Rows of a table on the page; the CSV files have all."""
FILES = ("rules", "shipments", "promises", "promises", "prices")
"""The file that has all rows of each table."""


def page(plan: Plan, plans: Sequence[Plan], title: str) -> str:
    """The page of a plan, beside what the other rules would have cost."""
    tables = plan_tables(plan, plans)
    words = dict.fromkeys((table.name for table in tables), "")
    words[tables[0].name] = (
        "Costs: lateness (per unit and day after the due date, from today on), lost units, "
        "transport, transfers, expediting, substitutes, broken promises, shipments and units short "
        "of a least fill. What is late until today is in no plan's cost. A priority rule serves "
        "one line after another from the cheapest source left; "
        f"{listed(list(SHARING))} share the units among the lines."
    )
    words[tables[-1].name] = (
        "When supply exactly equals demand, one more unit may be worth less than shown, never more."
    )
    return page_of(
        title=title,
        facts=given(plan),
        finding=outcome(plan, plans),
        sections=[
            Section(name, table.title, (text,) if text else (), tables=(_some(table, name),))
            for name, table, text in zip(FILES, tables, words.values(), strict=True)
            if table.rows
        ],
        warnings=[f"{capitalized(text)}." for text in remarks(plan.book)],
    )


def remarks(book: Book) -> Iterator[str]:
    """What is assumed of purchases, other than the book states it."""
    if book.overdue:
        yield f"overdue purchases are treated as available today: {few(book.overdue, MOST_NAMES)}"
    never = [name for name, _, day in book.postponed if not math.isfinite(day)]
    if never:
        who = "the supplier or the site is closed for good"
        yield f"purchases never come, because {who}: {few(never, MOST_NAMES)}"
    told = [
        f"{name} ({book.spell_day(stated)}, now {book.spell_day(day)})"
        for name, stated, day in book.postponed
        if math.isfinite(day)
    ]
    if told:
        who = "the supplier or the site is closed"
        yield f"purchases come later, because {who}: {few(told, MOST_NAMES)}"


def _some(table: Table, file: str) -> Table:
    more = len(table.rows) - MOST_ROWS
    if more <= 0:
        return table
    return replace(
        table, rows=table.rows[:MOST_ROWS], note=f"{counted(more, 'more row')} in {file}.csv"
    )
